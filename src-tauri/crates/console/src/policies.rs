//! The policies folder: its files as loaded, and the snapshot compiled from them. Where it holds none, the shipped default.

use crate::{
    ErrorCode, RpcError,
    view::{
        Mode, PolicyCheck, PolicyHealth, PolicyPage, PolicySource, PolicyState, PolicyView, ProblemView, RuleView,
        Severity,
    },
};
use parking_lot::Mutex;
use reason::{PolicySet, PolicySummary, Problem, RuleSummary};
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// What is in force for a user without any policy file: shadow only.
const SHIPPED: (&str, &str) = ("default.toml", include_str!("../../../../policies/default.toml"));

/// A larger file beside a policy's is not read, in bytes.
const LARGEST_BESIDE: u64 = 1 << 20;

/// A folder of policy files and what was last loaded from it.
pub struct Policies {
    folder: PathBuf,
    loaded: Mutex<Snapshot>,
}

#[derive(Default)]
struct Snapshot {
    set: PolicySet,
    files: Vec<(String, String)>,
    problems: Vec<Problem>,
    shipped: bool,
    /// Why the folder could not be read.
    error: Option<String>,
}

impl Policies {
    /// Reads the folder; a missing or empty one means the shipped default.
    pub fn open(folder: PathBuf) -> Policies {
        let policies = Policies { folder, loaded: Mutex::default() };
        policies.reload();
        policies
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the folder again. A file that broke keeps its last good version. Returns what is in force now, and the
    /// problems of all files.
    pub fn reload(&self) -> (PolicySet, Vec<String>) {
        let mut loaded = self.loaded.lock();
        let (files, error) = match read(&self.folder) {
            Ok(files) => (files, None),
            // Unreadable is not empty: what was in force stays.
            Err(error) if !loaded.files.is_empty() => {
                loaded.error = Some(format!("cannot read {}: {error}", self.folder.display()));
                return (loaded.set.clone(), loaded.error.clone().into_iter().collect());
            }
            Err(error) => (Vec::new(), Some(format!("cannot read {}: {error}", self.folder.display()))),
        };
        let shipped = files.is_empty();
        let files = if shipped { vec![(SHIPPED.0.to_owned(), SHIPPED.1.to_owned())] } else { files };
        let result = PolicySet::reload_beside(&loaded.set, files.clone(), &|path| Some(beside(&self.folder, path)));
        let errors = result.problems.iter().filter(|problem| problem.severity == reason::Severity::Error);
        let told: Vec<String> = error.iter().cloned().chain(errors.map(Problem::to_string)).collect();
        *loaded = Snapshot { set: result.set.clone(), files, problems: result.problems, shipped, error };
        (result.set, told)
    }

    pub fn set(&self) -> PolicySet {
        self.loaded.lock().set.clone()
    }

    pub fn page(&self) -> PolicyPage {
        let loaded = self.loaded.lock();
        let policies = loaded.set.summaries().into_iter().map(|summary| view(&loaded, summary)).collect();
        PolicyPage { policies, folder: self.folder.display().to_string(), shipped: loaded.shipped }
    }

    pub fn health(&self) -> Vec<PolicyHealth> {
        let loaded = self.loaded.lock();
        let summaries = loaded.set.summaries().into_iter();
        summaries
            .map(|summary| PolicyHealth {
                name: summary.name,
                version: summary.version,
                state: state(summary.state),
                error: summary.error,
            })
            .collect()
    }

    /// Why the folder itself cannot be read, where it cannot.
    pub fn folder_error(&self) -> Option<String> {
        self.loaded.lock().error.clone()
    }

    pub fn source(&self, name: &str) -> Result<PolicySource, RpcError> {
        let loaded = self.loaded.lock();
        let summaries = loaded.set.summaries();
        let summary = summaries.into_iter().find(|summary| summary.name == name || summary.file == name);
        let summary = summary.ok_or_else(|| missing(name))?;
        let source = loaded.files.iter().find(|(file, _)| *file == summary.file).map(|(_, source)| source.clone());
        let source = source.ok_or_else(|| missing(name))?;
        Ok(PolicySource {
            name: summary.name,
            version: reason::version_of(&source),
            state: state(summary.state),
            error: summary.error,
            problems: loaded.problems.iter().filter(|problem| problem.file == summary.file).map(problem).collect(),
            file: summary.file,
            source: source.into(),
        })
    }

    /// Writes a policy's file whole or not at all. The caller reloads.
    pub fn save(&self, name: &str, source: &str, expected: Option<&str>) -> Result<(), RpcError> {
        let known = match self.source(name) {
            Ok(known) => Some(known),
            Err(error) if error.code == ErrorCode::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(known) = &known
            && expected != Some(known.version.as_str())
        {
            let message =
                format!("{} has changed since it was read: it is at version {} now", known.file, known.version);
            return Err(RpcError::new(ErrorCode::Conflict, message).with_hint("read it again and repeat the edit"));
        }
        let file = match &known {
            Some(known) => known.file.clone(),
            None => file_name(name)?,
        };
        if let Err(problems) = reason::compile_beside(&file, source, &|path| Some(beside(&self.folder, path))) {
            return Err(RpcError::new(ErrorCode::Invalid, problems.to_string())
                .with_hint("check_policy gives each problem with its place"));
        }
        write(&self.folder, &file, source).map_err(|error| {
            let message = format!("cannot write {}: {error}", self.folder.join(&file).display());
            RpcError::new(ErrorCode::Failed, message)
        })
    }
}

/// What is wrong in a source, and in the files of `folder` that it names; without one they are not looked at.
pub fn check(file: &str, source: &str, folder: Option<&Path>) -> PolicyCheck {
    let version = reason::version_of(source);
    match reason::compile_beside(file, source, &|path| Some(beside(folder?, path))) {
        Ok((policy, warnings)) => PolicyCheck {
            ok: true,
            name: Some(policy.name().to_owned()),
            version,
            problems: warnings.iter().map(problem).collect(),
            rules: policy.rules().into_iter().map(rule).collect(),
        },
        Err(problems) => {
            let problems = problems.0.iter().map(problem).collect();
            PolicyCheck { ok: false, name: None, version, problems, rules: Vec::new() }
        }
    }
}

/// The same for a terminal: each problem with its line and a caret under it; whether the file would be taken.
pub fn check_in_words(file: &str, source: &str, folder: Option<&Path>) -> (bool, Vec<String>) {
    match reason::compile_beside(file, source, &|path| Some(beside(folder?, path))) {
        Ok((_, warnings)) => (true, warnings.iter().map(Problem::to_string).collect()),
        Err(problems) => (false, problems.0.iter().map(Problem::to_string).collect()),
    }
}

/// Runs a source's own tests; an error holds the problems that keep it from being compiled.
pub fn test(file: &str, source: &str) -> Result<Vec<reason::TestOutcome>, String> {
    reason::compile(file, source).map(|(policy, _)| reason::run_tests(&policy)).map_err(|problems| problems.to_string())
}

/// A file that a policy names, which is small: a schema.
fn beside(folder: &Path, path: &str) -> Result<String, String> {
    let path = folder.join(path);
    match fs::metadata(&path) {
        Ok(found) if found.len() > LARGEST_BESIDE => Err(format!("it has more than {LARGEST_BESIDE} bytes")),
        Ok(_) => fs::read_to_string(&path).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn read(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.ends_with(".toml") || name.starts_with('.') {
            continue;
        }
        match fs::read(&path) {
            // What is no text becomes a located parse error, like any other mistake in the file.
            Ok(bytes) => files.push((name, String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort();
    Ok(files)
}

fn write(folder: &Path, file: &str, source: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{file}.new"));
    let mut out = fs::File::create(&beside)?;
    out.write_all(source.as_bytes())?;
    out.sync_all()?;
    fs::rename(beside, folder.join(file))
}

fn file_name(name: &str) -> Result<String, RpcError> {
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let plain = !stem.is_empty()
        && stem.len() <= 64
        && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain {
        return Ok(format!("{stem}.toml"));
    }
    let message = format!("“{name}” cannot name a policy's file");
    Err(RpcError::new(ErrorCode::BadRequest, message).with_hint("use letters, digits, - and _, at most 64"))
}

fn missing(name: &str) -> RpcError {
    RpcError::new(ErrorCode::NotFound, format!("no policy is named {name}")).with_hint("list_policies names them all")
}

fn view(loaded: &Snapshot, summary: PolicySummary) -> PolicyView {
    let policy = loaded.set.policy(&summary.name);
    PolicyView {
        state: state(summary.state),
        mode: summary.mode.to_owned(),
        description: policy.map(|policy| policy.description().to_owned()).unwrap_or_default(),
        rules: policy.map(|policy| policy.rules().into_iter().map(rule).collect()).unwrap_or_default(),
        name: summary.name,
        file: summary.file,
        version: summary.version,
        error: summary.error,
        agents: summary.agents,
    }
}

fn state(state: reason::PolicyState) -> PolicyState {
    match state {
        reason::PolicyState::Active => PolicyState::Active,
        reason::PolicyState::Kept => PolicyState::Kept,
        reason::PolicyState::Broken => PolicyState::Broken,
    }
}

fn rule(rule: RuleSummary) -> RuleView {
    RuleView {
        id: rule.id,
        on: rule.on.name().to_owned(),
        mode: mode(rule.mode),
        lowered_from: rule.lowered_from.map(str::to_owned),
        toml: rule.toml,
        line: rule.line,
    }
}

pub(crate) fn mode(mode: domain::Mode) -> Mode {
    match mode {
        domain::Mode::Enforce => Mode::Enforce,
        domain::Mode::Shadow => Mode::Shadow,
        domain::Mode::Off => Mode::Off,
    }
}

fn problem(problem: &Problem) -> ProblemView {
    ProblemView {
        severity: match problem.severity {
            reason::Severity::Error => Severity::Error,
            reason::Severity::Warning => Severity::Warning,
        },
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        line: problem.line,
        column: problem.column,
        length: problem.length,
        excerpt: problem.excerpt.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "version = 1\nname = \"mine\"\nmax_tool_errors = 2\n";
    const BROKEN: &str = "version = 1\nname = \"mine\"\nmax_tool_error = 2\n";

    #[test]
    fn an_empty_folder_means_the_shipped_default_in_shadow() {
        let folder = tempfile::tempdir().unwrap();
        let page = Policies::open(folder.path().join("missing")).page();
        assert!(page.shipped);
        assert!(page.policies.iter().all(|policy| policy.mode == "shadow"));
    }

    #[test]
    fn a_broken_file_keeps_its_last_good_version_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, GOOD).unwrap();
        let policies = Policies::open(folder.path().to_owned());
        fs::write(&file, BROKEN).unwrap();
        let (_, problems) = policies.reload();
        assert!(problems[0].contains("mine.toml:3:1"), "{problems:?}");
        let page = policies.page();
        assert_eq!(
            (page.policies[0].state, page.policies[0].version.as_str()),
            (PolicyState::Kept, reason::version_of(GOOD).as_str())
        );
    }

    #[test]
    fn a_policy_is_saved_only_over_the_version_that_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let policies = Policies::open(folder.path().to_owned());
        policies.save("mine", GOOD, None).unwrap();
        policies.reload();
        let version = policies.source("mine").unwrap().version;
        let edited = GOOD.replace('2', "3");
        assert_eq!(policies.save("mine", &edited, None).unwrap_err().code, ErrorCode::Conflict);
        assert_eq!(policies.save("mine", &edited, Some("000000000000")).unwrap_err().code, ErrorCode::Conflict);
        policies.save("mine", &edited, Some(&version)).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("mine.toml")).unwrap(), edited);
    }

    #[test]
    fn a_schema_that_a_policy_names_is_read_again_and_a_broken_one_keeps_the_last_good() {
        let source = "version = 1\nname = \"mine\"\n[schema.s]\ntool = \"get\"\nfile = \"schemas/s.json\"\n[[rule]]\nid = \"r\"\n\
                      on = \"tool.result\"\nwhen = \"!schema.s.valid\"\ndo = [{ taint = \"odd\" }]\n";
        let folder = tempfile::tempdir().unwrap();
        let schema = folder.path().join("schemas/s.json");
        fs::create_dir(folder.path().join("schemas")).unwrap();
        fs::write(folder.path().join("mine.toml"), source).unwrap();
        let policies = Policies::open(folder.path().to_owned());
        assert_eq!(policies.page().policies[0].state, PolicyState::Broken);
        let fits = |policies: &Policies, result: &str| policies.set().schema_facts("get", result)["mine/s"].valid;
        fs::write(&schema, r#"{"type": "object"}"#).unwrap();
        policies.reload();
        assert!(fits(&policies, "{}") && !fits(&policies, "[]"));
        fs::write(&schema, r#"{"type": "array"}"#).unwrap();
        policies.reload();
        assert!(!fits(&policies, "{}") && fits(&policies, "[]"));
        fs::write(&schema, r#"{"type": "arr"#).unwrap();
        let (_, problems) = policies.reload();
        assert!(problems[0].contains("schemas/s.json is not JSON"), "{problems:?}");
        assert_eq!(policies.page().policies[0].state, PolicyState::Kept);
        assert!(fits(&policies, "[]"));
    }

    #[test]
    fn a_policy_with_errors_is_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let policies = Policies::open(folder.path().to_owned());
        assert_eq!(policies.save("mine", BROKEN, None).unwrap_err().code, ErrorCode::Invalid);
        assert_eq!(policies.save("../mine", GOOD, None).unwrap_err().code, ErrorCode::BadRequest);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
