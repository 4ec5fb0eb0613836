//! Numbers, times and texts for people.

use jiff::Timestamp;

/// `38,120`
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `$0.0123`, `$1.25`; with `~` where estimated.
pub fn money(usd: f64, estimated: bool) -> String {
    let mark = if estimated { "~" } else { "" };
    match usd {
        0.0 => format!("{mark}$0"),
        usd if usd.abs() < 0.1 => format!("{mark}${usd:.4}"),
        usd => format!("{mark}${usd:.2}"),
    }
}

/// `412 ms`, `3.1 s`, `12 m 5 s`
pub fn span(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms < 3_600_000.0 => format!("{:.0} m {:.0} s", (ms / 60_000.0).floor(), (ms % 60_000.0) / 1_000.0),
        ms => format!("{:.0} h {:.0} m", (ms / 3_600_000.0).floor(), (ms % 3_600_000.0) / 60_000.0),
    }
}

/// `3.2 MB`
pub fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1_000.0 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} KB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

/// How long ago an RFC 3339 time was.
pub fn ago(time: &str, now: Timestamp) -> String {
    let Ok(then) = time.parse::<Timestamp>() else { return time.to_owned() };
    let seconds = (now.as_second() - then.as_second()).max(0);
    match seconds {
        0..5 => "now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} m ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// One line: breaks and control characters become spaces, so that recorded text cannot steer the terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// A text of several lines: tabs and line feeds stay, other control characters are shown as `·`.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '·' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(money(0.01234, true), "~$0.0123");
        assert_eq!(money(12.5, false), "$12.50");
        assert_eq!(span(125_000.0), "2 m 5 s");
        assert_eq!(size(3_200_000), "3.2 MB");
    }

    #[test]
    fn recorded_text_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!(safe("a\u{7}\tb\n"), "a·\tb\n");
    }
}
