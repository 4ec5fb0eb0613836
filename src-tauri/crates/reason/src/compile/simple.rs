//! The simple form: keys that lower to rules of the full form, through the same compiler.

use super::{Defaults, FileScope, rule, section::Section};
use crate::{
    policy::Rule,
    problem::{Problem, Report},
};
use toml_edit::Document;

struct Lowering {
    key: &'static str,
    takes: Takes,
    /// The rule in TOML; `LIMIT` and `POLICY` are filled in.
    rule: &'static str,
}

/// What a key's number is.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Count,
    /// From 0 to 1; 0 turns the key off.
    Share,
}

const LOWERINGS: &[Lowering] = &[
    Lowering {
        key: "token_budget_per_session",
        takes: Takes::Count,
        rule: r#"id = "token_budget_per_session"
on = "model.request"
when = "session.tokens >= LIMIT"
do = [{ block = { text = "Refused by rule token_budget_per_session of policy POLICY: this session has used {{session.tokens}} tokens, the limit is LIMIT. Start a new session, or raise the limit." } }]
"#,
    },
    Lowering {
        key: "max_tool_errors",
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
        takes: Takes::Share,
        rule: r#"id = "context_limit"
on = "model.request"
when = "session.context_used > LIMIT && !request.side_call && (history.context_limit.fires_in_session == 0 || history.context_limit.steps_since >= 5)"
do = [{ compact = { to = TARGET } }]
"#,
    },
];

/// The ids of the rules that the file's simple keys make.
pub(super) fn ids(top: &Section<'_>) -> Vec<String> {
    LOWERINGS.iter().filter(|l| top.item(l.key).is_some() && !l.is_off(top)).map(|l| l.key.to_owned()).collect()
}

pub(super) fn lower(top: &Section<'_>, file: FileScope<'_>, defaults: Defaults, report: &mut Report<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for lowering in LOWERINGS {
        let Some(limit) = lowering.limit(top, report) else { continue };
        let at = top.key_span(lowering.key);
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
    let lowering = LOWERINGS.iter().find(|lowering| rule.lowered_from == Some(lowering.key))?;
    let fits = match lowering.takes {
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
    fn limit(&self, top: &Section<'_>, report: &mut Report<'_>) -> Option<f64> {
        match self.takes {
            Takes::Count => top.count(self.key, report).map(f64::from),
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
        let source = source.replace("AGAIN", again(file)).replace("POLICY", file.policy);
        let mut report = Report::new(self.key, &source);
        let rule = match Document::parse(source.as_str()) {
            Ok(document) => {
                let section = Section::new(document.as_table(), 0..source.len());
                rule::compile(&section, self.key, file, defaults, &mut report)
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
