//! The simple form: keys that lower to rules of the full form, through the same compiler.

use super::{
    Defaults, FileScope, budget,
    latency::{FASTER, LATENCY, NO_TIER},
    rule,
    section::Section,
};
use crate::{
    policy::Rule,
    problem::{Problem, Report},
};
use toml_edit::Document;

pub(super) struct Lowering {
    pub key: &'static str,
    /// The rule's own; a key that makes several has the first one's.
    pub id: &'static str,
    pub takes: Takes,
    /// The rule in TOML; `LIMIT`, `POLICY` and the like are filled in.
    pub rule: &'static str,
}

/// What a key's number is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Takes {
    Count,
    /// A count above 0.
    Milliseconds,
    /// From 0 to 1; 0 turns the key off.
    Share,
}

const LOWERINGS: &[Lowering] = &[
    Lowering {
        key: budget::TOKENS,
        id: "token_budget_nearly_used",
        takes: Takes::Count,
        rule: r#"id = "token_budget_nearly_used"
on = "model.request"
when = "budget.token_budget_per_session.used > 0.85 && !request.side_call && (history.token_budget_nearly_used.fires_in_session == 0 || history.token_budget_nearly_used.steps_since >= 5)"
do = [{ compact = { to = 0.5, of = "context"SUMMARY } }]
"#,
    },
    Lowering {
        key: budget::TOKENS,
        id: "token_budget_used",
        takes: Takes::Count,
        rule: r#"id = "token_budget_used"
on = "model.stream"
on_error = "open"
when = "budget.token_budget_per_session.used >= 1.0 && !request.side_call"
do = [{ partial = "The LIMIT tokens that rule token_budget_per_session of policy POLICY gives a session are used up." }]
"#,
    },
    Lowering {
        key: "max_tool_errors",
        id: "max_tool_errors",
        takes: Takes::Count,
        rule: r#"id = "max_tool_errors"
on = "model.request"
when = "run.tool_errors > LIMIT && !request.side_call && (history.max_tool_errors.fires_in_run == 0 || history.max_tool_errors.tool_errors_since > LIMIT)"
do = [{ inject = { role = "user", text = """
{{run.tool_errors}} tool calls of this run have failed (trace {{trace.session}}). The latest errors:
{{run.errors}}
Do not repeat a call that failed in the same way. Say what went wrong, then correct the arguments, use another tool, or stop and tell the user what is missing.""" } }]
again = [AGAIN]
"#,
    },
    Lowering {
        key: "context_limit",
        id: "context_limit",
        takes: Takes::Share,
        rule: r#"id = "context_limit"
on = "model.request"
when = "session.context_used > LIMIT && !request.side_call && (history.context_limit.fires_in_session == 0 || history.context_limit.steps_since >= 5)"
do = [{ compact = { to = TARGETSUMMARY } }]
"#,
    },
];

/// Keys that make a file a simple one: it has a limit of the context too, unless it says otherwise.
const SIMPLE: [&str; 7] = [
    "latency_budget_ms",
    "latency_budget_ms_per_request",
    "latency_budget_ms_per_subtask",
    "token_budget_per_session",
    "cost_budget_usd",
    "max_tool_errors",
    "circuit_breaker",
];
const CONTEXT: &str = "context_limit";
/// The share where a simple file does not say one.
const USUAL_CONTEXT: f64 = 0.85;

fn lowerings() -> impl Iterator<Item = &'static Lowering> {
    LOWERINGS.iter().chain(LATENCY)
}

/// The ids of the rules that the file's simple keys make.
pub(super) fn ids(top: &Section<'_>) -> Vec<String> {
    lowerings().filter(|l| l.stands_at(top).is_some() && !l.is_off(top)).map(|l| l.id.to_owned()).collect()
}

pub(super) fn lower(top: &Section<'_>, file: FileScope<'_>, defaults: Defaults, report: &mut Report<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for lowering in lowerings() {
        let Some(key) = lowering.stands_at(top) else { continue };
        let Some(limit) = lowering.limit(top, report) else { continue };
        let at = top.key_span(key);
        let line = report.text()[..at.start.min(report.text().len())].matches('\n').count() as u32 + 1;
        let (rule, problems) = lowering.rule(limit, file, defaults);
        for problem in problems {
            report.error_with_hint(at.clone(), problem.message, problem.hint);
        }
        rules.extend(rule.map(|rule| Rule { line, at: at.clone(), ..rule }));
    }
    rules
}

