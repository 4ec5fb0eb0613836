//! `[budget.NAME]` and the simple keys that are budgets: what each limits, and the rule of the full form that holds its limits.

use super::{Defaults, FileScope, MODES, hold, rule, section::Section};
use crate::{
    condition::Place,
    language::BUDGET,
    policy::Rule,
    problem::{Problem, Report},
    template::Template,
};
use domain::{Budget, Capping, Counted, Mode, Per, Point};
use std::ops::Range;
use toml_edit::{Document, Value};

/// A budget and what makes its rule.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredBudget {
    pub budget: Budget,
    /// Its rule's id: `budget.NAME`, or the simple key.
    pub rule: String,
    /// The key of the file that it was made from: `budget`, or the simple key.
    pub key: &'static str,
    mode: Option<Mode>,
    /// Asks a person instead of refusing, for so long.
    asks: Option<String>,
    /// In the place of its own words.
    text: Option<String>,
    /// As it stands in the file.
    toml: String,
    span: Range<usize>,
}

pub(crate) const TOKENS: &str = "token_budget_per_session";
pub(crate) const COST: &str = "cost_budget_usd";

const PERS: &[(&str, Per)] = &[
    ("request", Per::Request),
    ("subtask", Per::Subtask),
    ("run", Per::Run),
    ("session", Per::Session),
    ("agent", Per::Agent),
    ("day", Per::Day),
];
const COUNTS: &[(&str, Counted)] = &[("new", Counted::New), ("all", Counted::All)];
const CAPS: &[(&str, Capping)] = &[("unnamed", Capping::Unnamed), ("always", Capping::Always)];
const ON_EXCEEDS: &[(&str, bool)] = &[("deny", false), ("ask", true)];

/// All that a file declares, the simple keys' first.
pub(super) fn read(top: &Section<'_>, report: &mut Report<'_>) -> Vec<DeclaredBudget> {
    let mut budgets: Vec<DeclaredBudget> = [tokens(top, report), cost(top, report)].into_iter().flatten().collect();
    let section = top.table("budget");
    for (name, item) in section.iter().flat_map(|section| section.iter()) {
        let span = item.span().unwrap_or_else(|| top.key_span("budget"));
        let Some(table) = item.as_table_like() else {
            report.error(span, format!("`budget.{name}` takes a table: write `[budget.{name}]`"));
            continue;
        };
        if budgets.iter().any(|known| known.budget.name == name) {
            report.error(span.clone(), format!("the key `{name}` makes a budget of this name already"));
        }
        let table = Section::new(table, span);
        table.check_keys(BUDGET, "a budget", report);
        check_name(name, "budget", &table, report);
        budgets.extend(one(name, &table, report));
    }
    budgets
}

/// What conditions and commands can name.
pub(super) fn check_name(name: &str, table: &str, section: &Section<'_>, report: &mut Report<'_>) {
    let fine = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fine {
        let hint = Some("a letter, then letters, digits, `_` or `-`; at most 64".to_owned());
        report.error_with_hint(section.span.clone(), format!("a {table} cannot have this name"), hint);
    }
}

fn tokens(top: &Section<'_>, report: &mut Report<'_>) -> Option<DeclaredBudget> {
    let limit = top.count(TOKENS, report)?;
    let budget = Budget { limit_tokens: Some(limit.into()), capping: Capping::Always, ..Budget::default() };
    Some(simple(budget, TOKENS, top))
}

fn cost(top: &Section<'_>, report: &mut Report<'_>) -> Option<DeclaredBudget> {
    let limit = money(top, COST, report)?;
    let asks = Some("9m".to_owned());
    Some(DeclaredBudget { asks, ..simple(Budget { limit_usd: Some(limit), ..Budget::default() }, COST, top) })
}

fn simple(budget: Budget, key: &'static str, top: &Section<'_>) -> DeclaredBudget {
    DeclaredBudget {
        budget: Budget { name: key.to_owned(), ..budget },
        rule: key.to_owned(),
        key,
        mode: None,
        asks: None,
        text: None,
        toml: String::new(),
        span: top.key_span(key),
    }
}

fn money(section: &Section<'_>, key: &str, report: &mut Report<'_>) -> Option<f64> {
    let usd = section.number(key)?;
    if usd.is_finite() && usd >= 0.0 {
        return Some(usd);
    }
    report.error(section.value_span(key), format!("`{key}` is US dollars from 0"));
    None
}

