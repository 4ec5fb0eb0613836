//! The variables: path, type, unit, points and how each is read from an observation. One table; the checks, the reference and the
//! evaluator use it, and a test compares it with the observation's own field names.

use super::DECLARED;
use crate::datum::{Datum, Kind};
use domain::{Observation, Point};
use std::borrow::Cow;

/// Reads a variable; none where the observation does not have it.
pub type Reader = for<'a> fn(&'a Observation) -> Option<Datum<'a>>;

#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub path: &'static str,
    pub kind: Kind,
    /// `ms`, `tokens`, `USD`, … or empty.
    pub unit: &'static str,
    /// Where it exists.
    pub points: &'static [Point],
    pub doc: &'static str,
    pub(crate) read: Reader,
}

const ALL: &[Point] = &Point::ALL;
const RESPONSE: &[Point] = &[Point::ModelStream, Point::ModelResponse];
const CALL: &[Point] = &[Point::ToolCall, Point::ToolResult];
const RESULT: &[Point] = &[Point::ToolResult];

macro_rules! rows {
    ($($points:ident { $($path:literal $kind:ident $unit:literal $doc:literal = |$o:ident| $read:expr;)* })*) => {
        &[$($(Variable {
            path: $path,
            kind: Kind::$kind,
            unit: $unit,
            points: $points,
            doc: $doc,
            read: |$o| $read,
        }),*),*]
    };
}

fn text(text: &str) -> Option<Datum<'_>> {
    Some(Datum::Text(Cow::Borrowed(text)))
}

fn count<'a>(value: impl Into<u64>) -> Option<Datum<'a>> {
    Some(Datum::count(value.into()))
}

