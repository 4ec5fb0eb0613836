//! How long the known clients wait while an exchange is held, as measured on unmodified ones. One table: `policy check` warns by it, and a
//! held call shows it.

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
    /// Though it hears its dialect's no-op every ten seconds.
    pub heard_ms: Option<u64>,
    pub afterwards: &'static str,
}

/// The ten minutes after which the vendors' SDKs give up a call unless told otherwise: no client was seen to be held longer.
pub const LONGEST_KNOWN_HOLD_MS: u64 = 600_000;

const fn silent(client: &'static str, to_head_ms: Option<u64>, after_head_ms: Option<u64>) -> Patience {
    Patience { client, to_head_ms, after_head_ms, heard_ms: None, afterwards: LEAVES }
}

/// Node's own limit to the head; it is the same for every SDK on it. Claude Code and Codex were measured after the head: before it they
/// are taken to wait no longer.
const NODE: Option<u64> = Some(300_000);

pub const PATIENCE: &[Patience] = &[
    silent("claude-code", NODE, Some(300_000)),
    silent("codex", Some(300_000), Some(300_000)),
    silent("opencode", NODE, None),
    silent("goose", None, None),
    silent("gemini-cli", Some(60_000), None),
    Patience {
        client: "qwen-code",
        to_head_ms: Some(120_000),
        after_head_ms: Some(120_000),
        heard_ms: Some(240_000),
        afterwards: LEAVES,
    },
    silent("aider", None, None),
    silent("openai-agents", None, None),
    silent("pydantic-ai", None, None),
    silent("langchain", None, None),
    silent("litellm", None, None),
    silent("ai-sdk", NODE, None),
    silent("openai-node", NODE, None),
    silent("openai-python", None, None),
    silent("anthropic-node", NODE, None),
    silent("anthropic-python", None, None),
    silent("google-genai", None, None),
    silent("ollama-python", None, None),
    silent("ollama-js", NODE, None),
];

/// A client of unknown family: as impatient as the least patient one, until the head has gone out.
const UNKNOWN: Patience = silent("unknown", Some(60_000), None);

impl Patience {
    /// Of a family; what is safe to assume where it is not known.
    pub fn of(client: Option<&str>) -> Patience {
        PATIENCE.iter().find(|known| Some(known.client) == client).copied().unwrap_or(UNKNOWN)
    }

    /// How long it waits from here on; `heartbeat`: the head has gone out and it hears the no-op.
    pub fn waits_ms(&self, heartbeat: bool) -> Option<u64> {
        if heartbeat { self.heard_ms } else { self.to_head_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_outlasts_the_wait_for_the_head() {
        for known in PATIENCE {
            let (silent, heard) = (known.waits_ms(false), known.waits_ms(true));
            assert!(heard.is_none() || silent.is_some_and(|silent| heard > Some(silent)), "{}", known.client);
        }
        assert_eq!(Patience::of(Some("qwen-code")).waits_ms(true), Some(240_000));
        assert_eq!(Patience::of(Some("gemini-cli")).waits_ms(false), Some(60_000));
    }

    #[test]
    fn an_unknown_client_is_taken_for_the_least_patient() {
        let least = PATIENCE.iter().filter_map(|known| known.to_head_ms).min();
        assert_eq!(Patience::of(None).waits_ms(false), least);
        assert_eq!(Patience::of(Some("something new")).waits_ms(true), None);
    }
}
