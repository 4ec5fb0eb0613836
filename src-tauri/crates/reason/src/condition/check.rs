//! Checks a condition or a path against the language's tables and resolves what it reads.
//!
//! The tree is changed on the way: each path becomes a numbered read, each literal pattern a compiled one, `session.seen(x)` an `in`.
//! So evaluators know neither variables nor names.

use super::{
    Compiled,
    chain::{Chain, chain, spell},
    gate::Gate,
    interpreted,
    lower::lower,
    parse::{DEEPEST, parse},
    placeholder,
};
use crate::{
    compile::Declared,
    datum::Kind,
    language::{VARIABLES, roots, variable},
    read::{Origin, Read, Step},
};
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use domain::Point;
use regex::Regex;
use std::ops::Range;

/// One condition tells so many mistakes at most.
const MOST_MISTAKES: usize = 12;
const NESTED_COMPREHENSIONS: usize = 2;

/// Where a condition or template stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub point: Point,
    /// Empty: the condition stands alone, and may name rules of any policy as `policy/rule`.
    pub policy: &'p str,
    /// The ids of the file's rules.
    pub rules: &'p [String],
    /// What the file declares beside them.
    pub declared: &'p Declared,
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
        checker.mistake(0..text.len(), format!("a condition is true or false; this is {}", kind.described()), hint);
    }
    if !checker.mistakes.is_empty() {
        return Err(checker.mistakes);
    }
    let Checker { reads, patterns, .. } = checker;
    let gate = Gate::of_tool(&tree, &reads, &patterns);
    let outcome = Gate::of_outcome(&tree, &reads, &patterns);
    let evaluator: Box<dyn super::Condition> = match lower(&tree, &patterns) {
        Some(node) => Box::new(node),
        None => Box::new(interpreted::Program::new(tree, patterns, reads.len())),
    };
    Ok(Compiled { reads, gate, outcome, evaluator })
}

/// A condition under both evaluators, where the typed one can say it.
#[cfg(test)]
pub(super) fn check_both(text: &str, place: Place<'_>) -> Option<(Compiled, super::typed::Node, interpreted::Program)> {
    let compiled = check_condition(text, place).ok()?;
    let (mut tree, source) = parse(text).ok()?;
    let mut checker = Checker::new(text, &source, place);
    checker.kind_of(&mut tree);
    let node = lower(&tree, &checker.patterns)?;
    let program = interpreted::Program::new(tree, checker.patterns, compiled.reads.len());
    Some((compiled, node, program))
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

pub(super) struct Checker<'c> {
    pub text: &'c str,
    pub source: &'c SourceInfo,
    pub place: Place<'c>,
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
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(Mistake { span, message: message.into(), hint });
        }
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
                    self.mistake(extent, format!("{} has no fields", kind.described()), None);
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
            self.mistake(span, format!("`{}` is {} and has no fields", chain.root, kind.described()), None);
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
            self.mistake(extent.clone(), format!("{} cannot be walked; lists and maps can", over.described()), None);
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

    /// The group of variables that an expression names and nothing more.
    pub(super) fn bare_group(&self, expression: &IdedExpr) -> Option<String> {
        match &expression.expr {
            Expr::Ident(name) if roots().contains(&name.as_str()) => Some(name.clone()),
            _ => None,
        }
    }

    pub(super) fn read_tools_seen(&mut self) -> String {
        if let Some(variable) = variable("session.tools_seen") {
            let origin = Origin::Variable(variable);
            self.reads.push(Read { path: variable.path.to_owned(), origin, presence: false });
        }
        placeholder(self.reads.len().saturating_sub(1))
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
