//! Checks a condition or a path against the language's tables and resolves what it reads.
//!
//! The tree is changed on the way: each path becomes a numbered read, each literal pattern a compiled one, `session.seen(x)` an `in`.
//! So evaluators know neither variables nor names.

use super::{
    Compiled,
    chain::{Chain, chain, spell},
    gate::Gate,
    interpreted, placeholder, typed,
};
use crate::{
    datum::Kind,
    language::{self, HISTORY, VARIABLES, planned_root, roots, variable},
    nearest::did_you_mean,
    read::{Origin, Read, Step},
};
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use domain::Point;
use regex::Regex;
use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Longer conditions are refused: reading one must stay cheap and its tree shallow.
const LONGEST: usize = 2_000;
const DEEPEST: u32 = 60;
const NESTED_COMPREHENSIONS: usize = 2;

/// Where a condition or template stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub point: Point,
    pub policy: &'p str,
    /// The ids of the file's rules.
    pub rules: &'p [String],
}

/// A mistake, by its bytes in the condition.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub span: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
}

pub(crate) fn check_condition(text: &str, place: Place<'_>) -> Result<Compiled, Vec<Mistake>> {
    let (mut tree, source) = parse(text)?;
    let mut checker = Checker::new(text, &source, place);
    let kind = checker.kind_of(&mut tree);
    if !matches!(kind, Kind::Bool | Kind::Any) && checker.mistakes.is_empty() {
        let hint = Some("compare it with something".to_owned());
        checker.mistake(0..text.len(), format!("a condition is true or false; this is {}", kind.name()), hint);
    }
    if !checker.mistakes.is_empty() {
        return Err(checker.mistakes);
    }
    let Checker { reads, patterns, .. } = checker;
    let gate = Gate::of(&tree, &reads, &patterns);
    let evaluator: Box<dyn super::Condition> = match typed::Node::of(&tree, &patterns) {
        Some(node) => Box::new(node),
        None => Box::new(interpreted::Program::new(tree, patterns, reads.len())),
    };
    Ok(Compiled { reads, gate, evaluator })
}

/// A template's path: a variable or what is under one.
pub(crate) fn check_path(text: &str, place: Place<'_>) -> Result<Read, Vec<Mistake>> {
    let (tree, source) = parse(text)?;
    let mut checker = Checker::new(text, &source, place);
    match chain(&tree).filter(|chain| !chain.presence) {
        Some(chain) => {
            checker.resolve(chain);
        }
        None => checker.mistake(0..text.len(), "a template names one variable, such as {{session.tokens}}", None),
    }
    match checker.reads.pop() {
        Some(read) if checker.mistakes.is_empty() => Ok(read),
        _ => Err(checker.mistakes),
    }
}

fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), Vec<Mistake>> {
    let whole = |message: &str| vec![Mistake { span: 0..text.len(), message: message.to_owned(), hint: None }];
    if text.len() > LONGEST {
        return Err(whole("longer than 2,000 bytes; split it into several rules"));
    }
    if nesting(text) > DEEPEST {
        return Err(whole("nested too deeply"));
    }
    // cel's parser has reachable panics; an author's slip must not end the runtime.
    let parsed = catch_unwind(AssertUnwindSafe(|| cel::parser::Parser::new().parse_with_source_info(text)))
        .map_err(|_| whole("cannot be read as a CEL expression"))?;
    parsed.map_err(|errors| {
        errors
            .errors
            .into_iter()
            .map(|error| {
                let start = place_of(text, error.pos);
                Mistake { span: start..start, message: tidy(&error.msg), hint: None }
            })
            .collect()
    })
}

/// How deep brackets and prefix operators nest, at most: what recursion in the parser depends on.
fn nesting(text: &str) -> u32 {
    let (mut depth, mut deepest, mut prefixes) = (0u32, 0, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' => prefixes += 1,
            c if c.is_whitespace() => {}
            _ => prefixes = 0,
        }
        deepest = deepest.max(depth + prefixes);
    }
    deepest
}

