//! Durations as people write them: `90s`, `9m`, `1h30m`, `500ms`.

use crate::{problem::Report, toml_text::TomlText};
use std::ops::Range;

/// Unit, milliseconds, from the greatest on: a duration names each at most once and in this order.
const UNITS: &[(&str, u64)] = &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Milliseconds, or what is wrong and where in the text.
pub(super) fn milliseconds(text: &str) -> Result<u64, (Range<usize>, String)> {
    let wrong = |span: Range<usize>, message: &str| Err((span, message.to_owned()));
    if text.is_empty() {
        return wrong(0..0, "a duration is a number and a unit");
    }
    let (mut at, mut total, mut greatest) = (0, 0u64, None);
    while at < text.len() {
        let rest = &text[at..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            return wrong(at..text.len(), "expected a number here");
        }
        let unit = rest[digits..].chars().take_while(char::is_ascii_alphabetic).collect::<String>();
        let span = at + digits..at + digits + unit.len();
        let Some(place) = UNITS.iter().position(|(name, _)| *name == unit) else {
            let message = if unit.is_empty() { "a unit is missing" } else { "no such unit" };
            return wrong(if unit.is_empty() { at..at + digits } else { span }, message);
        };
        if greatest.is_some_and(|before| before >= place) {
            return wrong(span, "units go from the greatest to the least, each once");
        }
        greatest = Some(place);
        let part = rest[..digits].parse::<u64>().ok().and_then(|number| number.checked_mul(UNITS[place].1));
        match part.and_then(|part| total.checked_add(part)) {
            Some(sum) => total = sum,
            None => return wrong(at..span.end, "too long"),
        }
        at = span.end;
    }
    Ok(total)
}

/// A duration of the file in milliseconds; what is none becomes a problem at its place.
pub(super) fn read(text: &TomlText, report: &mut Report<'_>) -> Option<u64> {
    match milliseconds(&text.value) {
        Ok(milliseconds) => Some(milliseconds),
        Err((part, message)) => {
            let hint = Some("write it as \"90s\", \"9m\", \"1h30m\" or \"500ms\"".to_owned());
            report.error_with_hint(text.in_file(part), format!("not a duration: {message}"), hint);
            None
        }
    }
}

/// As policies write it: `540000` → `9m`.
pub fn spelled(milliseconds: u64) -> String {
    let mut left = milliseconds;
    let mut out = String::new();
    for (unit, size) in UNITS {
        if left >= *size {
            out.push_str(&format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them_and_spell_back() {
        for (text, expected) in
            [("90s", 90_000), ("9m", 540_000), ("1h30m", 5_400_000), ("500ms", 500), ("1m1s1ms", 61_001), ("0s", 0)]
        {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
        for text in ["9m", "1h30m", "500ms", "1m1s1ms", "0s"] {
            assert_eq!(milliseconds(text).map(spelled), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_duration_is_told_where() {
        let told = |text: &str| milliseconds(text).unwrap_err();
        assert_eq!(told("9"), (0..1, "a unit is missing".to_owned()));
        assert_eq!(told("9 m"), (0..1, "a unit is missing".to_owned()));
        assert_eq!(told("9min"), (1..4, "no such unit".to_owned()));
        assert_eq!(told("m9"), (0..2, "expected a number here".to_owned()));
        assert_eq!(told("1m2h"), (3..4, "units go from the greatest to the least, each once".to_owned()));
        assert_eq!(told("99999999999999999h"), (0..18, "too long".to_owned()));
        assert_eq!(told(""), (0..0, "a duration is a number and a unit".to_owned()));
    }
}
