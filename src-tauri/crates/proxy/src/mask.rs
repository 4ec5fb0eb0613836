//! Masks an exchange's own credentials wherever they would reach the record: in whichever header or parameter they came, and in the
//! spellings in which they may come back (percent-encoded, Base64, escaped in JSON).

mod forms;
mod places;

pub(crate) use places::{without_credential_headers, without_credentials};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use bytes::Bytes;
use domain::Headers;
use http::HeaderMap;
use parking_lot::Mutex;
use std::sync::Arc;
use wire::Answer;

const MASKED: &str = "[masked]";
/// Shorter values are words, not keys: masking them wherever they stand would tear the record. Where a credential is given, it is masked
/// whatever its length.
const SHORTEST: usize = 8;

/// The credentials of one exchange. Lives in memory only.
#[derive(Clone, Default)]
pub struct Mask {
    /// Finds any spelling of any of them; none where there is nothing to find.
    finder: Option<Arc<AhoCorasick>>,
    spellings: Arc<[Vec<u8>]>,
}

/// The masks of late: an agent sends the same key each time, and a finder takes longer to make than to use.
#[derive(Default)]
pub struct Masks {
    known: Mutex<Vec<(Vec<String>, Mask)>>,
}

const MASKS_KEPT: usize = 16;

impl Masks {
    pub fn of(&self, headers: &HeaderMap, query: Option<&str>, held: impl IntoIterator<Item = String>) -> Mask {
        let mut secrets = places::secrets(headers, query);
        secrets.extend(held);
        secrets.retain(|secret| secret.len() >= SHORTEST);
        secrets.sort_unstable();
        secrets.dedup();
        if secrets.is_empty() {
            return Mask::default();
        }
        let mut known = self.known.lock();
        if let Some(place) = known.iter().position(|(of, _)| *of == secrets) {
            return known[place].1.clone();
        }
        let mask = Mask::finding(&secrets);
        if known.len() >= MASKS_KEPT {
            known.remove(0);
        }
        known.push((secrets, mask.clone()));
        mask
    }
}

impl Mask {
    fn finding(secrets: &[String]) -> Mask {
        let spellings: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
        // Leftmost, longest: no rest of a longer one stays behind.
        let finder = AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(&spellings);
        match finder {
            Ok(finder) => Mask { finder: Some(Arc::new(finder)), spellings: spellings.into() },
            Err(error) => {
                // Only by sizes that no head of a request reaches.
                tracing::error!(%error, "credentials cannot be searched for");
                Mask::default()
            }
        }
    }

    pub fn touches(&self, bytes: &[u8]) -> bool {
        self.finder.as_ref().is_some_and(|finder| finder.is_match(bytes))
    }

    /// The bytes with each credential masked; the same buffer where there is none.
    pub fn bytes(&self, bytes: &Bytes) -> Bytes {
        match &self.finder {
            Some(finder) if finder.is_match(bytes) => {
                let mut masked = Vec::with_capacity(bytes.len());
                finder.replace_all_with_bytes(bytes, &mut masked, |_, _, out| {
                    out.extend_from_slice(MASKED.as_bytes());
                    true
                });
                Bytes::from(masked)
            }
            _ => bytes.clone(),
        }
    }

    pub fn text(&self, text: &mut String) {
        if let Some(finder) = self.finder.as_ref().filter(|finder| finder.is_match(text.as_str())) {
            let mut masked = String::with_capacity(text.len());
            finder.replace_all_with(text, &mut masked, |_, _, out| {
                out.push_str(MASKED);
                true
            });
            *text = masked;
        }
    }

    pub fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.text(&mut text);
        text
    }

    pub fn answer(&self, answer: &mut Answer) {
        self.text(&mut answer.text);
        self.text(&mut answer.reasoning);
        for text in [&mut answer.error, &mut answer.model].into_iter().flatten() {
            self.text(text);
        }
        for call in &mut answer.calls {
            self.text(&mut call.arguments);
        }
    }

    /// An answer under way, or one that broke off: a credential that it ends in the middle of is masked too.
    pub fn answer_so_far(&self, answer: &mut Answer) {
        self.answer(answer);
        for text in [&mut answer.text, &mut answer.reasoning] {
            self.open_end(text);
        }
    }

    /// The same of a body that broke off.
    pub fn bytes_so_far(&self, bytes: &Bytes) -> Bytes {
        let masked = self.bytes(bytes);
        match self.begun(&masked) {
            0 => masked,
            length => Bytes::from([&masked[..masked.len() - length], MASKED.as_bytes()].concat()),
        }
    }

    fn open_end(&self, text: &mut String) {
        let start = text.len() - self.begun(text.as_bytes());
        if start < text.len() && text.is_char_boundary(start) {
            text.replace_range(start.., MASKED);
        }
    }

    /// How many bytes at the end are the beginning of a credential.
    fn begun(&self, bytes: &[u8]) -> usize {
        let begun = |spelling: &Vec<u8>| {
            let most = spelling.len().saturating_sub(1).min(bytes.len());
            (SHORTEST..=most).rev().find(|length| bytes.ends_with(&spelling[..*length]))
        };
        self.spellings.iter().filter_map(begun).max().unwrap_or(0)
    }

    /// Headers for the record: a credential's own header tells that there was one, and its scheme.
    pub fn headers(&self, mut headers: Headers) -> Headers {
        for (name, value) in &mut headers {
            match places::hidden(name, value, MASKED) {
                Some(hidden) => *value = hidden,
                None => self.text(value),
            }
        }
        headers
    }

    /// Path and query for the record.
    pub fn path(&self, path_and_query: &str) -> String {
        self.masked(&places::hidden_query(path_and_query, MASKED))
    }
}

#[cfg(test)]
mod tests;
