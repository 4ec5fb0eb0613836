//! What `secrets` and `pii` take for certain: keys of every common shape, wherever they stand and however a text is cut; and nothing of
//! what ordinary code and data is full of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use bytes::Bytes;
use domain::{Action, Dialect, Observation, Pattern, Point};
use serde_json::json;
use switchtower_reason::{PolicySet, evaluate};
use wire::{Framer, Framing, Shapes, StreamText, Substitutions};

/// The patterns of the rules that the simple key makes at a point.
fn patterns(point: Point) -> Vec<Pattern> {
    let source = "version = 1\nsafety_classifiers = ['secrets', 'pii']".to_owned();
    let loaded = PolicySet::load(vec![("p.toml".to_owned(), source)]);
    let observation: Observation = serde_json::from_value(json!({
        "point": point, "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
        "session": {}, "run": {}, "request": {}, "response": {}, "result": {}, "tool": {},
    }))
    .unwrap();
    let decisions = evaluate(&loaded.set, "agent", &observation, &|| 0).decisions;
    let of = |action| match action {
        Action::Redact { patterns } => patterns,
        other => panic!("{other:?}"),
    };
    decisions.into_iter().flat_map(|decision| of(decision.action)).collect()
}

fn found(shapes: &Shapes, text: &str) -> Vec<String> {
    shapes.spots(text).into_iter().map(|spot| spot.value).collect()
}

/// `count` characters that chance could have chosen of an alphabet.
fn random(alphabet: &str, count: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    (0..count).map(|n| letters[(n * n * 7 + n * 31 + 11) % letters.len()]).collect()
}

fn word(count: usize) -> String {
    random("aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vWxYzAbCDcFeHgJiLkNmPoRqTsVuXwZy", count)
}

fn hex(count: usize) -> String {
    random("0f1e2d3c4b5a6978", count)
}

