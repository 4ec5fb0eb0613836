//! The simple form: keys that lower to rules of the full form, through the same compiler.

use super::{Defaults, rule, section::Section};
use crate::{
    policy::Rule,
    problem::{Problem, Report},
};
use toml_edit::Document;

struct Lowering {
    key: &'static str,
    /// The rule in TOML; `LIMIT` and `POLICY` are filled in.
    rule: &'static str,
}

const LOWERINGS: &[Lowering] = &[
    Lowering {
        key: "token_budget_per_session",
        rule: r#"id = "token_budget_per_session"
on = "model.request"
when = "session.tokens >= LIMIT"
do = [{ block = { text = "Refused by rule token_budget_per_session of policy POLICY: this session has used {{session.tokens}} tokens, the limit is LIMIT. Start a new session, or raise the limit." } }]
"#,
    },
    Lowering {
        key: "max_tool_errors",
        rule: r#"id = "max_tool_errors"
on = "model.request"
when = "run.tool_errors > LIMIT && history.max_tool_errors.fires_in_run == 0 && !request.side_call"
do = [{ inject = { role = "user", text = """
{{run.tool_errors}} tool calls of this run have failed (trace {{trace.session}}). The latest errors:
{{run.errors}}
Do not repeat a call that failed in the same way. Say what went wrong, then correct the arguments, use another tool, or stop and tell the user what is missing.""" } }]
"#,
    },
];

/// The ids of the rules that the file's simple keys make.
pub(super) fn ids(top: &Section<'_>) -> Vec<String> {
    LOWERINGS.iter().filter(|l| top.item(l.key).is_some()).map(|l| l.key.to_owned()).collect()
}

pub(super) fn lower(
    top: &Section<'_>,
    policy: &str,
    ids: &[String],
    defaults: Defaults,
    report: &mut Report<'_>,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for lowering in LOWERINGS {
        let Some(limit) = top.count(lowering.key, report) else { continue };
        let at = top.key_span(lowering.key);
        let line = report.text()[..at.start.min(report.text().len())].matches('\n').count() as u32 + 1;
        let (rule, problems) = lowering.rule(limit, policy, ids, defaults);
        for problem in problems {
            report.error_with_hint(at.clone(), problem.message, problem.hint);
        }
        rules.extend(rule.map(|rule| Rule { line, at: at.clone(), ..rule }));
    }
    rules
}

/// A lowered rule with another number, in the same mode; none where the rule is not one of these.
pub(crate) fn with_limit(rule: &Rule, policy: &str, ids: &[String], limit: u32) -> Option<Rule> {
    let lowering = LOWERINGS.iter().find(|lowering| rule.lowered_from == Some(lowering.key))?;
    let defaults = Defaults { mode: rule.mode, on_error: rule.on_error };
    let (made, _) = lowering.rule(limit, policy, ids, defaults);
    Some(Rule { line: rule.line, at: rule.at.clone(), ..made? })
}

impl Lowering {
    fn rule(&self, limit: u32, policy: &str, ids: &[String], defaults: Defaults) -> (Option<Rule>, Vec<Problem>) {
        let source = self.rule.replace("LIMIT", &limit.to_string()).replace("POLICY", policy);
        let mut report = Report::new(self.key, &source);
        let rule = match Document::parse(source.as_str()) {
            Ok(document) => {
                let section = Section::new(document.as_table(), 0..source.len());
                rule::compile(&section, self.key, policy, ids, defaults, &mut report)
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
