//! An agent's session as the runtime would record it: whole conversations resent each turn, streamed answers, observations at
//! every point. Used by several tests, none of which uses all of it.
#![allow(dead_code)]

use bytes::Bytes;
use domain::*;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};
use switchtower_ledger::{Ledger, LedgerOptions};

pub fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    Hash(hasher.finalize().as_bytes()[..16].try_into().unwrap())
}

pub fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, LedgerOptions::default()).unwrap()
}

pub fn bytes_on_disk(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// Takes messages apart as `wire` does: identities, chained nodes, bodies only where `known` has no node.
pub fn image(envelope: &[u8], messages: &[Bytes], known: &mut HashSet<Hash>) -> RequestImage {
    let mut image = RequestImage { envelope: Bytes::copy_from_slice(envelope), ..RequestImage::default() };
    let mut node = Hash::default();
    for (place, message) in messages.iter().enumerate() {
        let identity = hash(&[message]);
        node = hash(&[&node.0, &identity.0]);
        image.nodes.push(node);
        if known.insert(node) {
            image.appended.push((place as u32, identity, message.clone()));
        }
    }
    image
}

pub fn session_row(id: SessionId, at: Timestamp) -> SessionRow {
    SessionRow {
        id,
        agent: "python-openai".into(),
        title: "Book me a flight to Lisbon".into(),
        state: SessionState::Running,
        label: None,
        client_id: None,
        parent: None,
        basis: IdentityBasis::Prefix,
        process: Some(Process { pid: 4242, name: "python".into(), folder: Some("agent".into()) }),
        models: vec!["gpt-4o".into()],
        steps: 0,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        cost_usd: 0.0,
        estimated: false,
        context_used: None,
        tool_errors: 0,
        interventions: 0,
        started_at: at,
        last_at: at,
    }
}

/// What a turn says.
pub struct Turn {
    pub call_name: String,
    pub arguments: String,
    pub result: String,
    pub says: String,
}

/// One agent at work.
pub struct Agent {
    pub rng: StdRng,
    pub row: SessionRow,
    pub system: Option<Bytes>,
    pub tools: Option<Bytes>,
    pub messages: Vec<Bytes>,
    pub known: HashSet<Hash>,
    pub now: i64,
    pub next_id: i64,
    pub step: u32,
    /// (exchange, call id, result) whose result the next request brings.
    pub pending: Option<(ExchangeId, String, String)>,
    /// The messages of each request sent, by step.
    pub sent: Vec<(ExchangeId, Vec<Bytes>)>,
    pub responses: Vec<ResponseImage>,
    pub observed: Vec<(ExchangeId, Observation)>,
}

impl Agent {
    pub fn new(seed: u64) -> Agent {
        let now = 1_790_000_000_000_000 + seed as i64 * 1_000_000_000;
        let id = SessionId((now << 10) | 1);
        Agent {
            rng: StdRng::seed_from_u64(seed),
            row: session_row(id, Timestamp(now)),
            system: None,
            tools: None,
            messages: vec![user("Book me a flight to Lisbon, please. Not before ten.")],
            known: HashSet::new(),
            now,
            next_id: now << 10,
            step: 0,
            pending: None,
            sent: Vec::new(),
            responses: Vec::new(),
            observed: Vec::new(),
        }
    }

    fn id(&mut self) -> i64 {
        self.next_id = (self.now << 10) + self.rng.random_range(2..1000);
        self.next_id
    }

    fn pass(&mut self, micros: std::ops::Range<i64>) -> Timestamp {
        self.now += self.rng.random_range(micros);
        Timestamp(self.now)
    }

    pub fn token(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| LETTERS[self.rng.random_range(0..LETTERS.len())] as char).collect()
    }

    /// Prose of about `length` bytes, as compressible as English.
    pub fn prose(&mut self, length: usize) -> String {
        const WORDS: [&str; 64] = [
            "the",
            "flight",
            "to",
            "Lisbon",
            "leaves",
            "at",
            "ten",
            "and",
            "returns",
            "on",
            "Sunday",
            "with",
            "one",
            "bag",
            "for",
            "each",
            "traveller",
            "refund",
            "policy",
            "says",
            "that",
            "a",
            "ticket",
            "can",
            "be",
            "changed",
            "once",
            "before",
            "departure",
            "if",
            "fare",
            "class",
            "allows",
            "it",
            "customer",
            "wants",
            "window",
            "seat",
            "near",
            "front",
            "because",
            "of",
            "connection",
            "time",
            "is",
            "short",
            "price",
            "rose",
            "by",
            "twelve",
            "euros",
            "since",
            "morning",
            "we",
            "checked",
            "three",
            "airlines",
            "none",
            "had",
            "better",
            "offer",
            "than",
            "this",
            "today",
        ];
        let mut text = String::new();
        while text.len() < length {
            if self.rng.random_range(0..9) == 0 {
                text.push_str(&self.rng.random_range(1000..999_999u32).to_string());
            } else {
                text.push_str(WORDS[self.rng.random_range(0..WORDS.len())]);
            }
            text.push(' ');
        }
        text
    }

    /// The records of one turn, in the two batches in which the runtime hands them over.
    pub fn turn(&mut self, turn: &Turn) -> (Vec<Record>, Vec<Record>) {
        let at = self.pass(200_000..4_000_000);
        let exchange = ExchangeId(self.id());
        let session = self.row.id;
        let call_id = format!("call_{}", self.token(24));
        let mut before = vec![Record::Session(Box::new(self.row.clone()))];
        let started = self.started(exchange, at);
        before.push(Record::ExchangeStarted(Box::new(started)));
        if let Some((called_by, call_id, result)) = self.pending.take() {
            before.push(Record::ToolReturned(ToolReturned {
                called_by,
                exchange,
                session,
                call_id: call_id.clone(),
                at,
                error: None,
                preview: result.chars().take(120).collect(),
            }));
            let result =
                ResultFacts { call_id, bytes: result.len() as u64, text: result, elapsed_ms: 31, ..Default::default() };
            before.push(self.observe(exchange, Point::ToolResult, |seen| seen.result = Some(result)));
        }
        before.push(self.observe(exchange, Point::ModelRequest, |_| ()));
        self.pass(300_000..900_000);
        let response = self.respond(&call_id, turn);
        let done = Timestamp(self.now);
        let (call_name, arguments) = (turn.call_name.clone(), turn.arguments.clone());
        let call = ToolCall { id: call_id.clone(), name: call_name.clone(), arguments: arguments.clone(), index: 0 };
        let usage = Usage {
            input: 900 + self.step as u64 * 90,
            cached: 800 + self.step as u64 * 88,
            output: 41,
            ..Usage::default()
        };
        self.row.steps += 1;
        self.row.input_tokens += usage.input;
        self.row.cached_tokens += usage.cached;
        self.row.output_tokens += usage.output;
        self.row.cost_usd += usage.input as f64 * 2.5e-6 + usage.output as f64 * 1e-5;
        self.row.last_at = done;
        let facts = CallFacts {
            id: call_id.clone(),
            name: call_name.clone(),
            args: serde_json::from_str(&arguments).unwrap_or_default(),
            raw: arguments.clone(),
        };
        let tool = ToolFacts { name: call_name.clone(), read_only: false };
        let mut after = vec![self.observe(exchange, Point::ToolCall, |seen| {
            seen.tool = Some(tool);
            seen.call = Some(facts);
        })];
        let text = turn.says.clone();
        after.push(self.observe(exchange, Point::ModelResponse, |seen| {
            seen.response = Some(ResponseFacts {
                status: 200,
                model: "gpt-4o-2024-11-20".into(),
                finish: "tool_calls".into(),
                text,
                tool_calls: 1,
                input_tokens: usage.input,
                cached_tokens: usage.cached,
                output_tokens: usage.output,
                elapsed_ms: 700,
                ..Default::default()
            });
        }));
        after.push(Record::ExchangeFinished(Box::new(ExchangeFinished {
            id: exchange,
            session,
            at: done,
            state: ExchangeState::Complete,
            origin: None,
            error: None,
            served_model: Some("gpt-4o-2024-11-20".into()),
            finish: Some("tool_calls".into()),
            attempts: vec![Attempt {
                model: "gpt-4o".into(),
                provider: "openai".into(),
                status: Some(200),
                error: None,
                duration_ms: (done.0 - at.0) as f64 / 1000.0,
                why: None,
            }],
            usage,
            cost_usd: Some(usage.input as f64 * 2.5e-6 + usage.output as f64 * 1e-5),
            timing: Timing {
                first_token_ms: Some(412.5 + self.step as f64 % 17.0),
                duration_ms: (done.0 - at.0) as f64 / 1000.0,
                added_ms: 0.213,
                commit_ms: 0.0,
            },
            provider_response: Some(response.clone()),
            agent_response: None,
            answer_text: turn.says.clone(),
            preview: format!("{}({})", turn.call_name, turn.arguments).chars().take(120).collect(),
            anchor: Some(hash(&[&exchange.0.to_le_bytes()])),
        })));
        let (blocked, preview) = (false, String::new());
        after.push(Record::ToolCalled(ToolCalled { exchange, session, call, at: done, blocked, preview }));
        after.push(Record::Session(Box::new(self.row.clone())));
        self.responses.push(response);
        let assistant = json!({"role":"assistant","content":turn.says,"tool_calls":[{"id":call_id,"type":"function","function":{"name":turn.call_name,"arguments":turn.arguments}}]});
        self.messages.push(Bytes::from(assistant.to_string()));
        self.messages
            .push(Bytes::from(json!({"role":"tool","tool_call_id":call_id,"content":turn.result}).to_string()));
        self.pending = Some((exchange, call_id, turn.result.clone()));
        self.step += 1;
        (before, after)
    }

    fn started(&mut self, id: ExchangeId, at: Timestamp) -> ExchangeStarted {
        let mut image = image(br#"{"model":"gpt-4o","stream":true,"messages":[]}"#, &self.messages, &mut self.known);
        image.system = self.system.clone();
        image.tools = self.tools.clone();
        let texts = image.appended.iter().filter_map(|(.., body)| {
            let message: Value = serde_json::from_slice(body).ok()?;
            Some(message["content"].as_str()?.to_owned())
        });
        let search_text: Vec<String> = texts.collect();
        self.sent.push((id, self.messages.clone()));
        let length = self.messages.iter().map(|message| message.len() + 1).sum::<usize>();
        ExchangeStarted {
            id,
            session: self.row.id,
            run: RunId(self.row.id.0 + 7),
            step: self.step,
            at,
            dialect: Dialect::OpenaiChat,
            provider: "openai".into(),
            model: "gpt-4o".into(),
            stream: true,
            side_call: false,
            method: "POST".into(),
            path: "/v1/chat/completions".into(),
            headers: [
                ("host", "127.0.0.1:4100"),
                ("accept", "application/json"),
                ("accept-encoding", "gzip, deflate"),
                ("content-type", "application/json"),
                ("user-agent", "OpenAI/Python 2.8.1"),
                ("x-stainless-lang", "python"),
                ("x-stainless-package-version", "2.8.1"),
                ("x-stainless-os", "Linux"),
                ("x-stainless-runtime", "CPython"),
                ("x-stainless-retry-count", "0"),
                ("x-stainless-read-timeout", "600"),
                ("authorization", "••••"),
                ("content-length", &length.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            image,
            preview: search_text.last().map(|text| text.chars().take(120).collect()).unwrap_or_default(),
            search_text,
        }
    }

    /// A streamed answer: text and arguments in pieces, some twenty frames of about 250 bytes.
    fn respond(&mut self, call_id: &str, turn: &Turn) -> ResponseImage {
        let id = format!("chatcmpl-{}", self.token(29));
        let created = self.now / 1_000_000;
        let mut deltas = vec![json!({"role":"assistant","content":""})];
        let pieces = |text: &str, most: usize| -> Vec<String> {
            let size = text.len().div_ceil(most).max(4);
            text.as_bytes().chunks(size).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
        };
        deltas.extend(pieces(&turn.says, 10).into_iter().map(|piece| json!({"content":piece})));
        deltas.push(json!({"tool_calls":[{"index":0,"id":call_id,"type":"function","function":{"name":turn.call_name,"arguments":""}}]}));
        deltas.extend(
            pieces(&turn.arguments, 8)
                .into_iter()
                .map(|piece| json!({"tool_calls":[{"index":0,"function":{"arguments":piece}}]})),
        );
        let mut body = String::new();
        let mut frames = Vec::new();
        let mut micros = self.rng.random_range(300_000..600_000u32);
        let last = deltas.len();
        for (place, delta) in deltas.into_iter().chain([json!({})]).enumerate() {
            let finish = (place == last).then_some("tool_calls");
            let chunk = json!({"id":id,"object":"chat.completion.chunk","created":created,"model":"gpt-4o-2024-11-20","service_tier":"default","system_fingerprint":"fp_b54fe76834","choices":[{"index":0,"delta":delta,"logprobs":null,"finish_reason":finish}]});
            body.push_str(&format!("data: {chunk}\n\n"));
            micros += self.rng.random_range(2_000..40_000u32);
            frames.push((body.len() as u32, micros));
        }
        body.push_str("data: [DONE]\n\n");
        frames.push((body.len() as u32, micros));
        self.now += i64::from(micros);
        let headers = [
            ("date", format!("Mon, 23 Nov 2026 00:{:02}:{:02} GMT", created / 60 % 60, created % 60)),
            ("content-type", "text/event-stream; charset=utf-8".to_owned()),
            ("openai-processing-ms", self.rng.random_range(100..900).to_string()),
            ("openai-version", "2020-10-01".to_owned()),
            ("x-ratelimit-remaining-requests", self.rng.random_range(1000..9999).to_string()),
            ("x-ratelimit-remaining-tokens", self.rng.random_range(100_000..999_999).to_string()),
            ("x-request-id", format!("req_{}", self.token(32))),
            ("cf-ray", format!("{}-LIS", self.token(16))),
        ];
        ResponseImage {
            status: 200,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: Bytes::from(body),
            frames,
        }
    }

    fn observe(&mut self, exchange: ExchangeId, point: Point, fill: impl FnOnce(&mut Observation)) -> Record {
        let row = &self.row;
        let mut seen = Observation {
            point,
            at: Timestamp(self.now),
            trace: TraceFacts { session: row.id, exchange },
            session: SessionFacts {
                agent: row.agent.clone(),
                steps: row.steps,
                elapsed_ms: ((self.now - row.started_at.0) / 1000) as u64,
                tokens: row.input_tokens - row.cached_tokens + row.output_tokens,
                input_tokens: row.input_tokens,
                cached_tokens: row.cached_tokens,
                output_tokens: row.output_tokens,
                cost_usd: row.cost_usd,
                context_tokens: 900 + u64::from(self.step) * 90,
                context_used: (900.0 + f64::from(self.step) * 90.0) / 128_000.0,
                tools_seen: vec!["search_flights".into(), "get_weather".into()],
                ..SessionFacts::default()
            },
            run: RunFacts {
                steps: row.steps,
                elapsed_ms: ((self.now - row.started_at.0) / 1000) as u64,
                tokens: row.input_tokens,
                cost_usd: row.cost_usd,
                ..RunFacts::default()
            },
            request: RequestFacts {
                dialect: "openai-chat".into(),
                provider: "openai".into(),
                model: "gpt-4o".into(),
                stream: true,
                messages: self.messages.len() as u32,
                new_messages: 2,
                tools: vec!["search_flights".into(), "get_weather".into()],
                bytes: self.messages.iter().map(|message| message.len() as u64).sum(),
                text: "Book me a flight to Lisbon, please. Not before ten.".into(),
                ..RequestFacts::default()
            },
            response: None,
            tool: None,
            call: None,
            result: None,
            history: Default::default(),
            named: Default::default(),
        };
        fill(&mut seen);
        self.observed.push((exchange, seen.clone()));
        Record::Observed { exchange, session: self.row.id, point, at: seen.at, observation: Box::new(seen) }
    }
}

pub fn user(text: &str) -> Bytes {
    Bytes::from(json!({"role":"user","content":text}).to_string())
}