/// Keys that an answer on its way may not leak either.
fn keys() -> Vec<String> {
    vec![
        format!("AKIA{}", random("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        format!("ASIA{}", random("QRSTUVWXYZ234567ABCDEFGHIJKLMNOP", 16)),
        format!("ghp_{}", word(36)),
        format!("gho_{}", word(36)),
        format!("ghs_{}", word(36)),
        format!("github_pat_{}_{}", word(22), word(59)),
        format!("glpat-{}", word(20)),
        format!("glpat-{}.01.{}", word(27), word(9).to_lowercase()),
        format!("xoxb-123456789012-1234567890123-{}", word(24)),
        format!("xoxp-123456789012-123456789012-1234567890123-{}", hex(32)),
        format!("xapp-1-A0123456789-1234567890123-{}", hex(64)),
        format!("hooks.slack.com/services/T01234567/B01234567/{}", word(24)),
        format!("sk_live_{}", word(24)),
        format!("rk_test_{}", word(24)),
        format!("whsec_{}", word(32)),
        format!("sk-{}T3BlbkFJ{}", word(20), word(20)),
        format!("sk-proj-{}_{}-T3BlbkFJ{}", word(40), word(33), word(74)),
        format!("sk-svcacct-{}", word(60)),
        format!("sk-ant-api03-{}-{}AA", word(60), word(32)),
        format!("sk-or-v1-{}", hex(64)),
        format!("sk-{}", hex(32)),
        format!("gsk_{}", word(52)),
        format!("hf_{}", word(34)),
        format!("AIzaSy{}", word(33)),
        format!("ya29.{}", word(80)),
        format!("npm_{}", word(36)),
        format!("pypi-AgEIcHlwaS5vcmc{}", word(70)),
        format!("SG.{}.{}", word(22), word(43)),
        format!("shpat_{}", hex(32)),
        format!("dapi{}", hex(32)),
        format!("hvs.{}", word(30)),
        format!("tskey-auth-{}-{}", word(12), word(32)),
        format!("eyJ{}.eyJ{}.{}", word(20), word(60), word(43)),
    ]
}

/// Keys that are known by what stands before or within.
fn named() -> Vec<String> {
    vec![
        format!("aws_secret_access_key = {}", word(40)),
        format!("AWS_SECRET_ACCESS_KEY={}", word(40)),
        format!("\"SecretAccessKey\": \"{}\"", word(40)),
        format!("\\\"secretAccessKey\\\": \\\"{}\\\"", word(40)),
        format!(
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}==;EndpointSuffix=core.windows.net",
            word(86)
        ),
        format!("Endpoint=sb://a.servicebus.windows.net/;SharedAccessKey={}=", word(43)),
        format!("https://a.blob.core.windows.net/c?sv=2022-11-02&sig={}%3D&se=2030", word(43)),
        format!("{}8Q~{}", word(3), word(34)),
        format!("123456789:AA{}", word(33)),
        "postgresql+asyncpg://app:p4ss-W0rd!@db.example.com:5432/app".to_owned(),
        "mongodb+srv://admin:x%21y2Zq@cluster0.abcde.mongodb.net/?retryWrites=true".to_owned(),
        "redis://:hunter2@cache:6379/0".to_owned(),
        "https://deploy:Zk3vQp9s@git.example.com/a.git".to_owned(),
    ]
}

fn pem(kind: &str, lines: usize) -> String {
    let body: Vec<String> = (0..lines).map(|n| random(&word(62)[n % 9..], 64)).collect();
    format!("-----BEGIN {kind}-----\n{}\nabc=\n-----END {kind}-----", body.join("\n"))
}

const NUMBERS: &[&str] = &[
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111111111111111",
    "4111\u{a0}1111\u{a0}1111\u{a0}1111",
    "5555 5555 5555 4444",
    "2223003122003222",
    "3782 822463 10005",
    "378282246310005",
    "6011000990139424",
    "3530111333300000",
    "30569309025904",
    "6200000000000005",
    "DE89 3704 0044 0532 0130 00",
    "DE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19",
    "FR14 2004 1010 0505 0001 3M02 606",
    "AT61 1904 3002 3457 3201",
    "NO93 8601 1117 947",
    "BE68 5390 0754 7034",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
    "529.982.247-25",
    "12345678Z",
    "X1234567L",
];

#[test]
fn every_common_key_is_found_wherever_it_stands() {
    let everywhere = Shapes::of(&patterns(Point::ModelRequest));
    let streamed = Shapes::of(&patterns(Point::ModelStream));
    let around = [
        "KEY",
        "K=KEY",
        "a KEY b",
        "\"KEY\"",
        "'KEY';",
        "密钥KEY，",
        "(KEY)",
        "x\nKEY\n",
        "x\\nKEY\\n",
        "\\\"KEY\\\"",
        "<k>KEY</k>",
        "K:KEY,",
        "🔑KEY🔑",
        "my_KEY",
    ];
    for key in keys() {
        for around in around {
            let text = around.replace("KEY", &key);
            for shapes in [&everywhere, &streamed] {
                assert!(found(shapes, &text).concat().contains(&key), "{text}: {:?}", found(shapes, &text));
            }
        }
    }
    for text in named() {
        assert_eq!(found(&everywhere, &text).len(), 1, "{text}: {:?}", found(&everywhere, &text));
    }
    let around =
        ["N", "pay with N please", "卡号N。", "\"N\"", "x\\nN\\n", "2025 N 12/29", "N BANK", "N 123", "N.", "N, N"];
    for number in NUMBERS {
        for around in around {
            let text = around.replace('N', number);
            let hits = found(&everywhere, &text);
            assert!(hits.iter().any(|hit| hit.contains(number)), "{text}: {hits:?}");
        }
    }
}

#[test]
fn private_keys_are_found_whole_broken_off_and_spelled_in_other_ways() {
    let shapes = Shapes::of(&patterns(Point::ModelStream));
    let pgp = format!(
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{}\n=Ab12\n-----END PGP PRIVATE KEY BLOCK-----",
        word(64)
    );
    let old = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{}\n\n{}\n-----END RSA PRIVATE KEY-----",
        hex(32),
        word(64)
    );
    let mut all: Vec<String> =
        ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
            .iter()
            .flat_map(|kind| [pem(kind, 3), pem(kind, 60)])
            .collect();
    all.extend([pgp, old, pem("PRIVATE KEY", 110)]);
    for key in all {
        let spelled = [key.clone(), key.replace('\n', "\\n"), key.replace('\n', "\r\n"), key.replace('\n', "\\r\\n")];
        for key in spelled {
            assert_eq!(found(&shapes, &format!("a {key}\nend")), [key]);
        }
    }
    let whole = pem("RSA PRIVATE KEY", 40);
    let broken = &whole[..whole.len() / 2];
    assert_eq!(found(&shapes, broken), [broken]);
    let packed =
        "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVBd1k5SGk4V0ZPNzE4eVVqT0xPZkRWaGRrUVhpZjB3";
    assert_eq!(found(&shapes, &format!("client-key-data: {packed}")), [packed]);
    let public =
        [pem("CERTIFICATE", 3), pem("PUBLIC KEY", 3), "-----BEGIN PRIVATE KEY----- is how one begins".to_owned()];
    public.iter().for_each(|text| assert!(found(&shapes, text).is_empty(), "{text}"));
}

