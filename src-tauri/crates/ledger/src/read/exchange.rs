//! One exchange with everything that belongs to it: both requests, both responses, attempts, usage, timing, calls, evaluations,
//! interventions, observations.

use super::{InterventionRow, ms, time};
use crate::{
    BlobRef, Ledger, LedgerError, Side,
    layout::*,
    observation,
    pack::{AnswerPack, HeadPack},
};
use bytes::Bytes;
use domain::{
    Attempt, Dialect, ErrorEvidence, Evaluation, ExchangeId, ExchangeState, Hash, Headers, Mark, Observation, Origin,
    PolicyVersion, ResponseImage, RunId, SessionId, Timestamp, Timing, ToolCall, Usage,
};
use serde_json::Value;
use std::collections::HashMap;

/// A request as it was taken apart; `wire::rebuild` puts it together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredRequest {
    pub envelope: Bytes,
    pub system: Option<Bytes>,
    pub tools: Option<Bytes>,
    /// Root first, without marks; empty where the ledger never got one (then `missing` names it).
    pub messages: Vec<Bytes>,
    /// Where to fetch each message in pieces.
    pub message_refs: Vec<Option<BlobRef>>,
    pub missing: Vec<u32>,
    pub marks: Vec<Mark>,
    pub headers: Headers,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    pub call: ToolCall,
    pub at: Timestamp,
    pub blocked: bool,
    /// The exchange whose request delivered the result.
    pub returned_by: Option<ExchangeId>,
    pub returned_at: Option<Timestamp>,
    pub error: Option<ErrorEvidence>,
    pub preview: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredObservation {
    pub at: Timestamp,
    pub observation: Observation,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeRecord {
    pub id: ExchangeId,
    pub session: SessionId,
    pub run: RunId,
    pub step: u32,
    /// Its row in the session's timeline.
    pub row: Option<u64>,
    pub dialect: Dialect,
    pub provider: String,
    pub model: String,
    pub served_model: Option<String>,
    pub state: ExchangeState,
    pub origin: Option<Origin>,
    pub error: Option<String>,
    pub finish: Option<String>,
    pub stream: bool,
    pub side_call: bool,
    /// Some body is missing: records were dropped.
    pub incomplete: bool,
    pub imported: bool,
    /// Served from the record of an earlier run: no model was asked.
    pub replayed: bool,
    pub method: String,
    pub path: String,
    pub preview: String,
    /// Messages of the agent's request that were new with it; the others stand in earlier ones.
    pub appended: u32,
    pub agent_request: StoredRequest,
    /// None where what went upstream was what the agent sent.
    pub sent_request: Option<StoredRequest>,
    pub attempts: Vec<Attempt>,
    pub answer_text: String,
    /// None where no provider answered (yet).
    pub provider_response: Option<ResponseImage>,
    /// None where the agent got the provider's response byte for byte.
    pub agent_response: Option<ResponseImage>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
    pub started_at: Timestamp,
    /// None while open.
    pub timing: Option<Timing>,
    pub anchor: Option<Hash>,
    pub calls: Vec<StoredCall>,
    pub evaluations: Vec<(Timestamp, Evaluation)>,
    pub interventions: Vec<InterventionRow>,
}

/// One frame of a streamed response.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub index: u64,
    /// Since the request.
    pub at_ms: f64,
    pub bytes: Bytes,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FramePage {
    pub frames: Vec<Frame>,
    pub total: u64,
}

impl Ledger {
    pub async fn get_exchange(&self, id: ExchangeId) -> Result<ExchangeRecord, LedgerError> {
        let row = sqlx::query!(
            r#"SELECT e.n AS "n!", s.id AS "session!", e.run, e.step, e.at, e.state, e.dialect, e.flags, p.text AS provider, m.text AS model,
                 v.text AS "served_model?", f.text AS "finish?", e.origin, e.error, e.agent_context, e.appended, e.envelope, e.system, e.tools,
                 e.head, e.sent_context, e.sent_envelope, e.sent_system, e.sent_tools, e.sent_head, e.answer, e.input_tokens,
                 e.cached_tokens, e.cache_write_tokens, e.output_tokens, e.reasoning_tokens, e.cost_usd, e.first_token_us,
                 e.duration_us, e.added_us, e.commit_us, coalesce(a.text, q.text) AS "preview?: String", e.anchor
               FROM exchange e JOIN session s ON s.n = e.session JOIN word p ON p.n = e.provider JOIN word m ON m.n = e.model
               LEFT JOIN word v ON v.n = e.served_model LEFT JOIN word f ON f.n = e.finish
               LEFT JOIN preview q ON q.n = e.request_preview LEFT JOIN preview a ON a.n = e.answer_preview WHERE e.id = ?1"#,
            id.0
        )
        .fetch_optional(self.pool().await?)
        .await?
        .ok_or_else(|| LedgerError::missing("exchange", id))?;
        let (head, agent_request) =
            self.request(row.agent_context, row.envelope, row.system, row.tools, row.head).await?;
        let sent_request = match row.sent_head {
            None => None,
            Some(_) => Some(
                self.request(row.sent_context, row.sent_envelope, row.sent_system, row.sent_tools, row.sent_head)
                    .await?
                    .1,
            ),
        };
        let answer = match self.bytes_of(row.answer).await? {
            Some(bytes) => AnswerPack::read(bytes)?,
            None => AnswerPack::default(),
        };
        let is_set = |flag: i64| row.flags & flag != 0;
        Ok(ExchangeRecord {
            id,
            session: SessionId(row.session),
            run: RunId(row.run),
            step: row.step as u32,
            row: self.timeline_index(id).await?,
            dialect: dialect::value(row.dialect),
            provider: row.provider,
            model: row.model,
            served_model: row.served_model,
            state: exchange_state::value(row.state),
            origin: row.origin.map(origin::value),
            error: row.error,
            finish: row.finish,
            stream: is_set(FLAG_STREAM),
            side_call: is_set(FLAG_SIDE_CALL),
            incomplete: is_set(FLAG_INCOMPLETE),
            imported: is_set(FLAG_IMPORTED),
            replayed: is_set(FLAG_REPLAYED),
            method: head.method,
            path: head.path,
            preview: row.preview.unwrap_or_default(),
            appended: row.appended as u32,
            agent_request,
            sent_request,
            attempts: answer.attempts,
            answer_text: answer.text,
            provider_response: answer.provider,
            agent_response: answer.agent,
            usage: Usage {
                input: row.input_tokens as u64,
                cached: row.cached_tokens as u64,
                cache_write: row.cache_write_tokens as u64,
                output: row.output_tokens as u64,
                reasoning: row.reasoning_tokens as u64,
                estimated: is_set(FLAG_ESTIMATED),
            },
            cost_usd: row.cost_usd,
            started_at: time(row.at),
            timing: row.duration_us.map(|duration| Timing {
                first_token_ms: row.first_token_us.map(ms),
                duration_ms: ms(duration),
                added_ms: ms(row.added_us.unwrap_or(0)),
                commit_ms: ms(row.commit_us.unwrap_or(0)),
            }),
            anchor: row.anchor.as_deref().map(hash),
            calls: self.calls(row.n, row.at).await?,
            evaluations: self.evaluations(row.n, row.at).await?,
            interventions: self.interventions_of(id).await?,
        })
    }

    pub(super) async fn request(
        &self,
        context: Option<i64>,
        envelope: Option<i64>,
        system: Option<i64>,
        tools: Option<i64>,
        head: Option<i64>,
    ) -> Result<(HeadPack, StoredRequest), LedgerError> {
        let mut head = match self.bytes_of(head).await? {
            Some(bytes) => HeadPack::read(&bytes)?,
            None => HeadPack::default(),
        };
        let mut stored = StoredRequest {
            envelope: self.bytes_of(envelope).await?.unwrap_or_default().into(),
            system: self.bytes_of(system).await?.map(Bytes::from),
            tools: self.bytes_of(tools).await?.map(Bytes::from),
            marks: std::mem::take(&mut head.marks),
            headers: std::mem::take(&mut head.headers),
            ..StoredRequest::default()
        };
        if let Some(leaf) = context {
            for (place, position) in self.context(leaf).await?.into_iter().enumerate() {
                if position.body.is_none() {
                    stored.missing.push(place as u32);
                }
                stored.messages.push(position.body.unwrap_or_default());
                stored.message_refs.push(position.blob.map(BlobRef::Stored));
            }
        }
        Ok((head, stored))
    }

    async fn calls(&self, exchange: i64, started: i64) -> Result<Vec<StoredCall>, LedgerError> {
        let (from, end) = (exchange << PLACE_BITS, (exchange + 1) << PLACE_BITS);
        let rows = sqlx::query!(
            r#"SELECT c.id, w.text AS name, c.place, c.arguments, c.after, c.blocked AS "blocked: bool", b.id AS "returned_by?",
                 c.returned_after, c.error, p.text AS "preview?"
               FROM tool_call c JOIN word w ON w.n = c.name LEFT JOIN exchange b ON b.n = c.returned_by
               LEFT JOIN preview p ON p.n = c.preview WHERE c.key >= ?1 AND c.key < ?2 ORDER BY c.key"#,
            from,
            end
        )
        .fetch_all(self.pool().await?)
        .await?;
        let mut calls = Vec::with_capacity(rows.len());
        for row in rows {
            let arguments = String::from_utf8_lossy(&self.bytes(row.arguments).await?).into_owned();
            calls.push(StoredCall {
                call: ToolCall { id: row.id, name: row.name, arguments, index: row.place as u32 },
                at: time(started + row.after),
                blocked: row.blocked,
                returned_by: row.returned_by.map(ExchangeId),
                returned_at: row.returned_after.map(|after| time(started + after)),
                error: row.error.filter(|code| *code > 0).map(|code| evidence::value(code - 1)),
                preview: row.preview.unwrap_or_default(),
            });
        }
        Ok(calls)
    }

    async fn evaluations(&self, exchange: i64, started: i64) -> Result<Vec<(Timestamp, Evaluation)>, LedgerError> {
        let (from, end) = (exchange << PLACE_BITS, (exchange + 1) << PLACE_BITS);
        let rows =
            sqlx::query!("SELECT after, data FROM evaluation WHERE key >= ?1 AND key < ?2 ORDER BY key", from, end)
                .fetch_all(self.pool().await?)
                .await?;
        let mut all = Vec::new();
        for row in rows {
            let some: Vec<Evaluation> = serde_json::from_slice(&self.bytes(row.data).await?)
                .map_err(|error| LedgerError::damaged("evaluation", error))?;
            all.extend(some.into_iter().map(|evaluation| (time(started + row.after), evaluation)));
        }
        Ok(all)
    }

    /// What reasoning saw at each point of an exchange, in order.
    pub async fn observations(&self, id: ExchangeId) -> Result<Vec<StoredObservation>, LedgerError> {
        let pool = self.pool().await?;
        let head = sqlx::query!(
            r#"SELECT e.n AS "n!", e.at AS "at!", s.id AS "session!" FROM exchange e JOIN session s ON s.n = e.session WHERE e.id = ?1"#,
            id.0
        )
        .fetch_optional(pool)
        .await?
        .ok_or_else(|| LedgerError::missing("exchange", id))?;
        let (from, end) = (head.n << PLACE_BITS, (head.n + 1) << PLACE_BITS);
        let rows = sqlx::query!(
            r#"SELECT o.point, o.after, o.base, o.content, o.data, k.data AS "key_data?", k.content AS "key_content?"
               FROM observation o LEFT JOIN observation k ON k.key = o.base AND o.base > 0 WHERE o.key >= ?1 AND o.key < ?2 ORDER BY o.key"#,
            from,
            end
        )
        .fetch_all(pool)
        .await?;
        let mut keys: HashMap<i64, Value> = HashMap::new();
        let mut latest: Option<Value> = None;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(data) = &row.key_data
                && !keys.contains_key(&row.base)
            {
                let content = self.bytes_of(row.key_content).await?.unwrap_or_default();
                keys.insert(row.base, observation::read(data, None, None, &content)?);
            }
            if row.base > 0 && row.key_data.is_none() {
                return Err(LedgerError::damaged("observation", "its key is gone"));
            }
            let content = self.bytes_of(row.content).await?.unwrap_or_default();
            let members = observation::read(&row.data, keys.get(&row.base), latest.as_ref(), &content)?;
            let at = time(head.at + row.after);
            latest = Some(members.clone());
            let observation = observation::restore(members, point::value(row.point), at, SessionId(head.session), id)?;
            all.push(StoredObservation { at, observation });
        }
        Ok(all)
    }

    /// The policies that an exchange was judged by, in their files' order; empty where the record does not say.
    pub async fn policies_in_force(&self, id: ExchangeId) -> Result<Vec<PolicyVersion>, LedgerError> {
        let pool = self.pool().await?;
        let told = sqlx::query_scalar!(
            r#"SELECT v.payload AS "payload!: String" FROM exchange e JOIN event v ON v.session = e.session AND v.exchange <= e.n
               WHERE e.id = ?1 AND v.kind = 'policies_in_force' AND v.payload IS NOT NULL ORDER BY v.exchange DESC, v.seq DESC LIMIT 1"#,
            id.0
        )
        .fetch_optional(pool)
        .await?;
        let named: Vec<Value> = told.map_or(Ok(Vec::new()), |told| serde_json::from_str(&told)).unwrap_or_default();
        let mut versions = Vec::with_capacity(named.len());
        for version in named.iter().filter_map(|named| named["version"].as_str()) {
            let known = sqlx::query_as!(
                PolicyVersion,
                "SELECT version, name, source FROM policy_version WHERE version = ?1",
                version
            );
            versions.extend(known.fetch_optional(pool).await?);
        }
        Ok(versions)
    }

    /// Frames `from..from + count` of a side's response. The agent's is the provider's where nothing was changed.
    pub async fn get_frames(
        &self,
        id: ExchangeId,
        side: Side,
        from: u64,
        count: u32,
    ) -> Result<FramePage, LedgerError> {
        let Some(image) = self.response(id, side).await? else {
            return Ok(FramePage { frames: Vec::new(), total: 0 });
        };
        let mut frames = Vec::new();
        for (place, (end, micros)) in image.frames.iter().enumerate().skip(from as usize).take(count as usize) {
            let start = place.checked_sub(1).and_then(|before| image.frames.get(before)).map_or(0, |(end, _)| *end);
            let end = (*end as usize).min(image.body.len());
            let bytes = image.body.slice((start as usize).min(end)..end);
            frames.push(Frame { index: place as u64, at_ms: ms(i64::from(*micros)), bytes });
        }
        Ok(FramePage { frames, total: image.frames.len() as u64 })
    }

    pub(super) async fn response(&self, id: ExchangeId, side: Side) -> Result<Option<ResponseImage>, LedgerError> {
        let row = sqlx::query!("SELECT answer FROM exchange WHERE id = ?1", id.0)
            .fetch_optional(self.pool().await?)
            .await?
            .ok_or_else(|| LedgerError::missing("exchange", id))?;
        let Some(bytes) = self.bytes_of(row.answer).await? else { return Ok(None) };
        let pack = AnswerPack::read(bytes)?;
        Ok(match side {
            Side::Provider => pack.provider,
            Side::Agent => pack.agent.or(pack.provider),
        })
    }
}
