//! How a tool's error is known, strongest evidence first (POLICY.md, "Tool error is").

use crate::json::{self, Span};
use domain::ErrorEvidence;

/// The evidence in a result, where there is any. `flag`: the dialect's own mark.
pub(crate) fn evidence(flag: bool, text: &str) -> Option<ErrorEvidence> {
    if flag {
        return Some(ErrorEvidence::Flag);
    }
    let bytes = text.as_bytes();
    let object = json::root(bytes).filter(|root| bytes[root.start] == b'{');
    let told = || begins_like_one(text) || exits_badly(text);
    object.and_then(|root| of_object(bytes, root)).or_else(|| told().then_some(ErrorEvidence::Text))
}

/// The evidence in a result that is a JSON object. `"error": null`, `false` and `""` say that there is none.
pub(crate) fn of_object(bytes: &[u8], object: Span) -> Option<ErrorEvidence> {
    let mut found = None;
    for member in json::Members::new(bytes, object).into_iter().flatten() {
        let value = &bytes[member.value.clone()];
        match &bytes[member.key] {
            b"isError" | b"is_error" if value == b"true" => return Some(ErrorEvidence::Flag),
            b"error" if !matches!(value, b"null" | b"false" | b"\"\"" | b"{}" | b"[]") => {
                found = Some(ErrorEvidence::ErrorField);
            }
            b"exit_code" | b"returncode" if fails(value) => found = found.or(Some(ErrorEvidence::ExitCode)),
            // Codex puts the exit code one level down.
            b"metadata" => {
                let code = json::find(bytes, member.value, &["exit_code"]);
                if code.is_some_and(|at| fails(&bytes[at])) {
                    found = found.or(Some(ErrorEvidence::ExitCode));
                }
            }
            _ => {}
        }
    }
    found
}

fn fails(code: &[u8]) -> bool {
    std::str::from_utf8(code).is_ok_and(|code| code.parse::<f64>().is_ok_and(|code| code != 0.0))
}

fn begins_like_one(text: &str) -> bool {
    let start = text.trim_start_matches(|letter: char| letter.is_whitespace() || "[({<".contains(letter)).as_bytes();
    ["error", "exception", "traceback", "failed", "fatal"]
        .iter()
        .any(|word| start.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes())))
}

/// The head that Codex puts before a command's output: `Chunk ID: …`, `Wall time: …`, `Process exited with code 1`, … `Output:`.
fn exits_badly(text: &str) -> bool {
    let head = text.lines().take(6).take_while(|line| *line != "Output:");
    let code = head.filter_map(|line| line.strip_prefix("Process exited with code ")).next();
    text.starts_with("Chunk ID: ") && code.is_some_and(|code| fails(code.trim().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorEvidence::*;

    #[test]
    fn the_strongest_evidence_counts() {
        for (flag, text, expected) in [
            (true, "fine", Some(Flag)),
            (false, r#"{"isError":true,"error":"x"}"#, Some(Flag)),
            (false, r#" {"error":"x","exit_code":1}"#, Some(ErrorField)),
            (false, r#"{"exit_code":1,"error":{"message":"x"}}"#, Some(ErrorField)),
            (false, r#"{"error":null,"exit_code":0}"#, None),
            (false, r#"{"error":"","returncode":2}"#, Some(ExitCode)),
            (false, r#"{"output":"x","metadata":{"exit_code":127}}"#, Some(ExitCode)),
            (false, r#"{"data":{"error":"nested"}}"#, None),
            (false, "  [ERROR] no such file", Some(Text)),
            (false, "<error>x</error>", Some(Text)),
            (false, "Traceback (most recent call last):", Some(Text)),
            (false, "Fatal: not a git repository", Some(Text)),
            (false, "Chunk ID: 1a\nWall time: 0.1 seconds\nProcess exited with code 1\nOutput:\ncat: x", Some(Text)),
            (false, "Chunk ID: 1a\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\nfine", None),
            (false, "Chunk ID: 1a\nWall time: 0.1 seconds\nOutput:\nProcess exited with code 1\n", None),
            (false, "no error at all", None),
            (false, "", None),
            (false, "[]", None),
        ] {
            assert_eq!(evidence(flag, text), expected, "{text}");
        }
    }
}