/// cel's (line, column) → byte.
fn place_of(text: &str, (line, column): (isize, isize)) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
    let chars = usize::try_from(column - 1).unwrap_or(0);
    let rest = text.get(line_start..).unwrap_or("");
    line_start + rest.char_indices().nth(chars).map_or(rest.len(), |(at, _)| at)
}

fn tidy(message: &str) -> String {
    let message = message.trim();
    match message.strip_prefix("Syntax error: ") {
        Some(rest) => format!("not a CEL expression: {rest}"),
        None => message.to_owned(),
    }
}

pub(super) struct Checker<'c> {
    text: &'c str,
    source: &'c SourceInfo,
    place: Place<'c>,
    pub reads: Vec<Read>,
    pub patterns: Vec<Regex>,
    pub mistakes: Vec<Mistake>,
    /// Names that comprehensions bind.
    locals: Vec<(String, Kind)>,
    comprehensions: usize,
    depth: u32,
}

impl<'c> Checker<'c> {
    fn new(text: &'c str, source: &'c SourceInfo, place: Place<'c>) -> Self {
        Checker {
            text,
            source,
            place,
            reads: Vec::new(),
            patterns: Vec::new(),
            mistakes: Vec::new(),
            locals: Vec::new(),
            comprehensions: 0,
            depth: 0,
        }
    }

    pub(super) fn mistake(&mut self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.mistakes.push(Mistake { span, message: message.into(), hint });
    }

    /// The kind of an expression, its paths resolved on the way.
    pub(super) fn kind_of(&mut self, expression: &mut IdedExpr) -> Kind {
        if self.depth >= DEEPEST {
            if self.depth == DEEPEST {
                let span = self.extent(expression);
                self.mistake(span, "nested too deeply", None);
            }
            return Kind::Any;
        }
        self.depth += 1;
        let kind = self.kind_inside(expression);
        self.depth -= 1;
        kind
    }

