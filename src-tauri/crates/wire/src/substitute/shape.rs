//! A pattern made ready for text that arrives piece by piece: what matches, and from where on a match may still be under way.
//!
//! The second is a regular expression too, made of the first: it matches, up to the end of the text, whatever a match can begin with.

use domain::{Check, LONGEST_MATCH, Pattern};
use regex_automata::{Anchored, Input, meta};
use regex_syntax::{
    Parser,
    hir::{Hir, HirKind, Look, Repetition},
};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The longest character: what a look-around may read behind a match.
const CHARACTER: usize = 4;
/// Compiled patterns that are kept; policies name a handful.
const KEPT: usize = 512;

#[derive(Debug)]
pub(super) struct Shape {
    /// Which of all that were ever compiled.
    number: usize,
    whole: meta::Regex,
    source: Hir,
    /// Made when a text first arrives in pieces. None: too large to be built; then everything may still be under way.
    begun: OnceLock<Option<meta::Regex>>,
    check: Option<Check>,
}

/// Several shapes as one.
#[derive(Debug)]
pub(super) struct Any(meta::Regex);

impl Any {
    /// Compiled once for each set; none for a single one, or where all of them together are too large.
    pub fn of<'s>(shapes: impl Iterator<Item = &'s Arc<Shape>>) -> Option<Arc<Any>> {
        static KNOWN: Mutex<Option<HashMap<Vec<usize>, Arc<Any>>>> = Mutex::new(None);
        let shapes: Vec<&Arc<Shape>> = shapes.collect();
        if shapes.len() < 2 {
            return None;
        }
        let key: Vec<usize> = shapes.iter().map(|shape| shape.number).collect();
        let mut known = KNOWN.lock().ok()?;
        let known = known.get_or_insert_default();
        if let Some(any) = known.get(&key) {
            return Some(any.clone());
        }
        let sources: Vec<&Hir> = shapes.iter().map(|shape| &shape.source).collect();
        let any = Arc::new(Any(meta::Regex::builder().build_many_from_hir(&sources).ok()?));
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, any.clone());
        Some(any)
    }

    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// What a text has of one shape.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub matches: Vec<Range<usize>>,
    /// Matched, but the check did not hold.
    pub failed: Vec<Range<usize>>,
    /// From here on nothing is certain before more text comes.
    pub open: usize,
}

