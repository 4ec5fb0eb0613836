//! From cel's syntax tree to the typed evaluator's nodes.

use super::{
    placeholder_number,
    typed::{Comparison, Node, TextTest, Walk},
};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, operators as op};
use regex::Regex;
use serde_json::Value;

/// The tree in the typed evaluator's words; none where it says something else.
pub(super) fn lower(tree: &IdedExpr, patterns: &[Regex]) -> Option<Node> {
    Lowering { patterns, locals: Vec::new() }.node(tree)
}

struct Lowering<'p> {
    patterns: &'p [Regex],
    /// Names that comprehensions around bind, innermost last.
    locals: Vec<String>,
}

impl Lowering<'_> {
    fn node(&mut self, tree: &IdedExpr) -> Option<Node> {
        match &tree.expr {
            Expr::Literal(literal) => json_literal(literal).map(Node::Literal),
            Expr::List(list) => json_list(list).map(|items| Node::Literal(Value::Array(items))),
            Expr::Ident(name) => match self.locals.iter().rev().position(|local| local == name) {
                Some(out) => Some(Node::Local(out)),
                None => placeholder_number(name).map(Node::Read),
            },
            Expr::Select(select) => {
                let of = Box::new(self.node(&select.operand)?);
                let name = select.field.clone();
                Some(if select.test { Node::Has(of, name) } else { Node::Field(of, name) })
            }
            Expr::Comprehension(comprehension) => self.walk(comprehension),
            Expr::Call(call) => self.call(call),
            _ => None,
        }
    }

    /// `exists`, `all` and `exists_one`, told by what cel makes of them.
    fn walk(&mut self, comprehension: &ComprehensionExpr) -> Option<Node> {
        let Expr::Call(step) = &comprehension.loop_step.expr else { return None };
        let (walk, test) = match (step.func_name.as_str(), step.args.as_slice(), &comprehension.accu_init.expr) {
            (op::LOGICAL_OR, [_, test], Expr::Literal(LiteralValue::Boolean(_))) => (Walk::Any, test),
            (op::LOGICAL_AND, [_, test], Expr::Literal(LiteralValue::Boolean(_))) => (Walk::All, test),
            (op::CONDITIONAL, [test, _, _], Expr::Literal(LiteralValue::Int(_))) => (Walk::One, test),
            _ => return None,
        };
        let over = self.node(&comprehension.iter_range)?;
        self.locals.push(comprehension.iter_var.clone());
        let test = self.node(test);
        self.locals.pop();
        Some(Node::Walk(walk, Box::new([over, test?])))
    }

    fn call(&mut self, call: &CallExpr) -> Option<Node> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("size", Some(of), []) | ("size", None, [of]) => return Some(Node::Size(self.boxed(of)?)),
            (op::LOGICAL_NOT, None, [of]) => return Some(Node::Not(self.boxed(of)?)),
            (name, Some(of), []) => {
                let pattern = placeholder_number(name).and_then(|number| self.patterns.get(number))?;
                return Some(Node::Matches(self.boxed(of)?, pattern.clone()));
            }
            (op::IN, None, [item, list]) => {
                if let Expr::List(list) = &list.expr {
                    return Some(Node::Among(self.boxed(item)?, json_list(list)?));
                }
            }
            _ => {}
        }
        let (left, right) = match (call.target.as_deref(), call.args.as_slice()) {
            (None, [left, right]) | (Some(left), [right]) => (left, right),
            _ => return None,
        };
        let mut pair = || Some(Box::new([self.node(left)?, self.node(right)?]));
        Some(match (call.func_name.as_str(), call.target.is_some()) {
            (op::LOGICAL_AND, false) => Node::And(pair()?),
            (op::LOGICAL_OR, false) => Node::Or(pair()?),
            (op::IN, false) => Node::In(pair()?),
            (op::INDEX, false) => Node::At(pair()?),
            (op::EQUALS, false) => Node::Compare(Comparison::Equal, pair()?),
            (op::NOT_EQUALS, false) => Node::Compare(Comparison::Unequal, pair()?),
            (op::LESS, false) => Node::Compare(Comparison::Less, pair()?),
            (op::LESS_EQUALS, false) => Node::Compare(Comparison::LessEqual, pair()?),
            (op::GREATER, false) => Node::Compare(Comparison::Greater, pair()?),
            (op::GREATER_EQUALS, false) => Node::Compare(Comparison::GreaterEqual, pair()?),
            ("startsWith", true) => Node::Text(TextTest::Starts, pair()?),
            ("endsWith", true) => Node::Text(TextTest::Ends, pair()?),
            ("contains", true) => Node::Text(TextTest::Contains, pair()?),
            _ => return None,
        })
    }

    fn boxed(&mut self, tree: &IdedExpr) -> Option<Box<Node>> {
        self.node(tree).map(Box::new)
    }
}

fn json_list(list: &ListExpr) -> Option<Vec<Value>> {
    let literal = |element: &IdedExpr| match &element.expr {
        Expr::Literal(literal) => json_literal(literal),
        _ => None,
    };
    list.elements.iter().map(literal).collect()
}

fn json_literal(literal: &LiteralValue) -> Option<Value> {
    Some(match literal {
        LiteralValue::Boolean(value) => Value::from(*value.inner()),
        LiteralValue::Int(value) => Value::from(*value.inner()),
        LiteralValue::UInt(value) => Value::from(*value.inner()),
        LiteralValue::Double(value) => Value::Number(serde_json::Number::from_f64(*value.inner())?),
        LiteralValue::String(text) => Value::from(text.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::Bytes(_) => return None,
    })
}
