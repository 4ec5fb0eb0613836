//! Where the parts of a condition stand in its text.

use super::{
    chain::{Chain, chain},
    check::Checker,
};
use crate::read::Step;
use cel::common::ast::{Expr, IdedExpr};
use std::ops::Range;

impl Checker<'_> {
    /// A node's token, in bytes of the condition.
    pub(super) fn span(&self, id: u64) -> Range<usize> {
        let Some((start, stop)) = self.source.offset_for(id) else { return 0..self.text.len() };
        let byte = |chars: usize| self.text.char_indices().nth(chars).map_or(self.text.len(), |(at, _)| at);
        let start = byte(start as usize);
        start..byte(stop as usize + 1).max(start)
    }

    /// A step's own text: a field's name behind its dot, an index's literal.
    pub(super) fn step_span(&self, chain: &Chain, n: usize) -> Range<usize> {
        let Some((step, id)) = chain.steps.get(n) else { return self.span(chain.root_id) };
        let token = self.span(*id);
        match step {
            Step::Field(name) if self.text.get(token.clone()) == Some(".") => {
                let rest = &self.text[token.end..];
                let start = token.end + (rest.len() - rest.trim_start().len());
                start..(start + name.len()).min(self.text.len())
            }
            _ => token,
        }
    }

    /// From an expression's first to its last character.
    pub(super) fn extent(&self, expression: &IdedExpr) -> Range<usize> {
        let mut extent = self.span(expression.id);
        let mut take = |other: Range<usize>| {
            extent = extent.start.min(other.start)..extent.end.max(other.end);
        };
        if let Some(chain) = chain(expression) {
            take(self.span(chain.root_id));
            if !chain.steps.is_empty() {
                take(self.step_span(&chain, chain.steps.len() - 1));
            }
            return extent;
        }
        match &expression.expr {
            Expr::Call(call) => {
                call.target.iter().for_each(|target| take(self.extent(target)));
                call.args.iter().for_each(|argument| take(self.extent(argument)));
            }
            Expr::Select(select) => take(self.extent(&select.operand)),
            Expr::List(list) => list.elements.iter().for_each(|element| take(self.extent(element))),
            Expr::Comprehension(inner) => take(self.extent(&inner.iter_range)),
            _ => {}
        }
        extent
    }
}
