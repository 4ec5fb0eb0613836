//! `policy check`, `policy test`, `policy explain`.

use super::Outcome;
use crate::{
    backend::{self, Backend},
    output::{self, Align, Table, Tone, plain, tint},
};
use anyhow::{Context, Result};
use console::{
    GetExchange,
    view::{ExchangeView, Mode},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub fn check(files: &[PathBuf], as_json: bool) -> Result<Outcome> {
    let mut good = true;
    let mut answers = Vec::new();
    for path in files {
        let (name, source) = source(path)?;
        if as_json {
            let check = console::check(&name, &source, path.parent());
            good &= check.ok;
            let mut answer = serde_json::to_value(check)?;
            answer["file"] = name.into();
            answers.push(answer);
            continue;
        }
        let (ok, problems) = console::check_in_words(&name, &source, path.parent());
        good &= ok;
        for problem in &problems {
            output::line(&format!("{problem}\n"))?;
        }
        if ok {
            let check = console::check(&name, &source, path.parent());
            output::line(&format!("{} {}", tint(&format!("{name}: good"), Tone::Good), rules(&check)))?;
        }
    }
    if as_json {
        output::json(&Value::Array(answers))?;
    }
    Ok(if good { Outcome::Done } else { Outcome::Code(1) })
}

fn rules(check: &console::view::PolicyCheck) -> String {
    let ids: Vec<String> = check
        .rules
        .iter()
        .map(|rule| match rule.mode {
            Mode::Enforce => rule.id.clone(),
            Mode::Shadow => format!("{} (shadow)", rule.id),
            Mode::Off => format!("{} (off)", rule.id),
        })
        .collect();
    tint(&format!("· version {} · {}", check.version, ids.join(", ")), Tone::Faint)
}

pub fn test(files: &[PathBuf], as_json: bool) -> Result<Outcome> {
    let mut good = true;
    let mut answers = Vec::new();
    for path in files {
        let (name, source) = source(path)?;
        let outcomes = match console::test(&name, &source) {
            Ok(outcomes) => outcomes,
            Err(problems) => {
                good = false;
                if as_json {
                    answers.push(json!({ "file": name, "error": problems }));
                } else {
                    output::line(&problems)?;
                }
                continue;
            }
        };
        good &= outcomes.iter().all(|outcome| outcome.passed);
        if as_json {
            answers.push(json!({ "file": name, "tests": outcomes }));
            continue;
        }
        if outcomes.is_empty() {
            output::line(&tint(&format!("{name} has no [[test]]"), Tone::Faint))?;
        }
        for outcome in &outcomes {
            let (mark, tone) = if outcome.passed { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
            output::line(&format!("{} {name}:{} {}", tint(mark, tone), outcome.line, outcome.name))?;
            if !outcome.passed {
                output::line(&format!("    expected {:?}, got {:?}", outcome.expected, outcome.got))?;
            }
            for error in &outcome.errors {
                output::line(&format!("    {error}"))?;
            }
        }
    }
    if as_json {
        output::json(&Value::Array(answers))?;
    }
    Ok(if good { Outcome::Done } else { Outcome::Code(1) })
}

fn source(path: &Path) -> Result<(String, String)> {
    let source = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((path.display().to_string(), source))
}

pub async fn explain(backend: &Backend, id: &str, as_json: bool) -> Result<Outcome> {
    let answer = backend.call("get_exchange", &GetExchange { exchange: id.to_owned() }).await?;
    if as_json {
        output::json(&json!({ "exchange": id, "verdicts": answer["verdicts"] }))?;
        return Ok(Outcome::Done);
    }
    let exchange: ExchangeView = backend::read("get_exchange", answer)?;
    if exchange.verdicts.is_empty() {
        output::tell("No rule matched here, nor failed: nothing else is recorded of an evaluation.");
        return Ok(Outcome::NothingFound);
    }
    let mut table = Table::new(&[
        ("at", Align::Left),
        ("rule", Align::Left),
        ("policy", Align::Left),
        ("mode", Align::Left),
        ("", Align::Left),
        ("µs", Align::Right),
        ("values", Align::Fill),
    ]);
    for verdict in exchange.verdicts {
        let (truth, tone) = match (&verdict.error, verdict.matched) {
            (Some(_), _) => ("error", Tone::Bad),
            (None, true) => ("true", Tone::Warn),
            (None, false) => ("false", Tone::Faint),
        };
        let values: Vec<String> = verdict.values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
        let values = verdict.error.unwrap_or_else(|| values.join(", "));
        table.row(vec![
            (verdict.point, Tone::Plain),
            (verdict.rule, Tone::Strong),
            (format!("{}@{}", verdict.policy, verdict.version), Tone::Faint),
            (format!("{:?}", verdict.mode).to_lowercase(), Tone::Plain),
            (truth.to_owned(), tone),
            (verdict.micros.to_string(), Tone::Faint),
            (plain(&values), Tone::Plain),
        ]);
    }
    output::put(&table.render())?;
    Ok(Outcome::Done)
}
