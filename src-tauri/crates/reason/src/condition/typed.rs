//! The typed evaluator: the common words of CEL over borrowed values, without cel's boxes and contexts.

use super::{
    Condition, Facts, Fault,
    operate::{contained, element, field, has, size},
};
use crate::datum::Datum;
use regex::Regex;
use serde_json::Value;

/// Longer lists are not walked: a comprehension inside another one would take too long.
const MOST_ELEMENTS: usize = 1_000;

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
    /// What a comprehension bound: so many levels out.
    Local(usize),
    Field(Box<Node>, String),
    Has(Box<Node>, String),
    At(Box<[Node; 2]>),
    /// A comprehension: the list or map, and what is asked of each element.
    Walk(Walk, Box<[Node; 2]>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Walk {
    Any,
    All,
    One,
}

/// The elements that the comprehensions around a part are at, innermost first.
pub(super) struct Scope<'s, 'f> {
    element: Datum<'f>,
    outer: Option<&'s Scope<'s, 'f>>,
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
    /// Which reads it looks at.
    pub fn reads(&self, into: &mut Vec<usize>) {
        match self {
            Node::Literal(_) | Node::Local(_) => {}
            Node::Read(n) => into.push(*n),
            Node::Not(of) | Node::Among(of, _) | Node::Matches(of, _) | Node::Size(of) => of.reads(into),
            Node::Field(of, _) | Node::Has(of, _) => of.reads(into),
            Node::And(pair) | Node::Or(pair) | Node::Compare(_, pair) | Node::In(pair) | Node::Text(_, pair) => {
                pair.iter().for_each(|node| node.reads(into));
            }
            Node::At(pair) | Node::Walk(_, pair) => pair.iter().for_each(|node| node.reads(into)),
        }
    }

    fn value<'f>(&'f self, facts: &'f dyn Facts, scope: Option<&Scope<'_, 'f>>) -> Result<Datum<'f>, Fault> {
        let both = |pair: &'f [Node; 2]| Ok((pair[0].value(facts, scope)?, pair[1].value(facts, scope)?));
        let truth = match self {
            Node::Literal(value) => return Ok(Datum::from_json(value)),
            Node::Read(n) => return facts.read(*n).ok_or(Fault::Absent(*n)),
            Node::Local(out) => return local(scope, *out).ok_or(Fault::NoSuchElement),
            Node::Field(of, name) => return field(&of.value(facts, scope)?, name),
            Node::At(pair) => {
                let (of, place) = both(pair)?;
                return element(&of, &place);
            }
            Node::Size(of) => return size(&of.value(facts, scope)?),
            Node::Has(of, name) => has(&of.value(facts, scope)?, name)?,
            Node::Not(of) => !of.truth(facts, scope)?,
            Node::And(pair) => either(pair, facts, scope, false)?,
            Node::Or(pair) => either(pair, facts, scope, true)?,
            Node::Walk(walk, pair) => walk.holds(pair, facts, scope)?,
            Node::Compare(comparison, pair) => {
                let (left, right) = both(pair)?;
                comparison.holds(&left, &right)?
            }
            Node::In(pair) => {
                let (item, list) = both(pair)?;
                contained(&item, &list)?
            }
            Node::Among(item, items) => {
                let item = item.value(facts, scope)?;
                items.iter().any(|other| Datum::from_json(other).same(&item))
            }
            Node::Text(test, pair) => {
                let (text, part) = both(pair)?;
                test.holds(&text, &part)?
            }
            Node::Matches(of, pattern) => match of.value(facts, scope)? {
                Datum::Text(text) => pattern.is_match(&text),
                other => return Err(Fault::Mismatch("matches()", other.kind_name(), "")),
            },
        };
        Ok(Datum::Bool(truth))
    }

    fn truth<'f>(&'f self, facts: &'f dyn Facts, scope: Option<&Scope<'_, 'f>>) -> Result<bool, Fault> {
        match self.value(facts, scope)? {
            Datum::Bool(truth) => Ok(truth),
            other => Err(Fault::NoTruth(other.kind_name())),
        }
    }
}

impl Condition for Node {
    fn holds(&self, facts: &dyn Facts) -> Result<bool, Fault> {
        self.truth(facts, None)
    }
}

impl Walk {
    /// As CEL has it: one decisive element decides, else a failed one does; counting fails at the first failure.
    fn holds<'f>(
        self,
        [over, test]: &'f [Node; 2],
        facts: &'f dyn Facts,
        outer: Option<&Scope<'_, 'f>>,
    ) -> Result<bool, Fault> {
        let over = over.value(facts, outer)?;
        let (mut found, mut failed) = (0, None);
        for element in elements(over)? {
            let truth = test.truth(facts, Some(&Scope { element, outer }));
            match (self, truth) {
                (Walk::Any, Ok(true)) => return Ok(true),
                (Walk::All, Ok(false)) => return Ok(false),
                (Walk::One, Ok(true)) => found += 1,
                (Walk::One, Err(fault)) => return Err(fault),
                (_, Err(fault)) => failed = Some(fault),
                (_, Ok(_)) => {}
            }
        }
        match failed {
            Some(fault) => Err(fault),
            None => Ok(match self {
                Walk::Any => false,
                Walk::All => true,
                Walk::One => found == 1,
            }),
        }
    }
}

/// A list's elements, a map's names. Bounded, so that two comprehensions inside each other end soon.
fn elements<'f>(over: Datum<'f>) -> Result<Box<dyn Iterator<Item = Datum<'f>> + 'f>, Fault> {
    let (length, elements): (usize, Box<dyn Iterator<Item = Datum<'f>> + 'f>) = match over {
        Datum::Texts(texts) => (texts.len(), Box::new(texts.iter().map(|text| Datum::Text(text.as_str().into())))),
        Datum::List(items) => (items.len(), Box::new(items.iter().map(Datum::from_json))),
        Datum::Object(fields) => (fields.len(), Box::new(fields.keys().map(|name| Datum::Text(name.as_str().into())))),
        other => return Err(Fault::Mismatch("a comprehension", other.kind_name(), "")),
    };
    if length > MOST_ELEMENTS { Err(Fault::TooLong) } else { Ok(elements) }
}

fn local<'f>(scope: Option<&Scope<'_, 'f>>, out: usize) -> Option<Datum<'f>> {
    let mut at = scope?;
    for _ in 0..out {
        at = at.outer?;
    }
    Some(at.element.clone())
}

/// `&&` (decisive: false) and `||` (decisive: true). One decisive side decides, whatever the other is, an error included.
fn either<'f>(
    pair: &'f [Node; 2],
    facts: &'f dyn Facts,
    scope: Option<&Scope<'_, 'f>>,
    decisive: bool,
) -> Result<bool, Fault> {
    match pair[0].truth(facts, scope) {
        Ok(left) if left == decisive => Ok(decisive),
        Ok(_) => pair[1].truth(facts, scope),
        Err(fault) => match pair[1].truth(facts, scope)? {
            right if right == decisive => Ok(decisive),
            _ => Err(fault),
        },
    }
}
