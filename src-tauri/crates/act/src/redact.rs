//! `redact` and `replace`: what matches is said to the other side under a token, or as another text; keyed by value, so that it stays so in
//! every later request. What was found before is no news and no act.

use crate::{Act, Redaction, Scene, Step};
use domain::*;
use regex::Regex;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// One rule redacts so many values of a moment at most.
const MOST: usize = 1_000;

pub(crate) fn carry_out(
    decision: &Decision,
    patterns: &[Pattern],
    with: Option<&str>,
    scene: &Scene<'_>,
) -> Option<Act> {
    let mut found: Vec<Redaction> = Vec::new();
    let mut look = |text: &str| {
        for pattern in patterns {
            let Some(regex) = compiled(&pattern.regex) else { continue };
            for value in regex.find_iter(text).map(|found| found.as_str()).filter(|value| !value.is_empty()) {
                let news = !scene.vault.knows(value) && !found.iter().any(|known| known.value == value);
                if news && found.len() < MOST {
                    let (pattern, value) = (pattern.name.clone(), value.to_owned());
                    found.push(Redaction { pattern, value, with: with.map(str::to_owned) });
                }
            }
        }
    };
    match (scene.result, scene.answer, scene.request) {
        (Some(result), ..) => look(&result.text),
        (None, Some(answer), _) => look(&answer.text),
        (None, None, Some(request)) => wire::each_text(request, look),
        (None, None, None) => {}
    }
    if found.is_empty() {
        return None;
    }
    let mut vault = scene.vault.clone();
    let mut tokens = Vec::new();
    for redaction in &found {
        let vault = Arc::make_mut(&mut vault);
        tokens.push(vault.token(redaction));
        vault.keep(redaction, crate::Side::Agent);
    }
    tokens.dedup();
    let whom = if scene.answer.is_some() { "the agent" } else { "the model" };
    let values = if found.len() == 1 { "value" } else { "values" };
    let summary = format!("Kept {} {values} from {whom}: {}", found.len(), tokens.join(", "));
    // The values themselves stand in the record of the request, and nowhere more often than they must.
    let intervention = scene.intervention(decision, summary, String::new(), tokens.join("\n"));
    Some(Act { step: Step::Redact(found), intervention })
}

/// The whole of a result or an answer as another text.
pub(crate) fn replace_whole(decision: &Decision, text: &str, scene: &Scene<'_>) -> Act {
    if let Some(result) = scene.result {
        let summary = "Replaced a tool's result".to_owned();
        let intervention = scene.intervention(decision, summary, result.text.clone(), text.to_owned());
        return Act { step: Step::Result { result: result.clone(), text: text.to_owned() }, intervention };
    }
    let Some(answer) = scene.answer else {
        return scene.cannot(decision, "replace", "neither result nor answer is at hand");
    };
    let summary = "Replaced the answer".to_owned();
    let intervention = scene.intervention(decision, summary, answer.text.clone(), text.to_owned());
    Act { step: Step::Say(text.to_owned()), intervention }
}

/// Patterns are compiled once; a policy's were checked when it was loaded.
fn compiled(source: &str) -> Option<Arc<Regex>> {
    static KNOWN: Mutex<Option<HashMap<String, Arc<Regex>>>> = Mutex::new(None);
    let mut known = KNOWN.lock().ok()?;
    let known = known.get_or_insert_default();
    if let Some(regex) = known.get(source) {
        return Some(regex.clone());
    }
    let regex = Arc::new(Regex::new(source).ok()?);
    known.insert(source.to_owned(), regex.clone());
    Some(regex)
}