/// A lowered rule with another number, in the same mode; none where the rule is not one of these.
pub(crate) fn with_limit(rule: &Rule, file: FileScope<'_>, limit: f64) -> Option<Rule> {
    let lowering = lowerings().find(|lowering| rule.lowered_from == Some(lowering.key) && rule.id == lowering.id)?;
    let fits = match lowering.takes {
        Takes::Milliseconds => limit.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&limit),
        Takes::Count => limit.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&limit),
        Takes::Share => limit > 0.0 && limit <= 1.0,
    };
    if !fits {
        return None;
    }
    let defaults = Defaults { mode: rule.mode, on_error: rule.on_error };
    let (made, _) = lowering.rule(limit, file, defaults);
    Some(Rule { line: rule.line, at: rule.at.clone(), ..made? })
}

/// What `max_tool_errors` does where its prompt did not help: up to the strong tier where the file names one, then to a person.
fn again(file: FileScope<'_>) -> &'static str {
    match file.declared.tier("strong") {
        Some(_) => {
            r#"{ first = [{ reroute = "tier:strong" }, { escalate = "Tool calls go on failing ({{run.tool_errors}} in this run)." }] }"#
        }
        None => r#"{ escalate = "Tool calls go on failing ({{run.tool_errors}} in this run)." }"#,
    }
}

impl Lowering {
    /// The key that makes it; for the context's usual limit any other that makes the file a simple one.
    fn stands_at(&self, top: &Section<'_>) -> Option<&'static str> {
        let of_others = || SIMPLE.into_iter().find(|key| top.item(key).is_some()).filter(|_| self.key == CONTEXT);
        top.item(self.key).map(|_| self.key).or_else(of_others)
    }

    fn limit(&self, top: &Section<'_>, report: &mut Report<'_>) -> Option<f64> {
        match self.takes {
            Takes::Count => top.count(self.key, report).map(f64::from),
            Takes::Milliseconds => {
                let limit = top.count(self.key, report)?;
                if limit == 0 {
                    report.error(top.value_span(self.key), format!("`{}` is at least 1 ms", self.key));
                    return None;
                }
                Some(f64::from(limit))
            }
            Takes::Share if top.item(self.key).is_none() => Some(USUAL_CONTEXT),
            Takes::Share => {
                let share = top.number(self.key)?;
                if !(0.0..=1.0).contains(&share) {
                    let hint = Some("0.85 is 85 %; 0 turns it off".to_owned());
                    report.error_with_hint(
                        top.value_span(self.key),
                        format!("`{}` is a share from 0 to 1", self.key),
                        hint,
                    );
                    return None;
                }
                (share > 0.0).then_some(share)
            }
        }
    }

    fn is_off(&self, top: &Section<'_>) -> bool {
        self.takes == Takes::Share && top.number(self.key) == Some(0.0)
    }

    fn rule(&self, limit: f64, file: FileScope<'_>, defaults: Defaults) -> (Option<Rule>, Vec<Problem>) {
        let target = format!("{:.3}", limit * 2.0 / 3.0);
        let source = self.rule.replace("LIMIT", &limit.to_string()).replace("TARGET", &target);
        let nearly = (limit * 0.8).ceil().to_string();
        let faster = if file.declared.tier("fast").is_some() { FASTER } else { NO_TIER };
        let source = source.replace("NEARLY", &nearly).replace("FASTER", faster);
        let summary = if file.declared.tier("fast").is_some() { r#", summary = "tier:fast""# } else { "" };
        let source = source.replace("SUMMARY", summary);
        let source = source.replace("AGAIN", again(file)).replace("POLICY", file.policy);
        let mut report = Report::new(self.id, &source);
        let rule = match Document::parse(source.as_str()) {
            Ok(document) => {
                let section = Section::new(document.as_table(), 0..source.len());
                rule::compile(&section, self.id, file, defaults, &mut report)
            }
            Err(error) => {
                report.error(0..0, error.message());
                None
            }
        };
        let toml = format!("[[rule]]\n{}", source.trim_end());
        let rule = rule.map(|rule| Rule { lowered_from: Some(self.key), limit: Some(limit), toml, ..rule });
        (rule, report.into_problems())
    }
}
