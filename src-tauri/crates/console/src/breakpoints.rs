//! Breakpoints, as commands: what cannot stop anything is said here, with its place.

use crate::{ClearBreakpoint, Console, ErrorCode, NoArgs, RpcError, SetBreakpoint, error::wrong, query::id, view::*};
use domain::Point;

/// Where a session can stop.
const STOPS: [Point; 3] = [Point::ModelRequest, Point::ToolCall, Point::ModelResponse];

impl Console {
    pub async fn list_breakpoints(&self, _: NoArgs) -> Result<BreakpointPage, RpcError> {
        let breakpoints = self.live()?.breakpoints().into_iter().map(BreakpointView::from).collect();
        Ok(BreakpointPage { breakpoints })
    }

    pub async fn set_breakpoint(&self, args: SetBreakpoint) -> Result<BreakpointView, RpcError> {
        let runtime = self.live()?;
        let on = STOPS.into_iter().find(|point| point.name() == args.on).ok_or_else(|| {
            let known = STOPS.map(Point::name).join(", ");
            wrong(format!("nothing can stop at “{}”", args.on)).with_hint(format!("a breakpoint is on one of {known}"))
        })?;
        let session = args.session.as_deref().map(id).transpose()?;
        let when = args.when.filter(|when| !when.trim().is_empty());
        if let Some(when) = &when
            && let Err(problems) = reason::Condition::compile(on, when)
        {
            let told: Vec<String> = problems.iter().map(reason::Problem::to_string).collect();
            return Err(RpcError::new(ErrorCode::Invalid, told.join("\n\n"))
                .with_hint("a condition is written as a rule's `when`; policies/REFERENCE.md lists the variables"));
        }
        let rule = args.rule.filter(|rule| !rule.trim().is_empty());
        if let Some(rule) = &rule {
            self.can_match(rule, on)?;
        }
        let of_rule = || rule.as_ref().map(|rule| format!("rule {rule}"));
        let name =
            args.name.or_else(|| when.clone()).or_else(of_rule).unwrap_or_else(|| format!("every {}", on.name()));
        Ok(runtime.set_breakpoint(on, session, when, rule, name)?.into())
    }

    pub async fn clear_breakpoint(&self, args: ClearBreakpoint) -> Result<BreakpointPage, RpcError> {
        if !self.live()?.clear_breakpoint(&args.breakpoint) {
            let message = format!("there is no breakpoint {}", args.breakpoint);
            return Err(
                RpcError::new(ErrorCode::NotFound, message).with_hint("list_breakpoints gives those that are set")
            );
        }
        self.list_breakpoints(NoArgs {}).await
    }

    /// A rule that a breakpoint waits for must be in force and look at its point.
    fn can_match(&self, rule: &str, on: Point) -> Result<(), RpcError> {
        let policies = self.live()?.policies();
        let rules = policies.policies().flat_map(|policy| {
            let named = move |summary: reason::RuleSummary| (format!("{}/{}", policy.name(), summary.id), summary);
            policy.rules().into_iter().map(named)
        });
        let rules: Vec<(String, reason::RuleSummary)> = rules.collect();
        let meant: Vec<_> = rules.iter().filter(|(name, summary)| rule == name || rule == summary.id).collect();
        if meant.iter().any(|(_, summary)| summary.on == on) {
            return Ok(());
        }
        let there: Vec<&str> =
            rules.iter().filter(|(_, summary)| summary.on == on).map(|(name, _)| name.as_str()).collect();
        let hint = match there.is_empty() {
            true => format!("no rule in force looks at {}", on.name()),
            false => format!("rules at {}: {}", on.name(), there.join(", ")),
        };
        Err(match meant.first() {
            Some((name, summary)) => {
                wrong(format!("rule {name} looks at {}, not at {}", summary.on.name(), on.name())).with_hint(hint)
            }
            None => RpcError::new(ErrorCode::NotFound, format!("no policy in force has a rule {rule}")).with_hint(hint),
        })
    }
}
