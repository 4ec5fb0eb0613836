use super::*;
use base64::{Engine, prelude::*};
use http::{HeaderName, HeaderValue};

const KEY: &str = "sk-proj-Ab/12+cd~34\"ef56";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs =
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    pairs.collect()
}

fn mask(pairs: &[(&'static str, &str)], query: Option<&str>) -> Mask {
    Masks::default().of(&headers(pairs), query, None)
}

#[test]
fn a_key_is_masked_wherever_it_stands_and_nothing_else_is() {
    let from = [("authorization", "Bearer sk-secret-123456"), ("accept", "application/json")];
    let mask = mask(&from, Some("alt=sse&key=AIza-999999"));
    assert_eq!(mask.path("/v1?alt=sse&key=AIza-999999"), "/v1?alt=sse&key=[masked]");
    let error = Bytes::from_static(b"{\"e\":\"bad key sk-secret-123456!\"}");
    assert_eq!(&mask.bytes(&error)[..], b"{\"e\":\"bad key [masked]!\"}");
    let clean = Bytes::from_static(b"nothing here");
    assert_eq!(mask.bytes(&clean).as_ptr(), clean.as_ptr());
    let written = mask.headers(crate::headers::written(&headers(&from)));
    assert_eq!(written[0].1, "Bearer [masked]");
    assert_eq!(written[1].1, "application/json");
}

#[test]
fn a_key_is_found_in_every_header_that_may_hold_one() {
    for (name, value) in [
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", KEY.to_owned()),
        ("authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("user:{KEY}")))),
        ("proxy-authorization", format!("Token {KEY}")),
        ("x-api-key", KEY.to_owned()),
        ("api-key", KEY.to_owned()),
        ("x-goog-api-key", KEY.to_owned()),
        ("cf-aig-authorization", format!("Bearer {KEY}")),
        ("helicone-auth", format!("Bearer {KEY}")),
        ("cookie", format!("theme=dark; session={KEY}; other=1")),
    ] {
        let mask = mask(&[(name, &value)], None);
        assert_eq!(mask.masked(&format!("<{KEY}>")), "<[masked]>", "{name}: {value}");
        let written = mask.headers(vec![(name.to_owned(), value.clone())]);
        assert!(written[0].1.contains(MASKED) && !written[0].1.contains(KEY), "{name}: {}", written[0].1);
    }
}

#[test]
fn other_spellings_of_a_key_are_masked_too() {
    let mask = mask(&[("x-api-key", KEY)], None);
    for before in ["", "a", "ab", "abc"] {
        let said = BASE64_STANDARD.encode(format!("{before}{KEY} and more"));
        let masked = mask.masked(&said);
        assert!(masked.contains(MASKED), "{before}: {masked}");
        let urlsafe = BASE64_URL_SAFE_NO_PAD.encode(format!("{before}{KEY} and more"));
        assert!(mask.masked(&urlsafe).contains(MASKED), "{before}: {urlsafe}");
    }
    for spelled in [
        "sk-proj-Ab%2F12%2Bcd~34%22ef56",
        "sk-proj-Ab%2f12%2bcd~34%22ef56",
        r#"sk-proj-Ab/12+cd~34\"ef56"#,
        r#"sk-proj-Ab\/12+cd~34\"ef56"#,
    ] {
        assert_eq!(mask.masked(&format!("<{spelled}>")), "<[masked]>");
    }
}

#[test]
fn a_short_credential_is_hidden_in_its_own_place_only() {
    let mask = mask(&[("x-api-key", "dummy")], Some("key=abc&x=dummy"));
    let written = mask.headers(vec![("x-api-key".into(), "dummy".into()), ("x-note".into(), "dummy".into())]);
    assert_eq!((written[0].1.as_str(), written[1].1.as_str()), (MASKED, "dummy"));
    assert_eq!(mask.path("/a?key=abc&x=dummy"), "/a?key=[masked]&x=dummy");
}

#[test]
fn cookies_that_a_provider_sets_keep_only_their_names() {
    let written = Mask::default().headers(vec![("set-cookie".into(), "__cf_bm=s3cr3t-value; Path=/; HttpOnly".into())]);
    assert_eq!(written[0].1, "__cf_bm=[masked]; Path=/; HttpOnly");
}

#[test]
fn idempotency_keys_and_token_counts_are_no_credentials() {
    let mask =
        mask(&[("idempotency-key", "stainless-node-retry-1"), ("x-ratelimit-remaining-tokens", "123456789")], None);
    assert_eq!(mask.masked("stainless-node-retry-1 123456789"), "stainless-node-retry-1 123456789");
}

#[test]
fn a_key_that_is_still_being_said_is_masked_as_far_as_it_came() {
    let mask = mask(&[("authorization", "Bearer sk-VERYSECRET0123456789")], None);
    let so_far = |text: &str| {
        let mut answer = Answer { text: text.to_owned(), ..Answer::default() };
        mask.answer_so_far(&mut answer);
        answer.text
    };
    assert_eq!(so_far("Your key is sk-VERYSEC"), "Your key is [masked]");
    assert_eq!(so_far("Your key is sk-VER"), "Your key is sk-VER", "too short to tell");
    assert_eq!(so_far("Your key is sk-VERYSECRET0123456789."), "Your key is [masked].");
    assert_eq!(so_far("ends with ü"), "ends with ü");
    let body = Bytes::from_static(b"data: {\"text\":\"sk-VERYSECRET01");
    assert_eq!(&mask.bytes_so_far(&body)[..], b"data: {\"text\":\"[masked]");
}
