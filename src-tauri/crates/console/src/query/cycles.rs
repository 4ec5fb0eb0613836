//! Finds what a session does again and again. A step is alike another that calls the same tools where it says the same or gets the same
//! back; what somebody intervened in is like nothing else, so that a fold never hides an intervention.

use super::id;
use crate::{Console, ListCycles, RpcError, view::*};
use domain::{SessionId, Timestamp};
use ledger::{RowKind, TimelineRow};

/// Of a longer session, the latest rows.
const MOST: u64 = 20_000;
const PAGE: u32 = 1_000;
/// The longest cycle looked for, in steps, and how often it must come to be one.
const PERIOD: usize = 4;
const TIMES: usize = 3;

/// A model's row and those of the calls that it led to.
struct Step {
    first: u64,
    rows: u64,
    tools: Vec<String>,
    said: String,
    returned: Vec<String>,
    settled: bool,
    started: Timestamp,
    ended: Timestamp,
    input: u64,
    cached: u64,
    output: u64,
    cost: f64,
    errors: u32,
}

impl Console {
    pub async fn list_cycles(&self, args: ListCycles) -> Result<CyclePage, RpcError> {
        let session: SessionId = id(&args.session)?;
        let total = self.ledger.list_timeline(session, 0, 0).await?.total;
        let from = total.saturating_sub(MOST);
        let mut steps: Vec<Step> = Vec::new();
        let mut next = from;
        loop {
            let page = self.ledger.list_timeline(session, next, PAGE).await?;
            if page.rows.is_empty() {
                break;
            }
            next += page.rows.len() as u64;
            for row in page.rows {
                match (row.kind, steps.last_mut()) {
                    (RowKind::Model, _) => steps.push(begun(row)),
                    (_, Some(step)) => add(step, row),
                    // The window begins amid a step.
                    (_, None) => {}
                }
            }
        }
        Ok(CyclePage { cycles: cycles(&steps), from })
    }
}

fn end(row: &TimelineRow) -> Timestamp {
    Timestamp(row.started_at.0 + (row.duration_ms.unwrap_or_default() * 1000.0) as i64)
}

fn begun(row: TimelineRow) -> Step {
    Step {
        first: row.index,
        rows: 1,
        tools: Vec::new(),
        returned: Vec::new(),
        settled: row.duration_ms.is_some() && row.interventions.is_empty() && !row.side_call,
        started: row.started_at,
        ended: end(&row),
        input: row.usage.input,
        cached: row.usage.cached,
        output: row.usage.output,
        cost: row.cost_usd.unwrap_or_default(),
        errors: 0,
        said: row.preview,
    }
}

fn add(step: &mut Step, row: TimelineRow) {
    let own = row.tool_calls.first();
    step.rows += 1;
    step.settled &= row.duration_ms.is_some() && own.is_none_or(|call| !call.blocked);
    step.errors += u32::from(own.is_some_and(|call| call.error.is_some()));
    step.ended = step.ended.max(end(&row));
    step.tools.push(row.name);
    step.returned.push(row.preview);
}

fn alike(one: &Step, other: &Step) -> bool {
    one.settled
        && other.settled
        && !one.tools.is_empty()
        && one.tools == other.tools
        && one.errors == other.errors
        && (one.said == other.said || one.returned == other.returned)
}

fn cycles(steps: &[Step]) -> Vec<CycleView> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < steps.len() {
        // Of periods that cover as much, the shortest.
        let best = (1..=PERIOD)
            .map(|period| (covered(&steps[at..], period), period))
            .max_by_key(|(covered, period)| (*covered, PERIOD - period));
        match best {
            Some((covered, period)) if covered >= TIMES * period => {
                found.push(cycle(&steps[at..at + covered], period));
                at += covered;
            }
            _ => at += 1,
        }
    }
    found
}

/// How many steps from the first on repeat with this period, whole times only.
fn covered(steps: &[Step], period: usize) -> usize {
    let again = (period..steps.len()).take_while(|place| alike(&steps[*place], &steps[place - period])).count();
    (again / period + 1) * period * usize::from(again >= period)
}

fn cycle(steps: &[Step], period: usize) -> CycleView {
    let first = &steps[0];
    CycleView {
        first: first.first,
        rows: steps.iter().map(|step| step.rows).sum(),
        times: (steps.len() / period) as u32,
        steps: period as u32,
        tools: steps[..period].iter().flat_map(|step| step.tools.iter().cloned()).collect(),
        preview: first.said.clone(),
        started_at: first.started.rfc3339(),
        ended_at: steps.iter().map(|step| step.ended).max().unwrap_or(first.ended).rfc3339(),
        input_tokens: steps.iter().map(|step| step.input).sum(),
        cached_tokens: steps.iter().map(|step| step.cached).sum(),
        output_tokens: steps.iter().map(|step| step.output).sum(),
        cost_usd: steps.iter().map(|step| step.cost).sum(),
        tool_errors: steps.iter().map(|step| step.errors).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that each call one tool; equal letters are alike, an upper one was intervened in.
    fn steps(letters: &str) -> Vec<Step> {
        let step = |(place, letter): (usize, char)| Step {
            first: 2 * place as u64,
            rows: 2,
            tools: vec![letter.to_ascii_lowercase().to_string()],
            said: format!("says something new each time: {place}"),
            returned: vec![letter.to_string()],
            settled: letter.is_ascii_lowercase(),
            started: Timestamp(place as i64 * 1_000_000),
            ended: Timestamp(place as i64 * 1_000_000 + 500_000),
            input: 100,
            cached: 80,
            output: 10,
            cost: 0.5,
            errors: 0,
        };
        letters.chars().enumerate().map(step).collect()
    }

    fn found(letters: &str) -> Vec<(u64, u64, u32, u32)> {
        cycles(&steps(letters)).into_iter().map(|one| (one.first, one.rows, one.times, one.steps)).collect()
    }

    #[test]
    fn the_same_step_three_times_is_a_cycle_and_twice_is_none() {
        assert_eq!(found("xaaay"), [(2, 6, 3, 1)]);
        assert_eq!(found("xaay"), []);
    }

    #[test]
    fn a_longer_cycle_is_found_with_its_period_and_whole_times_only() {
        assert_eq!(found("xababab"), [(2, 12, 3, 2)]);
        assert_eq!(found("abcabcabcab"), [(0, 18, 3, 3)]);
    }

    #[test]
    fn an_intervention_ends_a_cycle_and_is_not_within_one() {
        assert_eq!(found("aaaaAaaa"), [(0, 8, 4, 1), (10, 6, 3, 1)]);
    }

    #[test]
    fn one_after_the_other_do_not_overlap() {
        assert_eq!(found("aaabbb"), [(0, 6, 3, 1), (6, 6, 3, 1)]);
    }

    #[test]
    fn a_cycle_costs_what_its_times_cost_together() {
        let cycle = cycles(&steps("aaaa")).remove(0);
        assert_eq!((cycle.input_tokens, cycle.cached_tokens, cycle.output_tokens, cycle.cost_usd), (400, 320, 40, 2.0));
        assert_eq!(cycle.ended_at, Timestamp(3_500_000).rfc3339());
        assert_eq!(cycle.tools, ["a"]);
    }
}
