//! Money and context windows, from the data of `genai-prices`: its rates, its tiers, its names of models.

use domain::{Timestamp, Usage};
use genai_prices::{Calculator, PriceRequest, UsageKey};
use std::time::{Duration, UNIX_EPOCH};

/// What a call cost in US dollars at the rates of its time. `None` where provider or model has no known price: unknown is not free.
///
/// `provider` is the configured provider's name; one that the data does not know (a name of the user's own) is priced by the model
/// alone.
pub fn cost(provider: &str, model: &str, usage: &Usage, at: Timestamp) -> Option<f64> {
    let counted = genai_prices::Usage::from([
        (UsageKey::INPUT_TOKENS, usage.input as f64),
        (UsageKey::CACHE_READ_TOKENS, usage.cached.min(usage.input) as f64),
        (UsageKey::CACHE_WRITE_TOKENS, usage.cache_write.min(usage.input.saturating_sub(usage.cached)) as f64),
        (UsageKey::OUTPUT_TOKENS, usage.output as f64),
    ]);
    let at = UNIX_EPOCH + Duration::from_micros(at.0.max(0) as u64);
    let model = bare(model);
    let request = PriceRequest::new(model, &counted).with_timestamp(at);
    let named = request.clone().with_provider_id(known(provider));
    let calculator = Calculator::bundled();
    let priced = calculator.calculate(&named).or_else(|_| calculator.calculate(&request)).ok()?;
    priced.total_price.is_finite().then_some(priced.total_price)
}

/// The model's context window in tokens, where the data knows it.
pub fn context_window(provider: &str, model: &str) -> Option<u64> {
    let model = bare(model);
    let calculator = Calculator::bundled();
    // The data finds a model only while pricing; nothing used costs nothing and names provider and model.
    let nothing = genai_prices::Usage::from([(UsageKey::INPUT_TOKENS, 0.0)]);
    let request = PriceRequest::new(model, &nothing).with_timestamp(UNIX_EPOCH + Duration::from_secs(1_790_000_000));
    let named = request.clone().with_provider_id(known(provider));
    let found = calculator.calculate(&named).or_else(|_| calculator.calculate(&request)).ok()?;
    let mut providers = calculator.providers().filter(|provider| provider.id() == found.provider_id);
    providers.find_map(|provider| provider.models().find(|model| model.id() == found.model_id)?.context_window())
}

/// Names of providers here that the data spells otherwise.
fn known(provider: &str) -> &str {
    match provider {
        "gemini" => "google",
        other => other,
    }
}

fn bare(model: &str) -> &str {
    model.strip_prefix("models/").unwrap_or(model)
}
