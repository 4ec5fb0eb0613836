use super::*;
use crate::{Operation, Route, parse};
use domain::Dialect;
use proptest::prelude::*;

fn request(dialect: Dialect, body: &str) -> Option<Request> {
    let route = Route { dialect, operation: Operation::Generate, model: None, stream: None, array: false };
    parse(&route, Bytes::copy_from_slice(body.as_bytes())).ok()
}

fn again(image: &RequestImage) -> Bytes {
    let messages: Vec<Bytes> = image.appended.iter().map(|(_, _, bytes)| bytes.clone()).collect();
    rebuild(&image.envelope, image.system.as_deref(), image.tools.as_deref(), &messages, &image.marks).unwrap()
}

#[test]
fn the_envelope_stays_the_same_while_messages_are_added() {
    let bodies = [
        r#"{"system":"s","messages":[{"role":"user","content":"a"}, {"role":"assistant","content":"b"}],"tools":[]}"#,
        r#"{"system":"s","messages":[{"role":"user","content":"a"}, {"role":"assistant","content":"b"}, {"role":"user","content":"c"}],"tools":[]}"#,
    ];
    let first = image(&request(Dialect::Anthropic, bodies[0]).unwrap(), &[], &mut |_| false);
    let known = first.nodes.clone();
    let second = image(&request(Dialect::Anthropic, bodies[1]).unwrap(), &[], &mut |node| known.contains(&node));
    assert_eq!(first.envelope, second.envelope);
    assert_eq!(second.nodes[..2], first.nodes[..]);
    assert_eq!(second.appended.len(), 1);
    assert_eq!(second.appended[0].2, r#"{"role":"user","content":"c"}"#.as_bytes());
}

#[test]
fn damaged_images_are_errors() {
    let whole = image(
        &request(Dialect::Anthropic, r#"{"system":"s","messages":[{"a":1},{"b":2}]}"#).unwrap(),
        &[],
        &mut |_| false,
    );
    let messages: Vec<Bytes> = whole.appended.iter().map(|(_, _, bytes)| bytes.clone()).collect();
    assert!(rebuild(b"W2", None, None, &[], &[]).is_err());
    assert!(rebuild(&whole.envelope, None, None, &messages, &[]).is_err());
    assert!(rebuild(&whole.envelope[..whole.envelope.len() - 1], Some(b"\"s\""), None, &messages, &[]).is_err());
    let mark = Mark { message: 0, offset: 99, bytes: String::new() };
    assert!(rebuild(&whole.envelope, Some(b"\"s\""), None, &messages, &[mark]).is_err());
    let mark = Mark { message: 7, offset: 0, bytes: String::new() };
    assert!(rebuild(&whole.envelope, Some(b"\"s\""), None, &messages, &[mark]).is_err());
}

fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "\n  ", "\t", "\r\n"])
}

/// A JSON value as text, in any spelling.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        "\"([a-zé😀 ]|\\\\[nt\"\\\\/]|\\\\u00e9){0,8}\"",
        Just("{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\"}}".to_owned()),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        let list = prop::collection::vec((space(), inner.clone(), space()), 0..5).prop_map(|items| {
            let items: Vec<_> =
                items.into_iter().map(|(before, item, after)| format!("{before}{item}{after}")).collect();
            format!("[{}]", items.join(","))
        });
        let keys = prop::sample::select(vec!["role", "content", "cache_control", "text", "x y", "\\u0061"]);
        let object = prop::collection::vec((space(), keys, space(), inner, space()), 0..5).prop_map(|members| {
            let members: Vec<_> =
                members.into_iter().map(|(a, key, b, value, c)| format!("{a}\"{key}\"{b}:{a}{value}{c}")).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![list, object]
    })
}

fn body() -> impl Strategy<Value = String> {
    let keys = vec![
        "messages",
        "input",
        "contents",
        "system",
        "tools",
        "instructions",
        "prompt",
        "model",
        "unknown",
        "stream",
    ];
    let member = (space(), prop::sample::select(keys), space(), value(), space());
    (prop::collection::vec(member, 0..8), space()).prop_map(|(members, around)| {
        let members: Vec<_> =
            members.into_iter().map(|(a, key, b, value, c)| format!("{a}\"{key}\"{b}:{b}{value}{c}")).collect();
        format!("{around}{{{}}}{around}", members.join(","))
    })
}

proptest! {
    #[test]
    fn any_body_is_rebuilt_byte_for_byte(body in body()) {
        for dialect in Dialect::ALL {
            let request = request(dialect, &body).expect("the generator writes valid JSON");
            prop_assert_eq!(again(&image(&request, &[], &mut |_| false)), body.as_bytes());
            let hashes: Vec<_> = (0..request.messages.len()).map(|place| atoms::hash(&[request.message(place)])).collect();
            let quick = image(&request, &hashes, &mut |_| false);
            prop_assert_eq!(quick.nodes, image(&request, &[], &mut |_| false).nodes, "hashes given make no difference");
        }
    }

    #[test]
    fn any_bytes_are_either_refused_or_rebuilt(body in "[\\[\\]{}\",:a \\\\1]{0,40}") {
        let body = format!("{{\"messages\":{body}}}");
        if let Some(request) = request(Dialect::OpenaiChat, &body) {
            prop_assert_eq!(again(&image(&request, &[], &mut |_| false)), body.as_bytes());
        }
    }
}
