//! The lines of `switchtower-jsonl/1` as types; export.rs says what they mean.

use crate::LedgerError;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    Session {
        format: String,
        session: Box<SessionRow>,
    },
    Calls {
        exchange: ExchangeId,
        calls: Vec<Call>,
    },
    Observations {
        exchange: ExchangeId,
        observations: Vec<Seen>,
    },
    Evaluations {
        exchange: ExchangeId,
        evaluations: Vec<(Timestamp, Evaluation)>,
    },
    Exchange {
        exchange: Box<Exchange>,
    },
    Blob {
        blob: i64,
        body: Body,
    },
    Node {
        node: i64,
        parent: Option<i64>,
        body: Option<Body>,
    },
    Intervention {
        intervention: Box<Intervention>,
    },
    Rewrite {
        #[serde(rename = "rewrite")]
        intervention: InterventionId,
        from: Hash,
        anchor: Hash,
        at: u32,
        replaces: u32,
        body: Body,
    },
    Event {
        event: Box<EventLine>,
    },
    Escalation {
        escalation: Box<Escalation>,
    },
}

/// Bytes: text where they are UTF-8.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    Text(String),
    Binary { base64: String },
}

impl Body {
    pub fn of(bytes: &[u8]) -> Body {
        match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Binary { base64: STANDARD.encode(bytes) },
        }
    }

    pub fn bytes(self) -> Result<Bytes, LedgerError> {
        match self {
            Body::Text(text) => Ok(text.into()),
            Body::Binary { base64 } => {
                STANDARD.decode(base64).map(Bytes::from).map_err(|error| LedgerError::damaged("import", error))
            }
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Exchange {
    pub id: ExchangeId,
    pub run: RunId,
    pub step: u32,
    pub at: Timestamp,
    pub dialect: Dialect,
    pub provider: String,
    pub model: String,
    pub stream: bool,
    pub side_call: bool,
    pub method: String,
    pub path: String,
    pub preview: String,
    pub agent_request: Request,
    pub sent_request: Option<Request>,
    /// Absent while open.
    pub answer: Option<Answer>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Request {
    pub context: Option<i64>,
    pub envelope: Option<i64>,
    pub system: Option<i64>,
    pub tools: Option<i64>,
    pub headers: Headers,
    pub marks: Vec<Mark>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    pub state: ExchangeState,
    pub origin: Option<Origin>,
    pub error: Option<String>,
    pub served_model: Option<String>,
    pub finish: Option<String>,
    pub attempts: Vec<Attempt>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
    pub timing: Timing,
    pub provider_response: Option<Response>,
    pub agent_response: Option<Response>,
    pub text: String,
    pub preview: String,
    pub anchor: Option<Hash>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
    pub body: Body,
    /// (end in the body's bytes, microseconds since the request).
    pub frames: Vec<(u32, u32)>,
}

impl Response {
    pub fn of(image: &ResponseImage) -> Response {
        let (headers, frames) = (image.headers.clone(), image.frames.clone());
        Response { status: image.status, headers, body: Body::of(&image.body), frames }
    }

    pub fn image(self) -> Result<ResponseImage, LedgerError> {
        Ok(ResponseImage { status: self.status, headers: self.headers, body: self.body.bytes()?, frames: self.frames })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Call {
    pub call: ToolCall,
    pub at: Timestamp,
    pub blocked: bool,
    pub returned_by: Option<ExchangeId>,
    pub returned_at: Option<Timestamp>,
    pub error: Option<ErrorEvidence>,
    pub preview: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Seen {
    pub at: Timestamp,
    pub observation: Observation,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct EventLine {
    pub exchange: Option<ExchangeId>,
    pub at: Timestamp,
    pub kind: EventKind,
    pub payload: serde_json::Value,
}

impl EventLine {
    pub fn of(event: Event) -> EventLine {
        EventLine { exchange: event.exchange, at: event.at, kind: event.kind, payload: event.payload }
    }
}
