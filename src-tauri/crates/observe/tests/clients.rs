//! Captures of unmodified agent clients: each run is one session, its side calls marked, its sub-agents beneath it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

mod shared;

use bytes::Bytes;
use domain::{ExchangeId, SessionId, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};
use switchtower_observe::{Arrived, Caller, Ended, Finder, Found, Reader, Reading, SessionState};
use wire::{Answer, Decoder, Framer, Operation, Request};

/// One captured exchange that asks a model.
struct Exchange {
    place: u64,
    headers: HeaderMap,
    request: Request,
    answer: Answer,
    good: bool,
    began: i64,
    ended: i64,
}

fn headers(list: &Value) -> HeaderMap {
    let pairs = list.as_array().unwrap().iter();
    let pairs = pairs.filter_map(|pair| {
        let name = HeaderName::from_bytes(pair[0].as_str()?.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(pair[1].as_str()?).ok()?))
    });
    pairs.collect()
}

fn read(file: &Path) -> Option<Exchange> {
    let capture: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (sent, got) = (&capture["request"], &capture["response"]);
    if sent["method"] != "POST" {
        return None;
    }
    let headers = headers(&sent["headers"]);
    let (path, query) = (sent["path"].as_str().unwrap(), sent["query"].as_str().filter(|query| !query.is_empty()));
    let route = wire::route(path, query, &headers).filter(|route| route.operation == Operation::Generate)?;
    let request = wire::parse(&route, Bytes::from(sent["body"].as_str()?.to_owned())).ok()?;
    let status = got["status"].as_u64().unwrap_or_default();
    let kind = got["headers"].as_array().and_then(|all| all.iter().find(|pair| pair[0] == "content-type"));
    let framing = wire::framing(route.dialect, kind.and_then(|pair| pair[1].as_str()), &request);
    let (mut framer, mut decoder) =
        (Framer::new(framing), Decoder::new(route.dialect, framing).at(request.messages.len() as u32));
    for frame in framer.push(Bytes::from(got["raw"].as_str().unwrap_or_default().to_owned())) {
        decoder.push(&frame);
    }
    if let Some(frame) = framer.finish() {
        decoder.push(&frame);
    }
    let whole = got["end"] == "complete";
    if whole {
        decoder.end();
    }
    let answer = decoder.into_answer();
    let time = |name: &str| (capture[name].as_f64().unwrap_or_default() * 1e6) as i64;
    Some(Exchange {
        place: capture["seq"].as_u64().unwrap(),
        headers,
        request,
        good: whole && status == 200 && answer.error.is_none() && answer.complete,
        answer,
        began: time("t_start_s"),
        ended: time("t_done_s"),
    })
}

/// What became of one exchange.
struct Told {
    place: u64,
    session: SessionId,
    found: Found,
    arrived: Arrived,
}

