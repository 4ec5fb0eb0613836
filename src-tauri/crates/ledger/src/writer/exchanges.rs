//! Exchanges: started, sent, finished.

use super::{
    memory::ExchangeMemory,
    pen::{Pen, Written},
    store::Lane,
    tree::Placed,
};
use crate::{
    ChangeKind,
    layout::*,
    pack::{AnswerPack, HeadPack},
};
use bytes::Bytes;
use domain::{ExchangeFinished, ExchangeId, ExchangeStarted, Headers, RequestImage, SessionId, Timestamp};
use rusqlite::{OptionalExtension, params};

/// Longest content that observations refer to.
const CONTENT: usize = 64 << 10;
/// Longest preview kept; a list shows less.
const PREVIEW: usize = 240;

struct StoredImage {
    placed: Placed,
    envelope: i64,
    system: Option<i64>,
    tools: Option<i64>,
}

impl Pen<'_> {
    pub fn started(&mut self, started: &ExchangeStarted) -> Written {
        let session = self.session_number(started.session)?;
        if self.exchange(started.id)?.is_some() {
            return Ok(()); // told twice: the first stands
        }
        let stored = self.image(session, &started.image)?;
        let head = HeadPack::bytes(&started.method, &started.path, &started.headers, &started.image.marks);
        let head = self.keep(session, Lane::Head, &head)?;
        let provider = self.word(&started.provider)?;
        let model = self.word(&started.model)?;
        let preview = self.preview(&started.preview)?;
        let mut flags = 0;
        for (set, flag) in [
            (started.stream, FLAG_STREAM),
            (started.side_call, FLAG_SIDE_CALL),
            (stored.placed.incomplete, FLAG_INCOMPLETE),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let n = self.memory.next.exchange;
        self.memory.next.exchange += 1;
        self.db
            .prepare_cached(
                "INSERT INTO exchange(n, id, session, run, step, at, state, dialect, flags, provider, model, agent_context, \
                 appended, envelope, system, tools, head, request_preview, input_tokens, cached_tokens, cache_write_tokens, \
                 output_tokens, reasoning_tokens) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 0, 0, 0, 0, 0)",
            )?
            .execute(params![
                n,
                started.id.0,
                session,
                started.run.0,
                started.step,
                started.at.0,
                dialect::code(started.dialect),
                flags,
                provider,
                model,
                stored.placed.node,
                stored.placed.appended,
                stored.envelope,
                stored.system,
                stored.tools,
                head,
                preview,
            ])?;
        self.remember(started.id, n, session, started.at, model);
        self.bring(started);
        self.append_row(started.session, ROW_MODEL, n, None)?;
        self.note_word(started.session, WORD_MODEL, model)?;
        self.make_searchable(started.session, n * 2, started.search_text.join("\n"));
        self.tell(ChangeKind::Exchange, Some(started.session), Some(started.id));
        Ok(())
    }

    pub fn sent(&mut self, id: ExchangeId, image: &RequestImage, headers: &Headers) -> Written {
        let Some((n, session)) = self.exchange(id)? else {
            tracing::debug!(%id, "what was sent belongs to an exchange that was dropped");
            return Ok(());
        };
        let stored = self.image(session, image)?;
        let head = HeadPack::bytes("", "", headers, &image.marks);
        let head = self.keep(session, Lane::SentHead, &head)?;
        let incomplete = if stored.placed.incomplete { FLAG_INCOMPLETE } else { 0 };
        self.db
            .prepare_cached(
                "UPDATE exchange SET sent_context = ?2, sent_envelope = ?3, sent_system = ?4, sent_tools = ?5, sent_head = ?6, \
                 flags = flags | ?7 WHERE n = ?1",
            )?
            .execute(params![
                n,
                stored.placed.node,
                stored.envelope,
                stored.system,
                stored.tools,
                head,
                incomplete
            ])?;
        self.tell(ChangeKind::Exchange, None, Some(id));
        Ok(())
    }

    pub fn finished(&mut self, finished: &ExchangeFinished) -> Written {
        let (n, session) = self.exchange_or_bare(finished.id, finished.session, finished.at)?;
        let answer = AnswerPack::bytes(
            &finished.attempts,
            &finished.answer_text,
            finished.provider_response.as_ref(),
            finished.agent_response.as_ref(),
        );
        let blob = self.keep(session, Lane::Answer, &answer)?;
        let served = finished.served_model.as_deref().map(|model| self.word(model)).transpose()?;
        let finish = finished.finish.as_deref().map(|finish| self.word(finish)).transpose()?;
        let preview = self.preview(&finished.preview)?;
        let micros = |ms: f64| (ms * 1000.0).round() as i64;
        let usage = &finished.usage;
        self.db
            .prepare_cached(
                "UPDATE exchange SET state = ?2, origin = ?3, error = ?4, served_model = ?5, finish = ?6, answer = ?7, \
                 input_tokens = ?8, cached_tokens = ?9, cache_write_tokens = ?10, output_tokens = ?11, reasoning_tokens = ?12, \
                 flags = flags | ?13, cost_usd = ?14, first_token_us = ?15, duration_us = ?16, added_us = ?17, commit_us = ?18, \
                 answer_preview = ?19, anchor = ?20 WHERE n = ?1",
            )?
            .execute(params![
                n,
                exchange_state::code(finished.state),
                finished.origin.map(origin::code),
                finished.error,
                served,
                finish,
                blob,
                usage.input as i64,
                usage.cached as i64,
                usage.cache_write as i64,
                usage.output as i64,
                usage.reasoning as i64,
                if usage.estimated { FLAG_ESTIMATED } else { 0 },
                finished.cost_usd,
                finished.timing.first_token_ms.map(micros),
                micros(finished.timing.duration_ms),
                micros(finished.timing.added_ms),
                micros(finished.timing.commit_ms),
                preview,
                finished.anchor.map(|anchor| anchor.0.to_vec()),
            ])?;
        if let Some(served) = served {
            self.note_word(finished.session, WORD_MODEL, served)?;
        }
        self.add_spend(finished)?;
        let mut first = false;
        if let Some(memory) = self.memory.exchanges.get_mut(&finished.id.0) {
            first = std::mem::replace(&mut memory.open, false);
            if answer.len() <= CONTENT {
                memory.answer = Some((blob, Bytes::from(answer)));
            }
        }
        if first {
            self.make_searchable(finished.session, n * 2 + 1, finished.answer_text.clone());
        }
        self.tell(ChangeKind::Exchange, Some(finished.session), Some(finished.id));
        Ok(())
    }

    fn image(&mut self, session: i64, image: &RequestImage) -> Written<StoredImage> {
        let placed = self.place(session, image)?;
        let envelope = self.addressed(session, Lane::Envelope, &image.envelope)?;
        let system = image.system.as_ref().map(|system| self.addressed(session, Lane::System, system)).transpose()?;
        let tools = image.tools.as_ref().map(|tools| self.addressed(session, Lane::Tools, tools)).transpose()?;
        Ok(StoredImage { placed, envelope, system, tools })
    }

    /// A short text for lists; what repeats from step to step costs its number only.
    pub fn preview(&mut self, text: &str) -> Written<Option<i64>> {
        let mut end = text.len().min(PREVIEW);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(n) = self.memory.previews.get(text) {
            return Ok(Some(*n));
        }
        let n = self.memory.next.preview;
        self.memory.next.preview += 1;
        self.db.prepare_cached("INSERT INTO preview(n, text) VALUES (?1, ?2)")?.execute(params![n, text])?;
        self.memory.previews.put(text.to_owned(), n);
        Ok(Some(n))
    }

    /// (number, session's number) of an exchange that the ledger knows.
    pub fn exchange(&mut self, id: ExchangeId) -> Written<Option<(i64, i64)>> {
        if let Some(known) = self.memory.exchanges.get(&id.0) {
            return Ok(Some((known.n, known.session)));
        }
        let found = self
            .db
            .prepare_cached("SELECT n, session, at, model, state FROM exchange WHERE id = ?1")?
            .query_row([id.0], |row| {
                Ok(ExchangeMemory {
                    n: row.get(0)?,
                    session: row.get(1)?,
                    at: row.get(2)?,
                    model: row.get(3)?,
                    open: row.get::<_, i64>(4)? == 0,
                    calls: 0,
                    observations: 0,
                    evaluations: 0,
                    latest: None,
                    brought: Vec::new(),
                    answer: None,
                })
            })
            .optional()?;
        let Some(mut found) = found else { return Ok(None) };
        let (n, session) = (found.n, found.session);
        let places = |table: &str| -> Written<i64> {
            self.db
                .prepare_cached(&format!(
                    "SELECT coalesce(max(key) - ?1 + 1, 0) FROM {table} WHERE key >= ?1 AND key < ?2"
                ))?
                .query_row([n << PLACE_BITS, (n + 1) << PLACE_BITS], |row| row.get(0))
        };
        found.calls = places("tool_call")?;
        found.observations = places("observation")?;
        found.evaluations = places("evaluation")?;
        self.memory.exchanges.put(id.0, found);
        Ok(Some((n, session)))
    }

    /// The same; one whose start was dropped gets a bare row, so that what follows has its place.
    pub fn exchange_or_bare(&mut self, id: ExchangeId, session_id: SessionId, at: Timestamp) -> Written<(i64, i64)> {
        if let Some(known) = self.exchange(id)? {
            return Ok(known);
        }
        let session = self.session_number(session_id)?;
        let n = self.memory.next.exchange;
        self.memory.next.exchange += 1;
        let unknown = self.word("unknown")?;
        self.db
            .prepare_cached(
                "INSERT INTO exchange(n, id, session, run, step, at, state, dialect, flags, provider, model, appended, \
                 input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens) \
                 VALUES (?1, ?2, ?3, 0, 0, ?4, 0, 0, ?5, ?6, ?6, 0, 0, 0, 0, 0, 0)",
            )?
            .execute(params![n, id.0, session, at.0, FLAG_INCOMPLETE, unknown])?;
        self.remember(id, n, session, at, unknown);
        self.append_row(session_id, ROW_MODEL, n, None)?;
        Ok((n, session))
    }

    /// Keeps the newest messages of a request at hand: observations of its tool results repeat them.
    fn bring(&mut self, started: &ExchangeStarted) {
        let newest = started.image.appended.iter().rev().filter(|(.., body)| body.len() <= CONTENT).take(4);
        let brought: Vec<(i64, Bytes)> =
            newest.filter_map(|(_, identity, body)| Some((*self.memory.blobs.peek(identity)?, body.clone()))).collect();
        if let Some(memory) = self.memory.exchanges.get_mut(&started.id.0) {
            memory.brought = brought;
        }
    }

    fn remember(&mut self, id: ExchangeId, n: i64, session: i64, at: Timestamp, model: i64) {
        let memory = ExchangeMemory {
            n,
            session,
            at: at.0,
            model,
            open: true,
            calls: 0,
            observations: 0,
            evaluations: 0,
            latest: None,
            brought: Vec::new(),
            answer: None,
        };
        self.memory.exchanges.put(id.0, memory);
    }
}