    fn kind_inside(&mut self, expression: &mut IdedExpr) -> Kind {
        if let Some(chain) = chain(expression) {
            if let Some(kind) = self.local(&chain.root) {
                return self.local_kind(expression, &chain, kind);
            }
            let kind = self.resolve(chain);
            expression.expr = Expr::Ident(placeholder(self.reads.len().saturating_sub(1)));
            return kind;
        }
        let extent = self.extent(expression);
        match &mut expression.expr {
            Expr::Literal(literal) => literal_kind(literal),
            Expr::List(list) => {
                let kinds: Vec<Kind> = list.elements.iter_mut().map(|element| self.kind_of(element)).collect();
                let texts = !kinds.is_empty() && kinds.iter().all(|kind| *kind == Kind::Text);
                if texts { Kind::Texts } else { Kind::List }
            }
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.kind_of(&mut entry.key);
                        self.kind_of(&mut entry.value);
                    }
                }
                Kind::Object
            }
            Expr::Select(select) => {
                let presence = select.test;
                let kind = self.kind_of(&mut select.operand);
                if !matches!(kind, Kind::Object | Kind::Any) {
                    self.mistake(extent, format!("a {} has no fields", kind.name()), None);
                }
                if presence { Kind::Bool } else { Kind::Any }
            }
            Expr::Call(_) => self.call(expression, extent),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, extent),
            Expr::Ident(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.mistake(extent, "this form is not part of the policy language", None);
                Kind::Any
            }
        }
    }

    fn local(&self, name: &str) -> Option<Kind> {
        self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, kind)| *kind)
    }

    fn local_kind(&mut self, expression: &IdedExpr, chain: &Chain, kind: Kind) -> Kind {
        if chain.steps.is_empty() {
            return kind;
        }
        if !matches!(kind, Kind::Object | Kind::Any | Kind::List | Kind::Texts) {
            let span = self.extent(expression);
            self.mistake(span, format!("`{}` is a {} and has no fields", chain.root, kind.name()), None);
        }
        if chain.presence { Kind::Bool } else { Kind::Any }
    }

    fn comprehension(&mut self, comprehension: &mut ComprehensionExpr, extent: Range<usize>) -> Kind {
        if self.comprehensions >= NESTED_COMPREHENSIONS {
            self.mistake(extent.clone(), "more than two comprehensions inside each other", None);
            return Kind::Any;
        }
        let over = self.kind_of(&mut comprehension.iter_range);
        if !(over.is_list() || matches!(over, Kind::Object | Kind::Any)) {
            self.mistake(extent.clone(), format!("a {} cannot be walked; lists and maps can", over.name()), None);
        }
        let name = &comprehension.iter_var;
        if roots().contains(&name.as_str()) || name.starts_with("__") {
            self.mistake(extent, format!("`{name}` is taken; choose another name for the element"), None);
        }
        self.locals.push((comprehension.iter_var.clone(), over.element()));
        self.locals.push((comprehension.accu_var.clone(), Kind::Any));
        self.comprehensions += 1;
        let start = self.kind_of(&mut comprehension.accu_init);
        self.kind_of(&mut comprehension.loop_cond);
        self.kind_of(&mut comprehension.loop_step);
        let result = self.kind_of(&mut comprehension.result);
        self.comprehensions -= 1;
        self.locals.truncate(self.locals.len() - 2);
        if result == Kind::Any { start } else { result }
    }

    /// Resolves a path and adds it to the reads; a mistake adds a read too, so that numbering goes on.
    pub(super) fn resolve(&mut self, chain: Chain) -> Kind {
        let steps: Vec<Step> = chain.steps.iter().map(|(step, _)| step.clone()).collect();
        let path = spell(&chain.root, &steps);
        match self.origin(&chain, &steps) {
            Ok(origin) => {
                let read = Read { path, origin, presence: chain.presence };
                let kind = read.kind();
                self.reads.push(read);
                kind
            }
            Err(mistake) => {
                self.mistakes.push(mistake);
                let origin = Origin::Variable(&VARIABLES[0]);
                self.reads.push(Read { path, origin, presence: chain.presence });
                Kind::Any
            }
        }
    }

    fn origin(&self, chain: &Chain, steps: &[Step]) -> Result<Origin, Mistake> {
        let root = chain.root.as_str();
        let root_span = self.span(chain.root_id);
        let wrong = |span: Range<usize>, message: String, hint| Err(Mistake { span, message, hint });
        if let Some(what) = planned_root(root) {
            let message = format!("`{root}` reads {what}, which this version does not carry out yet");
            return wrong(root_span, message, None);
        }
        if root == "history" {
            return self.history(chain, steps);
        }
        let groups = roots();
        if !groups.contains(&root) {
            let meant = VARIABLES.iter().find(|v| v.path.split_once('.').is_some_and(|(_, field)| field == root));
            let hint = match meant {
                Some(variable) => Some(format!("did you mean `{}`?", variable.path)),
                None => did_you_mean(root, groups.iter().copied())
                    .or_else(|| Some(format!("there are: {}", groups.join(", ")))),
            };
            return wrong(root_span, format!("unknown variable `{root}`"), hint);
        }
        let fields = || VARIABLES.iter().filter_map(|v| v.path.split_once('.')).filter(|(r, _)| *r == root);
        let Some(Step::Field(field)) = steps.first() else {
            let names = fields().map(|(_, field)| field).collect::<Vec<_>>().join(", ");
            let message = format!("`{root}` is a group of variables; name one of them");
            return wrong(root_span, message, Some(format!("`{root}.` goes on with: {names}")));
        };
        let field_span = self.step_span(chain, 0);
        let Some(variable) = variable(&format!("{root}.{field}")) else {
            let hint = did_you_mean(field, fields().map(|(_, field)| field)).or_else(|| {
                Some(format!("there are: {}", fields().map(|(_, field)| field).collect::<Vec<_>>().join(", ")))
            });
            return wrong(field_span, format!("unknown variable `{root}.{field}`"), hint);
        };
        if !variable.points.contains(&self.place.point) {
            let points = variable.points.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ");
            let message = format!("`{}` does not exist at {}", variable.path, self.place.point.name());
            return wrong(root_span.start..field_span.end, message, Some(format!("it exists at {points}")));
        }
        match (&steps[1..], variable.kind) {
            ([], _) => Ok(Origin::Variable(variable)),
            (inner, Kind::Object) => Ok(Origin::Under(variable, inner.to_vec())),
            (inner @ [Step::Index(_)], Kind::Texts) => Ok(Origin::Under(variable, inner.to_vec())),
            (_, kind) => {
                wrong(self.step_span(chain, 1), format!("`{}` is a {} and has no such part", variable.path, kind.name()), None)
            }
        }
    }

    fn history(&self, chain: &Chain, steps: &[Step]) -> Result<Origin, Mistake> {
        let wrong = |span: Range<usize>, message: String, hint| Err(Mistake { span, message, hint });
        let known = || HISTORY.iter().map(|field| field.name);
        let [Step::Field(rule), Step::Field(field)] = steps else {
            let hint = format!("write history.RULE.FIELD; fields are {}", known().collect::<Vec<_>>().join(", "));
            return wrong(self.span(chain.root_id), "`history` is read by rule and field".to_owned(), Some(hint));
        };
        if !self.place.rules.contains(rule) {
            let hint = did_you_mean(rule, self.place.rules.iter().map(String::as_str));
            return wrong(self.step_span(chain, 0), format!("this file has no rule `{rule}`"), hint);
        }
        match HISTORY.iter().find(|known| known.name == field) {
            Some(found) => Ok(Origin::History(format!("{}/{rule}", self.place.policy), found)),
            None => {
                let hint = did_you_mean(field, known())
                    .or_else(|| Some(format!("there are: {}", known().collect::<Vec<_>>().join(", "))));
                wrong(self.step_span(chain, 1), format!("unknown field `{field}` of history"), hint)
            }
        }
    }

    /// Compiles a pattern once; the number under which the tree names it.
    pub(super) fn pattern(&mut self, text: &str, span: Range<usize>) -> Option<usize> {
        match regex::RegexBuilder::new(text).size_limit(1 << 20).build() {
            Ok(pattern) => {
                self.patterns.push(pattern);
                Some(self.patterns.len() - 1)
            }
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
                self.mistake(span, format!("not a regular expression: {reason}"), None);
                None
            }
        }
    }

    pub(super) fn seen_target(&self, expression: &IdedExpr) -> bool {
        matches!(&expression.expr, Expr::Ident(name) if name == "session") && self.local("session").is_none()
    }

    pub(super) fn read_tools_seen(&mut self) -> String {
        if let Some(variable) = language::variable("session.tools_seen") {
            let origin = Origin::Variable(variable);
            self.reads.push(Read { path: variable.path.to_owned(), origin, presence: false });
        }
        placeholder(self.reads.len().saturating_sub(1))
    }

    pub(super) fn text(&self) -> &str {
        self.text
    }

    /// A node's token, in bytes of the condition.
    pub(super) fn span(&self, id: u64) -> Range<usize> {
        let Some((start, stop)) = self.source.offset_for(id) else { return 0..self.text.len() };
        let byte = |chars: usize| self.text.char_indices().nth(chars).map_or(self.text.len(), |(at, _)| at);
        let start = byte(start as usize);
        start..byte(stop as usize + 1).max(start)
    }

    /// A step's own text: a field's name behind its dot, an index's literal.
    fn step_span(&self, chain: &Chain, n: usize) -> Range<usize> {
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

fn literal_kind(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Bool,
        LiteralValue::Int(_) | LiteralValue::UInt(_) => Kind::Int,
        LiteralValue::Double(_) => Kind::Double,
        LiteralValue::String(_) => Kind::Text,
        LiteralValue::Null => Kind::Null,
        LiteralValue::Bytes(_) => Kind::Any,
    }
}