pub const VARIABLES: &[Variable] = rows! {
    ALL {
        "trace.session" Text "" "The session's id, to cite in texts." = |o| Some(Datum::Text(Cow::Owned(o.trace.session.to_string())));
        "trace.exchange" Text "" "The exchange's id." = |o| Some(Datum::Text(Cow::Owned(o.trace.exchange.to_string())));
        "session.agent" Text "" "The agent's name." = |o| text(&o.session.agent);
        "session.steps" Int "steps" "Steps before this one." = |o| count(o.session.steps);
        "session.elapsed_ms" Int "ms" "Since the session's first request." = |o| count(o.session.elapsed_ms);
        "session.tokens" Int "tokens" "Input that the provider's cache did not serve, plus output; this exchange not included." = |o| count(o.session.tokens);
        "session.input_tokens" Int "tokens" "All input, cached too." = |o| count(o.session.input_tokens);
        "session.cached_tokens" Int "tokens" "Input that the provider's cache served." = |o| count(o.session.cached_tokens);
        "session.output_tokens" Int "tokens" "Output." = |o| count(o.session.output_tokens);
        "session.cost_usd" Double "USD" "Spent so far." = |o| Some(Datum::Double(o.session.cost_usd));
        "session.context_tokens" Int "tokens" "The newest request's context." = |o| count(o.session.context_tokens);
        "session.context_used" Double "share" "Of the model's window, 0 to 1; 0 where the window is unknown." = |o| Some(Datum::Double(o.session.context_used));
        "session.tool_errors" Int "errors" "Tool results that were errors." = |o| count(o.session.tool_errors);
        "session.tool_errors_in_row" Int "errors" "Since the last result that was none." = |o| count(o.session.tool_errors_in_row);
        "session.taints" Texts "" "Marks that rules have set." = |o| Some(Datum::Texts(&o.session.taints));
        "session.tools_seen" Texts "" "Names of tools called so far; `session.seen(\"x\")` asks for one." = |o| Some(Datum::Texts(&o.session.tools_seen));
        "session.risk" Double "" "What rules have added to it (`risk = 2` beside `do`); half of it is left at each new run." = |o| Some(Datum::Double(o.session.risk));
        "run.steps" Int "steps" "Since the latest user message." = |o| count(o.run.steps);
        "run.elapsed_ms" Int "ms" "Since the latest user message, time in a person's hands left out." = |o| count(o.run.elapsed_ms);
        "run.subtask_elapsed_ms" Int "ms" "Of the subtask under way: a sub-agent's run, else the tool loop, from the first result that it brought; time in a person's hands left out." = |o| count(o.run.subtask_elapsed_ms);
        "run.tokens" Int "tokens" "As `session.tokens`, of this run." = |o| count(o.run.tokens);
        "run.cost_usd" Double "USD" "Spent in this run." = |o| Some(Datum::Double(o.run.cost_usd));
        "run.tool_errors" Int "errors" "Tool results of this run that were errors." = |o| count(o.run.tool_errors);
        "run.tool_errors_in_row" Int "errors" "Since the last result that was none, in this run." = |o| count(o.run.tool_errors_in_row);
        "run.errors" Texts "" "The run's latest tool errors, newest last, at most 8: `tool: first line`." = |o| Some(Datum::Texts(&o.run.errors));
        "request.dialect" Text "" "The wire format's name." = |o| text(&o.request.dialect);
        "request.provider" Text "" "The provider's name." = |o| text(&o.request.provider);
        "request.model" Text "" "The model asked for." = |o| text(&o.request.model);
        "request.stream" Bool "" "Whether the answer is streamed." = |o| Some(Datum::Bool(o.request.stream));
        "request.messages" Int "messages" "All, history included." = |o| count(o.request.messages);
        "request.new_messages" Int "messages" "New since the last request." = |o| count(o.request.new_messages);
        "request.tools" Texts "" "Names of the tools offered." = |o| Some(Datum::Texts(&o.request.tools));
        "request.bytes" Int "bytes" "The body's size." = |o| count(o.request.bytes);
        "request.max_output_tokens" Int "tokens" "The client's cap; absent where it names none: ask with has()." = |o| o.request.max_output_tokens.map(Datum::count);
        "request.side_call" Bool "" "A title or naming call beside the first turn." = |o| Some(Datum::Bool(o.request.side_call));
        "request.elapsed_ms" Int "ms" "Since it came, time in a person's hands left out." = |o| count(o.request.elapsed_ms);
        "request.text" Text "" "The newest user text, at most 4 KiB." = |o| text(&o.request.text);
    }
    RESPONSE {
        "response.status" Int "" "The HTTP status." = |o| count(o.response.as_ref()?.status);
        "response.model" Text "" "The model that served." = |o| text(&o.response.as_ref()?.model);
        "response.finish" Text "" "Why it ended, in the dialect's word." = |o| text(&o.response.as_ref()?.finish);
        "response.text" Text "" "The answer's text so far." = |o| text(&o.response.as_ref()?.text);
        "response.reasoning" Text "" "Reasoning, where the dialect shows it." = |o| text(&o.response.as_ref()?.reasoning);
        "response.tool_calls" Int "calls" "Proposed by this response." = |o| count(o.response.as_ref()?.tool_calls);
        "response.input_tokens" Int "tokens" "As the provider counts them." = |o| count(o.response.as_ref()?.input_tokens);
        "response.cached_tokens" Int "tokens" "Of the input, served from the provider's cache." = |o| count(o.response.as_ref()?.cached_tokens);
        "response.output_tokens" Int "tokens" "As the provider counts them." = |o| count(o.response.as_ref()?.output_tokens);
        "response.elapsed_ms" Int "ms" "Since the request went out." = |o| count(o.response.as_ref()?.elapsed_ms);
        "response.failed" Bool "" "An attempt came to nothing: no answer, a status that is none of success, or a stream that broke before its first token." = |o| Some(Datum::Bool(o.response.as_ref()?.failed));
        "response.class" Text "" "Why it failed: connect, tls, idle, cut, protocol, unsendable, rate_limit, quota, overloaded, server, timeout, stream, caller; empty where it did not." = |o| text(&o.response.as_ref()?.class);
        "response.error" Text "" "What the provider, or the connection, said of the failure." = |o| text(&o.response.as_ref()?.error);
        "response.attempt" Int "" "Which attempt of this exchange it was, from 1." = |o| count(o.response.as_ref()?.attempt.max(1));
    }
    CALL {
        "tool.name" Text "" "The tool called." = |o| text(&o.tool.as_ref()?.name);
        "tool.read_only" Bool "" "Declared so by MCP or a policy; false where nobody says so." = |o| Some(Datum::Bool(o.tool.as_ref()?.read_only));
        "call.id" Text "" "The call's id." = |o| text(&o.call.as_ref()?.id);
        "call.name" Text "" "The tool called." = |o| text(&o.call.as_ref()?.name);
        "call.args" Object "" "Parsed arguments, at any depth: `call.args.to[0].name`; empty where they are no JSON object." = |o| Some(Datum::Object(&o.call.as_ref()?.args));
        "call.raw" Text "" "The arguments as the model wrote them, at most 16 KiB." = |o| text(&o.call.as_ref()?.raw);
    }
    RESULT {
        "result.call_id" Text "" "The call that it answers." = |o| text(&o.result.as_ref()?.call_id);
        "result.text" Text "" "The result as text." = |o| text(&o.result.as_ref()?.text);
        "result.error" Bool "" "Whether it is an error." = |o| Some(Datum::Bool(o.result.as_ref()?.error));
        "result.guessed" Bool "" "Only the text says that it is an error." = |o| Some(Datum::Bool(o.result.as_ref()?.guessed));
        "result.bytes" Int "bytes" "The result's size." = |o| count(o.result.as_ref()?.bytes);
        "result.elapsed_ms" Int "ms" "What the agent took, its own waiting included." = |o| count(o.result.as_ref()?.elapsed_ms);
    }
};

