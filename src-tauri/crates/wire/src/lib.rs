//! Dialects: what requests and responses of the model APIs say, without changing a byte of them.
//!
//! Owns lossless parsing of requests, facts about messages, streaming decoders of responses, usage, synthesis of answers in a dialect,
//! surgery on responses and edits on requests. Pure: bytes in, bytes out. It must not know the network, sessions or policies.

pub mod json;

mod atoms;
mod decode;
mod edits;
mod encoding;
mod facts;
mod frames;
mod identity;
mod image;
mod likeness;
mod models;
mod patch;
mod request;
mod route;
mod short;
mod substitute;
mod surgery;
mod synth;

pub use atoms::chain;
pub use decode::{Answer, Decoder, Seen, usage};
pub use edits::{
    Limited, Rerouted, add_include_usage, apply, limit, question, question_address, reroute, set_model,
    set_model_in_path, set_previous_response, set_result, text_message, withhold_tools,
};
pub use encoding::{Decoding, decode_body};
pub use facts::facts;
pub use frames::{Frame, Framer, Framing, Sniffed, framing, is_certain, sniff};
pub use identity::{Identity, identity};
pub use image::{image, rebuild};
pub use json::{Span, Splice, splice};
pub use likeness::{Difference, Likeness, differences, likeness};
pub use models::most_output;
pub use request::{Request, parse};
pub use route::{Operation, Route, route};
pub use short::{EndEarly, Ended, end_early, is_length_stop, said_early, shorten_whole, whole_so_far};
pub use substitute::{
    Decided, Shapes, Spot, StreamText, Substitutions, each_text, each_text_of_arguments, reword_whole, spots_of_whole,
    substitute_request, substitute_response, substitute_whole,
};
pub use surgery::{
    Cut, StreamSurgeon, answer_as_messages, calls_of_other_choices, cut_whole, edit_response, edit_whole, merge_whole,
    note_whole, result_message, result_messages,
};
pub use synth::{
    Made, Said, Saying, answer, error, error_frame, error_frame_in, error_message, form, keepalive, refusal,
};

/// What cannot be read. Never an agent's fault to suffer: bytes that cannot be read are forwarded as they are.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The body is not one JSON object.
    #[error("the body is not one JSON object")]
    NotJson,
    /// A compressed body that does not decompress, or to more than we hold.
    #[error("the body cannot be decompressed as {encoding}")]
    Encoding {
        encoding: &'static str,
        #[source]
        source: std::io::Error,
    },
    /// A `Content-Encoding` that we cannot undo.
    #[error("unknown content encoding “{0}”")]
    UnknownEncoding(String),
    /// A stored request that cannot be put together: written by another version, or damaged.
    #[error("a stored request cannot be rebuilt: {0}")]
    Image(&'static str),
    /// A response that cannot be taken apart.
    #[error("the response cannot be read: {0}")]
    Response(&'static str),
}
