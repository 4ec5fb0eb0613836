//! The language reference, written from the tables. `policies/REFERENCE.md` is this text, and a test keeps it so.

use crate::compile::described;
use crate::language::{
    ACTIONS, ALERT, BUDGET, CLASSIFIER, DECLARED, DEFAULTS, FUNCTIONS, HISTORY, Key, LIMIT, LISTS, MACROS, MATCH,
    PATTERNS, PLANNED_ROOTS, POLICY, RULE, SCHEMA, State, TEST, VARIABLES, told,
};
use domain::Point;
use std::fmt::Write;

const OPENING: &str = "\
# The policy language: reference

Made from the compiler's own tables; do not edit. One TOML file is one policy. Check it with `switchtower policy check FILE`, run its
`[[test]]` tables with `switchtower policy test FILE`. A mistake is told with line, column and the nearest known name; a broken file keeps
its last good version in force.

```toml
version = 1
name    = \"example\"
agents  = [\"research-*\"]

max_tool_errors          = 3
token_budget_per_session = 200_000

[defaults]
mode = \"shadow\"

[[rule]]
id   = \"no-deleting\"
on   = \"tool.call\"
when = \"tool.name.startsWith('delete_') && !('trusted' in session.taints)\"
do   = [{ block = { text = \"{{tool.name}} needs a person.\" } }]

[[test]]
rule   = \"no-deleting\"
given  = { on = \"tool.call\", tool = { name = \"delete_file\" } }
expect = [\"block\"]
```
";

const MEANING: &str = "\
## Meaning

- **Order.** All policies whose `agents` match apply. Decisions are carried out in the order block and stop, escalate and pause, inject and the other changes of the
  context, reroute and limit, alert and taint; within a class, files by name, then rules as they stand.
- **Approved beforehand.** An enforced `approve` that matches takes the named rule's questions out of the verdict; the evaluation of the rule
  that asked says by whom. An `approve` that cannot be evaluated answers nothing.
- **Shadow** rules are evaluated and recorded as \"would have\"; they change and delay nothing.
- **Failing.** A condition that reads an absent field (an argument that was not given) has no truth: the rule counts as an error, and
  `on_error` says what that means. `&&` and `||` still decide where one side suffices; ask with `has()` first where a field may be absent.
- **Numbers.** `int` and `double` compare, but are not added or multiplied with each other: `session.context_used * 100.0 > 85.0`.
- **Bounds.** A condition has at most 2,000 bytes and 120 operators; comprehensions nest twice; a value that one walks has at most 4,000
  parts.
- **Budgets** reserve before a call goes out: its input as counted here, less what the newest answer says the provider's cache served, and
  the output that it may have: the client's own maximum, or what the model can write, or what remains. Calls at the same time cannot exceed a budget together; one that
  fits only once others are settled waits for them, at most 30 seconds. A budget makes the rule `budget.NAME`, which refuses or asks where
  `budget.NAME.projected` is over 1; mute it, or put it in shadow, and the budget only counts. Settled with the provider's count, released
  on error; what was open when the runtime was killed counts as spent. `session`, `agent` and `day` survive a restart.
- **Held back.** While an answer streams, a call is held until it is complete only where an enforced rule that can block, escalate or pause
  could match a tool of its name; what decides is what the condition says about `tool.name`. An enforced rule that can do so at
  `model.response` holds the whole answer back. `redact` and `replace` at `model.stream` hold back only the end of the text, from where a match
  may still be under way: usually a word, at most 8,192 bytes; a match is no longer than that. Text that matches is judged before it goes, once for
  each new value; answers that are not streamed are looked through at the same point.
- **On time.** Rules at `model.stream` look at the first token and every quarter of a second, also while nothing comes, before the head (then
  `response.status` is 0) and at answers that come whole. Each fires once in an exchange. Where an enforced one can end the answer, tool calls go out
  only whole.
- **Confidence** of a partial answer is begun × 0.8^open × 0.8^errors × 0.7^loops: begun is 0.1 where no text has come, else 0.3 + 0.6 × the part of the
  run's time that this answer had; open are tool calls without results, errors the run's tool errors in a row, loops the calls of the run that
  repeat an earlier one. The mark says each. The model is told the partial answer as its agent got it, without reasoning that broke off.
- **Redacted** is a value, not a place: once found it leaves under its token in every later request of the session, wherever it stands but in
  reasoning, names and ids; what the model says of the token, in text and in calls, reaches the agent as the value. A value that the
  model said first reaches the agent as its token, and stands as the model said it in later requests. The values stay on this machine.
- **Templates.** `{{path}}` in a text is filled with the variable; a list comes one item a line, an absent value as `(none)`, a long one cut.
";

