//! The keys of a policy file: what each takes, whether this version carries it out, and what it means.

/// What a key's value is.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    Text,
    /// A whole number of at least 0.
    Count,
    Number,
    Texts,
    Choice(&'static [&'static str]),
    /// A list of such words.
    Choices(&'static [&'static str]),
    /// `90s`, `9m`, `1h30m`, `500ms`.
    Duration,
    /// A moment with its offset, unquoted: `2026-12-31T00:00:00Z`.
    Moment,
    /// A CEL expression, read at load.
    Condition,
    /// A list of actions.
    Actions,
    Table(&'static [Key]),
    Tables(&'static [Key]),
    /// A table whose keys follow the variables.
    Facts,
    /// Names and models: `{ fast = "…", strong = { openai = "…", anthropic = "…" } }`.
    Models,
    /// Names and regular expressions.
    Patterns,
    /// Tables by name: `[alert.NAME]`.
    Named(&'static [Key]),
    /// The form is not settled.
    Anything,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Acts,
    /// A word of the language that this version does not carry out: an error, never silence.
    Planned,
}

#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    pub state: State,
    pub doc: &'static str,
}

const fn acts(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, state: State::Acts, doc }
}

const fn planned(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, state: State::Planned, doc }
}

const MODES: Takes = Takes::Choice(&["enforce", "shadow", "off"]);
const ON_ERRORS: Takes = Takes::Choice(&["open", "closed"]);
const POINTS: Takes =
    Takes::Choice(&["model.request", "model.stream", "tool.call", "model.response", "tool.result", "session.idle"]);

/// The top of a file.
pub const POLICY: &[Key] = &[
    acts("version", Takes::Count, "The language's version: 1. Required."),
    acts("name", Takes::Text, "What verdicts cite; the file's name unless set. Letters, digits, `.`, `_`, `-`."),
    acts("description", Takes::Text, "One sentence for people."),
    acts("agents", Takes::Texts, "Globs over the agent's name (`research-*`); none: every session."),
    acts(
        "max_tool_errors",
        Takes::Count,
        "More tool errors than that in one run: a recovery prompt that names the errors and the trace id, once a run.",
    ),
    acts(
        "token_budget_per_session",
        Takes::Count,
        "Tokens of a session (input that the provider's cache did not serve, plus output). Beyond 85 % the oldest turns leave the context; an answer is capped to what remains, and one that goes on beyond it ends there (`partial`); what does not fit is refused.",
    ),
    acts(
        "latency_budget_ms",
        Takes::Count,
        "Milliseconds for a run, from a user message to the answer that ends it; time in a person's hands does not count. At 80 %: `tier:fast` for the rest of the run, where the file names one, and low reasoning effort. At 100 %: the answer ends with what there is (`partial`), and further calls of the run are answered so at once.",
    ),
    acts(
        "latency_budget_ms_per_request",
        Takes::Count,
        "The same for one exchange; at 80 % the rest of the run's calls go to `tier:fast`.",
    ),
    acts(
        "latency_budget_ms_per_subtask",
        Takes::Count,
        "The same for a sub-agent's run (a session with a parent) and for a tool loop, from the first result that it brought.",
    ),
    acts(
        "cost_budget_usd",
        Takes::Number,
        "US dollars for a session, reserved before a call and settled after it. A call that could exceed it is put to a person; on expiry it is denied.",
    ),
    acts(
        "context_limit",
        Takes::Number,
        "Share of the model's window, 0 to 1: beyond it the oldest turns leave the context, down to two thirds of that share. 0.85 where the file sets any other simple limit and not this one; 0: never.",
    ),
    acts(
        "safety_classifiers",
        Takes::Choices(&["secrets", "pii", "content_policy", "prompt_injection"]),
        "`secrets`, `pii`: what is certain (known key shapes, numbers with a check sum) is redacted in requests, results and answers; answers go on streaming. `content_policy`: an unsafe answer is withheld, its agent gets a text in its place, and somebody is told. `prompt_injection`: a suspicious tool result marks the session `untrusted`; nothing is blocked for it.",
    ),
    acts("fallback_model", Takes::Text, "What `tier:fallback` means, and `tier:fast` where `[tiers]` does not say it."),
    acts(
        "tiers",
        Takes::Models,
        "What `tier:NAME` means: `fast = \"gpt-4o-mini\"`, or by provider or dialect `strong = { openai = \"gpt-4o\", anthropic = \"claude-opus-4-5\" }`.",
    ),
    acts(
        "circuit_breaker",
        Takes::Table(CIRCUIT),
        "A breaker for each provider and each tool, from 5 calls in the window on. Open: an earlier result where that is safe (`cached`), else the fallback model, else a refusal that says so.",
    ),
    acts("defaults", Takes::Table(DEFAULTS), "What every rule of this file has unless it says otherwise."),
    acts("rule", Takes::Tables(RULE), "A rule: `[[rule]]`."),
    acts("test", Takes::Tables(TEST), "A case that `switchtower policy test` checks: `[[test]]`."),
    acts("budget", Takes::Named(BUDGET), "What may be spent: `[budget.NAME]`."),
    acts("limit", Takes::Named(LIMIT), "How often something may be done: `[limit.NAME]`."),
    planned("detector", Takes::Anything, "Loops, stalls, repeats."),
    acts(
        "classifier",
        Takes::Named(CLASSIFIER),
        "A score over a moment's text, that conditions read: `[classifier.NAME]`.",
    ),
    acts(
        "breaker",
        Takes::Named(BREAKER),
        "A circuit breaker: `[breaker.NAME]`. Rules read `breaker.NAME.open` and say what that means.",
    ),
    acts("tools", Takes::Table(TOOLS), "What is known of the agent's tools."),
    acts("schema", Takes::Named(SCHEMA), "What a tool's results must fit: `[schema.NAME]`."),
    acts("alert", Takes::Named(ALERT), "Where alerts go: `[alert.NAME]`."),
    acts("pattern", Takes::Patterns, "Named regular expressions: `badge = 'B-[0-9]{4}'`."),
];

