//! `switchtower-jsonl/1` back into records, written with back-pressure. Nodes get chain hashes of their own: an imported context shares
//! bodies with the live ones, not nodes.

use crate::{
    FORMAT, Ledger, LedgerError, edit,
    lines::{Answer, Call, Exchange, Line, Request},
    text,
};
use bytes::Bytes;
use domain::*;
use std::{
    collections::{HashMap, HashSet},
    io::BufRead,
};

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub session: SessionId,
    pub exchanges: u32,
}

#[derive(Default)]
struct Reading {
    session: Option<SessionRow>,
    blobs: HashMap<i64, Bytes>,
    nodes: HashMap<i64, Node>,
    /// Nodes that a record brought already.
    told: HashSet<i64>,
    /// Results, told after all exchanges: they name two.
    returned: Vec<ToolReturned>,
    exchanges: u32,
}

struct Node {
    hash: Hash,
    parent: Option<i64>,
    identity: Hash,
    body: Option<Bytes>,
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Hash(short)
}

impl Ledger {
    /// Reads one exported session and records it under its own ids, marked as imported. A session that is there already is refused.
    pub async fn import(&self, from: &mut (impl BufRead + Send)) -> Result<Imported, LedgerError> {
        let mut reading = Reading::default();
        let mut number = 0;
        let mut text = String::new();
        loop {
            text.clear();
            number += 1;
            let failed = |message: String| LedgerError::Import { line: number, message };
            if from.read_line(&mut text).map_err(|error| failed(error.to_string()))? == 0 {
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            let line: Line =
                serde_json::from_str(&text).map_err(|error| failed(format!("no line of {FORMAT}: {error}")))?;
            if let Line::Session { session, .. } = &line
                && self.get_session(session.id).await.is_ok()
            {
                return Err(failed(format!("session {} is there already", session.id)));
            }
            let records = reading.line(line).map_err(|message| failed(message.to_string()))?;
            if !records.is_empty() {
                self.write(records).await?;
            }
        }
        let failed = |message: &str| LedgerError::Import { line: number, message: message.into() };
        let session = reading.session.take().ok_or_else(|| failed("it holds no session"))?;
        let event = Event {
            session: Some(session.id),
            exchange: None,
            at: session.last_at,
            kind: EventKind::Imported,
            payload: serde_json::json!({ "format": FORMAT }),
        };
        let mut last: Vec<Record> = reading.returned.drain(..).map(Record::ToolReturned).collect();
        let id = session.id;
        last.extend([Record::Event(event), Record::Session(Box::new(session))]);
        self.write(last).await?;
        Ok(Imported { session: id, exchanges: reading.exchanges })
    }
}

impl Reading {
    fn line(&mut self, line: Line) -> Result<Vec<Record>, LedgerError> {
        if let Line::Session { format, session } = line {
            if format != FORMAT {
                return Err(LedgerError::damaged("import", format!("{format} is not {FORMAT}")));
            }
            self.session = Some((*session).clone());
            return Ok(vec![Record::Session(session)]);
        }
        let session = self
            .session
            .as_ref()
            .map(|session| session.id)
            .ok_or_else(|| LedgerError::damaged("import", "no session line first"))?;
        Ok(match line {
            Line::Session { .. } => Vec::new(),
            Line::Blob { blob, body } => {
                self.blobs.insert(blob, body.bytes()?);
                Vec::new()
            }
            Line::Node { node, parent, body } => {
                let body = body.map(crate::lines::Body::bytes).transpose()?;
                let identity = hash(&[body.as_deref().unwrap_or_default()]);
                let above = parent.and_then(|parent| self.nodes.get(&parent)).map_or(Hash::default(), |node| node.hash);
                let chain = hash(&[FORMAT.as_bytes(), &above.0, &identity.0, &[u8::from(body.is_some())]]);
                self.nodes.insert(node, Node { hash: chain, parent, identity, body });
                Vec::new()
            }
            Line::Exchange { exchange } => self.exchange(session, *exchange)?,
            Line::Calls { exchange, calls } => self.calls(session, exchange, calls),
            Line::Observations { exchange, observations } => observations
                .into_iter()
                .map(|seen| Record::Observed {
                    exchange,
                    session,
                    point: seen.observation.point,
                    at: seen.at,
                    observation: Box::new(seen.observation),
                })
                .collect(),
            Line::Evaluations { exchange, evaluations } => evaluations
                .into_iter()
                .map(|(at, evaluation)| Record::Evaluated { exchange, at, evaluations: vec![evaluation] })
                .collect(),
            Line::Intervention { intervention } => vec![Record::Intervened(intervention)],
            Line::Rewrite { intervention, from, anchor, at, replaces, body } => {
                let (messages, results) = edit::read(&body.bytes()?)?;
                vec![Record::Rewritten(ContextEdit {
                    session,
                    intervention,
                    from,
                    anchor,
                    at,
                    replaces,
                    messages,
                    results,
                })]
            }
            Line::Escalation { escalation } => vec![Record::Escalated(Box::new(closed(*escalation)))],
            Line::Event { event } => vec![Record::Event(Event {
                session: Some(session),
                exchange: event.exchange,
                at: event.at,
                kind: event.kind,
                payload: event.payload,
            })],
        })
    }

