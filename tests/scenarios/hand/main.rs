//! The human hand, as a generated table: every control on every dialect, streamed and not. Each cell drives a live session, takes the hand
//! to it over the console, and asserts what the agent gets and, message by message, what goes upstream next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

#[path = "../hand_world/mod.rs"]
mod hand_world;

mod answers;
mod calls;
mod gate;
mod orders;

use serde_json::Value;
use switchtower_tests::{Answer, Turn, cells};

/// Every control of the contract and every answer to a question.
const CONTROLS: &[&str] = &[
    "pause",
    "resume",
    "step",
    "step_over",
    "edit_request",
    "edit_arguments",
    "edit_message",
    "edit_raw",
    "answer_held",
    "answer_next",
    "inject",
    "inject_standing",
    "model",
    "tools",
    "budget",
    "mute",
    "rollback",
    "kill_held",
    "kill_next",
    "approve",
    "edit",
    "deny",
    "approve_request",
    "deny_request",
    "breakpoint",
    "rule_breakpoint",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_control_acts_on_every_dialect_streamed_and_not() {
    cells::fill(CONTROLS, cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_back_to_a_request_of_before_a_restart() {
    for (dialect, streamed) in cells::forms() {
        orders::rollback_after_restart(dialect, streamed).await;
    }
}

async fn cell(control: &'static str, dialect: switchtower_tests::Dialect, streamed: bool) {
    match control {
        "pause" | "resume" => gate::pause(dialect, streamed).await,
        "step" => gate::step(dialect, streamed).await,
        "step_over" => gate::step_over(dialect, streamed).await,
        "edit_request" => answers::edit_request(dialect, streamed).await,
        "edit_arguments" => calls::edit_arguments(dialect, streamed).await,
        "edit_message" => answers::edit_message(dialect, streamed).await,
        "edit_raw" => answers::edit_raw(dialect, streamed).await,
        "answer_held" => answers::answer(dialect, streamed, true).await,
        "answer_next" => answers::answer(dialect, streamed, false).await,
        "inject" => orders::inject(dialect, streamed, false).await,
        "inject_standing" => orders::inject(dialect, streamed, true).await,
        "model" => orders::model(dialect, streamed).await,
        "tools" => orders::tools(dialect, streamed).await,
        "budget" => orders::budget(dialect, streamed).await,
        "mute" => orders::mute(dialect, streamed).await,
        "rollback" => orders::rollback(dialect, streamed).await,
        "kill_held" => gate::kill(dialect, streamed, true).await,
        "kill_next" => gate::kill(dialect, streamed, false).await,
        "approve" | "edit" | "deny" => calls::question(dialect, streamed, control).await,
        "approve_request" => calls::request_question(dialect, streamed, true).await,
        "deny_request" => calls::request_question(dialect, streamed, false).await,
        "breakpoint" => gate::breakpoint(dialect, streamed).await,
        "rule_breakpoint" => gate::rule_breakpoint(dialect, streamed).await,
        _ => panic!("{control} has no scenario"),
    }
}

type Dialect = switchtower_tests::Dialect;
type Turned = ((Answer, switchtower_tests::http::Response), switchtower_tests::Agent);

fn args(call: &switchtower_tests::Call) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|error| panic!("{error}: {}", call.arguments))
}

fn two_turns(round: usize) -> Turn {
    match round {
        0 => Turn::text("First."),
        _ => Turn::text("Second."),
    }
}
