use super::*;

fn cut<'a>(bytes: &'a [u8], span: &Span) -> &'a str {
    std::str::from_utf8(&bytes[span.clone()]).unwrap()
}

#[test]
fn members_and_elements_are_found_whatever_the_spacing() {
    let bytes = b" { \"a\\\"b\" :[1 , \"]}\" ,{ }],\"c\":-1.0e5 } ";
    let all = members(bytes, root(bytes).unwrap()).unwrap();
    assert_eq!(all.len(), 2);
    assert!(is_key(bytes, &all[0].key, "a\"b"));
    assert_eq!(cut(bytes, &all[1].value), "-1.0e5");
    let items = elements(bytes, all[0].value.clone()).unwrap();
    assert_eq!(items.iter().map(|span| cut(bytes, span)).collect::<Vec<_>>(), ["1", "\"]}\"", "{ }"]);
}

#[test]
fn broken_documents_have_no_members() {
    for broken in
        ["{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1 \"b\":2}", "[]", "{\"a\":1}x", "\"abc", "{\"a\\\"", ""]
    {
        let bytes = broken.as_bytes();
        assert!(root(bytes).and_then(|span| members(bytes, span)).is_none(), "{broken}");
    }
}

#[test]
fn the_last_of_equal_keys_counts() {
    let bytes = br#"{"a":1,"a":{"b":[10,20]}}"#;
    assert_eq!(cut(bytes, &find(bytes, 0..bytes.len(), &["a", "b", "1"]).unwrap()), "20");
    assert_eq!(find(bytes, 0..bytes.len(), &["a", "c"]), None);
}

#[test]
fn strings_read_as_serde_reads_them() {
    for spelled in [r#""""#, r#""a\n\t\"\\\/""#, r#""\u00e9\ud83d\ude00x""#, r#""\\\\\"""#, "\"ünï\""] {
        let expected: String = serde_json::from_str(spelled).unwrap();
        assert_eq!(text(spelled.as_bytes(), 0..spelled.len()).unwrap(), expected);
        assert_eq!(serde_json::from_str::<String>(&quote(&expected)).unwrap(), expected);
    }
    assert_eq!(unescape(br"\ud83d!"), "\u{fffd}!");
    assert_eq!(unescape(br"\u12"), "\u{fffd}12");
    assert_eq!(unescape(br"\"), "\u{fffd}");
}

#[test]
fn splices_leave_every_other_byte() {
    let body = Bytes::from_static(b"0123456789");
    let made = splice(
        &body,
        vec![
            Splice { at: 7..8, with: Bytes::from_static(b"x") },
            Splice { at: 2..2, with: Bytes::from_static(b"a") },
            Splice { at: 2..2, with: Bytes::from_static(b"b") },
            Splice { at: 3..5, with: Bytes::new() },
        ],
    );
    assert_eq!(made, "01ab256x89".as_bytes());
    assert_eq!(splice(&body, vec![]), body);
}