/// Plays one folder in the order in which requests and ends happened.
fn play(exchanges: &[Exchange]) -> Vec<Told> {
    let (mut finder, reader) = (Finder::new(4 << 20), Reader::new(4 << 20));
    let readings: Vec<Reading> = exchanges.iter().map(|exchange| reader.read(&exchange.request)).collect();
    // An end before the beginning of what the agent asked because of it.
    let mut moments: Vec<(i64, bool, usize)> = Vec::new();
    for (place, exchange) in exchanges.iter().enumerate() {
        let next = exchanges[place + 1..].iter().map(|later| later.began).next();
        moments.push((exchange.began, true, place));
        let follows = exchanges
            .get(place + 1)
            .is_some_and(|later| later.request.messages.len() > exchange.request.messages.len());
        // Times are rounded to hundredths of a second and worse.
        let ended = if follows { next.map_or(exchange.ended, |next| exchange.ended.min(next)) } else { exchange.ended };
        moments.push((ended.max(exchange.began), false, place));
    }
    moments.sort_by_key(|(at, begins, place)| (*at, *begins, *place));
    let mut told: Vec<Told> = Vec::new();
    let mut begun = vec![false; exchanges.len()];
    let mut states: BTreeMap<SessionId, SessionState> = BTreeMap::new();
    let over =
        |finder: &mut Finder, states: &mut BTreeMap<SessionId, SessionState>, told: &[Told], place: usize, at: i64| {
            let (exchange, id) = (&exchanges[place], ExchangeId(place as i64 + 1));
            finder.answered(id, Some(&exchange.answer), exchange.good);
            let usage = exchange.answer.usage.unwrap_or_default();
            let ended = Ended { answer: Some(&exchange.answer), model: "m", provider: "p", usage, cost_usd: None };
            let session = told.iter().find(|told| told.place == exchange.place).map(|told| told.session);
            if let Some(state) = session.and_then(|session| states.get_mut(&session)) {
                state.answered(id, Timestamp(at), &ended);
            }
        };
    for (at, begins, place) in moments {
        let id = ExchangeId(place as i64 + 1);
        let exchange = &exchanges[place];
        if !begins {
            if !begun[place] {
                continue;
            }
            over(&mut finder, &mut states, &told, place, at);
            continue;
        }
        begun[place] = true;
        let caller = Caller {
            headers: &exchange.headers,
            agent_label: None,
            session_label: None,
            peer: None,
            at: Timestamp(at),
        };
        let found = finder.find(&caller, &exchange.request, &readings[place]);
        let session = found.session.unwrap_or(SessionId(id.0));
        finder.opened(&found, session, id, &caller, &exchange.request, &readings[place]);
        let new = || SessionState::new(session, &found, &caller, exchange.request.dialect);
        let state = states.entry(session).or_insert_with(new);
        let arrived = state.request(id, Timestamp(at), &found, &exchange.request, &readings[place], "p");
        told.push(Told { place: exchange.place, session, found, arrived });
        if exchange.ended <= exchange.began {
            over(&mut finder, &mut states, &told, place, at);
        }
    }
    told
}

