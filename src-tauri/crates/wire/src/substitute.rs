//! Words put in the place of others in what a conversation says: in a request's messages, in a whole answer, in a stream. Ids, names,
//! signatures, reasoning and pictures keep every byte. It must not know why a word is another.

mod stream;

pub use stream::StreamText;

use crate::Request;
use crate::frames::{Framer, Framing};
use crate::json::{self, Span, Splice, quote, splice};
use bytes::Bytes;
use domain::Dialect;

/// What stands for what, the longest first, so that no part of a longer one is taken for a shorter.
#[derive(Debug, Clone, Default)]
pub struct Substitutions {
    pairs: Vec<(String, String)>,
}

impl Substitutions {
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Substitutions {
        let mut pairs: Vec<(String, String)> = pairs.into_iter().filter(|(from, _)| !from.is_empty()).collect();
        pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Substitutions { pairs }
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The text with the words in place; none where none of them stands in it.
    pub fn apply(&self, text: &str) -> Option<String> {
        self.put(text, str::to_owned)
    }

    /// The same within JSON text, where a word is spelled with escapes.
    pub fn apply_in_json(&self, text: &str) -> Option<String> {
        self.put(text, |word| {
            let quoted = quote(word);
            quoted[1..quoted.len() - 1].to_owned()
        })
    }

    fn put(&self, text: &str, spelled: impl Fn(&str) -> String) -> Option<String> {
        let mut out = String::new();
        let mut at = 0;
        let mut any = false;
        while at < text.len() {
            let rest = &text[at..];
            let found = self.pairs.iter().find_map(|(from, to)| {
                let from = spelled(from);
                rest.starts_with(&from).then(|| (from.len(), spelled(to)))
            });
            match found {
                Some((length, to)) => {
                    out.push_str(&to);
                    at += length;
                    any = true;
                }
                None => {
                    let next = self.next_start(rest).unwrap_or(rest.len());
                    out.push_str(&rest[..next]);
                    at += next;
                }
            }
        }
        any.then_some(out)
    }

    /// How far it is to the next character that a word could begin with, the first one left out.
    fn next_start(&self, rest: &str) -> Option<usize> {
        let begins = |c: char| c == '\\' || self.pairs.iter().any(|(from, _)| from.starts_with(c));
        rest.char_indices().skip(1).find(|(_, c)| begins(*c)).map(|(at, _)| at)
    }

    /// How many bytes at the text's end could be the beginning of a word.
    fn begun(&self, text: &str) -> usize {
        let begun = |(from, _): &(String, String)| {
            let most = (from.len() - 1).min(text.len());
            (1..=most).rev().find(|length| text.as_bytes().ends_with(&from.as_bytes()[..*length]))
        };
        let length = self.pairs.iter().filter_map(begun).max().unwrap_or(0);
        (length..=text.len()).find(|length| text.is_char_boundary(text.len() - length)).unwrap_or(0)
    }
}

/// The request with the words in its messages and system prompt; none where none of them stands there.
pub fn substitute_request(request: &Request, words: &Substitutions) -> Option<Bytes> {
    let mut splices = Vec::new();
    for span in request.system.iter().chain(&request.messages) {
        walk(&request.body, span.clone(), None, words, &mut splices);
    }
    (!splices.is_empty()).then(|| splice(&request.body, splices))
}

/// A whole answer with the words; none where none of them stands in it.
pub fn substitute_whole(body: &Bytes, words: &Substitutions) -> Option<Bytes> {
    let mut splices = Vec::new();
    walk(body, json::root(body)?, None, words, &mut splices);
    (!splices.is_empty()).then(|| splice(body, splices))
}

/// A response that is here to its end with the words in what it says; calls keep their arguments.
pub fn substitute_response(dialect: Dialect, framing: Framing, raw: &Bytes, words: &Substitutions) -> Bytes {
    if framing == Framing::Whole {
        return substitute_whole(raw, words).unwrap_or_else(|| raw.clone());
    }
    let (mut framer, mut texts) = (Framer::new(framing), StreamText::new(dialect, words.clone()));
    let mut frames = framer.push(raw.clone());
    frames.extend(framer.finish());
    let mut out: Vec<Bytes> = frames.into_iter().flat_map(|frame| texts.push(frame)).map(|frame| frame.raw).collect();
    out.extend(texts.finish().map(|frame| frame.raw));
    out.concat().into()
}

/// Every text that a request's messages and system prompt say.
pub fn each_text(request: &Request, mut of: impl FnMut(&str)) {
    for span in request.system.iter().chain(&request.messages) {
        visit(&request.body, span.clone(), None, &mut |_, text, _| of(text));
    }
}

/// Members that name, sign or carry, and say nothing.
const SILENT: &[&str] = &[
    "id",
    "type",
    "role",
    "name",
    "tool_name",
    "call_id",
    "tool_call_id",
    "tool_use_id",
    "item_id",
    "signature",
    "thoughtSignature",
    "encrypted_content",
    "data",
    "model",
    "url",
    "image_url",
    "source",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "status",
    "cache_control",
    "object",
    "finish_reason",
    "finishReason",
    "stop_reason",
    "done_reason",
    "created_at",
    "thinking",
    "reasoning_content",
    "reasoning",
    "thoughts",
    "system_fingerprint",
    "responseId",
    "modelVersion",
    "previous_response_id",
];

fn walk(doc: &Bytes, value: Span, key: Option<&str>, words: &Substitutions, splices: &mut Vec<Splice>) {
    visit(doc, value, key, &mut |key, text, at| {
        let put = match key {
            Some("arguments" | "partial_json") => words.apply_in_json(text),
            _ => words.apply(text),
        };
        splices.extend(put.map(|text| Splice { at, with: quote(&text).into() }));
    });
}

fn visit(doc: &[u8], value: Span, key: Option<&str>, of: &mut impl FnMut(Option<&str>, &str, Span)) {
    match doc.get(value.start) {
        Some(b'"') => {
            if let Some(text) = json::text(doc, value.clone()) {
                of(key, &text, value);
            }
        }
        Some(b'[') => {
            for element in json::elements(doc, value).unwrap_or_default() {
                visit(doc, element, key, of);
            }
        }
        Some(b'{') => {
            let members = json::members(doc, value.clone()).unwrap_or_default();
            if thinks(doc, &value) {
                return;
            }
            for member in members {
                let name = json::unescape(&doc[member.key.clone()]);
                if !SILENT.contains(&&*name) {
                    visit(doc, member.value, Some(&name), of);
                }
            }
        }
        _ => {}
    }
}

/// Reasoning is signed, or the model's own: it is left as it is.
fn thinks(doc: &[u8], object: &Span) -> bool {
    let kind = json::member(doc, object.clone(), "type").and_then(|at| json::text(doc, at));
    let kind = kind.as_deref().unwrap_or_default();
    let thought = json::member(doc, object.clone(), "thought").and_then(|at| json::boolean(doc, at));
    matches!(kind, "thinking" | "redacted_thinking" | "reasoning")
        || kind.starts_with("response.reasoning")
        || thought == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Substitutions {
        Substitutions::new([("secret".to_owned(), "[1]".to_owned()), ("secret two \"x\"".to_owned(), "[2]".to_owned())])
    }

    #[test]
    fn the_longest_word_counts_and_what_is_no_word_stays() {
        assert_eq!(words().apply("a secret two \"x\", a secret").as_deref(), Some("a [2], a [1]"));
        assert_eq!(words().apply("a secre"), None);
        assert_eq!(words().apply_in_json(r#"{"a":"secret two \"x\""}"#).as_deref(), Some(r#"{"a":"[2]"}"#));
    }

    #[test]
    fn only_what_could_become_a_word_is_begun() {
        assert_eq!(words().begun("a se"), 2);
        assert_eq!(words().begun("a sé"), 0);
        assert_eq!(words().begun("secret"), 6, "a longer one may follow");
    }

    #[test]
    fn names_signatures_and_reasoning_keep_every_byte() {
        let body = Bytes::from_static(
            br#"{"content":[{"type":"thinking","thinking":"secret","signature":"secret"},{"type":"text","text":"a secret"}, {"type":"tool_use","name":"secret","input":{"k":["secret"]}}]}"#,
        );
        let told = substitute_whole(&body, &words()).unwrap();
        let expected = r#"{"content":[{"type":"thinking","thinking":"secret","signature":"secret"},{"type":"text","text":"a [1]"}, {"type":"tool_use","name":"secret","input":{"k":["[1]"]}}]}"#;
        assert_eq!(std::str::from_utf8(&told).unwrap(), expected);
    }
}
