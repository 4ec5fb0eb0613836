//! The policies in force: an immutable snapshot, swapped whole. A file that breaks keeps its last good version.

use crate::{
    breaker::Breaker,
    compile::{Beside, compile_beside, same_limit, stem, version_of},
    policy::{Policy, Rule},
    problem::{Problem, Report, Severity},
};
use domain::{Budget, Classification, Mode, Pattern, Point, PolicyVersion, SchemaFacts};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// All policies of a folder, compiled. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    files: Arc<[File]>,
}

#[derive(Debug, Clone)]
struct File {
    name: String,
    state: PolicyState,
    policy: Option<Arc<Policy>>,
    error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyState {
    /// In force as the file says.
    Active,
    /// The file is broken; its last good version is in force.
    Kept,
    /// The file is broken and nothing of it is in force.
    Broken,
}

/// What came of loading a folder.
#[derive(Debug, Default)]
pub struct Loaded {
    pub set: PolicySet,
    /// Of all files, in their order, warnings included.
    pub problems: Vec<Problem>,
}

/// A policy as lists and `health` show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicySummary {
    pub name: String,
    pub file: String,
    /// Of the version in force; empty where none is.
    pub version: String,
    pub state: PolicyState,
    /// The first problem, with its place.
    pub error: Option<String>,
    /// What its rules do: `enforce`, `shadow`, `off`, or `mixed`.
    pub mode: &'static str,
    pub rules: u32,
    pub agents: Vec<String>,
}

impl PolicySet {
    /// Compiles files given as (file name, text). A broken one is left out.
    pub fn load(files: Vec<(String, String)>) -> Loaded {
        PolicySet::reload(&PolicySet::default(), files)
    }

    /// As `load`, but a broken file keeps what `previous` had of it.
    pub fn reload(previous: &PolicySet, files: Vec<(String, String)>) -> Loaded {
        PolicySet::reload_beside(previous, files, &|_| None)
    }

    /// The same with the files that policies name.
    pub fn reload_beside(previous: &PolicySet, files: Vec<(String, String)>, beside: Beside<'_>) -> Loaded {
        let mut loaded: Vec<File> = Vec::new();
        let mut problems = Vec::new();
        for (name, source) in files {
            let compiled = match previous.unchanged(&name, &source, beside) {
                Some(policy) => Ok((policy, Vec::new())),
                None => compile_beside(&name, &source, beside).map(|(policy, warnings)| (Arc::new(policy), warnings)),
            };
            let taken = compiled.as_ref().ok().and_then(|(policy, _)| taken_by(&loaded, policy.name()));
            let (policy, found) = match (compiled, taken) {
                (Ok((policy, _)), Some(other)) => (None, vec![twice(&name, policy.name(), &other)]),
                (Ok((policy, warnings)), None) => (Some(policy), warnings),
                (Err(broken), _) => (None, broken.0),
            };
            let state = if policy.is_some() { PolicyState::Active } else { PolicyState::Broken };
            let error = found.iter().find(|p| p.severity == Severity::Error).map(one_line);
            loaded.push(File { name, state, policy, error });
            problems.extend(found);
        }
        keep_last_good(&mut loaded, previous);
        problems.extend(overlaps(&loaded));
        Loaded { set: PolicySet { files: loaded.into() }, problems }
    }

    /// The compiled policy of a file whose text has not changed, nor that of the files that it names.
    fn unchanged(&self, file: &str, source: &str, beside: Beside<'_>) -> Option<Arc<Policy>> {
        let known = self.files.iter().find(|known| known.name == file && known.state == PolicyState::Active)?;
        let same = |(path, version): &(String, String)| {
            beside(path).is_none_or(|source| source.as_deref().map(version_of).unwrap_or_default() == *version)
        };
        let unchanged =
            |policy: &&Arc<Policy>| policy.version.version == version_of(source) && policy.beside.iter().all(same);
        known.policy.as_ref().filter(unchanged).cloned()
    }