    fn exchange(&mut self, session: SessionId, exchange: Exchange) -> Result<Vec<Record>, LedgerError> {
        self.exchanges += 1;
        let image = self.image(&exchange.agent_request)?;
        let search_text = image.appended.iter().map(|(.., body)| text::strings(body)).collect();
        let id = exchange.id;
        let mut records = vec![Record::ExchangeStarted(Box::new(ExchangeStarted {
            id,
            session,
            run: exchange.run,
            step: exchange.step,
            at: exchange.at,
            dialect: exchange.dialect,
            provider: exchange.provider,
            model: exchange.model,
            stream: exchange.stream,
            side_call: exchange.side_call,
            method: exchange.method,
            path: exchange.path,
            headers: exchange.agent_request.headers,
            image,
            search_text,
            preview: exchange.preview,
        }))];
        if let Some(sent) = exchange.sent_request {
            let image = self.image(&sent)?;
            records.push(Record::RequestSent { exchange: id, image, headers: sent.headers });
        }
        if let Some(answer) = exchange.answer {
            records.push(finished(session, id, exchange.at, answer)?);
        }
        let (at, payload) = (exchange.at, serde_json::Value::Null);
        records.push(Record::Event(Event {
            session: None,
            exchange: Some(id),
            at,
            kind: EventKind::Imported,
            payload,
        }));
        Ok(records)
    }

    fn image(&mut self, request: &Request) -> Result<RequestImage, LedgerError> {
        let unknown = |what| LedgerError::damaged("import", format!("{what} is named before it is given"));
        let blob = |n: Option<i64>| n.map(|n| self.blobs.get(&n).cloned().ok_or_else(|| unknown("a blob"))).transpose();
        let mut image = RequestImage {
            envelope: blob(request.envelope)?.unwrap_or_default(),
            system: blob(request.system)?,
            tools: blob(request.tools)?,
            marks: request.marks.clone(),
            ..RequestImage::default()
        };
        let mut path = Vec::new();
        let mut next = request.context;
        while let Some(n) = next {
            path.push(n);
            next = self.nodes.get(&n).ok_or_else(|| unknown("a message"))?.parent;
        }
        path.reverse();
        for (place, n) in path.into_iter().enumerate() {
            let Some(node) = self.nodes.get(&n) else { continue };
            image.nodes.push(node.hash);
            if self.told.insert(n)
                && let Some(body) = &node.body
            {
                image.appended.push((place as u32, node.identity, body.clone()));
            }
        }
        Ok(image)
    }

    fn calls(&mut self, session: SessionId, exchange: ExchangeId, calls: Vec<Call>) -> Vec<Record> {
        let mut records = Vec::new();
        for call in calls {
            // A result's preview replaces it when that is written.
            let preview = call.preview.clone();
            if let (Some(by), Some(at)) = (call.returned_by, call.returned_at) {
                self.returned.push(ToolReturned {
                    called_by: exchange,
                    exchange: by,
                    session,
                    call_id: call.call.id.clone(),
                    at,
                    error: call.error,
                    preview: call.preview,
                });
            }
            let (call, at, blocked) = (call.call, call.at, call.blocked);
            records.push(Record::ToolCalled(ToolCalled { exchange, session, call, at, blocked, preview }));
        }
        records
    }
}

/// An escalation of another runtime: what waits there cannot be answered here.
fn closed(escalation: Escalation) -> Escalation {
    if !escalation.state.is_open() {
        return escalation;
    }
    let reason = Some(format!("imported while it was {} elsewhere", escalation.state.name()));
    Escalation { state: EscalationState::Expired, reason, decided_at: Some(escalation.expires_at), ..escalation }
}

fn finished(session: SessionId, id: ExchangeId, at: Timestamp, answer: Answer) -> Result<Record, LedgerError> {
    Ok(Record::ExchangeFinished(Box::new(ExchangeFinished {
        id,
        session,
        at: Timestamp(at.0 + (answer.timing.duration_ms * 1000.0) as i64),
        state: answer.state,
        origin: answer.origin,
        error: answer.error,
        served_model: answer.served_model,
        finish: answer.finish,
        attempts: answer.attempts,
        usage: answer.usage,
        cost_usd: answer.cost_usd,
        timing: answer.timing,
        provider_response: answer.provider_response.map(crate::lines::Response::image).transpose()?,
        agent_response: answer.agent_response.map(crate::lines::Response::image).transpose()?,
        answer_text: answer.text,
        preview: answer.preview,
        anchor: answer.anchor,
    })))
}
