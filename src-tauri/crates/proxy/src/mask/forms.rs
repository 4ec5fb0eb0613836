//! The spellings in which a secret may come back.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// A Base64 piece shorter than this may stand anywhere by chance.
const SHORTEST_BASE64: usize = 12;

/// The secret and its other spellings, each once.
pub(super) fn of(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    forms.extend([percent_encoded(secret, false), percent_encoded(secret, true)].map(String::into_bytes));
    forms.extend(in_json(secret).map(String::into_bytes));
    for piece in base64(secret.as_bytes()) {
        let url_safe = piece.replace('+', "-").replace('/', "_");
        let escaped = piece.replace('/', "\\/");
        forms.extend([piece, url_safe, escaped].map(String::into_bytes));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn percent_encoded(text: &str, lower: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// As a JSON string spells it, and as those do that escape slashes too.
fn in_json(secret: &str) -> [String; 2] {
    let quoted = serde_json::Value::from(secret).to_string();
    let plain = quoted.trim_matches('"').to_owned();
    let slashed = plain.replace('/', "\\/");
    [plain, slashed]
}

/// What stays the same of the secret's Base64, wherever in an encoded text it stands: one piece for each of the three ways to fall.
fn base64(secret: &[u8]) -> Vec<String> {
    let piece = |before: usize| {
        let text = BASE64_STANDARD_NO_PAD.encode([&[0; 2][..before], secret].concat());
        // Characters that share bits with a neighbour outside the secret.
        let first = (before * 8).div_ceil(6);
        let last = (before + secret.len()) * 8 / 6;
        text.get(first..last).unwrap_or_default().to_owned()
    };
    (0..3).map(piece).filter(|piece| piece.len() >= SHORTEST_BASE64).collect()
}

pub(super) fn percent_decoded(text: &str) -> String {
    crate::address::percent_decoded(text)
}