pub const DEFAULTS: &[Key] = &[
    acts("mode", MODES, "`enforce` unless set; `shadow` records what it would have done; `off` is not evaluated."),
    acts(
        "on_error",
        ON_ERRORS,
        "What a rule that cannot be evaluated means: `open` (unless set) lets pass, `closed` blocks.",
    ),
];

pub const RULE: &[Key] = &[
    acts("id", Takes::Text, "Unique in the file: a letter, then letters, digits, `_`, `-`. Required."),
    acts("on", POINTS, "The point at which the rule is evaluated. Required."),
    acts("when", Takes::Condition, "A CEL condition; left out, the rule always matches."),
    acts("do", Takes::Actions, "What happens on a match, in order. Required."),
    acts("again", Takes::Actions, "Instead of `do` from the second firing in a session on."),
    acts("mode", MODES, "As in `[defaults]`."),
    acts("on_error", ON_ERRORS, "As in `[defaults]`."),
    acts("max_fires", Takes::Count, "So often a session at most; after that a match does nothing."),
    acts("until", Takes::Moment, "From then on it is not evaluated any more: `2026-12-31T00:00:00Z`."),
    acts(
        "risk",
        Takes::Number,
        "Added to `session.risk` on a match that acts; above 0. Half of the risk is left at each new run. A rule in shadow adds none.",
    ),
];

pub const TEST: &[Key] = &[
    acts("name", Takes::Text, "What the case shows."),
    acts("rule", Takes::Text, "Only this rule's actions count; left out, those of the whole file."),
    acts("given", Takes::Facts, "`on`, and the variables that differ from nothing. Required."),
    acts("expect", Takes::Texts, "The actions' names in order; `[]` for none. Required."),
];

