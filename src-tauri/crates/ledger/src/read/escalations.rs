//! Escalations: one, a page of them, and what came of each rule's.

use super::{cut, time};
use crate::{Ledger, LedgerError, codec, layout::*};
use domain::{Escalation, EscalationId, EscalationState, SessionId, Timestamp};
use sqlx::QueryBuilder;

/// So many of the latest answers are looked at for a rule's figures.
const LATEST: i64 = 20_000;

#[derive(Debug, Clone, PartialEq)]
pub struct EscalationPage {
    /// Where only open ones were asked for, the nearest deadline first; else the latest deadline first.
    pub escalations: Vec<Escalation>,
    pub next: Option<String>,
}

/// What people made of one rule's questions: one that is always approved, within seconds, asks too much.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EscalationFigures {
    pub policy: String,
    pub rule: String,
    pub pending: u32,
    pub orphaned: u32,
    pub approved: u32,
    pub edited: u32,
    pub denied: u32,
    pub expired: u32,
    /// From the question to a person's answer, in milliseconds; none where nobody answered.
    pub median_ms: Option<f64>,
    pub fastest_ms: Option<f64>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    n: i64,
    expires_at: i64,
    base: i64,
    data: Vec<u8>,
}

impl Columns {
    fn escalation(self) -> Result<Escalation, LedgerError> {
        read(self.base, self.data)
    }
}

/// An escalation from its stored form.
pub(crate) fn read(base: i64, data: Vec<u8>) -> Result<Escalation, LedgerError> {
    serde_json::from_slice(&codec::restore(base, data, &[])?).map_err(|error| LedgerError::damaged("escalation", error))
}

impl Ledger {
    /// A page of escalations in any of the states (none named: all), of one session or of all.
    pub async fn list_escalations(
        &self,
        states: &[EscalationState],
        session: Option<SessionId>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<EscalationPage, LedgerError> {
        let urgent = !states.is_empty() && states.iter().all(|state| state.is_open());
        let mut sql = QueryBuilder::new("SELECT n, expires_at, base, data FROM escalation WHERE 1");
        if !states.is_empty() {
            sql.push(" AND state IN (");
            let mut list = sql.separated(", ");
            states.iter().for_each(|state| {
                list.push(escalation_state::code(*state).to_string());
            });
            sql.push(")");
        }
        if let Some(session) = session {
            sql.push(" AND session = (SELECT n FROM session WHERE id = ").push_bind(session.0).push(")");
        }
        if let Some(cursor) = cursor {
            let (at, n) = place(cursor)?;
            sql.push(if urgent { " AND (expires_at, n) > (" } else { " AND (expires_at, n) < (" });
            sql.push_bind(at).push(", ").push_bind(n).push(")");
        }
        sql.push(if urgent { " ORDER BY expires_at, n LIMIT " } else { " ORDER BY expires_at DESC, n DESC LIMIT " });
        sql.push_bind(i64::from(limit) + 1);
        let mut rows: Vec<Columns> = sql.build_query_as().fetch_all(self.pool().await?).await?;
        let more = cut(&mut rows, limit as usize);
        let next = rows.last().filter(|_| more).map(|row| format!("{}.{}", row.expires_at, row.n));
        let escalations = rows.into_iter().map(Columns::escalation).collect::<Result<_, _>>()?;
        Ok(EscalationPage { escalations, next })
    }

    pub async fn escalation(&self, id: EscalationId) -> Result<Escalation, LedgerError> {
        sqlx::query_as!(Columns, "SELECT n, expires_at, base, data FROM escalation WHERE id = ?1", id.0)
            .fetch_optional(self.pool().await?)
            .await?
            .ok_or_else(|| LedgerError::missing("escalation", id))?
            .escalation()
    }

    /// What came of each rule's questions since a moment, the rule that asked most first.
    pub async fn escalation_figures(&self, since: Option<Timestamp>) -> Result<Vec<EscalationFigures>, LedgerError> {
        let since = since.map_or(i64::MIN, |since| since.0);
        let rows = sqlx::query!(
            "SELECT p.text AS policy, r.text AS rule, e.state, e.opened_at, e.decided_at FROM escalation e \
             JOIN word p ON p.n = e.policy JOIN word r ON r.n = e.rule WHERE e.opened_at >= ?1 ORDER BY e.n DESC LIMIT ?2",
            since,
            LATEST
        )
        .fetch_all(self.pool().await?)
        .await?;
        let mut all: Vec<(EscalationFigures, Vec<f64>)> = Vec::new();
        for row in rows {
            let place = all.iter().position(|(known, _)| known.policy == row.policy && known.rule == row.rule);
            let place = place.unwrap_or_else(|| {
                let fresh = EscalationFigures { policy: row.policy, rule: row.rule, ..Default::default() };
                all.push((fresh, Vec::new()));
                all.len() - 1
            });
            let (figures, answered) = &mut all[place];
            let state = escalation_state::value(row.state);
            *figures.count(state) += 1;
            let by_person =
                matches!(state, EscalationState::Approved | EscalationState::Edited | EscalationState::Denied);
            if let Some(decided) = row.decided_at.filter(|_| by_person) {
                answered.push(time(decided).ms_since(time(row.opened_at)));
            }
        }
        let mut figures: Vec<EscalationFigures> = all
            .into_iter()
            .map(|(figures, mut answered)| {
                answered.sort_by(f64::total_cmp);
                EscalationFigures { median_ms: median(&answered), fastest_ms: answered.first().copied(), ..figures }
            })
            .collect();
        figures.sort_by_key(|figures| std::cmp::Reverse(figures.asked()));
        Ok(figures)
    }
}

impl EscalationFigures {
    pub fn asked(&self) -> u32 {
        self.pending + self.orphaned + self.approved + self.edited + self.denied + self.expired
    }

    fn count(&mut self, state: EscalationState) -> &mut u32 {
        match state {
            EscalationState::Pending => &mut self.pending,
            EscalationState::Approved => &mut self.approved,
            EscalationState::Edited => &mut self.edited,
            EscalationState::Denied => &mut self.denied,
            EscalationState::Expired => &mut self.expired,
            EscalationState::Orphaned => &mut self.orphaned,
        }
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => None,
        0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        _ => Some(sorted[middle]),
    }
}

fn place(cursor: &str) -> Result<(i64, i64), LedgerError> {
    cursor
        .split_once('.')
        .and_then(|(at, n)| Some((at.parse().ok()?, n.parse().ok()?)))
        .ok_or_else(|| LedgerError::missing("page", cursor))
}
