//! Gates: what a tool's name alone says about a condition, so that only calls that a rule can match are held back.

use super::{Condition, Facts, lower::lower, typed::Node};
use crate::{datum::Datum, read::Read};
use cel::common::ast::{Expr, IdedExpr, operators as op};
use regex::Regex;
use std::borrow::Cow;

/// A condition reduced to its parts about the name; everything else is unknown.
#[derive(Debug)]
pub(crate) enum Gate {
    Unknown,
    /// A part that reads nothing but the name.
    Name(Node),
    Not(Box<Gate>),
    And(Box<[Gate; 2]>),
    Or(Box<[Gate; 2]>),
}

impl Gate {
    pub fn of(tree: &IdedExpr, reads: &[Read], patterns: &[Regex]) -> Gate {
        if let Expr::Call(call) = &tree.expr
            && call.target.is_none()
        {
            let part = |tree| Gate::of(tree, reads, patterns);
            match (call.func_name.as_str(), call.args.as_slice()) {
                (op::LOGICAL_AND, [left, right]) => return Gate::And(Box::new([part(left), part(right)])),
                (op::LOGICAL_OR, [left, right]) => return Gate::Or(Box::new([part(left), part(right)])),
                (op::LOGICAL_NOT, [of]) => return Gate::Not(Box::new(part(of))),
                _ => {}
            }
        }
        match lower(tree, patterns) {
            Some(node) if only_names(&node, reads) => Gate::Name(node),
            _ => Gate::Unknown,
        }
    }

    /// Whether the condition can hold, or fail to be evaluated, for a call of this tool.
    pub fn may_match(&self, tool: &str) -> bool {
        self.truth(tool) != Some(false)
    }

    /// Its truth where the name alone decides it.
    fn truth(&self, tool: &str) -> Option<bool> {
        match self {
            Gate::Unknown => None,
            Gate::Name(node) => node.holds(&Named(tool)).ok(),
            Gate::Not(of) => of.truth(tool).map(|truth| !truth),
            Gate::And(pair) => match (pair[0].truth(tool), pair[1].truth(tool)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Gate::Or(pair) => match (pair[0].truth(tool), pair[1].truth(tool)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn only_names(node: &Node, reads: &[Read]) -> bool {
    let mut used = Vec::new();
    node.reads(&mut used);
    used.iter().all(|n| reads.get(*n).is_some_and(|read| matches!(read.path.as_str(), "tool.name" | "call.name")))
}

/// An observation of which only the tool's name is known.
struct Named<'n>(&'n str);

impl Facts for Named<'_> {
    fn read(&self, _: usize) -> Option<Datum<'_>> {
        Some(Datum::Text(Cow::Borrowed(self.0)))
    }
}