fn one(name: &str, table: &Section<'_>, report: &mut Report<'_>) -> Option<DeclaredBudget> {
    let limits = ["limit_tokens", "limit_usd", "limit_ms"];
    if !limits.iter().any(|key| table.item(key).is_some()) {
        let hint = Some(format!("write {}", limits.join(", or ")));
        report.error_with_hint(table.span.clone(), format!("`[budget.{name}]` limits nothing"), hint);
        return None;
    }
    let budget = Budget {
        name: name.to_owned(),
        per: table.choice("per", PERS, report).unwrap_or_default(),
        limit_tokens: table.count("limit_tokens", report).map(u64::from),
        limit_usd: money(table, "limit_usd", report),
        limit_ms: table.count("limit_ms", report).map(u64::from),
        counted: table.choice("count", COUNTS, report).unwrap_or_default(),
        capping: table.choice("cap", CAPS, report).unwrap_or_default(),
    };
    if budget.limit_ms.is_some() && budget.per.is_shared() {
        let message = format!("time is not counted per {}", budget.per.name());
        let hint = Some("`limit_ms` goes with `per` = request, subtask, run or session".to_owned());
        report.error_with_hint(table.key_span("limit_ms"), message, hint);
    }
    if budget.limit_ms == Some(0) {
        report.error(table.value_span("limit_ms"), "`limit_ms` is at least 1 ms");
    }
    if table.item("count").is_some() && budget.limit_tokens.is_none() {
        report.error(table.key_span("count"), "`count` says which tokens count, and this budget limits none");
    }
    if table.item("cap").is_some() && !budget.counts_spending() {
        report.error(table.key_span("cap"), "`cap` says whose output is capped, and this budget limits none");
    }
    let asks = table.choice("on_exceed", ON_EXCEEDS, report).unwrap_or_default();
    let timeout = hold::timeout(table, report);
    if table.item("timeout").is_some() && !asks {
        let hint = Some("write on_exceed = \"ask\" too".to_owned());
        report.error_with_hint(
            table.key_span("timeout"),
            "`timeout` is how long a person has, and nobody is asked",
            hint,
        );
    }
    Some(DeclaredBudget {
        budget,
        rule: format!("budget.{name}"),
        key: "budget",
        mode: table.choice("mode", MODES, report),
        asks: asks.then(|| timeout.map_or_else(|| "9m".to_owned(), |timeout| format!("{timeout}ms"))),
        text: table.text("text", report).map(|text| text.value),
        toml: report.text().get(table.extent()).unwrap_or_default().trim().to_owned(),
        span: table.span.clone(),
    })
}

/// The rules that hold the limits. A mistake in a budget's own text is told where it stands.
pub(super) fn rules(top: &Section<'_>, file: FileScope<'_>, defaults: Defaults, report: &mut Report<'_>) -> Vec<Rule> {
    let place = Place { point: Point::ModelRequest, policy: file.policy, rules: file.rules, declared: file.declared };
    for declared in file.declared.budgets.iter().filter(|declared| declared.text.is_some()) {
        let table = top.table("budget").and_then(|budgets| budgets.table(&declared.budget.name));
        if let Some(text) = table.and_then(|table| table.text("text", report)) {
            Template::compile(&text, place, report);
        }
    }
    if report.failed() {
        return Vec::new();
    }
    let mut rules = Vec::new();
    for declared in &file.declared.budgets {
        let at = declared.span.clone();
        let line = report.text()[..at.start.min(report.text().len())].matches('\n').count() as u32 + 1;
        let (rule, problems) = declared.rule(file, declared.mode.unwrap_or(defaults.mode), defaults);
        for problem in problems {
            report.error_with_hint(at.clone(), problem.message, problem.hint);
        }
        rules.extend(rule.map(|rule| Rule { line, at, ..rule }));
    }
    rules
}

impl DeclaredBudget {
    /// The names under which a person means its limits, with each limit's unit: of several, each has a name of its own.
    pub fn numbers(&self) -> Vec<(String, &'static str, f64)> {
        let limits: Vec<_> = self.budget.limits().collect();
        let name = |unit: &str| match limits.as_slice() {
            [_] => self.rule.clone(),
            _ => format!("{}.limit_{unit}", self.rule),
        };
        limits.iter().map(|(unit, limit)| (name(unit), *unit, *limit)).collect()
    }

