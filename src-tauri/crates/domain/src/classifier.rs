//! Classifiers: what a policy asks about a moment's text, and the port through which one that runs elsewhere is asked.

use crate::{ExchangeId, Pattern, Point, SessionId};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A classifier as a policy declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// `policy/NAME`: its key in an observation.
    pub key: String,
    pub name: String,
    pub kind: ClassifierKind,
    pub on: Vec<Point>,
    /// How long its answer may take.
    pub max: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ClassifierKind {
    /// Judged here: shapes are certain, phrases are evidence.
    Rules { certain: Vec<Pattern>, phrases: Vec<Pattern> },
    /// Asked at a URL.
    Http { url: String },
}

/// What a classifier that runs elsewhere is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    pub classifier: String,
    pub point: Point,
    pub agent: String,
    pub session: SessionId,
    pub exchange: ExchangeId,
    pub text: String,
}

/// What a classifier says of a text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scored {
    /// From 0 to 1.
    pub score: f64,
    /// The names of what it found.
    #[serde(default)]
    pub found: Vec<String>,
}

impl Scored {
    /// By rules: a shape with a check of its own is certain; each phrase halves what is left of doubt.
    pub fn by_rules(certain: Vec<String>, phrases: Vec<String>) -> Scored {
        let score = if certain.is_empty() { 1.0 - 0.5f64.powi(phrases.len().min(30) as i32) } else { 1.0 };
        Scored { score, found: certain.into_iter().chain(phrases).collect() }
    }
}

/// A classifier that runs elsewhere. An error says what failed; the caller bounds the time.
pub trait Classifier: Send + Sync + 'static {
    fn score(&self, url: String, asked: Asked) -> BoxFuture<'static, Result<Scored, String>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_certain_and_phrases_add_up() {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Scored::by_rules(named(&["card"]), named(&["a"])).score, 1.0);
        assert_eq!(Scored::by_rules(Vec::new(), named(&["a", "b"])).score, 0.75);
        assert_eq!(Scored::by_rules(Vec::new(), Vec::new()), Scored::default());
    }
}
