//! DESIGN's may-import table over `cargo metadata`. Dev-dependencies are free: a test may look anywhere.

use crate::root;
use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// Crate → what it may import of the workspace. `domain` holds the words, so every crate may speak them.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("reason", &["domain"]),
    ("upstream", &["domain"]),
    ("ledger", &["domain"]),
    ("observe", &["domain", "wire"]),
    ("act", &["domain", "wire"]),
    ("proxy", &["domain", "wire", "observe", "reason", "act"]),
    ("console", &["domain", "reason", "ledger", "proxy"]),
    ("cli", &["domain", "console", "proxy", "ledger", "upstream"]),
    // `cli`: the window serves the same web console, so that other commands can talk to the runtime inside it.
    ("window", &["domain", "console", "proxy", "ledger", "upstream", "cli"]),
];

/// An outside package (or a family of them, with `*`) → the only crates that may depend on it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("tauri*", &["window"]),
    ("rusqlite", &["ledger"]),
    ("sqlx", &["ledger"]),
    ("libsqlite3-sys", &["ledger"]),
    ("reqwest", &["upstream"]),
    ("hyper", &["proxy", "upstream"]),
    ("hyper-util", &["proxy", "upstream"]),
    ("axum", &["cli"]),
    ("cel", &["reason"]),
    ("tiktoken-rs", &["observe"]),
    ("genai-prices", &["observe"]),
    ("clap", &["cli"]),
    // Pure crates: no runtime, so nothing in them can wait or do I/O.
    ("tokio", &["upstream", "ledger", "proxy", "console", "cli", "window"]),
];

struct Member {
    /// Short name: the folder of the crate, `window` for src-tauri, `tests` for this package.
    name: String,
    depends: Vec<(String, Option<String>)>,
}

/// Members with the packages that they depend on other than for tests.
fn members() -> Vec<Member> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let short: BTreeMap<String, String> = packages
        .iter()
        .map(|package| {
            let name = package["name"].as_str().expect("name");
            let short = name.strip_prefix("switchtower-").unwrap_or("window");
            (name.to_owned(), short.to_owned())
        })
        .collect();
    packages
        .iter()
        .map(|package| Member {
            name: short[package["name"].as_str().expect("name")].clone(),
            depends: package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| {
                    let name = dependency["name"].as_str().expect("name").to_owned();
                    let member = short.get(&name).cloned();
                    (name, member)
                })
                .collect(),
        })
        .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[test]
fn crates_import_only_what_the_design_allows() {
    let mut wrong = Vec::new();
    for member in members().iter().filter(|member| member.name != "tests") {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == member.name) else {
            wrong.push(format!("{} has no line in the may-import table", member.name));
            continue;
        };
        for imported in member.depends.iter().filter_map(|(_, member)| member.as_deref()) {
            if !allowed.contains(&imported) {
                wrong.push(format!("{} may not import {imported}", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_of_the_table_exists() {
    let members = members();
    for (name, _) in MAY_IMPORT {
        assert!(members.iter().any(|member| member.name == *name), "{name} is in the table and not in the workspace");
    }
}

#[test]
fn outside_packages_stay_in_the_crate_that_owns_them() {
    let mut wrong = Vec::new();
    for member in members().iter().filter(|member| member.name != "tests") {
        for (package, _) in &member.depends {
            for (pattern, owners) in ONLY_IN {
                if matches(pattern, package) && !owners.contains(&member.name.as_str()) {
                    wrong.push(format!("{package} belongs to {owners:?}, yet {} depends on it", member.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_member_keeps_the_lints_of_the_workspace() {
    for path in crate::files::tracked().iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let text = std::fs::read_to_string(root().join(path)).expect("readable");
        assert!(text.contains("[lints]\nworkspace = true"), "{path} does not take the workspace's lints");
    }
}
