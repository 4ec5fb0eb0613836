//! `reroute`: another model for the call, the run or the session. The same order as a person's choice of a model, which stands above it.

use crate::{Act, Order, Scene, Step};
use domain::*;

pub(crate) fn carry_out(decision: &Decision, reroute: &Reroute, scene: &Scene<'_>) -> Act {
    match possible(reroute, scene) {
        Ok(model) => ordered(decision, reroute, model, scene),
        Err(why) => scene.cannot(decision, &format!("reroute to {}", reroute.to), &why),
    }
}

/// The model to go to, or why it cannot be.
fn possible<'r>(reroute: &'r Reroute, scene: &Scene<'_>) -> Result<&'r str, String> {
    let Some(request) = scene.request else { return Err("no request is under way".to_owned()) };
    let to = reroute.provider.as_deref().unwrap_or(scene.destination.provider);
    let Some(model) = &reroute.model else { return Err(format!("the tier names no model for {to}")) };
    if scene.destination.chosen {
        return Err(format!("a person chose {}", scene.destination.model));
    }
    let elsewhere = to != scene.destination.provider;
    if elsewhere {
        let Some(provider) = scene.destination.providers.iter().find(|provider| provider.name == to) else {
            return Err(format!("there is no provider {to} in switchtower.toml"));
        };
        if provider.dialect != request.dialect.family() {
            return Err(format!("{to} speaks another dialect"));
        }
        if provider.api_key == KeySource::Passthrough {
            return Err(format!("the runtime holds no key for {to}, and a key passed through goes nowhere else"));
        }
    } else if scene.destination.model == *model {
        return Err("that model is in use".to_owned());
    }
    Ok(model)
}

fn ordered(decision: &Decision, reroute: &Reroute, model: &str, scene: &Scene<'_>) -> Act {
    let provider = reroute.provider.clone().filter(|provider| provider != scene.destination.provider);
    let stripped = scene.request.map(|request| wire::reroute(request, model).stripped).unwrap_or_default();
    let at = provider.as_ref().map(|provider| format!(" at {provider}")).unwrap_or_default();
    let without = if stripped.is_empty() { String::new() } else { format!(", without {}", stripped.join(", ")) };
    let summary = format!("Rerouted {} to {model}{at}{without}", long(reroute.scope));
    let after = if stripped.is_empty() {
        format!("{model}{at}")
    } else {
        format!("{model}{at}\nwithout {}", stripped.join("\nwithout "))
    };
    let intervention = scene.intervention(decision, summary, scene.destination.model.clone(), after);
    Act { step: Step::Order(Order::Model { model: model.to_owned(), provider, scope: reroute.scope }), intervention }
}

pub(crate) fn long(scope: Scope) -> &'static str {
    match scope {
        Scope::Call => "the call",
        Scope::Run => "the rest of the run",
        Scope::Session => "the session",
    }
}
