//! Gates: what a little of an observation alone says about a condition, so that only what a rule can match is held back: of calls the
//! tool's name, of responses whether they failed.

use super::{Condition, Facts, lower::lower, typed::Node};
use crate::{datum::Datum, read::Read};
use cel::common::ast::{Expr, IdedExpr, operators as op};
use regex::Regex;
use std::borrow::Cow;

/// What a gate knows of an observation.
const NAMES: &[&str] = &["tool.name", "call.name"];
const OUTCOME: &[&str] = &["response.failed"];

/// A condition reduced to its parts about what is known; everything else is unknown.
#[derive(Debug)]
pub(crate) enum Gate {
    Unknown,
    /// A part that reads nothing else.
    Known(Node),
    Not(Box<Gate>),
    And(Box<[Gate; 2]>),
    Or(Box<[Gate; 2]>),
}

impl Gate {
    /// Of calls, by the tool's name.
    pub fn of_tool(tree: &IdedExpr, reads: &[Read], patterns: &[Regex]) -> Gate {
        Gate::of(tree, reads, patterns, NAMES)
    }

    /// Of responses, by whether they failed.
    pub fn of_outcome(tree: &IdedExpr, reads: &[Read], patterns: &[Regex]) -> Gate {
        Gate::of(tree, reads, patterns, OUTCOME)
    }

    fn of(tree: &IdedExpr, reads: &[Read], patterns: &[Regex], known: &[&str]) -> Gate {
        if let Expr::Call(call) = &tree.expr
            && call.target.is_none()
        {
            let part = |tree| Gate::of(tree, reads, patterns, known);
            match (call.func_name.as_str(), call.args.as_slice()) {
                (op::LOGICAL_AND, [left, right]) => return Gate::And(Box::new([part(left), part(right)])),
                (op::LOGICAL_OR, [left, right]) => return Gate::Or(Box::new([part(left), part(right)])),
                (op::LOGICAL_NOT, [of]) => return Gate::Not(Box::new(part(of))),
                _ => {}
            }
        }
        match lower(tree, patterns) {
            Some(node) if reads_only(&node, reads, known) => Gate::Known(node),
            _ => Gate::Unknown,
        }
    }

    /// Whether the condition can hold, or fail to be evaluated, for a call of this tool.
    pub fn may_match(&self, tool: &str) -> bool {
        self.truth(&Named(tool)) != Some(false)
    }

    /// Whether it can hold, or fail to be evaluated, for a response that failed or did not.
    pub fn may_match_outcome(&self, failed: bool) -> bool {
        self.truth(&Ended { failed }) != Some(false)
    }

    /// Its truth where what is known alone decides it.
    fn truth(&self, facts: &dyn Facts) -> Option<bool> {
        match self {
            Gate::Unknown => None,
            Gate::Known(node) => node.holds(facts).ok(),
            Gate::Not(of) => of.truth(facts).map(|truth| !truth),
            Gate::And(pair) => match (pair[0].truth(facts), pair[1].truth(facts)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Gate::Or(pair) => match (pair[0].truth(facts), pair[1].truth(facts)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn reads_only(node: &Node, reads: &[Read], known: &[&str]) -> bool {
    let mut used = Vec::new();
    node.reads(&mut used);
    used.iter().all(|n| reads.get(*n).is_some_and(|read| known.contains(&read.path.as_str())))
}

/// An observation of which only the tool's name is known.
struct Named<'n>(&'n str);

impl Facts for Named<'_> {
    fn read(&self, _: usize) -> Option<Datum<'_>> {
        Some(Datum::Text(Cow::Borrowed(self.0)))
    }
}

/// One of which only the outcome is known.
struct Ended {
    failed: bool,
}

impl Facts for Ended {
    fn read(&self, _: usize) -> Option<Datum<'_>> {
        Some(Datum::Bool(self.failed))
    }
}