    /// Those in force, in the files' order.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.files.iter().filter_map(|file| file.policy.as_deref())
    }

    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies().find(|policy| policy.name() == name)
    }

    /// Only the policies that apply to an agent; what an exchange keeps until it ends.
    pub fn for_agent(&self, agent: &str) -> PolicySet {
        let applies = |file: &&File| file.policy.as_ref().is_some_and(|policy| policy.applies_to(agent));
        PolicySet { files: self.files.iter().filter(applies).cloned().collect() }
    }

    /// The versions in force, for the ledger.
    pub fn versions(&self) -> Vec<PolicyVersion> {
        self.policies().map(|policy| policy.version().clone()).collect()
    }

    pub fn summaries(&self) -> Vec<PolicySummary> {
        self.files.iter().map(File::summary).collect()
    }

    /// Whether any rule, shadow included, is evaluated at a point.
    pub fn looks_at(&self, point: Point) -> bool {
        self.rules().any(|rule| rule.point == point && rule.mode != Mode::Off)
    }

    /// Whether a call of this tool must be held back until it is complete and judged.
    pub fn needs_calls(&self, tool_name: &str) -> bool {
        self.holding(Point::ToolCall).any(|rule| rule.may_match_tool(tool_name)) || self.paces(tool_name)
    }

    /// Whether calls of some tool must be held back.
    pub fn needs_any_calls(&self) -> bool {
        self.holding(Point::ToolCall).next().is_some() || self.paces_tools()
    }

    /// Whether responses must be held back until they are complete and judged.
    pub fn needs_response(&self) -> bool {
        self.holding(Point::ModelResponse).any(|rule| rule.may_match_outcome(false))
    }

    /// What policies declare breakers for, in their order.
    pub fn breakers(&self) -> impl Iterator<Item = &Breaker> {
        self.policies().flat_map(|policy| &policy.declared.breakers)
    }

    pub fn has_breakers(&self) -> bool {
        self.breakers().next().is_some()
    }

    /// Whether some policy says that this tool changes nothing.
    pub fn read_only(&self, tool: &str) -> bool {
        let says = |policy: &Policy| policy.declared.read_only.as_ref().is_some_and(|tools| tools.is_match(tool));
        self.policies().any(says)
    }

    pub fn knows_tool_errors(&self) -> bool {
        self.policies().any(|policy| !policy.declared.tool_errors.is_empty())
    }

    /// Whether some policy knows a tool's result for a failure by its text.
    pub fn is_tool_error(&self, tool: &str, text: &str) -> bool {
        self.policies().flat_map(|policy| &policy.declared.tool_errors).any(|known| known.is(tool, text))
    }

    /// Whether a rule may answer from earlier results at a point.
    pub fn caches(&self, point: Point) -> bool {
        self.rules().any(|rule| rule.point == point && rule.mode != Mode::Off && rule.caches())
    }

    /// Whether some rule may mend an attempt that failed: then nothing of a response goes out before it is known to be one.
    pub fn mends_failures(&self) -> bool {
        self.rules().any(Rule::concerns_failures)
    }

    /// The classifiers that rules in force at a point read.
    pub fn classifications(&self, point: Point) -> Vec<&Classification> {
        let of = |policy: &'_ Policy| -> bool { !policy.declared.classifiers.is_empty() };
        let policies = self.policies().filter(|policy| of(policy));
        policies.flat_map(|policy| policy.classifications(point)).collect()
    }

    /// Those that only shadow rules read, and that answer from elsewhere: asked beside the moment.
    pub fn late_classifications(&self, point: Point) -> Vec<&Classification> {
        let policies = self.policies().filter(|policy| !policy.declared.classifiers.is_empty());
        policies.flat_map(|policy| policy.late(point)).collect()
    }

    /// A tool's result against the schemas that rules in force read, by `policy/NAME`.
    pub fn schema_facts(&self, tool: &str, result: &str) -> BTreeMap<String, SchemaFacts> {
        let policies = self.policies().filter(|policy| !policy.declared.schemas.is_empty());
        policies.flat_map(|policy| policy.schema_facts(tool, result)).collect()
    }

    /// Whether rules on the stream look at its time and course, and not only at what matches in its text.
    pub fn watches_streams(&self) -> bool {
        self.rules().any(|rule| rule.point == Point::ModelStream && rule.mode != Mode::Off && !rule.only_rewords())
    }

    /// Whether some rule at a point reads a budget.
    pub fn reads_budgets(&self, point: Point) -> bool {
        self.policies().filter(|policy| !policy.declared.budgets.is_empty()).any(|policy| policy.reads_budgets(point))
    }

    /// What rules of that mode look for in an answer's text before it goes out.
    pub fn stream_patterns(&self, mode: Mode) -> impl Iterator<Item = &Pattern> {
        let rules = self.rules().filter(move |rule| rule.point == Point::ModelStream && rule.mode == mode);
        rules.flat_map(Rule::patterns)
    }

    /// Whether a stream may be ended while it is under way: no half tool call of it may have gone out by then.
    pub fn ends_streams(&self) -> bool {
        self.rules().any(Rule::ends_stream)
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.policies().flat_map(|policy| policy.rules.iter().map(|rule| &**rule))
    }

    /// The same policies, each changed or not; what `change` returns none for stays.
    pub(crate) fn changed(&self, change: impl Fn(&Policy) -> Option<Policy>) -> PolicySet {
        let files = self.files.iter().map(|file| {
            let policy = file.policy.as_deref().and_then(&change).map(Arc::new).or_else(|| file.policy.clone());
            File { policy, ..file.clone() }
        });
        PolicySet { files: files.collect() }
    }

    fn holding(&self, point: Point) -> impl Iterator<Item = &Rule> {
        self.rules().filter(move |rule| rule.point == point && rule.holds_back())
    }
}

