//! The compiler: a policy file's text to a `Policy`, or every mistake in it with its place.

mod action;
mod attempt;
mod breakers;
mod budget;
mod circuit;
mod classifier;
mod context;
mod declared;
mod duration;
mod given;
mod hold;
mod latency;
mod named;
mod order;
mod rate;
mod rule;
mod safety;
mod schemas;
mod section;
mod simple;
mod spans;
mod tool_errors;

pub(crate) use budget::{DeclaredBudget, same_limit};
pub(crate) use classifier::Classes;
pub(crate) use declared::{Declared, Tier};
pub use duration::spelled as spelled_duration;
pub(crate) use rate::DeclaredRate;
pub(crate) use schemas::ResultSchema;
pub(crate) use section::described;
pub(crate) use simple::with_limit;

use crate::{
    language::{DEFAULTS, POLICY, RULE},
    policy::Policy,
    problem::{Problem, Problems, Report},
};
use domain::{Mode, OnError, PolicyVersion};
use globset::{Glob, GlobSet, GlobSetBuilder};
use section::Section;
use std::{cell::RefCell, sync::Arc};
use toml_edit::Document;

/// What a file's rules share and may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileScope<'f> {
    pub policy: &'f str,
    pub rules: &'f [String],
    pub declared: &'f Declared,
}

/// What rules have that say nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Defaults {
    pub mode: Mode,
    pub on_error: OnError,
}

const MODES: &[(&str, Mode)] = &[("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("off", Mode::Off)];
const ON_ERRORS: &[(&str, OnError)] = &[("open", OnError::Open), ("closed", OnError::Closed)];

/// What lies beside a policy's file, by its path from there; none: not at hand, and what is in it does not matter.
pub type Beside<'b> = &'b dyn Fn(&str) -> Option<Result<String, String>>;

/// Compiles one file by itself. `file` names it in problems; without a `name` key its stem names the policy. Warnings come with the policy.
pub fn compile(file: &str, source: &str) -> Result<(Policy, Vec<Problem>), Problems> {
    compile_beside(file, source, &|_| None)
}

/// The same with the files that it names.
pub fn compile_beside(file: &str, source: &str, beside: Beside<'_>) -> Result<(Policy, Vec<Problem>), Problems> {
    let mut report = Report::new(file, source);
    let policy = read(file, source, beside, &mut report);
    let failed = report.failed();
    let problems = report.into_problems();
    match policy {
        Some(policy) if !failed => Ok((policy, problems)),
        _ => Err(Problems(problems)),
    }
}

/// The version that verdicts cite: the first 12 hexadecimal digits of BLAKE3 over the source.
pub fn version_of(source: &str) -> String {
    blake3::hash(source.as_bytes()).to_hex().as_str()[..12].to_owned()
}

/// `dir/name.toml` → `name`.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn read(file_name: &str, source: &str, beside: Beside<'_>, report: &mut Report<'_>) -> Option<Policy> {
    let document = match Document::parse(source) {
        Ok(document) => document,
        Err(error) => {
            let at = error.span().unwrap_or(source.len()..source.len());
            report.error(at, format!("not TOML: {}", error.message().replace('\n', "; ")));
            return None;
        }
    };
    let top = Section::new(document.as_table(), 0..0);
    top.check_keys(POLICY, "a policy", report);
    check_version(&top, report);
    let name = policy_name(file_name, &top, report);
    let (globs, agents) = agents(&top, report);
    let defaults = defaults(&top, report);
    let description = top.text("description", report).map(|text| text.value).unwrap_or_default();

    let named = RefCell::new(Vec::new());
    let reading = |path: &str| {
        let source = beside(path)?;
        named.borrow_mut().push((path.to_owned(), source.as_deref().map(version_of).unwrap_or_default()));
        Some(source)
    };
    let declared = Declared::read(&top, &name, &reading, report).watching(&top, &name, report);
    let declared = Arc::new(declared);
    let sections = top.tables("rule");
    let mut ids: Vec<String> = simple::ids(&top);
    ids.extend(safety::ids(&top));
    ids.extend(circuit::ids(&top));
    ids.extend(declared.budgets.iter().map(|budget| budget.rule.clone()));
    for section in &sections {
        section.check_keys(RULE, "a rule", report);
        ids.push(rule::id(section, &ids, report));
    }
    let file = FileScope { policy: &name, rules: &ids, declared: &declared };
    let mut rules = simple::lower(&top, file, defaults, report);
    rules.extend(safety::lower(&top, file, defaults, report));
    rules.extend(circuit::lower(&top, file, defaults, report));
    rules.extend(budget::rules(&top, file, defaults, report));
    let first_full = ids.len() - sections.len();
    for (section, id) in sections.iter().zip(&ids[first_full..]) {
        rules.extend(rule::compile(section, id, file, defaults, report));
    }
    hold::check_patience(&rules, agents.as_ref(), report);
    let cases = given::cases(&top, file, &rules, report);
    let version = PolicyVersion { version: version_of(source), name, source: source.to_owned() };
    let rules = rules.into_iter().map(Arc::new).collect();
    Some(Policy {
        file: file_name.to_owned(),
        version,
        agents,
        globs,
        rules,
        cases,
        description,
        declared,
        defaults,
        beside: named.into_inner(),
    })
}

fn check_version(top: &Section<'_>, report: &mut Report<'_>) {
    match top.item("version") {
        None => {
            let hint = Some("write `version = 1` as the first line".to_owned());
            report.error_with_hint(0..0, "the language's version is missing", hint);
        }
        Some(item) if item.as_integer().is_some_and(|version| version != 1) => {
            let hint = Some("this Switchtower reads version 1".to_owned());
            report.error_with_hint(top.value_span("version"), "unknown version of the policy language", hint);
        }
        Some(_) => {}
    }
}

fn policy_name(file: &str, top: &Section<'_>, report: &mut Report<'_>) -> String {
    let Some(text) = top.text("name", report) else { return stem(file).to_owned() };
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.value.is_empty() || text.value.len() > 64 || !text.value.chars().all(fine) {
        let hint = Some("1 to 64 letters, digits, `.`, `_` or `-`".to_owned());
        report.error_with_hint(top.value_span("name"), "a policy cannot have this name", hint);
    }
    text.value
}

fn agents(top: &Section<'_>, report: &mut Report<'_>) -> (Vec<String>, Option<GlobSet>) {
    let Some(texts) = top.texts("agents", report) else { return (Vec::new(), None) };
    let mut set = GlobSetBuilder::new();
    for (text, span) in &texts {
        match Glob::new(text) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => report.error(span.clone(), format!("not a glob: {}", error.kind())),
        }
    }
    let globs: Vec<String> = texts.into_iter().map(|(text, _)| text).collect();
    if globs.is_empty() {
        return (globs, None);
    }
    (globs, set.build().ok())
}

fn defaults(top: &Section<'_>, report: &mut Report<'_>) -> Defaults {
    let Some(section) = top.table("defaults") else { return Defaults::default() };
    section.check_keys(DEFAULTS, "[defaults]", report);
    Defaults {
        mode: section.choice("mode", MODES, report).unwrap_or_default(),
        on_error: section.choice("on_error", ON_ERRORS, report).unwrap_or_default(),
    }
}
