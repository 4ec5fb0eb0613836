//! Interventions, rewrites, policies, events.

use super::{
    pen::{Pen, Written},
    store::Lane,
};
use crate::{ChangeKind, layout::*};
use domain::{ContextEdit, Event, EventKind, Intervention, PolicyVersion};
use rusqlite::params;
use serde_json::json;

impl Pen<'_> {
    pub fn intervened(&mut self, done: &Intervention) -> Written {
        let (exchange, session) = self.exchange_or_bare(done.exchange, done.session, done.at)?;
        let words = [done.rule.as_deref(), done.policy.as_deref(), done.version.as_deref()];
        let mut numbers = [None; 3];
        for (number, text) in numbers.iter_mut().zip(words) {
            *number = text.map(|text| self.word(text)).transpose()?;
        }
        let [rule, policy, version] = numbers;
        let action = self.word(&done.action)?;
        let before = self.addressed(session, Lane::by_start(done.before.as_bytes()), done.before.as_bytes())?;
        let after = self.addressed(session, Lane::by_start(done.after.as_bytes()), done.after.as_bytes())?;
        // Written again with the same id: an effect that was measured later.
        self.db
            .prepare_cached(
                "INSERT INTO intervention(id, session, exchange, at, cause, rule, policy, version, action, mode, summary, before, \
                 after, tokens, usd, ms, basis) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
                 ON CONFLICT(id) DO UPDATE SET summary = excluded.summary, before = excluded.before, after = excluded.after, \
                 tokens = excluded.tokens, usd = excluded.usd, ms = excluded.ms, basis = excluded.basis",
            )?
            .execute(params![
                done.id.0,
                session,
                exchange,
                done.at.0,
                cause::code(done.cause),
                rule,
                policy,
                version,
                action,
                mode::code(done.mode),
                done.summary,
                before,
                after,
                done.effect.tokens,
                done.effect.usd,
                done.effect.ms,
                effect_basis::code(done.effect.basis),
            ])?;
        self.tell(ChangeKind::Intervention, Some(done.session), Some(done.exchange));
        Ok(())
    }

    pub fn rewritten(&mut self, edit: &ContextEdit) -> Written {
        let session = self.session_number(edit.session)?;
        let body = crate::edit::bytes(edit);
        let body = self.addressed(session, Lane::by_start(&body), &body)?;
        self.db
            .prepare_cached(
                "INSERT INTO rewrite(session, intervention, start, anchor, at, replaces, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                session,
                edit.intervention.0,
                &edit.from.0[..],
                &edit.anchor.0[..],
                edit.at,
                edit.replaces,
                body
            ])?;
        Ok(())
    }

    pub fn policy(&mut self, version: &PolicyVersion) -> Written {
        self.db
            .prepare_cached("INSERT OR IGNORE INTO policy_version(version, name, source, at) VALUES (?1, ?2, ?3, 0)")?
            .execute(params![version.version, version.name, version.source])?;
        self.tell(ChangeKind::Policy, None, None);
        Ok(())
    }

    pub fn event(&mut self, event: &Event) -> Written {
        let session = event.session.map(|session| self.session_number(session)).transpose()?;
        let exchange = match event.exchange {
            Some(exchange) => self.exchange(exchange)?.map(|(n, _)| n),
            None => None,
        };
        let kind = json!(event.kind);
        let payload = (!event.payload.is_null()).then(|| event.payload.to_string());
        self.db
            .prepare_cached("INSERT INTO event(session, exchange, at, kind, payload) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![session, exchange, event.at.0, kind.as_str(), payload])?;
        let flag = match event.kind {
            EventKind::Imported => FLAG_IMPORTED,
            EventKind::Rewound if event.payload["is"] == "served" => FLAG_REPLAYED,
            _ => 0,
        };
        if let Some(n) = exchange.filter(|_| flag != 0) {
            self.db.prepare_cached("UPDATE exchange SET flags = flags | ?2 WHERE n = ?1")?.execute(params![n, flag])?;
        }
        let kind = match event.kind {
            EventKind::RecordsDropped | EventKind::RecordedLate => ChangeKind::Health,
            EventKind::PolicyLoaded | EventKind::PolicyRejected => ChangeKind::Policy,
            EventKind::Alerted => ChangeKind::Alert,
            _ if event.exchange.is_some() => ChangeKind::Exchange,
            _ => ChangeKind::Session,
        };
        self.tell(kind, event.session, event.exchange);
        Ok(())
    }
}