fn folders() -> Option<BTreeMap<String, Vec<Exchange>>> {
    let root = shared::data("clients")?;
    let entries = |path: &Path| {
        let mut all: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    let mut folders = BTreeMap::new();
    for client in entries(&root).iter().filter(|path| path.is_dir()) {
        for scenario in entries(client).iter().filter(|path| path.is_dir()) {
            let name = scenario.strip_prefix(&root).unwrap().display().to_string();
            let exchanges = entries(scenario).iter().filter_map(|file| read(file)).collect();
            folders.insert(name, exchanges);
        }
    }
    Some(folders)
}

/// Runs in which a client is known to spawn a sub-agent.
const SPAWNING: [&str; 6] = [
    "claude-code/subagent",
    "codex-provider/subagent",
    "gemini-cli/subagent",
    "goose-openai/subagent",
    "opencode-anthropic/subagent",
    "qwen-code/subagent",
];

#[test]
fn each_run_of_a_client_is_one_session() {
    let Some(folders) = folders() else { return };
    let (mut runs, mut exceptions) = (0, Vec::new());
    for (name, exchanges) in folders.iter().filter(|(_, exchanges)| !exchanges.is_empty()) {
        runs += 1;
        let told = play(exchanges);
        let began = |under: bool| {
            told.iter().filter(move |told| told.found.session.is_none() && told.found.parent.is_some() == under)
        };
        let (roots, spawned) = (began(false).count(), began(true).count());
        if roots == 1 && spawned == usize::from(SPAWNING.contains(&name.as_str())) {
            continue;
        }
        exceptions.push(name.clone());
        println!("{name}: {roots} sessions, {spawned} sub-agents");
        for Told { place, session, found, .. } in &told {
            let Found { basis, retry_of, parent, side_call, .. } = found;
            println!("    {place} {session} {basis:?}, retry {retry_of:?}, parent {parent:?}, aside {side_call}");
        }
    }
    println!("{runs} runs, {} exceptions: {exceptions:?}", exceptions.len());
    assert!(exceptions.is_empty());
}

#[test]
fn side_calls_are_marked_and_no_turn_of_the_main_loop_is() {
    let Some(folders) = folders() else { return };
    let naming = |name: &str| {
        let client = name.split('/').next().unwrap_or_default();
        client.ends_with("-tui") || client.starts_with("goose") || client.starts_with("opencode")
    };
    for (name, exchanges) in folders.iter().filter(|(_, exchanges)| !exchanges.is_empty()) {
        let aside: Vec<u64> =
            play(exchanges).iter().filter(|told| told.found.side_call).map(|told| told.place).collect();
        let toolless =
            exchanges.iter().filter(|exchange| exchange.request.tool_names.is_empty()).map(|exchange| exchange.place);
        match naming(name) {
            true => assert_eq!(aside, toolless.collect::<Vec<_>>(), "{name}"),
            false => assert!(aside.is_empty(), "{name}: {aside:?}"),
        }
    }
}

#[test]
fn a_request_that_was_refused_or_cut_and_comes_again_is_a_retry() {
    let Some(folders) = folders() else { return };
    let mut seen = 0;
    for (name, exchanges) in &folders {
        let told = play(exchanges);
        let main = |place: u64| {
            exchanges
                .iter()
                .find(|exchange| exchange.place == place)
                .is_some_and(|one| !one.request.tool_names.is_empty())
        };
        for pair in told.iter().filter(|told| main(told.place)).collect::<Vec<_>>().windows(2) {
            let exchange = |told: &Told| exchanges.iter().find(|exchange| exchange.place == told.place).unwrap();
            let (one, other) = (exchange(pair[0]), exchange(pair[1]));
            if !one.good
                && one.request.messages.len() == other.request.messages.len()
                && pair[0].found.parent == pair[1].found.parent
            {
                seen += 1;
                assert!(pair[1].found.retry_of.is_some(), "{name}: {} after {}", pair[1].place, pair[0].place);
            }
        }
    }
    println!("{seen} retries");
    assert!(seen > 50);
}

#[test]
fn each_result_of_a_served_call_is_linked_to_it() {
    let Some(folders) = folders() else { return };
    let mut linked = 0;
    // After a clean end in the middle some clients bring the result of a call that was never complete.
    for (name, exchanges) in folders.iter().filter(|(name, _)| !name.contains("/cut")) {
        let reader = Reader::new(1 << 20);
        for told in play(exchanges).iter().filter(|told| told.found.retry_of.is_none()) {
            let place = exchanges.iter().position(|exchange| exchange.place == told.place).unwrap();
            let reading = reader.read(&exchanges[place].request);
            let after = reading.last_assistant().map_or(0, |last| last + 1);
            let results = reading.facts[after..].iter().map(|facts| facts.results.len()).sum::<usize>();
            let got = told.arrived.results.len();
            linked += got;
            assert_eq!(got, results, "{name}: exchange {}", told.place);
        }
    }
    println!("{linked} results linked");
    assert!(linked > 200);
}

#[test]
fn a_run_of_a_client_is_one_run_and_its_turns_are_steps() {
    let Some(folders) = folders() else { return };
    for (name, exchanges) in folders.iter().filter(|(name, _)| name.ends_with("/stream")) {
        let told = play(exchanges);
        let main: Vec<_> = told.iter().filter(|told| !told.found.side_call && told.found.parent.is_none()).collect();
        let steps: Vec<u32> = main.iter().map(|told| told.arrived.step).collect();
        let runs: std::collections::BTreeSet<_> = main.iter().map(|told| told.arrived.run).collect();
        assert_eq!(steps, (0..steps.len() as u32).collect::<Vec<_>>(), "{name}");
        assert!(runs.len() <= 1, "{name}: {runs:?}");
    }
}