impl File {
    fn summary(&self) -> PolicySummary {
        let policy = self.policy.as_deref();
        let mut modes: Vec<Mode> = policy.iter().flat_map(|policy| &policy.rules).map(|rule| rule.mode).collect();
        modes.dedup();
        PolicySummary {
            name: policy.map_or(stem(&self.name), Policy::name).to_owned(),
            file: self.name.clone(),
            version: policy.map(|policy| policy.version.version.clone()).unwrap_or_default(),
            state: self.state,
            error: self.error.clone(),
            mode: match modes.as_slice() {
                [] | [Mode::Off] => "off",
                [Mode::Enforce] => "enforce",
                [Mode::Shadow] => "shadow",
                _ => "mixed",
            },
            rules: policy.map_or(0, |policy| policy.rules.len() as u32),
            agents: policy.map(|policy| policy.globs.clone()).unwrap_or_default(),
        }
    }
}

fn taken_by(loaded: &[File], name: &str) -> Option<String> {
    let taken = loaded.iter().find(|file| file.policy.as_ref().is_some_and(|policy| policy.name() == name))?;
    Some(taken.name.clone())
}

fn twice(file: &str, name: &str, other: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: 1,
        column: 1,
        length: 1,
        severity: Severity::Error,
        message: format!("the name `{name}` is taken by {other}"),
        hint: Some("give one of them another `name`".to_owned()),
        excerpt: String::new(),
    }
}

/// Broken files take back what they had, unless another file has that name now.
fn keep_last_good(loaded: &mut [File], previous: &PolicySet) {
    for place in 0..loaded.len() {
        if loaded[place].state != PolicyState::Broken {
            continue;
        }
        let last = previous.files.iter().find(|file| file.name == loaded[place].name);
        let Some(policy) = last.and_then(|file| file.policy.clone()) else { continue };
        if taken_by(loaded, policy.name()).is_none() {
            loaded[place].policy = Some(policy);
            loaded[place].state = PolicyState::Kept;
        }
    }
}

/// Limits that two policies set for agents that both may match: both apply, so the stricter holds.
fn overlaps(loaded: &[File]) -> Vec<Problem> {
    let policies: Vec<&Policy> = loaded.iter().filter_map(|file| file.policy.as_deref()).collect();
    let mut found = Vec::new();
    for (place, policy) in policies.iter().enumerate() {
        let mut report = Report::new(&policy.file, &policy.version.source);
        // What a file says itself, once for a key of several rules.
        let said = |rule: &&Arc<Rule>| policy.version.source.get(rule.at.clone()) == Some(&*rule.id);
        let limits = policy.rules.iter().filter(|rule| rule.lowered_from.is_some() && rule.mode == Mode::Enforce);
        for rule in limits.filter(said) {
            let rival = policies[..place].iter().find(|other| {
                other.rules.iter().any(|r| r.id == rule.id && r.lowered_from.is_some() && r.mode == Mode::Enforce)
                    && other.may_share_agents(policy)
            });
            if let Some(rival) = rival {
                let message = format!("`{}` is set by {} too, for agents that both may match", rule.id, rival.file);
                report.warn(rule.at.clone(), message, Some("both apply; the stricter holds".to_owned()));
            }
        }
        for (rule, budget) in held_budgets(policy) {
            let rivals = policies[..place].iter().filter(|other| other.may_share_agents(policy));
            let rival = rivals.flat_map(|other| held_budgets(other).map(move |(rule, budget)| (other, rule, budget)));
            let same = rival.filter_map(|(other, rule, known)| Some((other, rule, same_limit(known, budget)?))).next();
            if let Some((other, known, unit)) = same {
                let message = match known.id == rule.id {
                    true => format!("`{}` is set by {} too, for agents that both may match", rule.id, other.file),
                    false => format!(
                        "`{}` of {} limits {unit} per {} too, for agents that both may match",
                        known.id,
                        other.file,
                        budget.per.name()
                    ),
                };
                report.warn(rule.at.clone(), message, Some("both apply; the stricter holds".to_owned()));
            }
        }
        found.extend(report.into_problems());
    }
    found
}

/// Budgets that are enforced, with the rule that holds each.
fn held_budgets(policy: &Policy) -> impl Iterator<Item = (&Rule, &Budget)> {
    policy.declared.budgets.iter().filter_map(|declared| {
        let rule = policy.rules.iter().find(|rule| rule.id == declared.rule && rule.mode == Mode::Enforce)?;
        Some((&**rule, &declared.budget))
    })
}

fn one_line(problem: &Problem) -> String {
    let Problem { file, line, column, message, hint, .. } = problem;
    match hint {
        Some(hint) => format!("{file}:{line}:{column}: {message}; {hint}"),
        None => format!("{file}:{line}:{column}: {message}"),
    }
}
