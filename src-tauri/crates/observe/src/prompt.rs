//! What a person said within a user message. Agents wrap reminders, environment notes and context in tags and send them as the
//! user; a title, a run's beginning and the kinship of two conversations hang on the words beside them.

use domain::{MessageFacts, Role};

/// How much of a text is looked at for tags, in bytes.
const LOOKED_AT: usize = 64 * 1024;
/// A text with more tags that never close is no prompt of an agent's but markup; it is left as it is.
const UNCLOSED: usize = 16;

/// The text without `<tag>…</tag>` blocks at its top level, trimmed. A tag that never closes ends nothing. Of a long text, the
/// beginning.
pub(crate) fn said(text: &str) -> String {
    let mut rest = head(text, LOOKED_AT);
    let mut out = String::new();
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(open) = rest.find('<').filter(|_| unclosed.len() < UNCLOSED) {
        let named = tag(&rest[open..]).filter(|(name, _)| !unclosed.contains(name));
        let Some((name, after)) = named else {
            out.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        };
        let close = format!("</{name}>");
        match rest[open + after..].find(&close) {
            Some(end) => {
                out.push_str(&rest[..open]);
                rest = &rest[open + after + end + close.len()..];
            }
            None => {
                unclosed.push(name);
                out.push_str(&rest[..open + after]);
                rest = &rest[open + after..];
            }
        }
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// The name of the tag that `text` begins with, and the tag's length. Names hold a letter first, then letters, digits, `-` or `_`.
fn tag(text: &str) -> Option<(&str, usize)> {
    let inner = &text[1..];
    let length = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(inner.len());
    let name = &inner[..length];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = inner[length..].find('>')?;
    let attributes = &inner[length..length + end];
    (attributes.len() < 200 && !attributes.contains(['<', '\n'])).then_some((name, 1 + length + end + 1))
}

/// True for a message with which a person (or whoever drives the agent) speaks: a user's text that is no tool result and more
/// than reminders. Agents that do without the dialect's tools bring results as observations: those are no turns either.
pub(crate) fn is_turn(facts: &MessageFacts) -> bool {
    facts.role == Role::User && facts.results.is_empty() && facts.calls.is_empty() && speaks(&facts.text)
}

fn speaks(text: &str) -> bool {
    let text = text.trim_start();
    !text.is_empty() && !text.starts_with("Observation:") && (!text.starts_with('<') || !said(text).is_empty())
}

/// The first line of what was said, at most `limit` characters; of the raw text where nothing stands beside the tags.
pub(crate) fn first_line(text: &str, limit: usize) -> String {
    let said = said(text);
    let line = |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).map(|line| shorten(line, limit));
    line(&said).or_else(|| line(text)).unwrap_or_default()
}

/// At most `limit` characters, with an ellipsis where something was cut.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// The beginning of `text`, at most `limit` bytes, cut between characters.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_are_not_what_a_person_said() {
        assert_eq!(said("<system-reminder>\nToday is Monday.\n</system-reminder>\nFix the test"), "Fix the test");
        assert_eq!(said("<session_context>a</session_context>\nRead <b> it"), "Read <b> it");
        assert_eq!(said("if a < b and c > d"), "if a < b and c > d");
        assert_eq!(said("<info-msg class=\"x\">now</info-msg>"), "");
    }

    #[test]
    fn a_title_is_the_first_line_beside_the_tags() {
        assert_eq!(first_line("<env>\nx\n</env>\n\n  Fix the test\nplease", 40), "Fix the test");
        assert_eq!(first_line("<env>only</env>", 40), "<env>only</env>");
        assert_eq!(first_line("ééééé", 3), "ééé…");
    }

    #[test]
    fn markup_is_read_in_time_and_left_as_it_is() {
        let page = "<p>one<br>two ".repeat(200_000);
        assert!(said(&page).starts_with("<p>one<br>two <p>"));
        let tags: String = (0..100_000).map(|n| format!("<t{n}>")).collect();
        assert!(said(&tags).starts_with("<t0><t1>"));
    }

    #[test]
    fn heads_are_cut_between_characters() {
        assert_eq!(head("aéb", 2), "a");
    }
}
