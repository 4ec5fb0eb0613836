//! `safety_classifiers`, lowered: for each class named its rules of the full form, through the same compiler, and what they name.

use super::{Declared, Defaults, FileScope, classifier, rule, section::Section};
use crate::{
    language::{LISTS, list},
    nearest::did_you_mean,
    policy::Rule,
    problem::Report,
};
use domain::{Alert, AlertTarget};
use toml_edit::Document;

pub(super) const KEY: &str = "safety_classifiers";
/// Whom an unsafe answer tells, where the file declares no `[alert.safety]`.
const ALERT: &str = "safety";

struct Lowered {
    class: &'static str,
    id: &'static str,
    /// `PATTERNS`, `SCORE` and `POLICY` are filled in.
    rule: &'static str,
}

const LOWERED: &[Lowered] = &[
    Lowered { class: "secrets", id: "secrets_in_request", rule: REQUEST },
    Lowered { class: "secrets", id: "secrets_in_result", rule: RESULT },
    Lowered { class: "secrets", id: "secrets_in_answer", rule: ANSWER },
    Lowered { class: "pii", id: "pii_in_request", rule: REQUEST },
    Lowered { class: "pii", id: "pii_in_result", rule: RESULT },
    Lowered { class: "pii", id: "pii_in_answer", rule: ANSWER },
    Lowered {
        class: "content_policy",
        id: "content_policy",
        rule: r#"on = "model.response"
when = "score.content_policy >= SCORE"
do = [{ block = { text = "This answer was withheld by rule content_policy of policy POLICY." } }, { alert = { to = "safety", text = "An answer was withheld (score {{score.content_policy}}): {{found.content_policy}}" } }]
"#,
    },
    Lowered {
        class: "prompt_injection",
        id: "prompt_injection",
        rule: r#"on = "tool.result"
when = "!('untrusted' in session.taints) && score.prompt_injection >= SCORE"
do = [{ taint = "untrusted" }]
"#,
    },
];

const REQUEST: &str = "on = \"model.request\"\ndo = [{ redact = { patterns = [PATTERNS] } }]\n";
const RESULT: &str = "on = \"tool.result\"\ndo = [{ redact = { patterns = [PATTERNS] } }]\n";
const ANSWER: &str = "on = \"model.stream\"\ndo = [{ redact = { patterns = [PATTERNS] } }]\n";

/// The classes that the file names; mistakes are told once, by `declare`.
fn classes<'t>(top: &'t Section<'_>) -> impl Iterator<Item = &'t str> {
    let array = top.item(KEY).and_then(|item| item.as_array());
    array.into_iter().flatten().filter_map(|value| value.as_str())
}

/// The ids of the rules that the key makes.
pub(super) fn ids(top: &Section<'_>) -> Vec<String> {
    let named = |lowered: &&Lowered| classes(top).any(|class| class == lowered.class);
    LOWERED.iter().filter(named).map(|lowered| lowered.id.to_owned()).collect()
}

/// What the rules name and the file does not declare itself.
pub(super) fn declare(top: &Section<'_>, policy: &str, declared: &mut Declared, report: &mut Report<'_>) {
    let mut seen: Vec<String> = Vec::new();
    for (class, span) in top.texts(KEY, report).unwrap_or_default() {
        if list(&class).is_none() {
            let names = || LISTS.iter().map(|list| list.name);
            let hint = did_you_mean(&class, names())
                .or_else(|| Some(format!("there are: {}", names().collect::<Vec<_>>().join(", "))));
            report.error_with_hint(span, format!("there is no class `{class}`"), hint);
        } else if seen.contains(&class) {
            report.error(span, format!("\"{class}\" stands here twice"));
        } else {
            if !declared.classifiers.iter().any(|known| known.asked.name == class) {
                declared.classifiers.extend(classifier::shipped(&class, policy));
            }
            seen.push(class);
        }
    }
    if seen.iter().any(|class| class == "content_policy") && !declared.alerts.iter().any(|alert| alert.name == ALERT) {
        declared.alerts.push(Alert { name: ALERT.to_owned(), to: AlertTarget::Desktop });
    }
}

pub(super) fn lower(top: &Section<'_>, file: FileScope<'_>, defaults: Defaults, report: &mut Report<'_>) -> Vec<Rule> {
    let at = top.key_span(KEY);
    let line = report.text()[..at.start.min(report.text().len())].matches('\n').count() as u32 + 1;
    let mut rules = Vec::new();
    for lowered in LOWERED.iter().filter(|lowered| classes(top).any(|class| class == lowered.class)) {
        let source = lowered.source(file);
        let mut inner = Report::new(KEY, &source);
        let rule = Document::parse(source.as_str()).ok().and_then(|document| {
            let section = Section::new(document.as_table(), 0..source.len());
            rule::compile(&section, lowered.id, file, defaults, &mut inner)
        });
        for problem in inner.into_problems() {
            report.error_with_hint(at.clone(), problem.message, problem.hint);
        }
        let toml = format!("[[rule]]\n{}", source.trim_end());
        rules.extend(rule.map(|rule| Rule { lowered_from: Some(KEY), toml, line, at: at.clone(), ..rule }));
    }
    rules
}

impl Lowered {
    fn source(&self, file: FileScope<'_>) -> String {
        let of_class = list(self.class);
        let names = of_class.map(|list| list.certain).unwrap_or_default();
        let whole = of_class.map(|list| list.whole).filter(|_| self.rule != ANSWER).unwrap_or_default();
        let patterns = names.iter().chain(whole).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let classes = file.declared.classifiers.iter().find(|known| known.asked.name == self.class);
        let threshold = classes.map_or(0.5, |known| known.threshold);
        let rule = self.rule.replace("PATTERNS", &patterns).replace("SCORE", &format!("{threshold:?}"));
        format!("id = \"{}\"\n{}", self.id, rule.replace("POLICY", file.policy))
    }
}
