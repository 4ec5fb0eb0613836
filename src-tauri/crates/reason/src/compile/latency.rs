//! `latency_budget_ms` and its like: rules for a run's, a request's and a subtask's time.

use super::simple::{Lowering, Takes};

/// The actions at 80 %; without a tier only less effort.
pub(super) const FASTER: &str = r#"{ reroute = "tier:fast" }, { limit = { reasoning = "low" } }"#;
pub(super) const NO_TIER: &str = r#"{ limit = { reasoning = "low" } }"#;

const fn of(key: &'static str, id: &'static str, rule: &'static str) -> Lowering {
    Lowering { key, id, takes: Takes::Milliseconds, rule }
}

pub(super) const LATENCY: &[Lowering] = &[
    of(
        "latency_budget_ms",
        "latency_budget_ms",
        r#"id = "latency_budget_ms"
on = "model.stream"
on_error = "open"
when = "run.elapsed_ms >= LIMIT && !request.side_call"
do = [{ partial = "The LIMIT ms that rule latency_budget_ms of policy POLICY gives a run are used up." }]
"#,
    ),
    of(
        "latency_budget_ms",
        "latency_budget_used",
        r#"id = "latency_budget_used"
on = "model.request"
on_error = "open"
when = "run.elapsed_ms >= LIMIT && !request.side_call"
do = [{ partial = "The LIMIT ms that rule latency_budget_ms of policy POLICY gives a run are used up." }]
"#,
    ),
    of(
        "latency_budget_ms",
        "latency_budget_nearly_used",
        r#"id = "latency_budget_nearly_used"
on = "model.request"
on_error = "open"
when = "run.elapsed_ms >= NEARLY && run.elapsed_ms < LIMIT && !request.side_call && history.latency_budget_nearly_used.fires_in_run == 0"
do = [FASTER]
"#,
    ),
    of(
        "latency_budget_ms_per_request",
        "latency_budget_ms_per_request",
        r#"id = "latency_budget_ms_per_request"
on = "model.stream"
on_error = "open"
when = "request.elapsed_ms >= LIMIT && !request.side_call"
do = [{ partial = "The LIMIT ms that rule latency_budget_ms_per_request of policy POLICY gives a request are used up." }]
"#,
    ),
    of(
        "latency_budget_ms_per_request",
        "request_latency_nearly_used",
        r#"id = "request_latency_nearly_used"
on = "model.stream"
on_error = "open"
when = "request.elapsed_ms >= NEARLY && !request.side_call && history.request_latency_nearly_used.fires_in_run == 0"
do = [FASTER]
"#,
    ),
    of(
        "latency_budget_ms_per_subtask",
        "latency_budget_ms_per_subtask",
        r#"id = "latency_budget_ms_per_subtask"
on = "model.stream"
on_error = "open"
when = "run.subtask_elapsed_ms >= LIMIT && !request.side_call"
do = [{ partial = "The LIMIT ms that rule latency_budget_ms_per_subtask of policy POLICY gives a subtask are used up." }]
"#,
    ),
    of(
        "latency_budget_ms_per_subtask",
        "subtask_latency_used",
        r#"id = "subtask_latency_used"
on = "model.request"
on_error = "open"
when = "run.subtask_elapsed_ms >= LIMIT && !request.side_call"
do = [{ partial = "The LIMIT ms that rule latency_budget_ms_per_subtask of policy POLICY gives a subtask are used up." }]
"#,
    ),
    of(
        "latency_budget_ms_per_subtask",
        "subtask_latency_nearly_used",
        r#"id = "subtask_latency_nearly_used"
on = "model.request"
on_error = "open"
when = "run.subtask_elapsed_ms >= NEARLY && run.subtask_elapsed_ms < LIMIT && !request.side_call && history.subtask_latency_nearly_used.fires_in_run == 0"
do = [FASTER]
"#,
    ),
];
