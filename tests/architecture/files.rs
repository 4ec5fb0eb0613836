//! Files: what the root may hold, how long they may be, what they may not be called, who may name tauri's packages.

use crate::root;
use std::{fs, process::Command};

const CEILING: usize = 400;

/// Files over the ceiling, each with the reason why splitting it would make it worse.
const LONGER: &[(&str, &str)] = &[("ui/src/bridge/bindings.ts", "generated")];

const PIPELINE: (&str, usize) = ("src-tauri/crates/proxy/src/pipeline.rs", 150);

/// Words that say nothing about what a file owns.
const EMPTY_WORDS: [&str; 9] =
    ["util", "utils", "helper", "helpers", "manager", "service", "services", "common", "misc"];

const ROOT: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "README.md",
    "src-tauri",
    "ui",
    "policies",
    "tests",
    "LICENSE",
];

/// Paths that git tracks, from the root, with `/`.
pub fn tracked() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("paths are UTF-8");
    listed.split_terminator('\0').filter(|path| root().join(path).exists()).map(str::to_owned).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".tsx", ".mjs", ".py"].iter().any(|end| path.ends_with(end))
}

/// Lines without a Rust file's own `mod tests`.
fn length(source: &str) -> usize {
    let lines: Vec<&str> = source.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    tests.unwrap_or(lines.len())
}

#[test]
fn the_root_holds_only_what_the_style_lists() {
    let mut entries: Vec<String> =
        tracked().iter().map(|path| path.split('/').next().unwrap_or(path).to_owned()).collect();
    entries.dedup();
    let strange: Vec<_> = entries
        .iter()
        .filter(|entry| !entry.starts_with('.') && !entry.starts_with("LICENSE-") && !ROOT.contains(&entry.as_str()))
        .collect();
    assert!(strange.is_empty(), "not for the root: {strange:?}");
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let long: Vec<_> = tracked()
        .into_iter()
        .filter(|path| is_source(path) && !is_test(path) && !LONGER.iter().any(|(longer, _)| longer == path))
        .map(|path| (length(&read(&path)), path))
        .filter(|(length, _)| *length > CEILING)
        .collect();
    assert!(long.is_empty(), "over {CEILING} lines without tests; split along an idea: {long:?}");
}

/// Tests of a crate: the ceiling and the header are for what they test.
fn is_test(path: &str) -> bool {
    path.starts_with("src-tauri/crates/") && (path.contains("/tests/") || path.ends_with("tests.rs"))
}

#[test]
fn the_heart_stays_small() {
    let (path, ceiling) = PIPELINE;
    if !root().join(path).exists() {
        eprintln!("skipped: {path} is not written yet");
        return;
    }
    let length = length(&read(path));
    assert!(length < ceiling, "{path} has {length} lines: if it needs a fourth concept, change the design");
}

#[test]
fn file_names_are_words_of_the_domain() {
    let vague: Vec<_> = tracked()
        .into_iter()
        .filter(|path| is_source(path))
        .filter(|path| {
            path.split('/').any(|part| {
                let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
                EMPTY_WORDS.contains(&stem.as_str())
            })
        })
        .collect();
    assert!(vague.is_empty(), "say what it owns: {vague:?}");
}

#[test]
fn only_the_bridge_knows_the_window() {
    let wrong: Vec<_> = tracked()
        .into_iter()
        .filter(|path| path.starts_with("ui/src/") && !path.starts_with("ui/src/bridge/") && is_source(path))
        .filter(|path| read(path).contains("@tauri-apps/"))
        .collect();
    assert!(wrong.is_empty(), "@tauri-apps/* outside ui/src/bridge: {wrong:?}");
}

#[test]
fn every_rust_file_opens_with_what_it_owns() {
    let bare: Vec<_> = tracked()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .filter(|path| {
            let source = read(path);
            !is_test(path) && source.lines().count() > 40 && !source.starts_with("//!")
        })
        .collect();
    assert!(bare.is_empty(), "no module header: {bare:?}");
}

#[test]
fn the_pipeline_and_its_crates_take_time_from_the_clock_port() {
    let wrong: Vec<_> = tracked()
        .into_iter()
        .filter(|path| path.starts_with("src-tauri/crates/reason/src") && path.ends_with(".rs"))
        .filter(|path| {
            let source = read(path);
            ["std::time::Instant", "SystemTime", "std::fs", "std::net", "Timestamp::now"]
                .iter()
                .any(|word| source.contains(word))
        })
        .collect();
    assert!(wrong.is_empty(), "reasoning is pure; time and I/O in: {wrong:?}");
}
