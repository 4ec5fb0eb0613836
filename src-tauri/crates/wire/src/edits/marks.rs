//! Marks of the prompt cache on messages that an edit replaces. An edit is made once and put in again in every later request, while the agent
//! moves its marks along: what the edit was made of says nothing about where they stand now, the replaced messages do.

use crate::{
    identity::{identity, may_hold_marks},
    json::{self, Span, Splice, splice},
    patch::Patch,
};
use bytes::Bytes;

/// An edit's messages without the marks of the day on which it was made, the newest mark of what they replace on the last of them.
pub(super) fn carried(messages: &[Bytes], replaced: &[Bytes]) -> Vec<Bytes> {
    let mut carried: Vec<Bytes> = messages.iter().map(|message| identity(message).stripped).collect();
    let mark = replaced.iter().rev().filter(|message| may_hold_marks(message)).find_map(newest_mark);
    if let (Some(mark), Some(last)) = (mark, carried.last_mut()) {
        *last = marked(last, &mark).unwrap_or_else(|| last.clone());
    }
    carried
}

/// The value of a message's last mark.
fn newest_mark(message: &Bytes) -> Option<String> {
    let (_, cut) = identity(message).cuts.pop()?;
    let cut = std::str::from_utf8(&cut).ok()?;
    let (_, value) = cut.trim_matches(|c: char| c == ',' || c.is_whitespace()).split_once(':')?;
    Some(value.trim().to_owned())
}

/// The message with a mark on its last block; none where no mark can stand there.
fn marked(message: &Bytes, mark: &str) -> Option<Bytes> {
    let root = json::root(message)?;
    let content = json::member(message, root, "content")?;
    if message[content.start] == b'"' {
        let text = std::str::from_utf8(&message[content.clone()]).ok()?;
        let block = format!(r#"[{{"type":"text","text":{text},"cache_control":{mark}}}]"#);
        return Some(splice(message, vec![Splice { at: content, with: block.into() }]));
    }
    let block: Span = json::elements(message, content)?.pop()?;
    let kind = json::member(message, block.clone(), "type").and_then(|kind| json::text(message, kind))?;
    if matches!(&*kind, "thinking" | "redacted_thinking") {
        return None;
    }
    let mut patch = Patch::new(message)?;
    patch.put(block, "cache_control", mark.to_owned());
    Some(patch.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = r#"{"type":"ephemeral","ttl":"1h"}"#;

    fn carry(message: &str, replaced: &str) -> String {
        let carried = carried(&[Bytes::from(message.to_owned())], &[Bytes::from(replaced.to_owned())]);
        String::from_utf8(carried[0].to_vec()).unwrap()
    }

    #[test]
    fn the_mark_stands_where_the_agent_has_it_now() {
        let of = |mark: &str| format!(r#"{{"role":"user","content":[{{"type":"tool_result","content":"x"{mark}}}]}}"#);
        let marked = format!(",\"cache_control\":{MARK}");
        assert_eq!(carry(&of(&marked), &of("")), of(""), "it has moved on");
        assert_eq!(carry(&of(""), &of(&marked)), of(&marked));
        assert_eq!(carry(&of(&marked), &of(&marked)), of(&marked), "it stands once");
    }

    #[test]
    fn a_text_becomes_a_block_and_reasoning_takes_no_mark() {
        let replaced = format!(r#"{{"role":"user","content":[{{"cache_control":{MARK},"type":"text","text":"y"}}]}}"#);
        assert_eq!(
            carry(r#"{"role":"user","content":"x"}"#, &replaced),
            format!(r#"{{"role":"user","content":[{{"type":"text","text":"x","cache_control":{MARK}}}]}}"#)
        );
        let thought = r#"{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"s"}]}"#;
        assert_eq!(carry(thought, &replaced), thought);
    }
}
