//! What varies between two runs of one agent without meaning anything: dates and times, random ids, the folder it runs in; in what programs
//! say (tool results, system prompts, reminders) also durations, hashes, local ports and temporary names.

use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};

/// Who says a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person, or the model.
    Said,
    /// A program: a tool's result, a system prompt, a reminder.
    Around,
}

/// In anybody's words.
const ANYWHERE: &str = r"(?x)
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}                                      # a UUID
  | \b\d{4}-\d{2}-\d{2}(?:[T\ ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|\ ?[+-]\d{2}:?\d{2})?)?   # 2026-11-25T10:00:00Z
  | \b\d{4}/\d{1,2}/\d{1,2}\b | \b\d{1,2}/\d{1,2}/\d{4}\b
  | \b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ \d{1,2}(?:,?\ \d{4})?\b
  | \b\d{1,2}\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\ \d{4}\b
  | \b(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:\ ?[AP]M)?(?:\ (?:UTC|GMT)(?:[+-]\d{4})?)?
  | \b1[6-9]\d{8}(?:\d{3})?\b                                                               # seconds or milliseconds since 1970
";

/// Only in what programs say.
const AROUND: &str = r"(?x)
    \b\d+(?:\.\d+)?\ ?(?:ns|µs|us|ms|s|secs?|seconds?|milliseconds?|mins?|minutes?)\b            # how long it took
  | \b\d{1,2}:[0-5]\d\ ?[AP]M\b
  | (?:\b127\.0\.0\.1|\blocalhost|\[::1\]):\d+                                               # a local port
  | /(?:tmp|var/tmp|private/tmp|var/folders)/[^\s\x22'<>)\]\\,;]+                            # a temporary name
  | \b(?:[Cc]hunk|[Ss]ession|[Pp]rocess)\ (?:ID|id):?\ \w+ | \bcch=\w+ | \b(?:pid|PID)[:=\ ]\ ?\d+
  | \b(?:[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*|[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*)\b       # a hash; its length is looked at
";

const FOLDER: &str = r"(?:<cwd>|[Ww]orking directory:\s*|[Cc]urrent directory:\s*|\bcwd:\s*)(/[^\s<>\x22'\\`]+)";

static VARYING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ANYWHERE).ok());
static VARYING_AROUND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(AROUND).ok());
static NAMED_FOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(FOLDER).ok());

/// Shorter ones are words and numbers more often than hashes.
const HASH: usize = 6;
const VARIES: &str = "…";

/// The folder that an agent says it runs in.
pub(super) struct Folder(Option<String>);

impl Folder {
    pub fn of(body: &[u8]) -> Folder {
        let text = String::from_utf8_lossy(body);
        let named = NAMED_FOLDER.as_ref().and_then(|named| named.captures(&text));
        let found = named.and_then(|found| Some(found.get(1)?.as_str().trim_end_matches(['.', '/']).to_owned()));
        // The root, or a folder just below it, is part of too many other paths.
        Folder(found.filter(|path| path.matches('/').count() > 1))
    }

    /// The text as any run would say it.
    pub fn steady(&self, text: &str, kind: Kind) -> String {
        let mut text = Cow::Borrowed(text);
        if let Some(folder) = self.0.as_deref().filter(|folder| text.contains(*folder)) {
            text = Cow::Owned(text.replace(folder, VARIES));
        }
        text = without(&VARYING, text);
        // A reminder or an environment note that a client sends in a user's name.
        if kind == Kind::Around || text.trim_start().starts_with('<') {
            text = without(&VARYING_AROUND, text);
        }
        text.into_owned()
    }
}

fn without<'a>(pattern: &Option<Regex>, text: Cow<'a, str>) -> Cow<'a, str> {
    let Some(pattern) = pattern else { return text };
    let replaced = pattern.replace_all(&text, |found: &regex::Captures| {
        let matched = &found[0];
        let hash = matched.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
        let word = hash && matched.len() < HASH;
        if word { matched.to_owned() } else { VARIES.to_owned() }
    });
    match replaced {
        Cow::Borrowed(_) => text,
        Cow::Owned(replaced) => Cow::Owned(replaced),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(text: &str, kind: Kind) -> String {
        Folder(None).steady(text, kind)
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(VARYING.is_some() && VARYING_AROUND.is_some() && NAMED_FOLDER.is_some());
    }

    #[test]
    fn dates_times_and_random_ids_say_nothing() {
        for (one, other) in [
            ("Today is 2026-11-25.", "Today is 2026-11-26."),
            ("at 2026-11-25T10:00:00.123Z", "at 2027-01-02T23:59:59.9Z"),
            ("Wed Nov 25 2026", "Thu Nov 26 2026"),
            ("Wednesday, November 25, 2026", "Friday, December 4, 2026"),
            ("since 1795384081", "since 1795384099"),
            ("id 0d3f6d2c-1c9d-4d0e-8a4e-0f4f7d6a1b2c", "id 1d3f6d2c-1c9d-4d0e-8a4e-0f4f7d6a1b2d"),
        ] {
            assert_eq!(steady(one, Kind::Said), steady(other, Kind::Said));
        }
    }

    #[test]
    fn what_programs_measure_says_nothing_and_a_persons_numbers_do() {
        for (one, other) in [
            ("Wall time: 0.0501 seconds", "Wall time: 1.2 seconds"),
            ("Chunk ID: 1d92f6", "Chunk ID: 123456"),
            ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit 1fceb02d0ae598e95dc970b74767f19372d61af9"),
            ("http://127.0.0.1:4100/x", "http://127.0.0.1:4999/x"),
            ("wrote /tmp/agent-Xy12/a.txt", "wrote /tmp/agent-Zz99/a.txt"),
        ] {
            assert_eq!(steady(one, Kind::Around), steady(other, Kind::Around));
        }
        assert_ne!(steady("Wait 30 seconds", Kind::Said), steady("Wait 60 seconds", Kind::Said));
        assert_eq!(steady("<note>30 seconds</note>", Kind::Said), steady("<note>60 seconds</note>", Kind::Said));
        for text in ["42 files", "line 12:30", "decade", "a1b2", "version 1.4.2", "facade"] {
            assert_eq!(steady(text, Kind::Around), text);
        }
    }

    #[test]
    fn the_folder_an_agent_runs_in_is_the_same_folder_everywhere() {
        let steady = |folder: &str| {
            let body = format!("Working directory: {folder}\\nread {folder}/a.txt");
            Folder::of(body.as_bytes()).steady(&body, Kind::Said)
        };
        assert_eq!(steady("/home/me/one"), steady("/srv/checkouts/two"));
        assert!(Folder::of(b"<cwd>/</cwd>").0.is_none());
    }
}
