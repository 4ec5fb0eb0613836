//! The scripted model: a server on this machine that answers in OpenAI's chat format, streamed, turn by turn. It keeps no state:
//! the conversation that it is sent says where in the script it is.

use super::{
    Pace,
    script::{self, Turn},
};
use anyhow::{Context, Result};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::{net::TcpListener, task::JoinHandle};

pub const MODEL: &str = "scripted-model";

/// The running server. Dropping it ends it.
pub struct Model {
    address: std::net::SocketAddr,
    task: JoinHandle<()>,
}

impl Model {
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn start(pace: Pace) -> Result<Model> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the scripted model has no port")?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(pace);
    #[allow(clippy::disallowed_methods)] // Owned by the handle returned, which ends it.
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the scripted model stopped");
        }
    });
    Ok(Model { address, task })
}

async fn answer(State(pace): State<Pace>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = messages.iter().filter(|message| message["role"] == "assistant").count();
    let Some(turn) = script::turn(number) else {
        let error = json!({ "error": { "message": "the script has ended", "type": "invalid_request_error" } });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let frames = stream::unfold(chunks(number, turn, body.len()).into_iter(), move |mut chunks| async move {
        let chunk = chunks.next()?;
        tokio::time::sleep(pace.word).await;
        Some((Ok::<_, Infallible>(chunk), chunks))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)).into_response()
}

fn chunks(number: usize, turn: &Turn, request_bytes: usize) -> Vec<String> {
    let mut chunks = vec![delta(number, json!({ "role": "assistant", "content": "" }), None)];
    chunks.extend(turn.text.split_inclusive(' ').map(|word| delta(number, json!({ "content": word }), None)));
    for (place, call) in turn.calls.iter().enumerate() {
        let head = json!({ "index": place, "id": script::call_id(number, place), "type": "function",
            "function": { "name": call.tool, "arguments": "" } });
        chunks.push(delta(number, json!({ "tool_calls": [head] }), None));
        for piece in call.arguments.split_inclusive([',', ':', '/']) {
            let piece = json!({ "index": place, "function": { "arguments": piece } });
            chunks.push(delta(number, json!({ "tool_calls": [piece] }), None));
        }
    }
    chunks.push(delta(number, json!({}), Some(if turn.calls.is_empty() { "stop" } else { "tool_calls" })));
    chunks.push(event(&usage(number, turn, request_bytes)));
    chunks.push("data: [DONE]\n\n".to_owned());
    chunks
}

fn delta(number: usize, delta: Value, finish: Option<&str>) -> String {
    let mut chunk = head(number);
    chunk["choices"] = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    event(&chunk)
}

/// Four bytes a token, all but the newest part from the cache: scripted too.
fn usage(number: usize, turn: &Turn, request_bytes: usize) -> Value {
    let prompt = request_bytes / 4;
    let cached = if number == 0 { 0 } else { prompt * 3 / 4 / 128 * 128 };
    let said = turn.text.len() + turn.calls.iter().map(|call| call.arguments.len() + 24).sum::<usize>();
    let mut chunk = head(number);
    chunk["choices"] = json!([]);
    chunk["usage"] = json!({ "prompt_tokens": prompt, "completion_tokens": said / 4, "total_tokens": prompt + said / 4,
        "prompt_tokens_details": { "cached_tokens": cached } });
    chunk
}

fn head(number: usize) -> Value {
    json!({ "id": format!("chatcmpl-demo-{number}"), "object": "chat.completion.chunk", "created": 1_790_000_000, "model": MODEL })
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}
