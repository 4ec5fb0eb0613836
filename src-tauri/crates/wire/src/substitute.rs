//! Words put in the place of others in what a conversation says: in a request's messages, in a whole answer, in a stream. Ids, names,
//! signatures, reasoning and pictures keep every byte. It must not know why a word is another.

mod piece;
mod rewording;
mod shape;
mod spots;
mod stream;

use rewording::Rewording;
pub use spots::{Shapes, Spot};
use std::ops::Range;
pub use stream::{Decided, StreamText};

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

    /// The same in the values of a call's arguments, whichever way their JSON spells a word; text that is no JSON is a custom tool's. The names
    /// of members are the tool's own.
    pub fn apply_to_arguments(&self, arguments: &str) -> Option<String> {
        let Some(root) = json::root(arguments.as_bytes()) else { return self.apply(arguments) };
        let mut splices = Vec::new();
        strings(arguments.as_bytes(), root, &mut |text, at| {
            splices.extend(self.apply(text).map(|text| Splice { at, with: quote(&text).into() }));
        });
        let put = (!splices.is_empty()).then(|| splice(&Bytes::copy_from_slice(arguments.as_bytes()), splices))?;
        String::from_utf8(put.to_vec()).ok()
    }

    fn put(&self, text: &str, spelled: impl Fn(&str) -> String) -> Option<String> {
        let mut out = String::new();
        let mut at = 0;
        let mut any = false;
        while at < text.len() {
            let rest = &text[at..];
            let found = self.pairs.iter().find_map(|(from, to)| {
                let from = spelled(from);
                rest.starts_with(&from).then(|| (from.len(), spelled(to), from))
            });
            match found {
                Some((length, to, from)) => {
                    any |= to != from;
                    out.push_str(&to);
                    at += length;
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

    /// Where words stand in a text.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let of = |(from, _): &'_ (String, String)| {
            let places = text.match_indices(from.as_str()).map(|(at, word)| at..at + word.len());
            places.collect::<Vec<_>>()
        };
        self.pairs.iter().flat_map(of).collect()
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
    let words = Rewording::words(words);
    let spans = request.system.iter().chain(&request.messages);
    let splices: Vec<Splice> =
        spans.flat_map(|span| walk(&request.body, span.clone(), &words).unwrap_or_default()).collect();
    (!splices.is_empty()).then(|| splice(&request.body, splices))
}

/// A whole answer with the words; none where none of them stands in it.
pub fn substitute_whole(body: &Bytes, words: &Substitutions) -> Option<Bytes> {
    let splices = walk(body, json::root(body)?, &Rewording::words(words)).unwrap_or_default();
    (!splices.is_empty()).then(|| splice(body, splices))
}

/// What a whole answer says that matches, calls' arguments and what stands within one of the words left out.
pub fn spots_of_whole(body: &Bytes, shapes: &Shapes, words: &Substitutions) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    let Some(root) = json::root(body) else { return spots };
    visit(body, root, Place::default(), &mut |place, text, _| {
        if !place.in_call {
            spots.extend(shapes.spots_outside(text, words));
        }
    });
    spots
}

/// A whole answer with its matches as was decided, and the words; none where that is how it is.
pub fn reword_whole(body: &Bytes, words: &Substitutions, shapes: &Shapes, decided: &Decided) -> Option<Bytes> {
    let mut decided = decided.clone();
    for spot in spots_of_whole(body, shapes, words) {
        decided.entry(spot.value).or_default();
    }
    let rewording = Rewording { words: words.clone(), shapes: shapes.clone(), decided };
    let splices = walk(body, json::root(body)?, &rewording).unwrap_or_default();
    (!splices.is_empty()).then(|| splice(body, splices))
}

/// A response that is here to its end with the words in what it says; calls keep their arguments.
pub fn substitute_response(dialect: Dialect, framing: Framing, raw: &Bytes, words: &Substitutions) -> Bytes {
    if framing == Framing::Whole {
        return substitute_whole(raw, words).unwrap_or_else(|| raw.clone());
    }
    let (mut framer, mut texts) = (Framer::new(framing), StreamText::new(dialect, words.clone(), Shapes::default()));
    let mut frames = framer.push(raw.clone());
    frames.extend(framer.finish());
    let mut out: Vec<Bytes> = frames.into_iter().flat_map(|frame| texts.push(frame)).map(|frame| frame.raw).collect();
    out.extend(texts.finish().into_iter().map(|frame| frame.raw));
    out.concat().into()
}

/// Every text that a request's messages and system prompt say.
pub fn each_text(request: &Request, mut of: impl FnMut(&str)) {
    for span in request.system.iter().chain(&request.messages) {
        visit(&request.body, span.clone(), Place::default(), &mut |place, text, _| match place.key {
            Some("arguments") => each_text_of_arguments(text, &mut of),
            _ => of(text),
        });
    }
}

/// Every text in a call's arguments.
pub fn each_text_of_arguments(arguments: &str, mut of: impl FnMut(&str)) {
    match json::root(arguments.as_bytes()) {
        Some(root) => strings(arguments.as_bytes(), root, &mut |text, _| of(text)),
        None => of(arguments),
    }
}

fn strings(doc: &[u8], value: Span, of: &mut impl FnMut(&str, Span)) {
    match doc.get(value.start) {
        Some(b'"') => {
            if let Some(text) = json::text(doc, value.clone()) {
                of(&text, value);
            }
        }
        Some(b'[') => {
            json::elements(doc, value).unwrap_or_default().into_iter().for_each(|element| strings(doc, element, of));
        }
        Some(b'{') => {
            json::members(doc, value).unwrap_or_default().into_iter().for_each(|member| strings(doc, member.value, of));
        }
        Some(b'0'..=b'9') => long_number(doc, value, of),
        _ => {}
    }
}

/// A number that could be an account's: what takes its place is a text.
fn long_number(doc: &[u8], value: Span, of: &mut impl FnMut(&str, Span)) {
    let text = std::str::from_utf8(&doc[value.clone()]).unwrap_or_default();
    if text.len() >= SHORTEST_NUMBER && text.bytes().all(|byte| byte.is_ascii_digit()) {
        of(text, value);
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
    "images",
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

/// Members and kinds of a call to a tool.
const CALLS: &[&str] =
    &["tool_calls", "functionCall", "function_call", "tool_use", "server_tool_use", "custom_tool_call"];

/// Shorter ones are counts and ids.
const SHORTEST_NUMBER: usize = 12;

/// Where a text stands.
#[derive(Clone, Copy, Default)]
struct Place<'k> {
    key: Option<&'k str>,
    in_call: bool,
    /// Within a document of the caller's or a tool's own: whatever its members are called, they say something.
    own: bool,
}

impl<'k> Place<'k> {
    /// Where the value of a member stands; none where it says nothing.
    fn member(self, doc: &[u8], kind: &str, name: &'k str, value: &Span) -> Option<Place<'k>> {
        let named = |names: &[&str]| self.key.is_some_and(|key| names.contains(&key));
        let own = match name {
            "input" => CALLS.contains(&kind),
            "arguments" => true,
            "args" => named(&["functionCall", "function_call"]),
            "response" => named(&["functionResponse", "function_response"]),
            // Of a document that stands here as text; of any other it is a picture or the like.
            "source" => {
                let kind = json::member(doc, value.clone(), "type").and_then(|at| json::text(doc, at));
                matches!(kind.as_deref(), Some("text" | "content"))
            }
            _ => false,
        };
        let own = self.own || own;
        let in_call = self.in_call || CALLS.contains(&name) || CALLS.contains(&kind);
        (own || !SILENT.contains(&name)).then_some(Place { key: Some(name), in_call, own })
    }
}

/// What changes; an error names the matches that nothing was decided about.
fn walk(doc: &Bytes, value: Span, rewording: &Rewording) -> Result<Vec<Splice>, Vec<Spot>> {
    let mut splices = Vec::new();
    let mut unknown = Vec::new();
    visit(doc, value, Place::default(), &mut |place, text, at| {
        let put = match place.key {
            Some("arguments") => Ok(rewording.words.apply_to_arguments(text)),
            Some("partial_json") => Ok(rewording.words.apply_in_json(text)),
            _ if place.in_call => Ok(rewording.words.apply(text)),
            _ => rewording.whole(text),
        };
        match put {
            Ok(put) => splices.extend(put.map(|text| Splice { at, with: quote(&text).into() })),
            Err(asked) => unknown.extend(asked),
        }
    });
    if unknown.is_empty() { Ok(splices) } else { Err(unknown) }
}

fn visit(doc: &[u8], value: Span, place: Place<'_>, of: &mut impl FnMut(Place<'_>, &str, Span)) {
    match doc.get(value.start) {
        Some(b'"') => {
            if let Some(text) = json::text(doc, value.clone()) {
                of(place, &text, value);
            }
        }
        Some(b'0'..=b'9') if place.own => long_number(doc, value, &mut |text, at| of(place, text, at)),
        Some(b'[') => {
            for element in json::elements(doc, value).unwrap_or_default() {
                visit(doc, element, place, of);
            }
        }
        Some(b'{') => {
            let members = json::members(doc, value.clone()).unwrap_or_default();
            let kind = json::member(doc, value, "type").and_then(|at| json::text(doc, at)).unwrap_or_default();
            if !place.own && thinks(doc, &kind, &members) {
                return;
            }
            for member in members {
                let name = json::unescape(&doc[member.key.clone()]);
                if let Some(place) = place.member(doc, &kind, &name, &member.value) {
                    visit(doc, member.value, place, of);
                }
            }
        }
        _ => {}
    }
}

/// Reasoning is signed, or the model's own: it is left as it is.
fn thinks(doc: &[u8], kind: &str, members: &[json::Member]) -> bool {
    let thought = members.iter().find(|member| json::is_key(doc, &member.key, "thought"));
    matches!(kind, "thinking" | "redacted_thinking" | "reasoning")
        || kind.starts_with("response.reasoning")
        || thought.and_then(|member| json::boolean(doc, member.value.clone())) == Some(true)
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

    #[test]
    fn whatever_a_tool_calls_its_members_they_say_something() {
        let own = r#"{"type":"reasoning","name":"secret","url":"secret","data":{"id":"secret","thinking":"secret"}}"#;
        for around in [
            r#"{"type":"tool_use","id":"secret","name":"secret","input":OWN}"#,
            r#"{"functionCall":{"name":"secret","args":OWN}}"#,
            r#"{"functionResponse":{"name":"secret","response":OWN}}"#,
            r#"{"tool_calls":[{"id":"secret","function":{"name":"secret","arguments":OWN}}]}"#,
            r#"{"type":"document","title":"x","source":{"type":"text","data":"secret"},"id":OWN}"#,
        ] {
            let told = substitute_whole(&around.replace("OWN", own).into(), &words()).unwrap();
            let expected = match around.contains("document") {
                true => around.replace("\"data\":\"secret\"", "\"data\":\"[1]\"").replace("OWN", own),
                false => around.replace("OWN", &own.replace("secret", "[1]")),
            };
            assert_eq!(std::str::from_utf8(&told).unwrap(), expected);
        }
        let image = Bytes::from_static(br#"{"type":"image","source":{"type":"base64","data":"secret"}}"#);
        assert_eq!(substitute_whole(&image, &words()), None);
    }
}
