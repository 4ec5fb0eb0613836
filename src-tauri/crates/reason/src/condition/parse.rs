//! Reads a condition's text with cel's parser: bounded, and without its panics.

use super::check::Mistake;
use cel::common::ast::{IdedExpr, SourceInfo};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longer conditions are refused: reading one must stay cheap and its tree shallow.
const LONGEST: usize = 2_000;
const MOST_OPERATORS: usize = 120;
pub(super) const DEEPEST: u32 = 60;

pub(super) fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), Vec<Mistake>> {
    let whole = |message: &str| vec![Mistake { span: 0..text.len(), message: message.to_owned(), hint: None }];
    if text.len() > LONGEST {
        return Err(whole("longer than 2,000 bytes; split it into several rules"));
    }
    if nesting(text) > DEEPEST {
        return Err(whole("nested too deeply"));
    }
    if operators(text) > MOST_OPERATORS {
        return Err(whole("more than 120 operators; split it into several rules"));
    }
    // cel's parser has reachable panics; an author's slip must not end the runtime.
    let parsed = catch_unwind(AssertUnwindSafe(|| cel::parser::Parser::new().parse_with_source_info(text)))
        .map_err(|_| whole("cannot be read as a CEL expression"))?;
    parsed.map_err(|errors| {
        // What follows the first is mostly its echo.
        let Some(first) = errors.errors.first() else { return whole("cannot be read as a CEL expression") };
        let start = place_of(text, first.pos);
        let (message, hint) = tidy(&first.msg);
        vec![Mistake { span: start..start, message, hint }]
    })
}

/// How deep brackets and prefix operators nest, at most: what recursion in the parser depends on.
fn nesting(text: &str) -> u32 {
    let (mut depth, mut deepest, mut prefixes) = (0u32, 0, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' => prefixes += 1,
            c if c.is_whitespace() => {}
            _ => prefixes = 0,
        }
        deepest = deepest.max(depth + prefixes);
    }
    deepest
}

/// cel's (line, column) → byte.
fn place_of(text: &str, (line, column): (isize, isize)) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
    let chars = usize::try_from(column - 1).unwrap_or(0);
    let rest = text.get(line_start..).unwrap_or("");
    line_start + rest.char_indices().nth(chars).map_or(rest.len(), |(at, _)| at)
}

/// The parser's words in ours, with what was probably meant.
fn tidy(message: &str) -> (String, Option<String>) {
    let Some(message) = message.trim().strip_prefix("Syntax error: ") else {
        return (message.trim().to_owned(), None);
    };
    let unexpected = ["mismatched input '", "extraneous input '", "no viable alternative at input '"];
    let found =
        unexpected.iter().find_map(|start| message.strip_prefix(start)).and_then(|rest| rest.split('\'').next());
    let hint = |text: &str| Some(text.to_owned());
    match found {
        Some("<EOF>") => return ("the condition ends too early".to_owned(), None),
        Some("and") => return ("unexpected `and`".to_owned(), hint("write `&&`")),
        Some("or") => return ("unexpected `or`".to_owned(), hint("write `||`")),
        Some("not") => return ("unexpected `not`".to_owned(), hint("write `!`")),
        Some("=") => return ("unexpected `=`".to_owned(), hint("write `==` to compare")),
        Some(token) => return (format!("unexpected `{token}`"), None),
        None => {}
    }
    if let Some(rest) = message.strip_prefix("token recognition error at: '") {
        return match rest.trim_end_matches('\'') {
            "=" | "= " => ("unexpected `=`".to_owned(), hint("write `==` to compare")),
            "&" | "& " => ("unexpected `&`".to_owned(), hint("write `&&`")),
            "|" | "| " => ("unexpected `|`".to_owned(), hint("write `||`")),
            text if text.starts_with(['"', '\'']) => ("the string does not end".to_owned(), None),
            text => (format!("unexpected `{}`", text.trim()), None),
        };
    }
    (message.replace("'<EOF>'", "the end").replace('\'', "`"), None)
}

/// Operators outside strings: the parser's time grows with their square and more.
fn operators(text: &str) -> usize {
    let (mut quote, mut escaped, mut count, mut before) = (None, false, 0, false);
    for c in text.chars() {
        let operator = quote.is_none() && "+-*/%<>=!&|?".contains(c);
        count += usize::from(operator && !before);
        before = operator;
        match quote {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (String, Option<String>, usize) {
        let mistake = parse(text).err().unwrap().remove(0);
        (mistake.message, mistake.hint, mistake.span.start)
    }

    #[test]
    fn slips_are_told_in_plain_words() {
        assert_eq!(first("a > 1 and b").0, "unexpected `and`");
        assert_eq!(first("a > 1 and b").1.as_deref(), Some("write `&&`"));
        assert_eq!(first("a >"), ("the condition ends too early".to_owned(), None, 3));
        assert_eq!(first("ä == 'x").0, "unexpected `ä`");
        assert_eq!(first("a == 'x").0, "the string does not end");
        assert_eq!(first("a = 1").1.as_deref(), Some("write `==` to compare"));
        assert_eq!(first("(a == 1").0, "missing `)` at the end");
    }

    #[test]
    fn what_would_take_the_parser_too_long_or_too_deep_is_refused() {
        let parsed = |text: String| parse(&text).is_ok();
        assert!(parsed(format!("1{} == 1", " + 1".repeat(100))));
        assert!(!parsed(format!("1{} == 1", " + 1".repeat(130))));
        assert!(parsed(format!("a == '{}'", "+-".repeat(200))));
        assert!(!parsed(format!("{}a{}", "(".repeat(70), ")".repeat(70))));
        assert!(!parsed(format!("{}true", "!".repeat(200))));
        assert!(!parsed("a".repeat(2_001)));
    }
}
