//! The provider of a run: canned answers at little cost. `x-bench` says which: `whole`, `call`, `uncounted`, `short`, `burst`, `paced`, `slow`.

use bytes::Bytes;
use futures::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;

pub const BURST: usize = 2_000;
pub const PACED: usize = 150;
/// Chunks of a stream as an agent sees them, 50 ms apart.
pub const SLOW: usize = 40;

type Body = BoxBody<Bytes, Infallible>;

pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let told = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let (kind, call) = (told("x-bench"), told("x-bench-call"));
    let _ = request.into_body().collect().await;
    let (content_type, body): (_, Body) = match kind.as_str() {
        "burst" => ("text/event-stream", at_once(BURST)),
        "short" => ("text/event-stream", at_once(10)),
        "paced" => ("text/event-stream", BodyExt::boxed(StreamBody::new(paced(PACED, 2)))),
        "slow" => ("text/event-stream", BodyExt::boxed(StreamBody::new(paced(SLOW, 50)))),
        "call" => ("application/json", http_body_util::Full::new(calling(&call)).boxed()),
        "uncounted" => ("application/json", http_body_util::Full::new(Bytes::from_static(UNCOUNTED)).boxed()),
        _ => ("application/json", http_body_util::Full::new(Bytes::from_static(WHOLE)).boxed()),
    };
    Ok(Response::builder().header("content-type", content_type).body(body).unwrap())
}

fn at_once(chunks: usize) -> Body {
    BodyExt::boxed(StreamBody::new(stream::iter((0..=chunks).map(move |number| frame(number, chunks)))))
}

fn frame(number: usize, last: usize) -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(if number == last { Bytes::from_static(DONE) } else { chunk() }))
}

/// A chunk whose content is the moment it was made, in microseconds.
fn chunk() -> Bytes {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795384037,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{now}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
    ))
}

fn paced(chunks: usize, ms: u64) -> impl futures::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + Sync {
    stream::unfold((0, tokio::time::interval(Duration::from_millis(ms))), move |(number, mut pace)| async move {
        if number > chunks {
            return None;
        }
        pace.tick().await;
        Some((frame(number, chunks), (number + 1, pace)))
    })
}

/// An answer that makes one call.
fn calling(id: &str) -> Bytes {
    let arguments = serde_json::Value::from(crate::load::arguments(id));
    Bytes::from(format!(
        "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1795384037,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{{\"id\":\"{id}\",\"type\":\"function\",\"function\":{{\"name\":\"read_file\",\"arguments\":{arguments}}}}}],\"refusal\":null,\"annotations\":[]}},\"logprobs\":null,\"finish_reason\":\"tool_calls\"}}],\"usage\":{{\"prompt_tokens\":100000,\"completion_tokens\":20,\"total_tokens\":100020,\"prompt_tokens_details\":{{\"cached_tokens\":90000,\"audio_tokens\":0}}}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}}"
    ))
}

const DONE: &[u8] = b"data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795384037,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795384037,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2000,\"total_tokens\":2020}}\n\ndata: [DONE]\n\n";

const WHOLE: &[u8] = b"{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1795384037,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"A short answer of a few words, as a model gives when it is asked for one.\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":220,\"completion_tokens\":17,\"total_tokens\":237,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}";

const UNCOUNTED: &[u8] = b"{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"model\":\"some-model\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Six or seven.\"},\"finish_reason\":\"stop\"}]}";
