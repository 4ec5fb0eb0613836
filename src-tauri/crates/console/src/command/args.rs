//! What each query, and each command to files, takes.

use crate::view::EscalationState;
use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

args! {
    NoArgs {}
    ListSessions {
        /// `status:running cost:>0.50 tool:bash "refund" -model:*haiku`; free words search the text.
        #[specta(optional)]
        pub query: Option<String>,
        /// At most 200; 50 unless given.
        #[specta(optional)]
        pub limit: Option<u32>,
        #[specta(optional)]
        pub cursor: Option<String>,
    }
    GetSession {
        pub session: String,
    }
    ListTimeline {
        pub session: String,
        /// The first row, from 0.
        #[specta(type = Number)]
        pub from: u64,
        /// At most 500.
        pub count: u32,
    }
    GetStrip {
        pub session: String,
        /// RFC 3339; the session's begin unless given.
        #[specta(optional)]
        pub from: Option<String>,
        #[specta(optional)]
        pub to: Option<String>,
        /// One per pixel; at most 4096.
        pub bins: u32,
    }
    ListCycles {
        pub session: String,
    }
    GetExchange {
        pub exchange: String,
    }
    GetFrames {
        pub exchange: String,
        #[specta(type = Number)]
        pub from: u64,
        /// At most 1000.
        pub count: u32,
        /// `provider` (unless given) or `agent`.
        #[specta(optional)]
        pub side: Option<String>,
    }
    GetBlob {
        #[serde(rename = "ref")]
        pub reference: String,
        /// In bytes of UTF-8; pieces begin and end at whole characters.
        #[specta(type = Number)]
        pub offset: u64,
        /// At most 1 MiB.
        pub length: u32,
    }
    ListInterventions {
        #[specta(optional)]
        pub session: Option<String>,
        /// `rule:… action:… mode:… policy:… exchange:…`; free words are looked for in the summary.
        #[specta(optional)]
        pub query: Option<String>,
        #[specta(optional)]
        pub limit: Option<u32>,
        #[specta(optional)]
        pub cursor: Option<String>,
    }
    Search {
        pub query: String,
        #[specta(optional)]
        pub limit: Option<u32>,
        #[specta(optional)]
        pub cursor: Option<String>,
    }
    ListEscalations {
        /// This one only.
        #[specta(optional)]
        pub escalation: Option<String>,
        /// All unless given.
        #[specta(optional)]
        pub state: Option<EscalationState>,
        #[specta(optional)]
        pub session: Option<String>,
        /// At most 1000, which it is unless given.
        #[specta(optional)]
        pub limit: Option<u32>,
        #[specta(optional)]
        pub cursor: Option<String>,
    }
    GetEscalationFigures {
        /// RFC 3339; escalations opened since.
        #[specta(optional)]
        pub from: Option<String>,
    }
    GetPolicy {
        pub name: String,
    }
    CheckPolicy {
        pub source: String,
    }
    SavePolicy {
        pub name: String,
        pub source: String,
        /// The version that was read; absent only for a new policy.
        #[specta(optional)]
        pub expected_version: Option<String>,
    }
    PolicyFlips {
        /// A policy's name; all unless given.
        #[specta(optional)]
        pub policy: Option<String>,
    }
    Metrics {
        /// RFC 3339; sessions whose last activity is not before it.
        #[specta(optional)]
        pub from: Option<String>,
        #[specta(optional)]
        pub to: Option<String>,
    }
    ExportSession {
        pub session: String,
        /// `jsonl`
        pub format: String,
        #[specta(optional)]
        pub cursor: Option<String>,
    }
    Import {
        /// JSON Lines: what `export_session` gave, or one session a line in the OpenAI message format.
        pub text: String,
    }
}

/// A piece of an export: pieces put together in order are the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ExportPage {
    pub text: String,
    pub next: Option<String>,
}

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct ImportView {
    pub sessions: Vec<String>,
    pub exchanges: u32,
    /// Lines that could not be taken, each with its number and the reason.
    pub problems: Vec<String>,
}
