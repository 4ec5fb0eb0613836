//! How enums and composite keys are spelled in the database. Codes are forever: new variants get new numbers.

use domain::*;

/// Places of child rows below one exchange: `exchange << 10 | place`.
pub const PLACE_BITS: u32 = 10;
pub const MOST_PLACES: i64 = 1 << PLACE_BITS;
/// Places of timeline rows in one session: `session << 24 | index`.
pub const ROW_BITS: u32 = 24;

pub const FLAG_STREAM: i64 = 1;
pub const FLAG_SIDE_CALL: i64 = 2;
pub const FLAG_INCOMPLETE: i64 = 4;
pub const FLAG_ESTIMATED: i64 = 8;
pub const FLAG_IMPORTED: i64 = 16;
pub const FLAG_REPLAYED: i64 = 32;

pub const ROW_MODEL: i64 = 0;
pub const ROW_TOOL: i64 = 1;
pub const ROW_MCP: i64 = 2;
pub const ROW_PERSON: i64 = 3;

pub const WORD_TOOL: i64 = 0;
pub const WORD_MODEL: i64 = 1;

macro_rules! codes {
    ($name:ident, $kind:ty, $default:expr, [$($variant:expr),+ $(,)?]) => {
        pub mod $name {
            use super::*;
            const ALL: &[$kind] = &[$($variant),+];
            pub fn code(value: $kind) -> i64 {
                ALL.iter().position(|known| *known == value).map_or(0, |place| place as i64)
            }
            /// An unknown code (a damaged row) reads as the least telling variant.
            pub fn value(code: i64) -> $kind {
                usize::try_from(code).ok().and_then(|place| ALL.get(place)).copied().unwrap_or($default)
            }
        }
    };
}

codes!(
    exchange_state,
    ExchangeState,
    ExchangeState::Failed,
    [
        ExchangeState::Open,
        ExchangeState::Complete,
        ExchangeState::Answered,
        ExchangeState::Cancelled,
        ExchangeState::Failed,
        ExchangeState::Interrupted,
    ]
);
codes!(
    session_state,
    SessionState,
    SessionState::Idle,
    [
        SessionState::Running,
        SessionState::Paused,
        SessionState::Stepping,
        SessionState::Waiting,
        SessionState::Idle,
        SessionState::Ended,
    ]
);
codes!(
    dialect,
    Dialect,
    Dialect::OpenaiChat,
    [Dialect::OpenaiChat, Dialect::OpenaiResponses, Dialect::Anthropic, Dialect::Gemini, Dialect::Ollama,]
);
codes!(origin, Origin, Origin::Runtime, [Origin::Agent, Origin::Runtime, Origin::Provider]);
codes!(
    basis,
    IdentityBasis,
    IdentityBasis::New,
    [
        IdentityBasis::Label,
        IdentityBasis::ClientId,
        IdentityBasis::ToolCallId,
        IdentityBasis::Retry,
        IdentityBasis::Prefix,
        IdentityBasis::New,
    ]
);
codes!(
    point,
    Point,
    Point::ModelRequest,
    [
        Point::ModelRequest,
        Point::ModelStream,
        Point::ToolCall,
        Point::ModelResponse,
        Point::ToolResult,
        Point::SessionIdle,
    ]
);
codes!(
    escalation_state,
    EscalationState,
    EscalationState::Expired,
    [
        EscalationState::Pending,
        EscalationState::Approved,
        EscalationState::Edited,
        EscalationState::Denied,
        EscalationState::Expired,
        EscalationState::Orphaned,
    ]
);
codes!(per, Per, Per::Session, [Per::Request, Per::Subtask, Per::Run, Per::Session, Per::Agent, Per::Day]);
codes!(mode, Mode, Mode::Off, [Mode::Enforce, Mode::Shadow, Mode::Off]);
codes!(cause, Cause, Cause::Rule, [Cause::Rule, Cause::Person]);
codes!(
    effect_basis,
    EffectBasis,
    EffectBasis::Estimated,
    [EffectBasis::Measured, EffectBasis::Estimated, EffectBasis::Counterfactual,]
);
codes!(
    evidence,
    ErrorEvidence,
    ErrorEvidence::Text,
    [ErrorEvidence::Flag, ErrorEvidence::ErrorField, ErrorEvidence::ExitCode, ErrorEvidence::Text,]
);

/// A stored hash; zeros where the row is damaged.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(bytes.try_into().unwrap_or_default())
}
