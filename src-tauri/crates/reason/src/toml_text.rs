//! From a place inside a TOML string's value back to its place in the file: escapes and line joins shift it.

use std::ops::Range;

/// A string value and, for each of its bytes, where that byte was written.
#[derive(Debug, Clone)]
pub(crate) struct TomlText {
    pub value: String,
    places: Vec<usize>,
    end: usize,
}

impl TomlText {
    /// `span` is the string's, quotes included, in `file`.
    pub fn locate(value: &str, file: &str, span: Range<usize>) -> TomlText {
        let raw = file.get(span.clone()).unwrap_or("");
        let (quote, escapes) = match raw {
            _ if raw.starts_with("\"\"\"") => (3, true),
            _ if raw.starts_with("'''") => (3, false),
            _ if raw.starts_with('\'') => (1, false),
            _ => (1, true),
        };
        let mut walker = Walker { raw, at: quote, base: span.start };
        if quote == 3 && raw[quote.min(raw.len())..].starts_with("\r\n") {
            walker.at += 2;
        } else if quote == 3 && raw[quote.min(raw.len())..].starts_with('\n') {
            walker.at += 1;
        }
        let mut places = Vec::with_capacity(value.len());
        for decoded in value.chars() {
            let place = walker.step(decoded, escapes);
            places.extend(std::iter::repeat_n(place, decoded.len_utf8()));
        }
        TomlText { value: value.to_owned(), places, end: span.end.saturating_sub(quote).max(span.start) }
    }

    /// Text that stands nowhere in the file: every place is that of what it was made from.
    pub fn made_from(value: String, span: Range<usize>) -> TomlText {
        let places = vec![span.start; value.len()];
        TomlText { value, places, end: span.end }
    }

    /// Bytes of the value → bytes of the file.
    pub fn in_file(&self, part: Range<usize>) -> Range<usize> {
        let start = self.places.get(part.start).copied().unwrap_or(self.end);
        let end = match part.end.checked_sub(1).and_then(|last| self.places.get(last)) {
            _ if part.end >= self.places.len() => self.end,
            Some(_) => self.places.get(part.end).copied().unwrap_or(self.end),
            None => start,
        };
        start..end.max(start)
    }
}

struct Walker<'r> {
    raw: &'r str,
    at: usize,
    base: usize,
}

impl Walker<'_> {
    /// Where the next decoded character begins; moves behind it.
    fn step(&mut self, decoded: char, escapes: bool) -> usize {
        let rest = self.raw.get(self.at..).unwrap_or("");
        if !escapes || !rest.starts_with('\\') {
            let place = self.base + self.at;
            let crlf = decoded == '\n' && rest.starts_with("\r\n");
            self.at += if crlf { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
            return place;
        }
        let kind = rest[1..].chars().next();
        if kind.is_some_and(char::is_whitespace) {
            // A backslash at the end of a line joins it to the next text.
            let skipped = rest[1..].len() - rest[1..].trim_start().len();
            self.at += 1 + skipped;
            return self.step(decoded, escapes);
        }
        let place = self.base + self.at;
        self.at += match kind {
            Some('x') => 4,
            Some('u') => 6,
            Some('U') => 10,
            _ => 2,
        };
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(raw: &str, value: &str, part: &str) -> usize {
        let file = format!("when = {raw}");
        let text = TomlText::locate(value, &file, 7..file.len());
        let at = value.find(part).unwrap();
        text.in_file(at..at + part.len()).start
    }

    #[test]
    fn places_survive_quotes_escapes_and_line_joins() {
        assert_eq!(place_of(r#""a == b""#, "a == b", "b"), 13);
        assert_eq!(place_of(r#""a == \"x\" && b""#, "a == \"x\" && b", "b"), 22);
        assert_eq!(place_of("'a b'", "a b", "b"), 10);
        assert_eq!(place_of("\"\"\"\na &&\nb\"\"\"", "a &&\nb", "b"), 16);
        assert_eq!(place_of("\"\"\"a \\\n   b\"\"\"", "a b", "b"), 17);
        assert_eq!(place_of("\"\\u00e4 b\"", "ä b", "b"), 15);
    }

    #[test]
    fn any_part_stays_inside_the_string() {
        let file = "x = \"ab\"";
        let text = TomlText::locate("ab", file, 4..8);
        assert_eq!(text.in_file(0..2), 5..7);
        assert_eq!(text.in_file(2..9), 7..7);
        assert_eq!(text.in_file(1..1), 6..6);
    }
}