impl Shape {
    /// Compiled once for each source; none where it does not compile, which a policy's check has refused.
    pub fn of(pattern: &Pattern) -> Option<Arc<Shape>> {
        type Key = (String, Option<Check>);
        static KNOWN: Mutex<Option<HashMap<Key, Arc<Shape>>>> = Mutex::new(None);
        let key = (pattern.regex.clone(), pattern.check);
        let mut known = KNOWN.lock().ok()?;
        let known = known.get_or_insert_default();
        if let Some(shape) = known.get(&key) {
            return Some(shape.clone());
        }
        let shape = Arc::new(Shape::compile(&pattern.regex, pattern.check)?);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, shape.clone());
        Some(shape)
    }

    fn compile(source: &str, check: Option<Check>) -> Option<Shape> {
        let hir = Parser::new().parse(source).ok()?;
        let whole = meta::Regex::builder().build_from_hir(&hir).ok()?;
        static COMPILED: AtomicUsize = AtomicUsize::new(0);
        let number = COMPILED.fetch_add(1, Ordering::Relaxed);
        Some(Shape { number, whole, source: hir, begun: OnceLock::new(), check })
    }

    /// Looks at `text` from `from` on; what stands before is context. `last`: no more text comes.
    pub fn look(&self, text: &str, from: usize, last: bool) -> Seen {
        let mut seen = Seen::default();
        let mut at = from;
        // Before this every start has all the text that a match of it may have.
        let ripe = if last { text.len() } else { ceil(text, text.len().saturating_sub(LONGEST_MATCH + CHARACTER)) };
        loop {
            let open = if last { text.len() } else { self.open(text, at) };
            let found = self.whole.find(Input::new(text).span(at..text.len())).map(|found| found.range());
            match found {
                Some(found) if last || found.start < open.max(ripe) => {
                    let within = self.within(text, found.clone());
                    let (holds, whole) = match &within {
                        Some(within) => self.judge(&text[within.clone()]),
                        None => (false, false),
                    };
                    // What is none may hide one that begins within it.
                    at = ceil(text, found.start + 1);
                    if let Some(within) = within {
                        at = if whole { within.end } else { at };
                        if holds { seen.matches.push(within) } else { seen.failed.push(within) }
                    }
                }
                _ if open < ripe && at < ripe => at = ripe,
                _ => {
                    seen.open = open;
                    return seen;
                }
            }
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    /// Whether it counts; and whether nothing else does that begins within it.
    fn judge(&self, text: &str) -> (bool, bool) {
        let holds = !text.is_empty() && self.check.is_none_or(|check| check.holds(text));
        (holds, holds || self.check.is_some_and(|check| check.rules_out(text)))
    }

    /// The match, or as much of a longer one as counts.
    fn within(&self, text: &str, found: Range<usize>) -> Option<Range<usize>> {
        if found.len() <= LONGEST_MATCH {
            return Some(found);
        }
        let end = floor(text, found.start + LONGEST_MATCH);
        let input = Input::new(text).span(found.start..end).anchored(Anchored::Yes);
        self.whole.find(input).map(|found| found.range())
    }

    /// The first place from which on the text could be a match's beginning; its end, where none could.
    fn open(&self, text: &str, from: usize) -> usize {
        let begun = self.begun.get_or_init(|| {
            let to_the_end = Hir::concat(vec![begins(&self.source), Hir::look(Look::End)]);
            meta::Regex::builder().build_from_hir(&to_the_end).ok()
        });
        let Some(begun) = begun else { return from };
        begun.find(Input::new(text).span(from..text.len())).map_or(text.len(), |found| found.start())
    }
}

/// The next character's beginning, from `at` on.
fn ceil(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// What matches every beginning of what `hir` matches, and nothing that could not become a match.
fn begins(hir: &Hir) -> Hir {
    match hir.kind() {
        // A look-around at the end reads what is not there yet.
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => begins_of_text(text),
            Err(_) => optional(hir.clone()),
        },
        HirKind::Class(_) => optional(hir.clone()),
        HirKind::Repetition(repetition) => {
            let fewer = Repetition {
                min: 0,
                max: repetition.max.map(|max| max.saturating_sub(1)),
                greedy: true,
                sub: repetition.sub.clone(),
            };
            match repetition.max {
                Some(0) => Hir::empty(),
                _ => Hir::concat(vec![Hir::repetition(fewer), begins(&repetition.sub)]),
            }
        }
        HirKind::Capture(capture) => begins(&capture.sub),
        HirKind::Concat(parts) => begins_of_parts(parts),
        HirKind::Alternation(ways) => Hir::alternation(ways.iter().map(begins).collect()),
    }
}

fn optional(hir: Hir) -> Hir {
    Hir::repetition(Repetition { min: 0, max: Some(1), greedy: true, sub: Box::new(hir) })
}

/// In halves, so that long texts and lists nest no deeper than they must.
fn begins_of_text(text: &str) -> Hir {
    let half = floor(text, text.len() / 2);
    if half == 0 {
        return match text.chars().nth(1) {
            None => optional(Hir::literal(text.as_bytes())),
            Some(_) => {
                let (first, rest) = text.split_at(ceil(text, 1));
                longer(begins_of_text(first), Hir::literal(first.as_bytes()), begins_of_text(rest))
            }
        };
    }
    let (first, rest) = text.split_at(half);
    longer(begins_of_text(first), Hir::literal(first.as_bytes()), begins_of_text(rest))
}

fn begins_of_parts(parts: &[Hir]) -> Hir {
    match parts {
        [] => Hir::empty(),
        [one] => begins(one),
        parts => {
            let (first, rest) = parts.split_at(parts.len() / 2);
            longer(begins_of_parts(first), Hir::concat(first.to_vec()), begins_of_parts(rest))
        }
    }
}

/// The first and a beginning of the rest, or a beginning of the first.
fn longer(begins_first: Hir, first: Hir, begins_rest: Hir) -> Hir {
    Hir::alternation(vec![Hir::concat(vec![first, begins_rest]), begins_first])
}
