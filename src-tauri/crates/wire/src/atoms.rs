//! Atoms: hashes of what a message says that survive an agent's re-serialisation. White space, key order, number spelling, escapes
//! and reasoning do not change them. Equal content gives equal atoms in every dialect that keeps it.

use crate::json::{self, Span};
use domain::{Hash, Role};

/// The first 128 bits of BLAKE3.
pub(crate) fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    short(&hasher)
}

/// The hash of a prefix that ends with `atoms`, given that of what stands before. `Hash::default()` is the empty prefix.
pub fn chain(parent: Hash, atoms: &[Hash]) -> Hash {
    atoms.iter().fold(parent, |parent, atom| hash(&[&parent.0, &atom.0]))
}

/// A message's text; `None` where it is blank. White space does not count: clients trim, and join parts in their own ways. Nor do
/// notes that a client takes out of one message and puts anew into another each turn.
pub(crate) fn text(role: Role, text: &str) -> Option<Hash> {
    let mut hasher = start(b"text", role);
    let mut any = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (said, after) = if role == Role::User { before_note(rest) } else { (rest, "") };
        any |= words(&mut hasher, said);
        rest = after;
    }
    any.then(|| short(&hasher))
}

/// Feeds a text without its white space, in pieces large enough to be hashed fast; says whether there was any.
fn words(hasher: &mut blake3::Hasher, text: &str) -> bool {
    const PIECE: usize = 8 << 10;
    let mut any = false;
    let mut packed = vec![0; text.len().min(PIECE)];
    for piece in text.as_bytes().chunks(PIECE) {
        // Every byte is written and white space written over again: no branch to mispredict at each word.
        let mut end = 0;
        for byte in piece {
            packed[end] = *byte;
            end += usize::from(!byte.is_ascii_whitespace());
        }
        hasher.update(&packed[..end]);
        any |= end > 0;
    }
    any
}

/// What stands before the next moving note, and what after it. Goose's `<info-msg>` holds the time and the open tasks.
fn before_note(text: &str) -> (&str, &str) {
    let Some((said, inside)) = text.split_once("<info-msg>") else { return (text, "") };
    match inside.split_once("</info-msg>") {
        Some((_, after)) => (said, after),
        None => (text, ""),
    }
}

/// A tool call; `id` only where the dialect's ids come back.
pub(crate) fn call(id: Option<&str>, name: &str, arguments: &str) -> Hash {
    let mut hasher = start(b"call", Role::Assistant);
    sized(&mut hasher, id.unwrap_or_default().as_bytes());
    sized(&mut hasher, name.as_bytes());
    let raw = arguments.as_bytes();
    match json::root(raw) {
        Some(root) => canonical(&mut hasher, raw, root, 0),
        // No arguments are an empty object to some clients.
        None if raw.trim_ascii().is_empty() => canonical(&mut hasher, b"{}", 0..2, 0),
        None => sized(&mut hasher, raw.trim_ascii()),
    }
    short(&hasher)
}

/// A tool's result.
pub(crate) fn result(id: Option<&str>, text: &str) -> Hash {
    let mut hasher = start(b"result", Role::Tool);
    sized(&mut hasher, id.unwrap_or_default().as_bytes());
    words(&mut hasher, text);
    short(&hasher)
}

/// A part that is neither text nor call nor result: an image, a file.
pub(crate) fn part(role: Role, bytes: &[u8], value: Span) -> Hash {
    let mut hasher = start(b"part", role);
    canonical(&mut hasher, bytes, value, 0);
    short(&hasher)
}

fn start(kind: &[u8], role: Role) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind);
    hasher.update(match role {
        Role::System => b"s",
        Role::User => b"u",
        Role::Assistant => b"a",
        Role::Tool => b"t",
    });
    hasher
}

fn short(hasher: &blake3::Hasher) -> Hash {
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Hash(out)
}

