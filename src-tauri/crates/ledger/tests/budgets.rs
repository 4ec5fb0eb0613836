//! What is spent of budgets outlives the runtime; so do reservations that nobody settled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use domain::*;
use std::path::Path;
use switchtower_ledger::{Ledger, LedgerOptions};

const SESSION: SessionId = SessionId(7);

fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, LedgerOptions::default()).unwrap()
}

fn account(per: Per, holder: &str) -> Account {
    Account { budget: "p/cost".into(), per, holder: holder.into() }
}

fn amount(tokens: u64) -> Spending {
    Spending { tokens, usd: tokens as f64 / 1000.0 }
}

fn reserved(exchange: i64, per: Per, holder: &str, tokens: u64) -> Record {
    let amounts = vec![(account(per, holder), amount(tokens))];
    Record::Reserved { exchange: ExchangeId(exchange), session: SESSION, at: Timestamp(50), amounts }
}

fn settled(exchange: i64, per: Per, holder: &str, tokens: u64) -> Record {
    let spent = vec![(account(per, holder), amount(tokens))];
    Record::Settled { exchange: ExchangeId(exchange), session: Some(SESSION), at: Timestamp(60), spent }
}

#[tokio::test]
async fn what_is_spent_and_what_is_open_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.commit(vec![reserved(1, Per::Day, "2026-11-25", 500), reserved(2, Per::Day, "2026-11-25", 300)]).await;
    ledger.commit(vec![settled(1, Per::Day, "2026-11-25", 420)]).await;
    drop(ledger);
    let kept = open(folder.path()).accounts(Timestamp(0));
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].account.clone(), kept[0].spent), (account(Per::Day, "2026-11-25"), amount(420)));
    assert_eq!(kept[0].open, [(ExchangeId(2), amount(300))]);
}

#[tokio::test]
async fn a_later_settlement_that_is_written_first_stands() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.commit(vec![settled(2, Per::Agent, "bot", 900)]).await;
    ledger.commit(vec![settled(1, Per::Agent, "bot", 400)]).await;
    assert_eq!(ledger.accounts(Timestamp(0))[0].spent, amount(900));
}

#[tokio::test]
async fn an_exchange_reserves_anew_in_the_place_of_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger.commit(vec![reserved(1, Per::Session, "ses", 500), reserved(1, Per::Session, "ses", 200)]).await;
    assert_eq!(ledger.accounts(Timestamp(0))[0].open, [(ExchangeId(1), amount(200))]);
    ledger.commit(vec![settled(1, Per::Session, "ses", 0)]).await;
    assert!(ledger.accounts(Timestamp(0))[0].open.is_empty());
}

#[tokio::test]
async fn an_agents_account_is_for_good_and_others_go_with_retention() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    ledger
        .commit(vec![
            settled(1, Per::Agent, "bot", 10),
            settled(2, Per::Session, "ses", 20),
            settled(3, Per::Day, "2026-11-25", 30),
            reserved(4, Per::Session, "open", 40),
        ])
        .await;
    let holders = |since: i64| -> Vec<String> {
        ledger.accounts(Timestamp(since)).into_iter().map(|kept| kept.account.holder).collect()
    };
    assert_eq!(holders(100), ["bot", "open"], "of long ago only what still counts is read");
    ledger.delete_before(Timestamp(100), 64).await.unwrap();
    assert_eq!(holders(0), ["bot", "open"]);
}