pub fn variable(path: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.path == path)
}

/// The groups: `session`, `run`, …, what files declare, `history` last.
pub fn roots() -> Vec<&'static str> {
    let mut roots: Vec<&str> = VARIABLES.iter().filter_map(|v| v.path.split('.').next()).collect();
    roots.extend(DECLARED.iter().map(|field| field.group));
    roots.dedup();
    roots.push("history");
    roots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::HISTORY;
    use domain::*;
    use std::collections::BTreeSet;

    /// Every field filled, so that none is skipped when it is written as JSON.
    fn full() -> Observation {
        let texts = vec!["x".to_owned()];
        Observation {
            point: Point::ToolResult,
            at: Timestamp(0),
            trace: TraceFacts { session: SessionId(1), exchange: ExchangeId(2) },
            session: SessionFacts { taints: texts.clone(), tools_seen: texts.clone(), ..Default::default() },
            run: RunFacts { errors: texts.clone(), subtask_elapsed_ms: 1, ..Default::default() },
            request: RequestFacts { tools: texts, max_output_tokens: Some(1), elapsed_ms: 1, ..Default::default() },
            response: Some(ResponseFacts {
                reasoning: "x".into(),
                failed: true,
                class: "server".into(),
                error: "x".into(),
                attempt: 1,
                ..Default::default()
            }),
            tool: Some(ToolFacts::default()),
            call: Some(CallFacts::default()),
            result: Some(ResultFacts::default()),
            history: [("p/r".to_owned(), RuleHistory::default())].into(),
            named: NamedFacts::default(), // `declared` has a test of its own
        }
    }

    #[test]
    fn the_table_names_exactly_the_observations_fields() {
        let json = serde_json::to_value(full()).unwrap();
        let mut there = BTreeSet::new();
        for (root, fields) in json.as_object().unwrap() {
            match root.as_str() {
                "point" | "at" => {} // a rule has one point; conditions read elapsed times, never the clock
                "history" => {
                    there.extend(fields["p/r"].as_object().unwrap().keys().map(|field| format!("history.{field}")));
                }
                _ => there.extend(fields.as_object().unwrap().keys().map(|field| format!("{root}.{field}"))),
            }
        }
        let mut named: BTreeSet<String> = VARIABLES.iter().map(|v| v.path.to_owned()).collect();
        named.extend(HISTORY.iter().map(|field| format!("history.{}", field.name)));
        assert_eq!(named, there);
    }

    #[test]
    fn each_variable_reads_the_field_of_its_name_and_kind() {
        let mut observation = full();
        let mut json = serde_json::to_value(&observation).unwrap();
        for (place, variable) in VARIABLES.iter().enumerate() {
            let (root, field) = variable.path.split_once('.').unwrap();
            if root != "trace" {
                json[root][field] = match variable.kind {
                    Kind::Bool => true.into(),
                    Kind::Int => (place + 100).into(),
                    Kind::Double => (place as f64 + 0.5).into(),
                    Kind::Text => format!("text {place}").into(),
                    Kind::Texts => vec![format!("text {place}")].into(),
                    _ => serde_json::json!({"place": place}),
                };
            }
        }
        observation = serde_json::from_value(json.clone()).unwrap_or(observation);
        for variable in VARIABLES {
            let (root, field) = variable.path.split_once('.').unwrap();
            let datum = (variable.read)(&observation).unwrap();
            assert_eq!(datum.to_json(1000), json[root][field], "{}", variable.path);
            let kind = if variable.kind == Kind::Texts { "list" } else { variable.kind.name() };
            assert_eq!(datum.kind_name(), kind, "{}", variable.path);
        }
    }
}
