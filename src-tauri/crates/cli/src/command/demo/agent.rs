//! The scripted agent: an ordinary chat loop that knows nothing of the runtime but its base URL.

use super::{AGENT, Pace, provider::MODEL, script};
use crate::output::{self, Tone, plain, tint};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use domain::{Upstream, UpstreamRequest};
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};
use upstream::{HttpUpstream, Options};

/// What one streamed answer adds up to.
#[derive(Default)]
struct Answer {
    text: String,
    /// Id, name, arguments.
    calls: Vec<(String, String, String)>,
}

pub async fn play(proxy: &str, pace: Pace) -> Result<()> {
    let http = HttpUpstream::new(Options { proxy_from_environment: false, ..Options::default() });
    let url = format!("{proxy}/@{AGENT}/p/scripted/chat/completions");
    let mut messages = vec![json!({ "role": "system", "content": script::SYSTEM })];
    for run in script::RUNS {
        output::line(&format!("{} {}", tint("person", Tone::Strong), run.user))?;
        messages.push(json!({ "role": "user", "content": run.user }));
        loop {
            let answer = ask(&http, &url, &messages).await?;
            output::line(&format!("{}  {}", tint("model", Tone::Strong), plain(&answer.text)))?;
            messages.push(answer.message());
            if answer.calls.is_empty() {
                break;
            }
            for (id, name, arguments) in &answer.calls {
                tokio::time::sleep(pace.tool).await;
                let result = script::result_of(id).unwrap_or("{\"error\":\"the script knows no such call\"}");
                output::line(&format!(
                    "{}   {name} {} → {}",
                    tint("tool", Tone::Strong),
                    plain(arguments),
                    plain(result)
                ))?;
                messages.push(json!({ "role": "tool", "tool_call_id": id, "content": result }));
            }
        }
    }
    Ok(())
}

async fn ask(http: &HttpUpstream, url: &str, messages: &[Value]) -> Result<Answer> {
    let tools: Vec<Value> = script::TOOLS
        .iter()
        .map(|(name, description)| {
            let parameters = json!({ "type": "object", "additionalProperties": true });
            json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
        })
        .collect();
    let body = json!({ "model": MODEL, "stream": true, "stream_options": { "include_usage": true }, "messages": messages, "tools": tools });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("switchtower-scripted-demo"));
    let request =
        UpstreamRequest { method: Method::POST, url: url.to_owned(), headers, body: Bytes::from(body.to_string()) };
    let mut response = http.send(request).await.context("the demo's runtime does not answer")?;
    let mut text = Vec::new();
    while let Some(piece) = response.body.next().await {
        text.extend_from_slice(&piece.context("the demo's answer broke off")?);
    }
    let text = String::from_utf8_lossy(&text);
    if !response.status.is_success() {
        bail!("the demo's runtime answered {}: {text}", response.status);
    }
    Ok(Answer::read(&text))
}

impl Answer {
    fn read(stream: &str) -> Answer {
        let mut answer = Answer::default();
        let chunks = stream.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
        for chunk in chunks {
            let delta = &chunk["choices"][0]["delta"];
            answer.text += delta["content"].as_str().unwrap_or_default();
            for part in delta["tool_calls"].as_array().into_iter().flatten() {
                let place = part["index"].as_u64().unwrap_or(0) as usize;
                while answer.calls.len() <= place.min(63) {
                    answer.calls.push(Default::default());
                }
                let Some((id, name, arguments)) = answer.calls.get_mut(place) else { continue };
                id.push_str(part["id"].as_str().unwrap_or_default());
                name.push_str(part["function"]["name"].as_str().unwrap_or_default());
                arguments.push_str(part["function"]["arguments"].as_str().unwrap_or_default());
            }
        }
        answer
    }

    fn message(&self) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.text });
        if !self.calls.is_empty() {
            message["tool_calls"] = self
                .calls
                .iter()
                .map(|(id, name, arguments)| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } }))
                .collect();
        }
        message
    }
}
