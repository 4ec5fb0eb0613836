//! Every action of the language at every point where the reference says that it acts, on every dialect, streamed and not. The rows are read
//! from the generated reference: an action or a point that is new there has no scenario here, and fails. Each cell is an agent that reasons and
//! calls tools against a strict provider, under one rule that fires once; what it got, what went upstream then and later, and the trace are
//! asserted. What each action does in depth is the table of `acts`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod effects;
mod policy;
mod talk;

use std::{collections::BTreeSet, sync::Arc};
use switchtower_tests::{Dialect, Options, Stage, cells};
use talk::Row;

const REFERENCE: &str = include_str!("../../../policies/REFERENCE.md");
const POINTS: [&str; 6] =
    ["model.request", "model.stream", "tool.call", "model.response", "tool.result", "session.idle"];

/// `| `action` | `point`, `point` | …` under the reference's heading of actions.
fn rows() -> Vec<Row> {
    let table = REFERENCE.split("## Actions").nth(1).expect("a table of actions").split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split(" | ");
        let action = cells.next().unwrap().trim_start_matches("| ").trim_matches('`');
        let named = cells.next().unwrap();
        let points = POINTS.into_iter().filter(|point| named == "everywhere" || named.contains(&format!("`{point}`")));
        rows.extend(points.map(|point| Row::of(action, point)));
    }
    rows
}

#[test]
fn the_reference_names_all_actions_and_points() {
    let rows = rows();
    let actions: BTreeSet<&str> = rows.iter().map(|row| row.action).collect();
    let points: BTreeSet<&str> = rows.iter().map(|row| row.point).collect();
    assert!(actions.len() >= 20 && rows.len() >= 60, "{} actions, {} rows", actions.len(), rows.len());
    assert_eq!(points.len(), POINTS.len(), "{points:?}");
}

async fn fill(rows: Vec<Row>, settings: &str) {
    let rules: Vec<_> = rows.iter().map(|row| (row.name, policy::of(row))).collect();
    let options = Options { settings: settings.to_owned(), ..Options::default() };
    let stage = Stage::under(options, &rules).await;
    let names: Vec<&'static str> = rows.iter().map(|row| row.name).collect();
    cells::fill(&names, |name, dialect, streamed| {
        cell(stage.clone(), *rows.iter().find(|row| row.name == name).unwrap(), dialect, streamed)
    })
    .await;
}

async fn cell(stage: Arc<Stage>, row: Row, dialect: Dialect, streamed: bool) {
    let seen = talk::talk(&stage, row, dialect, streamed).await;
    effects::traced(&stage, &seen).await;
    effects::later_requests_extend(&seen);
    effects::acted(&seen);
}

/// `POINTS` chooses rows by a part of their names.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_acts_at_each_of_its_points() {
    let chosen = std::env::var("POINTS").unwrap_or_default();
    let wanted = |row: &Row| row.point != "session.idle" && row.name.contains(&chosen);
    fill(rows().into_iter().filter(wanted).collect(), "").await;
}

/// With nothing under way: what it does is seen at the next request.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_of_a_silent_session_acts() {
    let rows = rows().into_iter().filter(|row| row.point == "session.idle").collect();
    fill(rows, "session_idle = \"700ms\"\n").await;
}
