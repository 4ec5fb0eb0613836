//! Which model a rule means, filled in for the moment that it acts on.

use crate::compile::Tier;
use domain::{Observation, Summarist};

/// A model by its name, or by a tier that names one for each provider.
#[derive(Debug, Clone)]
pub(crate) enum ModelChoice {
    Named(String),
    Tier(Tier),
}

impl ModelChoice {
    pub fn fill(&self, provider: &Option<String>, observation: &Observation) -> (String, Option<String>) {
        match self {
            ModelChoice::Named(model) => (model.clone(), Some(model.clone())),
            ModelChoice::Tier(tier) => {
                let request = &observation.request;
                let provider = provider.as_deref().unwrap_or(&request.provider);
                (format!("tier:{}", tier.name), tier.model(provider, &request.dialect).map(str::to_owned))
            }
        }
    }
}

/// A model that is asked beside a turn, and how long that may take.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    pub model: ModelChoice,
    pub max_ms: u64,
}

impl Teller {
    pub fn summarist(&self, observation: &Observation) -> Summarist {
        let (by, model) = self.model.fill(&None, observation);
        Summarist { by, model, max_ms: self.max_ms }
    }
}
