//! How long the known clients wait while an exchange is held, as measured on unmodified ones. One table: `policy check` warns by it, and a
//! held call shows it. `tests/clients/HELD.md` is the measurement of those that it names; a test holds the two together.

/// What a client does when its patience ends, where nothing else is known of it.
const LEAVES: &str = "closes the connection and sends the request again; the retry gets the answer, once there is one";

/// One client family's patience, in milliseconds. None: no limit was found as long as was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The family's name, as sessions are labelled by it.
    pub client: &'static str,
    /// Without a byte, before the head.
    pub to_head_ms: Option<u64>,
    /// Without a byte, after the head.
    pub after_head_ms: Option<u64>,
    /// Though it hears its dialect's no-op every ten seconds, before anything of the answer.
    pub unanswered_ms: Option<u64>,
    /// The same once the answer has begun.
    pub heard_ms: Option<u64>,
    pub afterwards: &'static str,
}

/// The longest hold that was tried on real clients, most of which took it: nothing is known of longer ones.
pub const LONGEST_KNOWN_HOLD_MS: u64 = 720_000;

const fn silent(client: &'static str, to_head_ms: Option<u64>, after_head_ms: Option<u64>) -> Patience {
    Patience { client, to_head_ms, after_head_ms, unanswered_ms: None, heard_ms: None, afterwards: LEAVES }
}

/// Node's own limit to the head, and between two pieces of a body; it is the same for every SDK on it.
const NODE: Option<u64> = Some(300_000);

pub const PATIENCE: &[Patience] = &[
    // Its idle timer counts frames of an answer alone, and so no ping before the first one.
    Patience { unanswered_ms: Some(300_000), ..silent("claude-code", NODE, NODE) },
    silent("codex", None, Some(300_000)),
    silent("opencode", NODE, None),
    silent("goose", None, None),
    silent("gemini-cli", Some(60_000), NODE),
    Patience {
        unanswered_ms: Some(240_000),
        heard_ms: Some(240_000),
        ..silent("qwen-code", Some(120_000), Some(120_000))
    },
    silent("aider", None, None),
    silent("openai-agents", Some(600_000), Some(600_000)),
    silent("pydantic-ai", None, None),
    silent("langchain", None, None),
    silent("litellm", None, None),
    silent("ai-sdk", NODE, NODE),
    silent("openai-node", NODE, NODE),
    silent("openai-python", None, None),
    silent("anthropic-node", NODE, NODE),
    silent("anthropic-python", None, None),
    silent("google-genai", None, None),
    silent("ollama-python", None, None),
    silent("ollama-js", NODE, NODE),
];

/// A client of unknown family: as impatient as the least patient one, until the head has gone out.
const UNKNOWN: Patience = silent("unknown", Some(60_000), None);

impl Patience {
    /// Of a family; what is safe to assume where it is not known.
    pub fn of(client: Option<&str>) -> Patience {
        PATIENCE.iter().find(|known| Some(known.client) == client).copied().unwrap_or(UNKNOWN)
    }

    /// How long it waits from here on. `heartbeat`: the head has gone out and it hears the no-op; `begun`: the answer too.
    pub fn waits_ms(&self, heartbeat: bool, begun: bool) -> Option<u64> {
        match (heartbeat, begun) {
            (false, _) => self.to_head_ms,
            (true, false) => self.unanswered_ms,
            (true, true) => self.heard_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_outlasts_the_wait_for_the_head() {
        for known in PATIENCE {
            let silent = known.waits_ms(false, false);
            for heard in [known.waits_ms(true, false), known.waits_ms(true, true)] {
                assert!(heard.is_none() || silent.is_some_and(|silent| heard >= Some(silent)), "{}", known.client);
            }
        }
        assert_eq!(Patience::of(Some("qwen-code")).waits_ms(true, true), Some(240_000));
        assert_eq!(Patience::of(Some("gemini-cli")).waits_ms(false, false), Some(60_000));
    }

    #[test]
    fn an_unknown_client_is_taken_for_the_least_patient() {
        let least = PATIENCE.iter().filter_map(|known| known.to_head_ms).min();
        assert_eq!(Patience::of(None).waits_ms(false, false), least);
        assert_eq!(Patience::of(Some("something new")).waits_ms(true, true), None);
    }

    /// A cell's limit in seconds; none where the client was held as long as was tried.
    fn limit(cell: &str) -> Option<f64> {
        match cell.split_once(" s:") {
            Some((seconds, _)) => Some(seconds.parse().unwrap()),
            None if cell.starts_with("over ") => None,
            None => panic!("no limit: {cell}"),
        }
    }

    #[test]
    fn the_table_says_what_was_measured() {
        let measured = include_str!("../../../../tests/clients/HELD.md");
        let rows = measured.lines().filter(|line| line.starts_with('|')).skip(2);
        let mut seen = 0;
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [name, _, family, heard, unanswered, after_head, to_head] = cells[..] else { panic!("{row}") };
            let known = Patience::of(Some(family));
            assert_eq!(known.client, family, "{name}");
            // Before the model call the first 45 s are silent, and no limit's.
            for (cell, silent, says, what) in [
                (heard, 0.0, known.heard_ms, "heard"),
                (unanswered, 45.0, known.unanswered_ms, "heard before the answer"),
                (after_head, 0.0, known.after_head_ms, "silent after the head"),
                (to_head, 0.0, known.to_head_ms, "silent to the head"),
            ] {
                let says = says.map(|ms| ms as f64 / 1000.0);
                let close = match (limit(cell).map(|seconds| seconds - silent), says) {
                    (Some(seconds), Some(says)) => (seconds - says).abs() <= 5.0,
                    (None, None) => true,
                    _ => false,
                };
                assert!(close, "{name} {what}: measured {cell}, the table says {says:?} s");
            }
            seen += 1;
        }
        assert_eq!(seen, 7);
    }
}