pub const ALERT: &[Key] = &[
    acts(
        "kind",
        Takes::Choice(&["desktop", "webhook", "command"]),
        "`desktop`: a notification where the console is open. `webhook`: the notice as JSON to `url`. `command`: a program that reads it. Required.",
    ),
    acts("url", Takes::Text, "Of a webhook: `https://…`."),
    acts(
        "command",
        Takes::Texts,
        "Of a command: the program and its arguments; the notice is JSON on its standard input.",
    ),
];

pub const CLASSIFIER: &[Key] = &[
    acts(
        "kind",
        Takes::Choice(&["rules", "http"]),
        "`rules`: shapes and phrases, judged here. `http`: the text is posted as JSON to `url`. Required.",
    ),
    acts(
        "on",
        Takes::Choices(&["model.request", "tool.call", "model.response", "tool.result"]),
        "Where it is asked, if a rule in force there reads it; everywhere unless set. The text is the newest user text, the arguments, the answer, the result.",
    ),
    acts(
        "max",
        Takes::Duration,
        "How long it may take, `\"2s\"` unless set; then there is no score, and a rule that reads it goes by its `on_error`. A shadow rule does not wait: its score is asked for beside the traffic, and its verdict recorded once it is there.",
    ),
    acts("threshold", Takes::Number, "From which score on the rule of `safety_classifiers` acts; 0.5 unless set."),
    acts(
        "url",
        Takes::Text,
        "Of `http`: it gets `{classifier, point, agent, session, exchange, text}` and answers `{score, found}`.",
    ),
    acts(
        "lists",
        Takes::Choices(&["secrets", "pii", "content_policy", "prompt_injection"]),
        "Of `rules`: lists that come with this version.",
    ),
    acts("patterns", Takes::Texts, "Of `rules`: names of patterns; a match is certain, the score 1."),
    acts("phrases", Takes::Texts, "Of `rules`: texts, in whatever case; one found is 0.5, two 0.75, and so on."),
];

pub const SCHEMA: &[Key] = &[
    acts("tool", Takes::Text, "A glob over the tool's name. Required."),
    acts("file", Takes::Text, "The JSON Schema's file, in the policy's folder or below: `schemas/weather.json`."),
    acts("schema", Takes::Facts, "The JSON Schema itself, instead."),
];

pub const BREAKER: &[Key] = &[
    acts(
        "per",
        Takes::Choice(&["provider", "model", "tool"]),
        "What has a breaker of its own. Of tools results and times are those that the agent saw. Required.",
    ),
    acts(
        "match",
        Takes::Texts,
        "Globs over names: only these (`[\"openai\"]`, `[\"openai/gpt-*\"]` of models, `[\"get_*\"]`); none: all.",
    ),
    acts("window", Takes::Duration, "Calls of so long count; `\"5m\"` unless set."),
    acts(
        "min_calls",
        Takes::Count,
        "With fewer calls in the window it stays closed, but for `consecutive`; 20 unless set.",
    ),
    acts(
        "error_rate",
        Takes::Number,
        "Opens at this share of failed calls, above 0, up to 1. A caller's own mistakes (400, 401, 403, 404, 413, 422, a context too long) and calls that the agent left do not count.",
    ),
    acts("slow_rate", Takes::Number, "Opens at this share of calls slower than `slow`."),
    acts(
        "slow",
        Takes::Duration,
        "Of a provider or model the time to a stream's first token, or to the whole of an unstreamed answer; of a tool the time that its agent took.",
    ),
    acts(
        "p99",
        Takes::Duration,
        "Opens when 1 of 100 calls takes longer than that; judged from 100 timed calls on. Tool calls that ran beside each other are not timed.",
    ),
    acts("consecutive", Takes::Count, "Opens after so many failures in a row."),
    acts("cooldown", Takes::Duration, "How long it stays open; `\"30s\"` unless set."),
    acts(
        "probes",
        Takes::Count,
        "So many calls pass after that, and all must do well; for others it stays open. 1 unless set.",
    ),
];

