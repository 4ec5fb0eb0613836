//! The rule of each row: it fires once, at a known moment of the talk.

use crate::talk::Row;

/// When a rule at that point fires: at the first call and its result, at the answer to that result, at `More`.
fn when(row: &Row) -> &'static str {
    match (row.action, row.point) {
        ("compact", _) => "request.text == 'End'",
        ("cached", "model.request") => "request.text == 'Last'",
        ("cached" | "retry", "model.response") => "response.failed",
        ("cached", _) => "session.seen('search')",
        // Texts are changed wherever they match.
        ("redact" | "replace", _) => "true",
        // Of the first request there is nothing to take back.
        ("rollback", "tool.call") => "request.text == 'More'",
        (_, "model.request") => "request.text == 'More'",
        (_, "tool.call") => "tool.name == 'search'",
        (_, "tool.result") => "result.bytes > 100",
        (_, "model.response") => "response.text.contains('Found')",
        (_, "model.stream") => "request.text == 'More' && request.elapsed_ms >= 150",
        (_, "session.idle") => "session.steps > 1",
        (action, point) => panic!("{action} at {point} has no moment"),
    }
}

/// What is to match in a text that is redacted or replaced there.
pub fn secret(point: &str) -> &'static str {
    match point {
        "model.request" => "B-[0-9]{4}",
        "tool.result" => "row-1[01]",
        "tool.call" => "C-[0-9]{4}",
        _ => "A-[0-9]{4}",
    }
}

fn action(row: &Row) -> String {
    match row.action {
        "block" => "{ block = 'Not here.' }".into(),
        "escalate" => "{ escalate = { timeout = '30s', text = 'May it?' } }".into(),
        "approve" => "{ approve = 'ask' }".into(),
        "pause" => "{ pause = 'A look first.' }".into(),
        "inject" => "{ inject = 'Mind the gap.' }".into(),
        "taint" => "{ taint = 'odd' }".into(),
        "reroute" => "{ reroute = { model = 'other-model', scope = 'session' } }".into(),
        "limit" => "{ limit = { output_tokens = 77, scope = 'session' } }".into(),
        "stop" => "{ stop = 'It ends here.' }".into(),
        "rollback" => "{ rollback = { steps = 1, text = 'Go on from here.' } }".into(),
        "alert" => "{ alert = 'desk' }".into(),
        "first" => "{ first = [{ taint = 'odd' }, { alert = 'desk' }] }".into(),
        "compact" => "{ compact = { to = 0.0001 } }".into(),
        "truncate" => "{ truncate = { head = 10, tail = 10 } }".into(),
        "extract" => "{ extract = { fields = ['$.id'] } }".into(),
        "partial" => "{ partial = 'Enough.' }".into(),
        "retry" => "{ retry = { times = 1, base = '10ms' } }".into(),
        "cached" => "'cached'".into(),
        "redact" => format!("{{ redact = {{ regex = '{}' }} }}", secret(row.point)),
        "replace" => format!("{{ replace = {{ regex = '{}', with = 'XX' }} }}", secret(row.point)),
        other => panic!("{other} has no scenario"),
    }
}

/// The row's policy, without `version` and `agents`.
pub fn of(row: &Row) -> String {
    let Row { action: name, point, .. } = row;
    let when = when(row);
    let once = if matches!(*name, "redact" | "replace" | "cached" | "approve") { "" } else { "max_fires = 1\n" };
    let mut policy =
        format!("[[rule]]\nid = \"it\"\non = \"{point}\"\nwhen = \"{when}\"\n{once}do = [{}]\n", action(row));
    if *name == "approve" {
        policy += &format!("[[rule]]\nid = \"ask\"\non = \"{point}\"\nwhen = \"{when}\"\ndo = ['escalate']\n");
    }
    if matches!(*name, "alert" | "first") {
        policy += "[alert.desk]\nkind = 'desktop'\n";
    }
    if *name == "cached" {
        policy += "[tools]\nread_only = ['search']\n";
    }
    policy
}
