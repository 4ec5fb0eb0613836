use super::*;

fn cut(framing: Framing, input: &[u8], sizes: &[usize]) -> (Vec<Frame>, Option<Bytes>) {
    let mut framer = Framer::new(framing);
    let (mut frames, mut at, mut turn) = (vec![], 0, 0);
    while at < input.len() {
        let size = sizes[turn % sizes.len()].clamp(1, input.len() - at);
        frames.extend(framer.push(Bytes::copy_from_slice(&input[at..at + size])));
        at += size;
        turn += 1;
    }
    (frames, framer.rest())
}

fn concatenated(frames: &[Frame], rest: &Option<Bytes>) -> Vec<u8> {
    frames.iter().map(|frame| &frame.raw).chain(rest).flat_map(|raw| raw.to_vec()).collect()
}

#[test]
fn events_end_at_blank_lines_however_they_are_spelled() {
    let input = b": hi\r\n\r\nevent: a\ndata: 1\ndata:2\n\n\n\rdata\rdata: x\r\rdata: [DONE]";
    let (frames, rest) = cut(Framing::Sse, input, &[input.len()]);
    let data: Vec<_> = frames.iter().map(|frame| frame.data.as_deref()).collect();
    assert_eq!(data, [None, Some(&b"1\n2"[..]), None, None, Some(&b"x"[..])]);
    assert_eq!(frames[1].event.as_deref(), Some(&b"a"[..]));
    assert_eq!(rest.as_deref(), Some(&b"data: [DONE]"[..]));
}

#[test]
fn an_event_goes_out_with_its_last_byte() {
    let mut framer = Framer::new(Framing::Sse);
    assert!(framer.push(Bytes::from_static(b"data: 1\r\n\r")).is_empty());
    assert_eq!(framer.push(Bytes::from_static(b"\n")).len(), 1);
    assert_eq!(framer.held(), 0);
    assert_eq!(framer.push(Bytes::from_static(b"data: 1\n\n")).len(), 1);
}

#[test]
fn an_unfinished_event_is_read_at_the_end() {
    let mut framer = Framer::new(Framing::Sse);
    assert!(framer.push(Bytes::from_static(b"data: [DONE]")).is_empty());
    assert_eq!(framer.finish().unwrap().data.as_deref(), Some(&b"[DONE]"[..]));
    assert_eq!(framer.finish(), None);
}

#[test]
fn array_elements_are_frames_with_their_brackets() {
    let input = br#" [ {"a":["]}\"",{}]} ,
{"b":1}
]
"#;
    let (frames, rest) = cut(Framing::JsonArray, input, &[1]);
    let data: Vec<_> = frames.iter().map(|frame| frame.data.as_deref()).collect();
    assert_eq!(data, [Some(&br#"{"a":["]}\"",{}]}"#[..]), Some(&br#"{"b":1}"#[..]), None]);
    assert_eq!(rest.as_deref(), Some(&b"\n"[..]));
}

#[test]
fn a_whole_body_is_one_frame_known_at_the_end() {
    let mut framer = Framer::new(Framing::Whole);
    assert!(framer.push(Bytes::from_static(b" {\"a\":")).is_empty());
    assert!(framer.push(Bytes::from_static(b"1}\n")).is_empty());
    let frame = framer.finish().unwrap();
    assert_eq!((frame.raw.len(), frame.data.as_deref()), (9, Some(&b"{\"a\":1}"[..])));
}

mod any_chunking {
    use super::*;
    use proptest::prelude::*;

    fn streams() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "data: [a-zé\"\\\\{}]{0,12}",
            Just("event: x".to_owned()),
            Just(": note".to_owned()),
            Just("{\"a\":[{\"s\":\"}\\\\\\\"\"}]}".to_owned()),
            Just("[".to_owned()),
            Just(",".to_owned()),
            Just("]".to_owned()),
            Just("\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("\r".to_owned()),
            Just("\n\n".to_owned()),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cuts_alike_and_loses_no_byte(input in streams(), sizes in prop::collection::vec(1usize..9, 1..6)) {
            for framing in [Framing::Sse, Framing::Ndjson, Framing::JsonArray, Framing::Whole] {
                let whole = cut(framing, input.as_bytes(), &[input.len().max(1)]);
                let pieces = cut(framing, input.as_bytes(), &sizes);
                prop_assert_eq!(concatenated(&pieces.0, &pieces.1), input.as_bytes());
                prop_assert_eq!(whole, pieces);
            }
        }
    }
}
