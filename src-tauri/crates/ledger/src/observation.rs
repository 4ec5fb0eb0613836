//! How an observation is spelled in the record: its members but for ids and time (which its row knows), whole or as a difference.

use crate::{
    LedgerError,
    codec::{self, RAW, ZSTD},
    difference,
};
use domain::{ExchangeId, Observation, Point, RequestFacts, RunFacts, SessionFacts, SessionId, Timestamp};
use serde_json::{Map, Value, json, to_value};
use std::sync::LazyLock;

/// The members in the order of their bit in the presence byte.
const MEMBERS: [&str; 8] = ["session", "run", "request", "response", "tool", "call", "result", "history"];
/// The first of them are the exchange's rather than the point's: told apart from the exchange's observation before.
const SHARED: usize = 3;
const FOLLOWS: u8 = 1;
/// The rest is a zstd frame.
const PACKED: u8 = 2;
/// The member `named` stands last.
const NAMED: u8 = 4;
/// In the place of a form: what follows is the difference to `BLANK`.
const UNLIKE_BLANK: u8 = 2;
/// An observation of which nothing is known, as the record's format has it: it may never change, or old records could not be read.
const BLANK: &str = r#"{"session":{"agent":"","steps":0,"elapsed_ms":0,"tokens":0,"input_tokens":0,"cached_tokens":0,"output_tokens":0,
"cost_usd":0.0,"context_tokens":0,"context_used":0.0,"tool_errors":0,"tool_errors_in_row":0,"risk":0.0},
"run":{"steps":0,"elapsed_ms":0,"tokens":0,"cost_usd":0.0,"tool_errors":0,"tool_errors_in_row":0},
"request":{"dialect":"","provider":"","model":"","stream":false,"messages":0,"new_messages":0,"bytes":0,"side_call":false,"text":""},
"response":{"status":0,"model":"","finish":"","text":"","tool_calls":0,"input_tokens":0,"cached_tokens":0,"output_tokens":0,"elapsed_ms":0},
"tool":{"name":"","read_only":false},"call":{"id":"","name":"","args":{},"raw":""},
"result":{"call_id":"","text":"","error":false,"guessed":false,"bytes":0,"elapsed_ms":0},"history":{}}"#;

static BLANK_VALUE: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(BLANK).unwrap_or_default());
/// From this length on packing is tried.
const LONG: usize = 320;

/// The observation's members, without what its row says.
pub fn members(observation: &Observation) -> Option<Value> {
    let mut value = serde_json::to_value(observation).ok()?;
    let members = value.as_object_mut()?;
    for known in ["point", "at", "trace"] {
        members.shift_remove(known);
    }
    Some(value)
}

/// The members as they are, for an observation that others refer to. `content`: stored bytes that hold some of its texts.
pub fn whole(seen: &Observation, content: &[u8]) -> Option<Vec<u8>> {
    let data = difference(seen, &BLANK_VALUE, None, content)?;
    Some([&[UNLIKE_BLANK][..], &data].concat())
}

/// What the points of one exchange share: kept to tell its next observation apart.
#[derive(Clone)]
pub struct Latest {
    session: SessionFacts,
    run: RunFacts,
    request: RequestFacts,
}

impl Latest {
    pub fn of(observation: &Observation) -> Latest {
        Latest {
            session: observation.session.clone(),
            run: observation.run.clone(),
            request: observation.request.clone(),
        }
    }
}

/// The members as what differs from `key`, and for what the points of an exchange share from `latest`. What is equal is never turned
/// into JSON: most of most observations.
pub fn difference(seen: &Observation, key: &Value, latest: Option<&Latest>, content: &[u8]) -> Option<Vec<u8>> {
    let mut data = vec![if latest.is_some() { FOLLOWS } else { 0 }, 0];
    let mut bit = 0;
    let mut put = |new: Option<Result<Value, serde_json::Error>>, old: Option<Value>| -> Option<()> {
        if let Some(new) = new {
            data[1] |= 1 << bit;
            let reference = old.as_ref().or_else(|| key.get(MEMBERS[bit])).unwrap_or(&BLANK_VALUE[MEMBERS[bit]]);
            difference::put(&mut data, &new.ok()?, reference, content);
        }
        bit += 1;
        Some(())
    };
    macro_rules! shared {
        ($($name:ident),+) => {$(
            match latest {
                // Anything equals itself: the cheapest way to say so.
                Some(latest) if latest.$name == seen.$name => put(Some(Ok(Value::Null)), Some(Value::Null))?,
                Some(latest) => put(Some(to_value(&seen.$name)), to_value(&latest.$name).ok())?,
                None => put(Some(to_value(&seen.$name)), None)?,
            }
        )+};
    }
    shared!(session, run, request);
    put(seen.response.as_ref().map(to_value), None)?;
    put(seen.tool.as_ref().map(to_value), None)?;
    put(seen.call.as_ref().map(to_value), None)?;
    put(seen.result.as_ref().map(to_value), None)?;
    put((!seen.history.is_empty()).then(|| to_value(&seen.history)), None)?;
    if !seen.named.is_empty() {
        data[0] |= NAMED;
        let reference = key.get("named").unwrap_or(&Value::Null);
        difference::put(&mut data, &to_value(&seen.named).ok()?, reference, content);
    }
    if data.len() >= LONG {
        let (form, packed) = codec::alone(&data[2..]);
        if form == ZSTD {
            return Some([&[data[0] | PACKED, data[1]][..], &packed].concat());
        }
    }
    Some(data)
}