pub const TOOLS: &[Key] = &[
    acts(
        "read_only",
        Takes::Texts,
        "Globs over names of tools that change nothing: `[\"get_*\", \"search\"]`. `tool.read_only` says so of them, and `cached` may answer for them.",
    ),
    acts(
        "errors",
        Takes::Patterns,
        "What failures look like, by a glob over the tool's name: `{ \"exec_*\" = 'exited with code [1-9]' }`. A result that matches is an error known by its text (`result.guessed`).",
    ),
];

pub const CIRCUIT: &[Key] = &[
    acts("error_rate_threshold", Takes::Number, "The share of failed calls that opens it; 0.5 unless set."),
    acts("window_seconds", Takes::Count, "60 unless set."),
    acts("cooldown_seconds", Takes::Count, "30 unless set."),
];

pub const BUDGET: &[Key] = &[
    acts(
        "per",
        Takes::Choice(&["request", "subtask", "run", "session", "agent", "day"]),
        "Who shares it; `session` unless set. `subtask`: a run of a sub-agent, elsewhere the run; `agent`: all sessions of that name, for good; `day`: all sessions of a day, UTC.",
    ),
    acts(
        "limit_tokens",
        Takes::Count,
        "Tokens. At least one of the three limits is set; of several the fullest counts.",
    ),
    acts(
        "limit_usd",
        Takes::Number,
        "US dollars, at the provider's prices. A call whose price nobody knows is not held by it, and says so.",
    ),
    acts(
        "limit_ms",
        Takes::Count,
        "Milliseconds, those in a person's hands left out; per request, subtask, run or session.",
    ),
    acts(
        "count",
        Takes::Choice(&["new", "all"]),
        "`new` (unless set): input that the provider's cache did not serve, plus output; `all`: all input.",
    ),
    acts(
        "cap",
        Takes::Choice(&["unnamed", "always"]),
        "Whose output is capped to what remains: `unnamed` (unless set), that of requests without a maximum of their own; `always`: a maximum that the client names is lowered too.",
    ),
    acts(
        "on_exceed",
        Takes::Choice(&["deny", "ask"]),
        "What becomes of a call that does not fit: `deny` (unless set) refuses it as `block` does; `ask` puts it to a person, and approving lets that one call go out.",
    ),
    acts("timeout", Takes::Duration, "How long a person has, with `ask`; `\"9m\"` unless set."),
    acts("text", Takes::Text, "What the agent is told, or a person asked, a template."),
    acts("mode", MODES, "As in `[defaults]`. In `shadow` it counts, and caps and refuses nothing."),
];

pub const LIMIT: &[Key] = &[
    acts(
        "match",
        Takes::Table(MATCH),
        "What it counts; of several globs all must fit. With `tool`: calls of it in answers; else model calls. Required.",
    ),
    acts("rate", Takes::Text, "`\"10/min\"`, `\"2/s\"`, `\"100/h\"`, `\"5/30s\"`. Required."),
    acts("burst", Takes::Count, "How many may come at once; the rate's number unless set."),
    acts(
        "on_exceed",
        Takes::Choice(&["delay", "deny"]),
        "`delay` (unless set): it waits for its turn, at most 30 seconds, and is refused where that is not enough; `deny`: refused at once. A refused tool call is taken out of the answer.",
    ),
    acts("per", Takes::Choice(&["all", "agent", "session"]), "Who shares the rate; `all` unless set."),
    acts("mode", MODES, "As in `[defaults]`. In `shadow` it counts, and delays and refuses nothing."),
];

pub const MATCH: &[Key] = &[
    acts("tool", Takes::Text, "A glob over the tool's name."),
    acts("model", Takes::Text, "A glob over the model's name."),
    acts("provider", Takes::Text, "A glob over the provider's name."),
];

/// The names of a table's keys.
pub(crate) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|key| key.name)
}
