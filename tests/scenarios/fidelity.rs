//! Promise 1: what no intervention touched is forwarded byte for byte, both ways, headers but for a written list.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use rand::{Rng, SeedableRng, rngs::StdRng};
use switchtower_tests::{
    Dialect, Options, Provider, Reply, Runtime, Turn,
    http::{Client, Head},
    provider::{Pieces, encode},
    render,
};

/// Headers that a proxy may add, drop or write anew: those of one connection, and our own.
const WRITTEN: [&str; 9] = [
    "host",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "te",
    "trailer",
    "date",
    "x-switchtower-",
];

fn compared(head: &Head) -> Vec<(String, String)> {
    let mut headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| {
            !WRITTEN.iter().any(|written| name == written || written.ends_with('-') && name.starts_with(written))
        })
        .collect();
    headers.sort();
    headers
}

/// JSON text with everything that a careless proxy changes: key order, `1.0`, big integers, escapes, white space.
fn value(random: &mut StdRng, depth: usize) -> String {
    match random.random_range(0..if depth == 0 { 7 } else { 9 }) {
        0 => ["1.0", "12345678901234567890", "-0.0", "1e5", "1E+5", "0.1000", "-7"][random.random_range(0..7)].into(),
        1 => ["true", "false", "null"][random.random_range(0..3)].into(),
        2 => r#""\u00e9\/\ud83d\ude00 \"q\" \\ \n""#.into(),
        3 => "\"ünïcode – ✓ 😀\"".into(),
        4 => "\"\"".into(),
        5 => format!("\"{}\"", "x".repeat(random.random_range(0..300))),
        6 => ["{}", "[]", "{ }", "[ ]"][random.random_range(0..4)].into(),
        7 => {
            let items: Vec<_> = (0..random.random_range(1..4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", items.join([",", ", ", " ,\n"][random.random_range(0..3)]))
        }
        _ => {
            let pairs: Vec<_> = (0..random.random_range(1..5))
                .map(|place| {
                    format!(
                        "\"{}{place}\"{}{}",
                        ["z_", "a_", "Ü_", "x\\n"][random.random_range(0..4)],
                        [":", ": ", " : "][random.random_range(0..3)],
                        value(random, depth - 1)
                    )
                })
                .collect();
            format!("{{{}}}", pairs.join([",", ", ", "\n,"][random.random_range(0..3)]))
        }
    }
}

/// A valid request of the dialect with unknown fields at every depth, in any order.
fn body(random: &mut StdRng, dialect: Dialect, streamed: bool) -> String {
    let message = format!(
        "{{\"x_first\":{},\"role\":\"user\",\"content\":\"Hello\",\"x_last\":{}}}",
        value(random, 2),
        value(random, 2)
    );
    let mut fields = match dialect {
        Dialect::Gemini | Dialect::GeminiArray => vec![format!(
            "\"contents\":[{{\"role\":\"user\",\"parts\":[{{\"text\":\"Hello\",\"x_unknown\":{}}}]}}]",
            value(random, 2)
        )],
        Dialect::Responses => vec![format!("\"input\":[{message}]"), "\"model\":\"gpt-4o-mini\"".into()],
        Dialect::OllamaGenerate => vec!["\"prompt\":\"Hello\"".into(), "\"model\":\"llama3.2\"".into()],
        _ => vec![format!("\"messages\": [ {message} ]"), format!("\"model\":\"{}\"", dialect.model())],
    };
    if !matches!(dialect, Dialect::Gemini | Dialect::GeminiArray) {
        fields.push(format!("\"stream\":{streamed}"));
        // Asked for by the client itself, so that nothing has to be added.
        if streamed && dialect == Dialect::Chat {
            fields.push("\"stream_options\":{\"include_usage\":true}".into());
        }
    }
    fields.extend((0..4).map(|place| format!("\"x_{place}\":{}", value(random, 4))));
    for place in (1..fields.len()).rev() {
        fields.swap(place, random.random_range(0..=place));
    }
    format!("{{{}}}", fields.join([",", ", ", " ,\n  "][random.random_range(0..3)]))
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_bodies_arrive_byte_for_byte_both_ways() {
    let mut random = StdRng::seed_from_u64(7);
    let provider = Provider::start(|request| {
        let (dialect, by_path) = Dialect::of(request.target()).unwrap();
        let streamed = by_path || request.header("x-streamed").is_some();
        let mut random = StdRng::seed_from_u64(request.body.len() as u64);
        if streamed {
            render::render(dialect, true, true, &Turn::text(&"Answer ✓ ".repeat(random.random_range(1..9))))
        } else {
            let unknown = value(&mut random, 4);
            let known = render::render(dialect, false, true, &Turn::text("Hello")).bytes();
            let known = String::from_utf8(known.to_vec()).unwrap();
            Reply::json(200, format!("{{ \"x_unknown\" : {unknown},\n{}", &known[1..]))
        }
        .header("X-Request-Id", "req_1")
        .header("openai-processing-ms", "12")
        .header("set-cookie", "a=1; Path=/")
        .header("set-cookie", "b=2")
    })
    .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    for round in 0..12 {
        for dialect in Dialect::ALL {
            for streamed in [false, true] {
                let sent = body(&mut random, dialect, streamed);
                let mut request = dialect
                    .request(streamed, "sk-fidelity", sent.clone())
                    .header("anthropic-beta", "interleaved-thinking-2025-05-14,context-1m")
                    .header("X-Stainless-Retry-Count", "0")
                    .header("User-Agent", "Fidelity/1.0 (test)")
                    .header("x-empty", "")
                    .header("Accept", "*/*");
                if streamed {
                    request = request.header("x-streamed", "1");
                }
                let response = Client::once(&runtime.proxy, &request).await.unwrap();
                let what = format!("round {round} {dialect:?} streamed={streamed}");
                assert_eq!(response.status, 200, "{what}: {}", response.text());
                let received = provider.last();
                assert_eq!(String::from_utf8_lossy(&received.body), sent, "{what}: request");
                let direct = Client::once(&provider.base, &request).await.unwrap();
                assert_eq!(response.text(), direct.text(), "{what}: response");
                assert_eq!(compared(&response.head), compared(&direct.head), "{what}: response headers");
                assert_eq!(compared(&received.head), compared(&provider.last().head), "{what}: request headers");
                assert_eq!(received.target(), request.target, "{what}: path");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_pass_as_they_are_and_are_read_on_the_side() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        for streamed in [false, true] {
            let turn = Turn::text("A compressed answer.");
            let reply = render::render(Dialect::Chat, streamed, true, &turn).encoded(encoding);
            let provider = Provider::replies([reply.clone()]).await;
            let runtime = Runtime::start(&Options::to(&provider.base));
            let plain = format!(
                "{{\"model\":\"gpt-4o-mini\",\"stream\":{streamed},\"stream_options\":{{\"include_usage\":true}},\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}"
            );
            let packed = encode(encoding, plain.as_bytes());
            let request = Dialect::Chat.request(streamed, "sk-x", packed.clone()).header("content-encoding", encoding);
            let response = Client::once(&runtime.proxy, &request).await.unwrap();
            assert_eq!(response.body, reply.bytes(), "{encoding} {streamed}");
            assert_eq!(response.header("content-encoding"), Some(encoding));
            assert_eq!(provider.last().body, packed, "{encoding} {streamed}");
            let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
            assert_eq!(exchange["usage"]["output_tokens"], 34, "{encoding} {streamed}: {exchange}");
            assert_eq!(String::from_utf8(runtime.body(&exchange["agent_request"]).await).unwrap(), plain);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_model_call_passes_through() {
    let provider =
        Provider::replies([Reply::with(203, "text/x-odd", Pieces::UntilClose(vec!["odd".into(), " body".into()]))])
            .await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let request =
        switchtower_tests::http::Request::new("GET", "/v1/models?limit=3&a=%2F").header("Authorization", "Bearer sk-y");
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (203, "odd body"));
    assert_eq!(provider.last().target(), "/v1/models?limit=3&a=%2F");
    assert!(runtime.sessions().await.is_empty(), "no session is made of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_asked_for_on_the_clients_behalf_is_taken_out_again() {
    let provider = Provider::turns([Turn::text("Hello there, this is a text.")]).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let body = r#"{"stream":true,"model":"gpt-4o-mini","x":1.0,"messages":[{"role":"user","content":"Hi"}]}"#;
    let request = Dialect::Chat.request(true, "sk-x", body);
    let response = Client::once(&runtime.proxy, &request).await.unwrap();
    let upstream = provider.last();
    assert_eq!(upstream.json()["stream_options"]["include_usage"], true, "asked for: {:?}", upstream.body);
    assert!(
        String::from_utf8_lossy(&upstream.body).contains("\"x\":1.0"),
        "the rest is untouched: {:?}",
        upstream.body
    );
    let direct = Client::once(&provider.base, &request).await.unwrap();
    let seen = |text: String| text.replace(",\"usage\":null", "");
    assert_eq!(seen(response.text()), seen(direct.text()), "the client gets what it would have got");
    let exchange = runtime.settled(response.header("x-switchtower-exchange").unwrap()).await;
    assert_eq!(exchange["usage"]["input_tokens"], 120, "{exchange}");
}
