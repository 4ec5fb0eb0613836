//! The vault: what was redacted, by value, and the token that stands for it. It never leaves this machine; with it each later request says the
//! same bytes, and what the model says of a token reaches the agent as the value.

use serde::{Deserialize, Serialize};
use wire::Substitutions;

/// Who said a value first: the other side gets its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Agent,
    Model,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    value: String,
    token: String,
    said_by: Side,
    /// What was replaced by a text of the rule's cannot be told from that text again.
    reversible: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    kept: Vec<Kept>,
}

/// A value to keep from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// The pattern's name; the token says it.
    pub pattern: String,
    pub value: String,
    /// In place of a token.
    pub with: Option<String>,
}

impl Vault {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub fn knows(&self, value: &str) -> bool {
        self.kept.iter().any(|kept| kept.value == value)
    }

    /// Every token, standing for itself: nothing in one of them is a value.
    pub fn tokens(&self) -> Substitutions {
        Substitutions::new(self.kept.iter().map(|kept| (kept.token.clone(), kept.token.clone())))
    }

    /// What the agent gets in the place of a value that the model said.
    pub fn hidden_from_agent(&self, value: &str) -> Option<&str> {
        let kept = self.kept.iter().find(|kept| kept.value == value && kept.said_by == Side::Model)?;
        Some(&kept.token)
    }

    /// The token that a value gets, or has: counted by pattern, so that it tells nothing of the value.
    pub fn token(&self, redaction: &Redaction) -> String {
        if let Some(kept) = self.kept.iter().find(|kept| kept.value == redaction.value) {
            return kept.token.clone();
        }
        redaction.with.clone().unwrap_or_else(|| {
            let begins = format!("[redacted:{}:", redaction.pattern);
            let count = self.kept.iter().filter(|kept| kept.token.starts_with(&begins)).count();
            format!("{begins}{}]", count + 1)
        })
    }

    pub fn keep(&mut self, redaction: &Redaction, said_by: Side) {
        if redaction.value.is_empty() || self.knows(&redaction.value) {
            return;
        }
        let token = self.token(redaction);
        let reversible = redaction.with.is_none();
        self.kept.push(Kept { value: redaction.value.clone(), token, said_by, reversible });
    }

    /// What the model gets: tokens for what the agent said, and its own words where the agent has tokens of them.
    pub fn to_model(&self) -> Substitutions {
        self.between(Side::Agent)
    }

    /// What the agent gets: its own values where the model says their tokens, and tokens for what the model said.
    pub fn to_agent(&self) -> Substitutions {
        self.between(Side::Model)
    }

    fn between(&self, hidden: Side) -> Substitutions {
        let own = |kept: &Kept| (kept.token.clone(), kept.token.clone());
        Substitutions::new(self.kept.iter().flat_map(|kept| {
            let Kept { value, token, said_by, reversible } = kept;
            match (*said_by == hidden, reversible) {
                // A token stays as it is, even where something in it is a value.
                (true, true) => vec![(value.clone(), token.clone()), own(kept)],
                (true, false) => vec![(value.clone(), token.clone())],
                (false, true) => vec![(token.clone(), value.clone())],
                (false, false) => Vec::new(),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Pattern;
    use proptest::prelude::*;
    use wire::Shapes;

    fn redaction(pattern: &str, value: &str) -> Redaction {
        Redaction { pattern: pattern.into(), value: value.into(), with: None }
    }

    #[test]
    fn a_value_has_one_token_and_goes_there_and_back() {
        let mut vault = Vault::default();
        for value in ["a@b.example", "c@d.example", "a@b.example"] {
            vault.keep(&redaction("email", value), Side::Agent);
        }
        let told = vault.to_model().apply("to a@b.example and c@d.example").unwrap();
        assert_eq!(told, "to [redacted:email:1] and [redacted:email:2]");
        assert_eq!(vault.to_agent().apply(&told).as_deref(), Some("to a@b.example and c@d.example"));
        assert_eq!(vault.to_model().apply(&told), None, "twice is once");
    }

    proptest! {
        #[test]
        fn what_was_redacted_is_redacted_once(text in "([a-c0-9@. \\[\\]:]|redacted:|\\[redacted:n:1\\]){0,60}") {
            let digits = Pattern { name: "n".into(), regex: "[0-9]+|red[a-z]+".into(), check: None };
            let mail = Pattern { name: "m".into(), regex: r"[a-c]+@[a-c]+".into(), check: None };
            let shapes = Shapes::of(&[digits, mail]);
            let mut vault = Vault::default();
            for spot in shapes.spots_outside(&text, &vault.tokens()) {
                vault.keep(&redaction(&spot.patterns[0].name, &spot.value), Side::Agent);
            }
            let told = vault.to_model().apply(&text).unwrap_or(text);
            prop_assert_eq!(vault.to_model().apply(&told), None);
            let news = shapes.spots_outside(&told, &vault.tokens());
            prop_assert!(news.iter().all(|spot| !vault.knows(&spot.value)), "{} {:?}", told, news);
        }
    }

    #[test]
    fn what_the_model_said_is_hidden_from_the_agent_and_said_again_to_the_model() {
        let mut vault = Vault::default();
        vault.keep(&redaction("key", "sk-123"), Side::Model);
        vault.keep(&Redaction { with: Some("***".into()), ..redaction("key", "sk-456") }, Side::Agent);
        assert_eq!(vault.to_agent().apply("sk-123 sk-456 ***").as_deref(), Some("[redacted:key:1] sk-456 ***"));
        assert_eq!(vault.to_model().apply("[redacted:key:1] sk-456").as_deref(), Some("sk-123 ***"));
    }
}