#[test]
fn ordinary_code_and_data_has_none() {
    let shapes = Shapes::of(&patterns(Point::ModelRequest));
    let mut texts: Vec<String> = [
        "550e8400-e29b-41d4-a716-446655440000 4123-4567-8901-234567890123",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709 4111111111111111abcdef0123456789abcdef01",
        "1700000000 1700000000000 1700000000000000 1700000000000000000 2024-01-15T10:30:00Z 20240115T103000Z",
        "id: 312345678901234567, snowflake 1234567890123456789, order 4012888888881882, ean 4006381333931",
        "0.4111111111111111 12.5555555555554444 [0.3782822463100050, 4.111111111111111] 4111111111111111.5",
        "class=\"sk-toggleable__label-arrow sk-estimator-doc-link sk-text-repr-fallback-container\"",
        "risk-assessment-for-the-whole-department task-12345678901234567890abcdefghij",
        "postgres://user:password@localhost/db mysql://%s:%s@%s/ postgres://${USER}:${PASS}@host https://example.com:8080/a@b",
        "https://example.com/a?sig=abc git@github.com:owner/repo.git ssh://git@host:22/x http://localhost:3000/@scope/name",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY'] secret_access_key: str",
        "ghp_short glpat- xoxb-1 AKIA AKIAabc npm_config_registry npm_package_version pypi-publish sk_test_ eyJhbGciOi",
        "123-45-6789 2024-12-31 12345678A 87654321-K version 12.34.567-89 123.456.789-00",
        "sha512-q1MGmFrbRxIoJ+CLLcQvVdGQk9Y2IsMeGZx2WMBvZ8Nn8p9Ni7gkkbVnbYJ1l5HnkVd2vLGr3XfXnQnMgVaVhg==",
        "DE12 GB99 FR00 0000 IBAN AT00 1234 5678 9012 3456 HU42117730161111101800000001",
        "fn main() { let sk = 5; } // SKU SK-1234-ABCD-5678 do_release_upgrade hvac.controls.temperature.sensor",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
        "+49 30 1234567890 0049-30-123456 (555) 123-4567 10.0.0.1 192.168.100.200 2001:db8::8a2e:370:7334",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push((0..4_000).map(|n| format!("{n} {} ", n * 7_919)).collect());
    for text in &texts {
        // A number of sixteen digits with a network's beginning and a right sum is one, whatever it was meant for.
        let hits: Vec<String> = found(&shapes, text)
            .into_iter()
            .filter(|hit| !["4012888888881882", "HU42117730161111101800000001"].contains(&&**hit))
            .collect();
        assert!(hits.is_empty(), "{text:.80}: {hits:?}");
    }
}

#[test]
fn a_stream_cut_at_any_place_leaks_nothing() {
    let patterns = patterns(Point::ModelStream);
    let shapes = Shapes::of(&patterns);
    let short = pem("EC PRIVATE KEY", 2);
    let values = keys().into_iter().chain(NUMBERS.iter().map(|number| (*number).to_owned())).chain([short]);
    for value in values {
        let text = format!("Here: {value}\nand on.");
        let cuts: Vec<usize> = (1..text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for at in cuts {
            let said = streamed(&shapes, &[&text[..at], &text[at..]]);
            assert_eq!(said, "Here: ***\nand on.", "{value} cut at {at}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(streamed(&shapes, &letters), "Here: ***\nand on.", "{value} letter by letter");
    }
}

/// Each piece as a chunk of a chat answer; matches leave as stars.
fn streamed(shapes: &Shapes, pieces: &[&str]) -> String {
    let mut texts = StreamText::new(Dialect::OpenaiChat, Substitutions::default(), shapes.clone());
    let mut out = Vec::new();
    let stars = |texts: &mut StreamText, out: &mut Vec<_>| {
        while !texts.asked().is_empty() {
            let stars = texts.asked().iter().map(|spot| (spot.value.clone(), Some("***".to_owned()))).collect();
            out.extend(texts.decide(stars));
        }
    };
    for piece in pieces {
        let raw = format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": piece}}]}));
        for frame in Framer::new(Framing::Sse).push(Bytes::from(raw)) {
            out.extend(texts.push(frame));
            stars(&mut texts, &mut out);
        }
    }
    out.extend(texts.finish());
    stars(&mut texts, &mut out);
    let content = |data: &Bytes| -> String {
        let value: serde_json::Value = serde_json::from_slice(data).unwrap();
        value["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    };
    out.iter().filter_map(|frame| frame.data.as_ref()).map(content).collect()
}

#[test]
fn few_words_of_an_answer_are_held_back() {
    let shapes = Shapes::of(&patterns(Point::ModelStream));
    let text = "The quick brown fox jumps over the lazy dog, and then I do what a person would: it's a plan. Running pip install, \
                npm test and git push; see https://example.com/docs for the rest of it.";
    let mut held = Vec::new();
    for word in text.split_inclusive(' ') {
        let mut texts = StreamText::new(Dialect::OpenaiChat, Substitutions::default(), shapes.clone());
        let raw = format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": word.trim_end()}}]}));
        let out = texts.push(Framer::new(Framing::Sse).push(Bytes::from(raw)).remove(0));
        if out.is_empty() {
            held.push(word.trim_end());
        }
    }
    assert_eq!(held, ["I", "it's", "npm", "git"], "an IBAN, a key behind the apostrophe, npm_, github_pat_");
}
