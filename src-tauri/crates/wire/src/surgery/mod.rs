//! Surgery: tool calls are taken out of a response that is under way, and the response goes on as if they had never been there.
//!
//! Owns which frames wait for a judgement, how what follows a dropped call is renumbered, how a follow-up response is spliced into
//! the first, and how a provider's answer is spelled as messages of a later request. It must not know why a call is dropped, nor
//! where a follow-up comes from. All of it edits bytes in place: what no cut touches leaves as it came.

mod anthropic;
mod arguments;
mod calls;
mod chat;
mod choices;
mod gemini;
mod messages;
mod ollama;
mod pen;
mod responses;
mod results;
mod stream;
mod sum;
mod whole;

pub(crate) use arguments::respelled;
pub use arguments::{edit_response, edit_whole};
pub use choices::calls_of_other_choices;
pub use messages::answer_as_messages;
pub(crate) use results::result_part;
pub use results::{result_message, result_messages};
pub use stream::{Cut, StreamSurgeon};
pub use whole::{cut_whole, merge_whole, note_whole};
