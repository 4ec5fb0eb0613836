//! Every recorded exchange of the shared data goes through the reading half: route, index, image, facts, frames, answer, usage.
//! Where the data is absent these tests say so and pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

extern crate switchtower_wire as wire;

mod data;
mod reading;

use domain::{Dialect, Hash};
use std::collections::BTreeMap;

#[test]
fn every_cassette_is_indexed_and_rebuilt_byte_for_byte() {
    let Some(exchanges) = data::cassettes() else { return };
    let mut seen = BTreeMap::<String, usize>::new();
    for exchange in &exchanges {
        let route = exchange.route();
        *seen
            .entry(format!("{} {:?}", exchange.name, route.as_ref().map(|r| (r.dialect, r.operation))))
            .or_default() += 1;
        let known = route.is_some_and(|route| route.operation == wire::Operation::Generate);
        assert_eq!(known, exchange.is_generation(), "{}", exchange.id);
        reading::request(exchange);
    }
    println!("{seen:#?}");
}

#[test]
fn every_clients_request_is_indexed_and_rebuilt_byte_for_byte() {
    let Some(exchanges) = data::clients() else { return };
    exchanges.iter().for_each(reading::request);
}

#[test]
fn every_recorded_response_is_cut_and_read_alike_however_it_is_chunked() {
    for exchanges in [data::cassettes(), data::clients()].into_iter().flatten() {
        exchanges.iter().for_each(reading::chunkings);
    }
}

#[test]
fn usage_is_read_from_every_response_that_carries_it() {
    let mut read = BTreeMap::<Dialect, usize>::new();
    for exchanges in [data::cassettes(), data::clients()].into_iter().flatten() {
        for exchange in &exchanges {
            if let Some(dialect) = reading::usage(exchange) {
                *read.entry(dialect).or_default() += 1;
            }
        }
    }
    println!("usage read: {read:?}");
}

/// Clients that do not send their answers back as they got them, and why.
const CHANGED: [(&str, &str); 1] = [("smolagents", "writes calls and results as plain text")];

#[test]
fn an_answers_atoms_are_those_that_the_client_sends_back() {
    let Some(exchanges) = data::clients() else { return };
    let mut runs = BTreeMap::<String, Vec<&data::Exchange>>::new();
    exchanges.iter().for_each(|exchange| runs.entry(exchange.folder.clone()).or_default().push(exchange));
    let (mut matched, mut alone, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new(), Vec::new());
    for (folder, run) in &runs {
        for (place, exchange) in run.iter().enumerate() {
            let Some((before, answer)) = reading::turn(exchange) else { continue };
            let later: Vec<Vec<Hash>> =
                run[place + 1..].iter().filter_map(|next| reading::request_atoms(next)).collect();
            let grown: Vec<_> = later.iter().filter(|atoms| atoms.len() > before.len()).collect();
            let whole: Vec<Hash> = before.iter().chain(&answer).copied().collect();
            if grown.iter().any(|atoms| atoms.starts_with(&whole)) {
                *matched.entry(&exchange.name).or_default() += 1;
            } else if grown.iter().any(|atoms| atoms.starts_with(&before)) {
                // After a cut some clients send the broken try back, too.
                let cut = run[..place].iter().any(|earlier| earlier.ended != "complete");
                if !cut && !CHANGED.iter().any(|(client, _)| *client == exchange.name) {
                    wrong.push(format!("{folder} {}: the answer came back changed", exchange.id));
                }
            } else if !grown.is_empty() {
                alone.push(format!("{folder} {}", exchange.id));
                // Where the capture elided a user's text in one request and not in the other, nothing can be said.
                let elided = run[place + 1..].iter().any(|next| reading::elides_user_text(next));
                if !elided && !reading::is_side_call(exchange) {
                    wrong.push(format!("{folder} {}: no later request begins with this one", exchange.id));
                }
            }
        }
    }
    println!("matched: {matched:?}\nside calls: {}", alone.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
