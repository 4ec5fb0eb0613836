//! Text that may be too long to send along.

use serde::{Deserialize, Serialize};
use specta::Type;
use specta_typescript::Number;

/// A text of at most 16 KiB, or where to fetch a longer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(untagged)]
pub enum Text {
    Whole(String),
    Long(TextRef),
}

/// A longer text: fetch it piece by piece with `get_blob`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct TextRef {
    #[serde(rename = "ref")]
    pub reference: String,
    /// Of the whole, in bytes of UTF-8.
    #[specta(type = Number)]
    pub length: u64,
    /// Its first characters.
    pub preview: String,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        // The dispatcher takes out what is too long; only there it is known how to name it.
        Text::Whole(text)
    }
}

/// A piece of a longer text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct BlobView {
    pub text: String,
    /// Where the piece begins and how long it is, in bytes, moved to whole characters.
    #[specta(type = Number)]
    pub offset: u64,
    #[specta(type = Number)]
    pub length: u64,
    #[specta(type = Number)]
    pub total: u64,
}