/// The members from their row; `key` where it is a difference, `latest`: the exchange's observation before.
pub fn read(data: &[u8], key: Option<&Value>, latest: Option<&Value>, content: &[u8]) -> Result<Value, LedgerError> {
    let damaged = |detail: &str| LedgerError::damaged("observation", detail);
    let Some(key) = key else {
        let (&form, packed) = data.split_first().ok_or_else(|| damaged("it is empty"))?;
        if form == UNLIKE_BLANK {
            return read(packed, Some(&BLANK_VALUE), None, content);
        }
        let form = if i64::from(form) == RAW { RAW } else { ZSTD };
        let whole = codec::restore(form, packed.to_vec(), &[])?;
        return difference::take_whole(&mut &whole[..], content);
    };
    let [flags, present, ref rest @ ..] = *data else {
        return Err(damaged("it ends early"));
    };
    let latest = if flags & FOLLOWS != 0 { latest } else { None };
    let unpacked = if flags & PACKED != 0 { codec::restore(ZSTD, rest.to_vec(), &[])? } else { rest.to_vec() };
    let mut rest = &unpacked[..];
    let mut members = Map::new();
    for (bit, name) in MEMBERS.iter().enumerate() {
        if present & 1 << bit != 0 {
            let member = difference::take(&mut rest, reference(bit, name, key, latest), content)?;
            members.insert((*name).to_owned(), member);
        }
    }
    if flags & NAMED != 0 {
        let reference = key.get("named").unwrap_or(&Value::Null);
        members.insert("named".to_owned(), difference::take(&mut rest, reference, content)?);
    }
    Ok(Value::Object(members))
}

fn reference<'a>(bit: usize, name: &str, key: &'a Value, latest: Option<&'a Value>) -> &'a Value {
    let from = if bit < SHARED { latest.unwrap_or(key) } else { key };
    from.get(name).unwrap_or(&BLANK_VALUE[name])
}

/// The observation itself.
pub fn restore(
    members: Value,
    point: Point,
    at: Timestamp,
    session: SessionId,
    exchange: ExchangeId,
) -> Result<Observation, LedgerError> {
    let mut whole = json!({ "point": point, "at": at, "trace": { "session": session, "exchange": exchange } });
    if let (Value::Object(whole), Value::Object(members)) = (&mut whole, members) {
        whole.extend(members);
    }
    serde_json::from_value(whole).map_err(|error| LedgerError::damaged("observation", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CallFacts, ResponseFacts, ResultFacts, ToolFacts, TraceFacts};

    fn seen() -> Observation {
        Observation {
            point: Point::ToolResult,
            at: Timestamp(5),
            trace: TraceFacts { session: SessionId(1), exchange: ExchangeId(2) },
            session: SessionFacts::default(),
            run: RunFacts::default(),
            request: RequestFacts::default(),
            response: Some(ResponseFacts::default()),
            tool: Some(ToolFacts::default()),
            call: Some(CallFacts::default()),
            result: Some(ResultFacts::default()),
            history: Default::default(),
            named: Default::default(),
        }
    }

    #[test]
    fn an_observation_of_nothing_costs_a_few_bytes_and_comes_back() {
        let blank = seen();
        let data = whole(&blank, &[]).unwrap();
        assert!(data.len() <= 12, "{}: the blank has other members than an observation", data.len());
        let members = read(&data, None, None, &[]).unwrap();
        assert_eq!(restore(members, blank.point, blank.at, SessionId(1), ExchangeId(2)).unwrap(), blank);
    }

    #[test]
    fn any_observation_comes_back_whole() {
        let mut full = seen();
        full.session.taints = vec!["web".into()];
        full.session.cost_usd = 0.1 + 0.2;
        full.request.text = "what would you say to this? ".repeat(80);
        full.request.max_output_tokens = Some(7);
        full.run.errors = vec!["bash: exit 1".into()];
        full.history.insert("policy/rule".into(), Default::default());
        full.named.score.insert("policy/toxic".into(), 0.75);
        full.named
            .budget
            .insert("policy/cost".into(), domain::BudgetFacts { used: 0.5, projected: 1.0, ..Default::default() });
        full.tool = None;
        let content = format!("{{\"role\":\"user\",\"content\":\"{}\"}}", full.request.text);
        let data = whole(&full, content.as_bytes()).unwrap();
        let members = read(&data, None, None, content.as_bytes()).unwrap();
        assert_eq!(restore(members, full.point, full.at, SessionId(1), ExchangeId(2)).unwrap(), full);
        assert!(data.len() < full.request.text.len() / 4, "its text is in the content: {}", data.len());
    }
}
