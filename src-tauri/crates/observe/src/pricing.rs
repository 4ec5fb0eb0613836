//! Money and context windows, from the data of `genai-prices`: its rates, its tiers, its names of models.

use domain::{Timestamp, Usage};
use genai_prices::{Calculator, PriceRequest, UsageKey};
use parking_lot::Mutex;
use std::time::{Duration, UNIX_EPOCH};

/// What a call cost in US dollars at the rates of its time. `None` where provider or model has no known price: unknown is not free.
///
/// `provider` is the configured provider's name; one that the data does not know (a name of the user's own) is priced by the model
/// alone. What runs on Ollama has no price, whatever hosts elsewhere ask for the same model.
pub fn cost(provider: &str, model: &str, usage: &Usage, at: Timestamp) -> Option<f64> {
    if provider == "ollama" {
        return None;
    }
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

/// So many models' windows are kept.
const WINDOWS: usize = 256;

/// The model's context window in tokens, where the data knows it. Every session asks, mostly for the same few models.
pub fn context_window(provider: &str, model: &str) -> Option<u64> {
    static KNOWN: Mutex<Vec<(String, String, Option<u64>)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock();
    if let Some((.., window)) = known.iter().find(|(of, name, _)| of == provider && name == model) {
        return *window;
    }
    let window = find_window(provider, bare(model));
    if known.len() >= WINDOWS {
        known.clear();
    }
    known.push((provider.to_owned(), model.to_owned(), window));
    window
}

fn find_window(provider: &str, model: &str) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn price(provider: &str, model: &str, usage: Usage) -> Option<f64> {
        cost(provider, model, &usage, Timestamp(1_790_000_000_000_000))
    }

    fn close(one: Option<f64>, other: f64) -> bool {
        one.is_some_and(|one| (one - other).abs() < 1e-9)
    }

    #[test]
    fn cached_input_and_cache_writes_have_rates_of_their_own() {
        let usage = Usage { input: 10_000, cached: 6_000, cache_write: 1_000, output: 500, ..Usage::default() };
        // 3 $ a million in, 0.30 cached, 3.75 written, 15 out.
        let expected = (3_000.0 * 3.0 + 6_000.0 * 0.3 + 1_000.0 * 3.75 + 500.0 * 15.0) / 1e6;
        assert!(
            close(price("anthropic", "claude-sonnet-4-5", usage), expected),
            "{:?}",
            price("anthropic", "claude-sonnet-4-5", usage)
        );
    }

    #[test]
    fn a_dated_name_and_a_path_name_are_priced_as_their_model() {
        let usage = Usage { input: 1_000_000, output: 1_000_000, ..Usage::default() };
        assert!(close(price("openai", "gpt-4o-2024-08-06", usage), 12.5));
        let (plain, path) =
            (price("gemini", "gemini-2.5-flash", usage), price("gemini", "models/gemini-2.5-flash", usage));
        assert!(plain.is_some() && plain == path);
    }

    #[test]
    fn reasoning_is_part_of_output_and_not_charged_twice() {
        let with = Usage { input: 100, output: 1_000, reasoning: 800, ..Usage::default() };
        assert_eq!(price("openai", "gpt-5", with), price("openai", "gpt-5", Usage { reasoning: 0, ..with }));
    }

    #[test]
    fn what_is_unknown_has_no_price() {
        let usage = Usage { input: 10, output: 10, ..Usage::default() };
        assert_eq!(price("openai", "no-such-model", usage), None);
        assert_eq!(price("ollama", "mistral", usage), None);
    }

    #[test]
    fn a_provider_of_the_users_own_is_priced_by_the_model() {
        let usage = Usage { input: 1_000, output: 1_000, ..Usage::default() };
        assert_eq!(price("my-gateway", "gpt-4o", usage), price("openai", "gpt-4o", usage));
    }

    #[test]
    fn windows_are_known_where_the_data_has_them() {
        assert_eq!(context_window("openai", "gpt-4o"), Some(128_000));
        assert_eq!(context_window("openai", "no-such-model"), None);
    }
}
