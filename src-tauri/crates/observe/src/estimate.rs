//! Token counts where a provider gave none: tiktoken-rs over each message, counted once per distinct message. Estimates say so
//! (`Usage::estimated`); no estimate ever replaces a provider's own count.

use crate::{Reading, bounded::Bounded, prompt, reading::hash};
use domain::{Hash, MessageFacts, Usage};
use parking_lot::Mutex;
use tiktoken_rs::{CoreBPE, tokenizer::Tokenizer};
use wire::{Answer, Request};

/// What chat formats add around each message, in tokens.
const PER_MESSAGE: u64 = 4;
/// A text's first bytes are counted, the rest is taken to be like them.
const COUNTED: usize = 64 * 1024;
/// A vocabulary's cost grows faster than a word does; so no word is longer than this.
const PIECE: usize = 1024;

/// Counts and keeps counts. A vocabulary (46 MB for o200k) is loaded at the first estimate, not before.
pub struct Estimator {
    counts: Mutex<Bounded<(Hash, bool), u32>>,
}

impl Default for Estimator {
    fn default() -> Self {
        Estimator { counts: Mutex::new(Bounded::new(4 * 1024 * 1024)) }
    }
}

impl Estimator {
    /// Tokens of a whole request, where each of its parts was counted before.
    pub fn known(&self, request: &Request, reading: &Reading) -> Option<u64> {
        let old = is_old(&request.model);
        let beside = [&request.system, &request.tools].into_iter().flatten();
        let beside = beside.map(|span| hash(&request.body[span.clone()]));
        let mut counts = self.counts.lock();
        let mut each = beside.chain(reading.bytes.iter().copied());
        each.try_fold(0, |sum, key| Some(sum + u64::from(*counts.get(&(key, old))?)))
    }

    /// Tokens of a whole request. Costs O(new messages).
    pub fn request(&self, request: &Request, reading: &Reading) -> u64 {
        let old = is_old(&request.model);
        let beside = [&request.system, &request.tools].into_iter().flatten();
        let beside: u64 = beside
            .map(|span| {
                let bytes = &request.body[span.clone()];
                self.remembered(hash(bytes), old, || count(&String::from_utf8_lossy(bytes), old))
            })
            .sum();
        let messages = reading.facts.iter().zip(&reading.bytes);
        beside + messages.map(|(facts, key)| self.remembered(*key, old, || message(facts, old))).sum::<u64>()
    }

    /// What a response would have been counted as.
    pub fn usage(&self, request: &Request, reading: &Reading, answer: &Answer) -> Usage {
        let old = is_old(&request.model);
        let calls: u64 =
            answer.calls.iter().map(|call| count(&call.name, old) + count(&call.arguments, old) + PER_MESSAGE).sum();
        let reasoning = count(&answer.reasoning, old);
        Usage {
            input: self.request(request, reading),
            output: count(&answer.text, old) + reasoning + calls,
            reasoning,
            estimated: true,
            ..Usage::default()
        }
    }

    fn remembered(&self, key: Hash, old: bool, count: impl FnOnce() -> u64) -> u64 {
        if let Some(known) = self.counts.lock().get(&(key, old)) {
            return u64::from(*known);
        }
        let counted = count();
        self.counts.lock().put((key, old), counted.min(u64::from(u32::MAX)) as u32, 64);
        counted
    }
}

fn message(facts: &MessageFacts, old: bool) -> u64 {
    let calls: u64 = facts.calls.iter().map(|call| count(&call.name, old) + count(&call.arguments, old)).sum();
    let results: u64 = facts.results.iter().map(|result| count(&result.text, old)).sum();
    PER_MESSAGE + count(&facts.text, old) + calls + results
}

/// GPT-4 and 3.5 count with the older vocabulary; all others, foreign ones too, are estimated with the newer.
fn is_old(model: &str) -> bool {
    matches!(tiktoken_rs::tokenizer::get_tokenizer(model), Some(Tokenizer::Cl100kBase))
}

fn vocabulary(old: bool) -> &'static CoreBPE {
    if old { tiktoken_rs::cl100k_base_singleton() } else { tiktoken_rs::o200k_base_singleton() }
}

fn count(text: &str, old: bool) -> u64 {
    if text.is_empty() {
        return 0;
    }
    let sample = prompt::head(text, COUNTED);
    let vocabulary = vocabulary(old);
    let mut counted = 0u64;
    let mut rest = sample;
    while !rest.is_empty() {
        let whole = prompt::head(rest, PIECE);
        // Cut at the last space of a piece, so that words stay whole.
        let cut = if whole.len() < rest.len() { whole.rfind(char::is_whitespace).filter(|at| *at > 0) } else { None };
        let piece = &rest[..cut.unwrap_or(whole.len())];
        counted += vocabulary.count_ordinary(piece) as u64;
        rest = &rest[piece.len()..];
    }
    (counted as f64 * (text.len() as f64 / sample.len() as f64)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_as_its_vocabulary_counts_it() {
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(100);
        let whole = tiktoken_rs::o200k_base_singleton().count_ordinary(&text) as i64;
        assert!((count(&text, false) as i64 - whole).abs() <= 5, "{} against {whole}", count(&text, false));
        assert_eq!(count("", false), 0);
    }

    #[test]
    fn a_text_beyond_the_sample_is_taken_to_be_like_it() {
        let text = "word ".repeat(COUNTED / 5 * 4);
        let expected = (text.len() / 5) as f64;
        assert!((count(&text, false) as f64 / expected - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_run_without_spaces_is_counted_in_time() {
        assert!(count(&"a".repeat(60_000), false) > 1000);
    }
}
