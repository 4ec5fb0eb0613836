//! Any script, any chunking, any judgement: the stream under the knife says what the cut body says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::type_complexity
)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod script;

use bytes::Bytes;
use domain::{Dialect, ToolCall};
use proptest::prelude::*;
use script::*;
use switchtower_wire::{Answer, Framing, cut_whole, merge_whole, note_whole};

fn text() -> impl Strategy<Value = String> {
    prop::string::string_regex("[a-zA-Z \"\\\\\n{}\\[\\]é漢🦀]{1,12}").unwrap()
}

fn item() -> impl Strategy<Value = Item> {
    let arguments = prop_oneof![
        Just(String::from("{}")),
        text().prop_map(|text| serde_json::json!({"path": text, "n": 12_345_678}).to_string()),
        text().prop_map(|text| serde_json::json!({"deep": [{"}": text}], "b": true}).to_string()),
    ];
    prop_oneof![
        1 => text().prop_map(Item::Think),
        2 => text().prop_map(Item::Say),
        3 => ("(good|bad|held)_[a-c]", arguments).prop_map(|(name, arguments)| Item::Call(name, arguments)),
    ]
}

fn scripts() -> impl Strategy<Value = Script> {
    (prop::collection::vec(item(), 1..7), any::<bool>(), 1u64..5000, 1u64..500)
        .prop_map(|(items, interleaved, input, output)| Script { interleaved, input, output, ..script("one", items) })
}

fn holds(name: &str) -> bool {
    !name.starts_with("good")
}

fn drops(call: &ToolCall) -> bool {
    call.name.starts_with("bad")
}

/// What a stream and a body must agree on.
fn gist(answer: Answer) -> (String, Vec<(String, serde_json::Value)>, Option<String>, Option<domain::Usage>, bool) {
    let calls =
        answer.calls.iter().map(|call| (call.name.clone(), serde_json::from_str(&call.arguments).unwrap())).collect();
    (answer.text, calls, answer.finish, answer.usage, answer.complete)
}

fn whole(dialect: Dialect, first: &Script, second: &Script) -> (Bytes, bool) {
    let body = first.whole(dialect);
    let calls = decoded(dialect, Framing::Whole, &body).calls;
    let drop: Vec<u32> = calls.iter().filter(|call| drops(call)).map(|call| call.index).collect();
    let cut = cut_whole(dialect, &body, &drop);
    let continued = !drop.is_empty() && drop.len() == calls.len();
    (if continued { merge_whole(dialect, &cut, &second.whole(dialect)) } else { cut }, continued)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_and_a_body_say_the_same(first in scripts(), cuts in prop::collection::vec(1usize..97, 0..4), place in 0usize..6) {
        let (dialect, framing) = FRAMINGS[place];
        let second = script("two", vec![say("Then I stop.")]);
        let (body, continued) = whole(dialect, &first, &second);
        let mut streams = vec![first.stream(dialect, framing)];
        if continued {
            streams.push(second.stream(dialect, framing));
        }
        let driven = drive(dialect, framing, &streams, &cuts, holds, &drops);
        prop_assert!(driven.ended);
        prop_assert_eq!(driven.follow_ups, usize::from(continued));
        let from_stream = decoded(dialect, framing, &driven.bytes());
        let from_body = decoded(dialect, Framing::Whole, &body);
        prop_assert_eq!(gist(from_stream), gist(from_body));
    }

    #[test]
    fn nothing_dropped_changes_nothing(first in scripts(), cuts in prop::collection::vec(1usize..97, 0..4), place in 0usize..6) {
        let (dialect, framing) = FRAMINGS[place];
        let stream = first.stream(dialect, framing);
        let driven = drive(dialect, framing, std::slice::from_ref(&stream), &cuts, holds, &|_| false);
        prop_assert_eq!(driven.bytes(), stream.to_vec());
        let mut judged: Vec<(u32, String)> = driven.judged.iter().map(|call| (call.index, call.name.clone())).collect();
        judged.sort(); // interleaved calls are complete in any order
        let calls = decoded(dialect, framing, &stream).calls;
        let held: Vec<(u32, String)> =
            calls.iter().filter(|call| holds(&call.name)).map(|call| (call.index, call.name.clone())).collect();
        prop_assert_eq!(judged, held);
    }

    #[test]
    fn chunking_does_not_matter(first in scripts(), cuts in prop::collection::vec(1usize..40, 1..5), place in 0usize..6) {
        let (dialect, framing) = FRAMINGS[place];
        let stream = first.stream(dialect, framing);
        let once = drive(dialect, framing, std::slice::from_ref(&stream), &[], holds, &drops);
        let pieces = drive(dialect, framing, std::slice::from_ref(&stream), &cuts, holds, &drops);
        prop_assert_eq!(once.bytes(), pieces.bytes());
    }

    #[test]
    fn a_note_ends_a_stream_as_it_ends_a_body(first in scripts(), place in 0usize..6) {
        let (dialect, framing) = FRAMINGS[place];
        let body = first.whole(dialect);
        let calls = decoded(dialect, Framing::Whole, &body).calls;
        prop_assume!(!calls.is_empty());
        let all: Vec<u32> = calls.iter().map(|call| call.index).collect();
        let noted = note_whole(dialect, &cut_whole(dialect, &body, &all), "[blocked by rule r1]");
        let driven = drive(dialect, framing, &[first.stream(dialect, framing)], &[], |_| true, &|_| true);
        prop_assert_eq!(gist(decoded(dialect, framing, &driven.bytes())), gist(decoded(dialect, Framing::Whole, &noted)));
    }

    #[test]
    fn what_is_no_answer_passes_untouched(noise in "[ -~\n]{0,200}", place in 0usize..6) {
        let (dialect, framing) = FRAMINGS[place];
        let bytes = Bytes::from(noise);
        let driven = drive(dialect, framing, std::slice::from_ref(&bytes), &[], |_| true, &|_| true);
        prop_assert_eq!(driven.bytes(), bytes.to_vec());
        prop_assert_eq!(cut_whole(dialect, &bytes, &[0]), bytes);
    }
}
