//! How an observation is spelled in the record: its members but for ids and time (which its row knows), whole or as a difference.

use crate::{
    LedgerError,
    codec::{self, RAW, ZSTD},
    difference,
};
use domain::{ExchangeId, Observation, Point, RequestFacts, RunFacts, SessionFacts, SessionId, Timestamp};
use serde_json::{Map, Value, json, to_value};

/// The members in the order of their bit in the presence byte.
const MEMBERS: [&str; 8] = ["session", "run", "request", "response", "tool", "call", "result", "history"];
/// The first of them are the exchange's rather than the point's: told apart from the exchange's observation before.
const SHARED: usize = 3;
const FOLLOWS: u8 = 1;
/// The rest is a zstd frame.
const PACKED: u8 = 2;
/// From this length on packing is tried.
const LONG: usize = 192;

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
pub fn whole(value: &Value, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    difference::put_whole(&mut bytes, value, content);
    let (form, packed) = codec::alone(&bytes);
    [&[form as u8][..], &packed].concat()
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
            let reference = old.as_ref().or_else(|| key.get(MEMBERS[bit])).unwrap_or(&Value::Null);
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
    Ok(Value::Object(members))
}

fn reference<'a>(bit: usize, name: &str, key: &'a Value, latest: Option<&'a Value>) -> &'a Value {
    let from = if bit < SHARED { latest.unwrap_or(key) } else { key };
    from.get(name).unwrap_or(&Value::Null)
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