fn sized(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// Deeper values count as spelled: no tool's arguments nest so far, and a hostile document must not end the stack.
const DEEPEST: u32 = 64;

/// Feeds a value's meaning: members sorted by key, strings unescaped, numbers by value, moving marks left out.
fn canonical(hasher: &mut blake3::Hasher, bytes: &[u8], value: Span, depth: u32) {
    match bytes.get(value.start) {
        Some(b'{') if depth < DEEPEST => {
            let mut members: Vec<_> = json::Members::new(bytes, value)
                .into_iter()
                .flatten()
                .map(|member| (json::unescape(&bytes[member.key]), member.value))
                .filter(|(key, _)| key != "cache_control")
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            hasher.update(b"{");
            for (key, value) in members {
                sized(hasher, key.as_bytes());
                canonical(hasher, bytes, value, depth + 1);
            }
            hasher.update(b"}");
        }
        Some(b'[') if depth < DEEPEST => {
            hasher.update(b"[");
            for value in json::Elements::new(bytes, value).into_iter().flatten() {
                canonical(hasher, bytes, value, depth + 1);
            }
            hasher.update(b"]");
        }
        Some(b'"') => match json::text(bytes, value) {
            Some(text) => {
                hasher.update(b"\"");
                sized(hasher, text.as_bytes());
            }
            None => {
                hasher.update(b"?");
            }
        },
        _ => {
            let raw = bytes.get(value).unwrap_or_default();
            // JavaScript clients spell 1.0 as 1 and round what a double cannot hold.
            match std::str::from_utf8(raw).ok().and_then(|raw| raw.parse::<f64>().ok()) {
                Some(number) => hasher.update(b"#").update(&(number + 0.0).to_bits().to_le_bytes()),
                None => hasher.update(b"!").update(raw),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_change_a_text() {
        assert_eq!(text(Role::User, " a  b\n"), text(Role::User, "a\nb"));
        assert_ne!(text(Role::User, "ab"), text(Role::Assistant, "ab"));
        assert_eq!(text(Role::User, " \n"), None);
    }

    #[test]
    fn a_note_that_moves_is_no_part_of_what_a_user_said() {
        let said = text(Role::User, "Do it.");
        assert_eq!(said, text(Role::User, "<info-msg>\n10:00\n</info-msg>\nDo it."));
        assert_eq!(said, text(Role::User, "Do <info-msg>a</info-msg>it.<info-msg>b</info-msg>"));
        assert_eq!(text(Role::User, "<info-msg>10:01</info-msg>"), None);
        assert_ne!(said, text(Role::User, "Do it.<info-msg>"));
    }

    #[test]
    fn a_calls_spelling_does_not_matter_and_its_meaning_does() {
        let one = call(Some("c"), "f", r#"{"a":1.0,"b":["\u00e9",true,12345678901234567890]}"#);
        assert_eq!(one, call(Some("c"), "f", r#" {"b":["é", true, 12345678901234567000],"a":1}"#));
        assert_ne!(one, call(Some("c"), "f", r#"{"a":1,"b":["é",false,12345678901234567890]}"#));
        assert_ne!(one, call(Some("d"), "f", r#"{"a":1,"b":["é",true,12345678901234567890]}"#));
        assert_eq!(call(None, "f", ""), call(None, "f", "{ }"));
        assert_ne!(call(None, "f", r#"{"a":"bc"}"#), call(None, "f", r#"{"ab":"c"}"#));
        assert_ne!(call(None, "f", r#"{"a":"b c"}"#), call(None, "f", r#"{"a":"bc"}"#));
    }

    #[test]
    fn a_chain_names_a_prefix() {
        let (a, b) = (hash(&[b"a"]), hash(&[b"b"]));
        assert_eq!(chain(chain(Hash::default(), &[a]), &[b]), chain(Hash::default(), &[a, b]));
        assert_ne!(chain(Hash::default(), &[a, b]), chain(Hash::default(), &[b, a]));
    }

    #[test]
    fn deep_nesting_ends_no_stack() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        call(None, "f", &deep);
    }
}
