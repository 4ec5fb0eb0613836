//! Tool calls that arrive in pieces.

use domain::ToolCall;

#[derive(Debug, Clone, Default)]
pub(super) struct Building {
    /// The dialect's own index: of the call (Chat) or of its block (Anthropic).
    pub(super) key: u64,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Building {
    /// The call, now that it is whole.
    pub(super) fn complete(self, index: u32, made_id: impl FnOnce() -> String) -> ToolCall {
        let id = if self.id.is_empty() { made_id() } else { self.id };
        ToolCall { id, name: self.name, arguments: self.arguments, index }
    }
}