    /// With another limit; none where it is none that the unit takes.
    pub fn with(&self, unit: &str, limit: f64) -> Option<DeclaredBudget> {
        let mut changed = self.clone();
        let whole = (limit.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&limit)).then_some(limit as u64);
        match unit {
            "tokens" => changed.budget.limit_tokens = Some(whole?),
            "ms" => changed.budget.limit_ms = Some(whole?),
            _ => changed.budget.limit_usd = Some(Some(limit).filter(|usd| usd.is_finite() && *usd >= 0.0)?),
        }
        Some(changed)
    }

    /// Its rule, made anew in a mode.
    pub fn rule(&self, file: FileScope<'_>, mode: Mode, defaults: Defaults) -> (Option<Rule>, Vec<Problem>) {
        let source = self.source(file.policy);
        let mut report = Report::new(&self.rule, &source);
        let defaults = Defaults { mode, on_error: defaults.on_error };
        let rule = match Document::parse(source.as_str()) {
            Ok(document) => {
                let section = Section::new(document.as_table(), 0..source.len());
                rule::compile(&section, &self.rule, file, defaults, &mut report)
            }
            Err(error) => {
                report.error(0..0, error.message());
                None
            }
        };
        let toml = self.spelled();
        (rule.map(|rule| Rule { lowered_from: Some(self.key), toml, ..rule }), report.into_problems())
    }

    fn source(&self, policy: &str) -> String {
        let name = &self.budget.name;
        let over = format!("budget[\"{name}\"].projected > 1.0");
        // Records of before the budget have only the session's own sums.
        let when = match (self.key, self.budget.limit_tokens, self.budget.limit_usd) {
            (TOKENS, Some(limit), _) => format!("session.tokens >= {limit} || {over}"),
            (COST, _, Some(limit)) => format!("session.cost_usd > {limit:?} || {over}"),
            _ => over,
        };
        let text = Value::from(self.text.clone().unwrap_or_else(|| self.words(policy)));
        let action = match &self.asks {
            Some(timeout) => {
                format!("escalate = {{ allow = [\"approve\", \"deny\"], timeout = \"{timeout}\", text = {text} }}")
            }
            None => format!("block = {{ text = {text} }}"),
        };
        format!("on = \"model.request\"\nwhen = '{when}'\ndo = [{{ {action} }}]\n")
    }

    fn words(&self, policy: &str) -> String {
        let (name, per) = (&self.budget.name, self.budget.per.name());
        let limits: Vec<String> = self.budget.limits().map(|(unit, limit)| amount(unit, limit)).collect();
        let whose = match self.key {
            "budget" => format!("budget {name} of policy {policy}"),
            key => format!("rule {key} of policy {policy}"),
        };
        let taken = match limits.as_slice() {
            [limit] => format!("{{{{budget[\"{name}\"].spent}}}} of {limit} per {per} are spent or reserved"),
            several => format!("little is left of {} per {per}", several.join(" and ")),
        };
        let more = match (self.budget.limits().count(), self.budget.limits().next()) {
            (1, Some(("ms", _))) | (0 | 2.., _) => String::new(),
            (_, Some((unit, _))) => {
                let unit = if unit == "usd" { "USD" } else { unit };
                format!(", and this call may need {{{{budget[\"{name}\"].call}}}} {unit}")
            }
            _ => String::new(),
        };
        match (&self.asks, self.key) {
            (Some(_), _) => format!("By {whose} {taken}{more}. Let this one call go out?"),
            (None, TOKENS) => format!(
                "Refused by {whose}: this session has used {{{{session.tokens}}}} tokens, the limit is {}, and this call may need {{{{budget[\"{TOKENS}\"].call}}}}. Start a new session, or raise the limit.",
                self.budget.limit_tokens.unwrap_or_default()
            ),
            (None, _) => format!("Refused by {whose}: {taken}{more}."),
        }
    }

    /// In the full form, as its file has it or could have it.
    fn spelled(&self) -> String {
        if !self.toml.is_empty() {
            return self.toml.clone();
        }
        let mut toml = format!("[budget.{}]\nper = \"{}\"\n", self.budget.name, self.budget.per.name());
        for (unit, limit) in self.budget.limits() {
            toml.push_str(&format!("limit_{unit} = {limit}\n"));
        }
        if self.budget.capping == Capping::Always {
            toml.push_str("cap = \"always\"\n");
        }
        if self.asks.is_some() {
            toml.push_str("on_exceed = \"ask\"\n");
        }
        toml.trim_end().to_owned()
    }
}

fn amount(unit: &str, limit: f64) -> String {
    match unit {
        "usd" => format!("{limit} USD"),
        unit => format!("{limit} {unit}"),
    }
}

/// Budgets of two files that limit the same for agents that both may match.
pub(crate) fn same_limit(one: &Budget, other: &Budget) -> Option<&'static str> {
    let unit = one.limits().find(|(unit, _)| other.limits().any(|(known, _)| known == *unit));
    unit.filter(|_| one.per == other.per).map(|(unit, _)| unit)
}
