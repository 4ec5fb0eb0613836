//! The typed evaluator: the common words of CEL over borrowed values, without cel's boxes and contexts.

use super::{Condition, Facts, Fault, placeholder_number};
use crate::datum::Datum;
use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators as op};
use regex::Regex;
use serde_json::Value;
use std::cmp::Ordering;

#[derive(Debug)]
pub(crate) enum Node {
    Literal(Value),
    Read(usize),
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Compare(Comparison, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    /// `in` a list that is written out.
    Among(Box<Node>, Vec<Value>),
    Text(TextTest, Box<[Node; 2]>),
    Matches(Box<Node>, Regex),
    Size(Box<Node>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum TextTest {
    Starts,
    Ends,
    Contains,
}

impl Node {
    /// The tree in our words; none where it says something else.
    pub fn of(tree: &IdedExpr, patterns: &[Regex]) -> Option<Node> {
        let inner = |tree: &IdedExpr| Node::of(tree, patterns).map(Box::new);
        let call = match &tree.expr {
            Expr::Literal(literal) => return json_literal(literal).map(Node::Literal),
            Expr::Ident(name) => return placeholder_number(name).map(Node::Read),
            Expr::Call(call) => call,
            _ => return None,
        };
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("size", Some(of), []) | ("size", None, [of]) => return Some(Node::Size(inner(of)?)),
            (op::LOGICAL_NOT, None, [of]) => return Some(Node::Not(inner(of)?)),
            (name, Some(of), []) => {
                let pattern = placeholder_number(name).and_then(|number| patterns.get(number))?;
                return Some(Node::Matches(inner(of)?, pattern.clone()));
            }
            (op::IN, None, [item, list]) => {
                if let Expr::List(list) = &list.expr {
                    let items = list.elements.iter().map(|element| match &element.expr {
                        Expr::Literal(literal) => json_literal(literal),
                        _ => None,
                    });
                    return Some(Node::Among(inner(item)?, items.collect::<Option<_>>()?));
                }
            }
            _ => {}
        }
        let (left, right) = match (call.target.as_deref(), call.args.as_slice()) {
            (None, [left, right]) | (Some(left), [right]) => (left, right),
            _ => return None,
        };
        let pair = || Some(Box::new([Node::of(left, patterns)?, Node::of(right, patterns)?]));
        Some(match (call.func_name.as_str(), call.target.is_some()) {
            (op::LOGICAL_AND, false) => Node::And(pair()?),
            (op::LOGICAL_OR, false) => Node::Or(pair()?),
            (op::IN, false) => Node::In(pair()?),
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

    /// Which reads it looks at.
    pub fn reads(&self, into: &mut Vec<usize>) {
        match self {
            Node::Literal(_) => {}
            Node::Read(n) => into.push(*n),
            Node::Not(of) | Node::Among(of, _) | Node::Matches(of, _) | Node::Size(of) => of.reads(into),
            Node::And(pair) | Node::Or(pair) | Node::Compare(_, pair) | Node::In(pair) | Node::Text(_, pair) => {
                pair.iter().for_each(|node| node.reads(into));
            }
        }
    }

    fn value<'f>(&'f self, facts: &'f dyn Facts) -> Result<Datum<'f>, Fault> {
        let truth = match self {
            Node::Literal(value) => return Ok(Datum::from_json(value)),
            Node::Read(n) => return facts.read(*n).ok_or(Fault::Absent(*n)),
            Node::Size(of) => return size(&of.value(facts)?),
            Node::Not(of) => !of.truth(facts)?,
            Node::And(pair) => either(pair, facts, false)?,
            Node::Or(pair) => either(pair, facts, true)?,
            Node::Compare(comparison, pair) => {
                let (left, right) = (pair[0].value(facts)?, pair[1].value(facts)?);
                comparison.holds(&left, &right)?
            }
            Node::In(pair) => contained(&pair[0].value(facts)?, &pair[1].value(facts)?)?,
            Node::Among(item, items) => {
                let item = item.value(facts)?;
                items.iter().any(|other| Datum::from_json(other).same(&item))
            }
            Node::Text(test, pair) => test.holds(&pair[0].value(facts)?, &pair[1].value(facts)?)?,
            Node::Matches(of, pattern) => match of.value(facts)? {
                Datum::Text(text) => pattern.is_match(&text),
                other => return Err(Fault::Mismatch("matches()", other.kind_name(), "")),
            },
        };
        Ok(Datum::Bool(truth))
    }

    pub fn truth(&self, facts: &dyn Facts) -> Result<bool, Fault> {
        match self.value(facts)? {
            Datum::Bool(truth) => Ok(truth),
            other => Err(Fault::NoTruth(other.kind_name())),
        }
    }
}

impl Condition for Node {
    fn holds(&self, facts: &dyn Facts) -> Result<bool, Fault> {
        self.truth(facts)
    }
}

/// `&&` (decisive: false) and `||` (decisive: true). One decisive side decides, whatever the other is, an error included.
fn either(pair: &[Node; 2], facts: &dyn Facts, decisive: bool) -> Result<bool, Fault> {
    match pair[0].truth(facts) {
        Ok(left) if left == decisive => Ok(decisive),
        Ok(_) => pair[1].truth(facts),
        Err(fault) => match pair[1].truth(facts)? {
            right if right == decisive => Ok(decisive),
            _ => Err(fault),
        },
    }
}

impl Comparison {
    fn holds(self, left: &Datum<'_>, right: &Datum<'_>) -> Result<bool, Fault> {
        let order = || {
            let sign = "a comparison";
            left.order(right).ok_or_else(|| Fault::Mismatch(sign, left.kind_name(), right.kind_name()))
        };
        Ok(match self {
            Comparison::Equal => left.same(right),
            Comparison::Unequal => !left.same(right),
            Comparison::Less => order()? == Ordering::Less,
            Comparison::LessEqual => order()? != Ordering::Greater,
            Comparison::Greater => order()? == Ordering::Greater,
            Comparison::GreaterEqual => order()? != Ordering::Less,
        })
    }
}

impl TextTest {
    fn holds(self, text: &Datum<'_>, part: &Datum<'_>) -> Result<bool, Fault> {
        let (Datum::Text(text), Datum::Text(part)) = (text, part) else {
            let name = match self {
                TextTest::Starts => "startsWith()",
                TextTest::Ends => "endsWith()",
                TextTest::Contains => "contains()",
            };
            return Err(Fault::Mismatch(name, text.kind_name(), part.kind_name()));
        };
        Ok(match self {
            TextTest::Starts => text.starts_with(part.as_ref()),
            TextTest::Ends => text.ends_with(part.as_ref()),
            TextTest::Contains => text.contains(part.as_ref()),
        })
    }
}

fn contained(item: &Datum<'_>, list: &Datum<'_>) -> Result<bool, Fault> {
    match (item, list) {
        (Datum::Text(item), Datum::Texts(texts)) => Ok(texts.iter().any(|text| text == item)),
        (_, Datum::Texts(_)) => Ok(false),
        (item, Datum::List(items)) => Ok(items.iter().any(|other| Datum::from_json(other).same(item))),
        (Datum::Text(name), Datum::Object(fields)) => Ok(fields.contains_key(name.as_ref())),
        // These can be keys in CEL; an object's keys are all text.
        (Datum::Bool(_) | Datum::Int(_) | Datum::Uint(_), Datum::Object(_)) => Ok(false),
        (_, other) => Err(Fault::Mismatch("`in`", item.kind_name(), other.kind_name())),
    }
}

fn size<'f>(of: &Datum<'_>) -> Result<Datum<'f>, Fault> {
    let size = match of {
        Datum::Text(text) => text.chars().count(),
        Datum::Texts(texts) => texts.len(),
        Datum::List(items) => items.len(),
        Datum::Object(fields) => fields.len(),
        other => return Err(Fault::Mismatch("size()", other.kind_name(), "")),
    };
    Ok(Datum::count(size as u64))
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

