//! `switchtower run --from`: what it sets, says and ends with.

use super::*;
use std::process::{Command, Output};
use switchtower_tests::runtime::binary;

fn run_from(runtime: &Runtime, exchange: &str, command: &[&str]) -> Output {
    let mut words = Command::new(binary());
    words.args(["run", "--from", exchange]).arg("--data").arg(&runtime.data).arg("--").args(command);
    words.env("HOME", runtime.folder()).output().unwrap()
}

fn said(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_gets_an_address_of_its_own_and_is_told_how_it_went() {
    let provider = provider(5).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let recorded = run(first(&runtime, Dialect::Chat, true), 99, |_, call| result(call)).await;
    let out = run_from(&runtime, &recorded.exchanges[3], &["sh", "-c", "echo $OPENAI_BASE_URL; exit 7"]);
    assert_eq!(out.status.code(), Some(7), "{}", said(&out));
    let base = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    assert!(
        base.starts_with(&format!("{}/@", runtime.proxy)) && base.contains("~ses_") && base.ends_with("/v1"),
        "{base}"
    );
    for told in ["3 answers from the record", "live from step 3", "asked nothing under this rewind's address"] {
        assert!(said(&out).contains(told), "{told}: {}", said(&out));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_nobody_knows_is_3_and_no_agent_starts() {
    let provider = provider(1).await;
    let runtime = Runtime::start(&Options::to(&provider.base));
    let out = run_from(&runtime, "exc_0000000000001", &["sh", "-c", "echo started"]);
    assert_eq!(out.status.code(), Some(3), "{}", said(&out));
    assert!(
        said(&out).contains("there is no exchange exc_0000000000001") && said(&out).contains("→"),
        "{}",
        said(&out)
    );
    assert!(!said(&out).contains("started"), "{}", said(&out));
    let out = run_from(&runtime, "nonsense", &["true"]);
    assert_eq!(out.status.code(), Some(2), "{}", said(&out));
    let error = runtime.ask("begin_rewind", json!({ "exchange": "exc_0000000000001" })).await.unwrap_err();
    assert_eq!((&error["code"], &error["status"]), (&json!("not_found"), &json!(404)));
}