/// The reference as Markdown.
pub fn reference() -> String {
    let mut out = String::from(OPENING);
    out.push_str("\n## Keys\n\nOf a file:\n\n");
    keys(&mut out, POLICY);
    out.push_str("\nOf `[defaults]`:\n\n");
    keys(&mut out, DEFAULTS);
    out.push_str("\nOf `[[rule]]`:\n\n");
    keys(&mut out, RULE);
    out.push_str("\nOf `[[test]]`:\n\n");
    keys(&mut out, TEST);
    out.push_str("\nOf `[alert.NAME]`:\n\n");
    keys(&mut out, ALERT);
    out.push_str("\nOf `[budget.NAME]`:\n\n");
    keys(&mut out, BUDGET);
    out.push_str("\nOf `[limit.NAME]`:\n\n");
    keys(&mut out, LIMIT);
    out.push_str("\nOf its `match`:\n\n");
    keys(&mut out, MATCH);
    out.push_str("\nPatterns that every file can name:\n\n");
    for (name, _, check, doc) in PATTERNS {
        let _ = writeln!(out, "- `{name}`: {doc}{}", told(*check));
    }
    out.push_str("\nOf `[classifier.NAME]`:\n\n");
    keys(&mut out, CLASSIFIER);
    out.push_str("\nLists of classifiers by rules, the classes of `safety_classifiers`:\n\n");
    for list in LISTS {
        let _ = writeln!(out, "- `{}`: {}", list.name, list.doc);
    }
    out.push_str("\nOf `[schema.NAME]`:\n\n");
    keys(&mut out, SCHEMA);
    out.push_str("\n## Points (`on`)\n\n");
    for point in Point::ALL {
        let _ = writeln!(out, "- `{}`: {}", point.name(), moment(point));
    }
    out.push_str("\n## Actions (`do`, `again`)\n\n| action | acts at | fields | effect |\n|---|---|---|---|\n");
    for word in ACTIONS.iter().filter(|word| word.state == State::Acts) {
        let fields: Vec<String> = word.fields.iter().map(|field| format!("`{}`: {}", field.name, field.doc)).collect();
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", word.name, points(word.points), fields.join("<br>"), word.doc);
    }
    out.push_str("\n## Variables\n\n| variable | type | unit | exists at | meaning |\n|---|---|---|---|---|\n");
    for variable in VARIABLES {
        let (path, kind, unit) = (variable.path, variable.kind.name(), variable.unit);
        let _ = writeln!(out, "| `{path}` | {kind} | {unit} | {} | {} |", points(variable.points), variable.doc);
    }
    let declarable = |section: &str| POLICY.iter().any(|key| key.name == section && key.state == State::Acts);
    for row in DECLARED.iter().filter(|row| declarable(row.section)) {
        let field = row.field.map(|field| format!(".{field}")).unwrap_or_default();
        let (group, kind, unit) = (row.group, row.kind.name(), row.unit);
        let (exists, doc) = (points(row.points), row.doc);
        let _ = writeln!(
            out,
            "| `{group}.NAME{field}` | {kind} | {unit} | {exists} | {doc} `[{}.NAME]` declares it. |",
            row.section
        );
    }
    for field in HISTORY {
        let (name, kind, unit, doc) = (field.name, field.kind.name(), field.unit, field.doc);
        let _ = writeln!(out, "| `history.RULE.{name}` | {kind} | {unit} | everywhere | {doc} |");
    }
    out.push_str(
        "\n`RULE` is a rule of the same file, a simple key's included; `history[\"with-hyphen\"].fires_in_run`.\n",
    );
    out.push_str("\n## Functions\n\nCEL's operators (`&& || ! == != < <= > >= in + - * / % ?:`, lists, maps, indexing), and:\n\n");
    for function in FUNCTIONS {
        let _ = writeln!(out, "- `{}` ({}): {}", function.name, function.gives.name(), function.doc);
    }
    out.push_str("- `session.seen` (bool): `session.seen(\"x\")`, whether a tool was called in this session.\n");
    for (name, doc) in MACROS {
        let _ = writeln!(out, "- `{name}`: {doc}");
    }
    out.push('\n');
    out.push_str(MEANING);
    planned(&mut out);
    out
}

fn keys(out: &mut String, keys: &[Key]) {
    out.push_str("| key | takes | meaning |\n|---|---|---|\n");
    for key in keys.iter().filter(|key| key.state == State::Acts) {
        let _ = writeln!(out, "| `{}` | {} | {} |", key.name, described(key.takes), key.doc);
    }
}

/// What is an error because nothing carries it out yet.
fn planned(out: &mut String) {
    let keys = POLICY.iter().chain(RULE).filter(|key| key.state == State::Planned).map(|key| key.name);
    let actions = ACTIONS.iter().filter(|word| word.state == State::Planned).map(|word| word.name);
    let groups = PLANNED_ROOTS.iter().map(|(root, _)| *root);
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let _ = write!(
        out,
        "\n## Not yet\n\nWords of the language that this version does not carry out are errors, never silence.\n\n- Keys: {}\n- Actions: {}\n- Variables: {}\n",
        list(keys.collect()),
        list(actions.collect()),
        list(groups.collect()),
    );
}

fn points(points: &[Point]) -> String {
    if points.len() == Point::ALL.len() {
        return "everywhere".to_owned();
    }
    points.iter().map(|point| format!("`{}`", point.name())).collect::<Vec<_>>().join(", ")
}

fn moment(point: Point) -> &'static str {
    match point {
        Point::ModelRequest => "before a request goes out.",
        Point::ModelStream => "on frames and on time passing while an answer streams.",
        Point::ToolCall => "one complete tool call, before the agent gets it.",
        Point::ModelResponse => "the complete answer, before its end is released.",
        Point::ToolResult => "a new tool result, in the next request.",
        Point::SessionIdle => "the session has been silent.",
    }
}
