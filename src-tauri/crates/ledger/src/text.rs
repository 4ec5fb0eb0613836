//! The text inside stored bytes, for search and its snippets, without knowing any wire format: every string of a JSON document.

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// All string values (not keys) of a JSON document, one per line; of bytes that are no JSON, the bytes themselves as text.
pub fn strings(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    if reader.deserialize_any(Strings(&mut text)).is_err() && text.is_empty() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    text
}

struct Strings<'a>(&'a mut String);

impl<'de> serde::de::DeserializeSeed<'de> for Strings<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(value);
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Strings(self.0))?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key::<IgnoredAny>()?.is_some() {
            entries.next_value_seed(Strings(self.0))?;
        }
        Ok(())
    }
}

/// What of a text is worth indexing: words of up to 64 bytes, at most 64 KiB in all. Longer ones are data, not language, and would cost as
/// much in the index as they do in the record.
pub fn searchable(text: &str) -> String {
    const LONGEST_WORD: usize = 64;
    const MOST: usize = 64 << 10;
    let mut kept = String::with_capacity(text.len().min(MOST));
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() || word.len() > LONGEST_WORD {
            continue;
        }
        if kept.len() + word.len() > MOST {
            break;
        }
        kept.push_str(word);
        kept.push(' ');
    }
    kept
}

/// The place in `text` that holds one of `words` (lower case), with some of what stands around it; the match between `«` and `»`.
pub fn snippet(text: &str, words: &[String]) -> Option<String> {
    const AROUND: usize = 60;
    let lower = text.to_lowercase();
    // Lower-casing may change lengths; then positions are only near, which a snippet can bear.
    let (at, length) = words.iter().filter_map(|word| lower.find(word.as_str()).map(|at| (at, word.len()))).min()?;
    let start = floor(text, at.saturating_sub(AROUND));
    let from = floor(text, at);
    let to = floor(text, at + length).max(from);
    let end = floor(text, to + AROUND);
    let flat = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let spaced = |part: &str, edge: Option<char>| {
        if edge.is_some_and(char::is_whitespace) { format!("{part} ") } else { part.to_owned() }
    };
    let before = spaced(&flat(&text[start..from]), text[..from].chars().next_back());
    let after = flat(&text[to..end]);
    let gap = if text[to..].starts_with(char::is_whitespace) { " " } else { "" };
    Some(format!(
        "{}{before}«{}»{gap}{after}{}",
        if start > 0 { "…" } else { "" },
        &text[from..to],
        if end < text.len() { "…" } else { "" }
    ))
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_are_text() {
        assert_eq!(
            strings(br#"{"role":"user","n":1.0,"content":[{"text":"refund me"},null,true]}"#),
            "user\nrefund me"
        );
        assert_eq!(strings(b"no json"), "no json");
    }

    #[test]
    fn a_snippet_shows_the_match_in_its_surroundings() {
        let text = format!("{} please refund my ticket {}", "x".repeat(100), "y".repeat(100));
        let shown = snippet(&text, &["refund".into()]).unwrap();
        assert!(shown.contains("please «refund» my ticket"), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert_eq!(snippet("nothing here", &["refund".into()]), None);
    }
}
