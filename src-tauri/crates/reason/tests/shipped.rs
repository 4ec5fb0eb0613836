//! The shipped policies: each compiles without a problem, its own tests pass, and the default changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use std::{fs, path::PathBuf};
use switchtower_reason::{PolicySet, compile, run_tests};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies")
}

fn shipped() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn every_shipped_policy_compiles_and_passes_its_own_tests() {
    let files = shipped();
    assert!(files.len() >= 4);
    for (name, source) in files {
        let (policy, warnings) = compile(&name, &source).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(warnings.is_empty(), "{warnings:?}");
        let outcomes = run_tests(&policy);
        assert!(outcomes.len() >= 2, "{name} has too few tests");
        for outcome in outcomes {
            assert!(outcome.passed && outcome.errors.is_empty(), "{outcome:#?}");
        }
    }
}

#[test]
fn the_shipped_default_holds_nothing_back_and_is_in_shadow() {
    let files = shipped().into_iter().filter(|(name, _)| name == "default.toml").collect();
    let loaded = PolicySet::load(files);
    assert!(loaded.problems.is_empty());
    assert_eq!(loaded.set.summaries()[0].mode, "shadow");
    assert!(!loaded.set.needs_any_calls() && !loaded.set.needs_response());
}

/// `UPDATE_REFERENCE=1 cargo test -p switchtower-reason` writes it anew.
#[test]
fn the_language_reference_is_what_the_tables_say() {
    let path = folder().join("REFERENCE.md");
    let now = switchtower_reason::reference();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == now,
        "run with UPDATE_REFERENCE=1 and commit policies/REFERENCE.md"
    );
}

#[test]
fn the_example_in_the_reference_compiles_and_passes() {
    let text = switchtower_reason::reference();
    let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (policy, _) = compile("example.toml", example).unwrap_or_else(|problems| panic!("{problems}"));
    let outcomes = run_tests(&policy);
    assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.passed), "{outcomes:#?}");
}
