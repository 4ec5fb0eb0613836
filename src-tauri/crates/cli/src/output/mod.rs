//! The one writer to stdout, and how things look on it: aligned tables, few colours, none where nobody sees them.

mod format;
mod table;

pub use format::*;
pub use table::{Align, Table};

use std::{
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

/// Writes a text as it is. A reader that went away ends the output, not the program.
pub fn put(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

pub fn line(text: &str) -> io::Result<()> {
    put(&format!("{text}\n"))
}

/// On stderr: what a person reads while stdout belongs to somebody else.
pub fn tell(text: &str) {
    // Nowhere to say that this failed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

pub fn json(value: &serde_json::Value) -> io::Result<()> {
    let text =
        if io::stdout().is_terminal() { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    line(&text.unwrap_or_default())
}

/// What a text is, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Faint,
    Strong,
    Good,
    Warn,
    Bad,
}

pub fn tint(text: &str, tone: Tone) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Faint => "2",
        Tone::Strong => "1",
        Tone::Good => "32",
        Tone::Warn => "33",
        Tone::Bad => "31",
    };
    if colours() && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn colours() -> bool {
    static COLOURS: OnceLock<bool> = OnceLock::new();
    *COLOURS
        .get_or_init(|| std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && io::stdout().is_terminal())
}
