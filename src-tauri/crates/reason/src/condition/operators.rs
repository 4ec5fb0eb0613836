//! Checks operators and function calls: which kinds they take and give.

use super::check::Checker;
use crate::{
    datum::Kind,
    language::{Function, callable, function},
    nearest::did_you_mean,
};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};
use std::ops::Range;

impl Checker<'_> {
    pub(super) fn call(&mut self, expression: &mut IdedExpr, extent: Range<usize>) -> Kind {
        let id = expression.id;
        let Expr::Call(call) = &mut expression.expr else { return Kind::Any };
        if let Some(target) = &call.target {
            if let Some(group) = self.bare_group(target) {
                if group == "session" && call.func_name == "seen" && call.args.len() == 1 {
                    return self.seen(call, extent);
                }
                if function(&call.func_name).is_none() {
                    let (name, span) = (call.func_name.clone(), self.name_span(id, &call.func_name, call));
                    let hint = did_you_mean(&name, callable());
                    self.mistake(span, format!("`{group}` has no function `{name}`"), hint);
                    return Kind::Any;
                }
            }
            if call.func_name == "matches" && call.args.len() == 1 {
                return self.matches(call, extent);
            }
        }
        let name = call.func_name.clone();
        let name_span = self.name_span(id, &name, call);
        let arguments: Vec<Range<usize>> = call.args.iter().map(|argument| self.extent(argument)).collect();
        let target = call.target.as_mut().map(|target| self.kind_of(target));
        let kinds: Vec<Kind> = call.args.iter_mut().map(|argument| self.kind_of(argument)).collect();
        match (name.as_str(), target, kinds.as_slice()) {
            (op::LOGICAL_AND | op::LOGICAL_OR, None, [_, _]) | (op::LOGICAL_NOT, None, [_]) => {
                for (kind, span) in kinds.iter().zip(arguments) {
                    self.expect_truth(*kind, span);
                }
                Kind::Bool
            }
            (op::NOT_STRICTLY_FALSE, None, _) => Kind::Bool,
            (op::EQUALS | op::NOT_EQUALS, None, [left, right]) => self.compare(*left, *right, false, extent),
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, None, [left, right]) => {
                self.compare(*left, *right, true, extent)
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, None, [left, right]) => {
                self.calculate(&name, *left, *right, extent)
            }
            (op::NEGATE, None, [kind]) => {
                if !(kind.is_number() || *kind == Kind::Any) {
                    self.mistake(extent, format!("`-` takes a number, not {}", kind.described()), None);
                }
                *kind
            }
            (op::CONDITIONAL, None, [condition, left, right]) => {
                self.expect_truth(*condition, arguments.into_iter().next().unwrap_or(extent));
                if left == right { *left } else { Kind::Any }
            }
            (op::IN, None, [left, right]) => self.contained(*left, *right, extent),
            (op::INDEX, None, [of, _]) => {
                if !(of.is_list() || matches!(of, Kind::Object | Kind::Any)) {
                    self.mistake(extent, format!("{} has no elements", of.described()), None);
                }
                if *of == Kind::Texts { Kind::Text } else { Kind::Any }
            }
            _ => self.named(&name, name_span, target, &kinds, extent),
        }
    }

    /// `session.seen(x)` reads `x in session.tools_seen`.
    fn seen(&mut self, call: &mut CallExpr, extent: Range<usize>) -> Kind {
        let mut argument = call.args.pop().unwrap_or_default();
        let kind = self.kind_of(&mut argument);
        if !matches!(kind, Kind::Text | Kind::Any) {
            self.mistake(extent, format!("session.seen() takes a tool's name, not {}", kind.described()), None);
        }
        let list = IdedExpr { id: argument.id, expr: Expr::Ident(self.read_tools_seen()) };
        *call = CallExpr { func_name: op::IN.to_owned(), target: None, args: vec![argument, list] };
        Kind::Bool
    }

    /// A literal pattern is compiled now and named by number.
    fn matches(&mut self, call: &mut CallExpr, extent: Range<usize>) -> Kind {
        if let Some(target) = call.target.as_mut() {
            let kind = self.kind_of(target);
            if !matches!(kind, Kind::Text | Kind::Any) {
                self.mistake(extent, format!("matches() looks at a string, not at {}", kind.described()), None);
            }
        }
        let argument = call.args.first().map(|argument| (self.extent(argument), argument.expr.clone()));
        match argument {
            Some((span, Expr::Literal(LiteralValue::String(text)))) => {
                if let Some(number) = self.pattern(text.inner(), span) {
                    call.func_name = super::placeholder(number);
                    call.args.clear();
                }
            }
            Some((span, _)) => self.mistake(
                span,
                "the pattern must be written out, so that it is compiled once",
                Some("use a string literal".to_owned()),
            ),
            None => {}
        }
        Kind::Bool
    }

    fn expect_truth(&mut self, kind: Kind, span: Range<usize>) {
        if !matches!(kind, Kind::Bool | Kind::Any) {
            self.mistake(span, format!("expected true or false, this is {}", kind.described()), None);
        }
    }

    fn compare(&mut self, left: Kind, right: Kind, ordered: bool, extent: Range<usize>) -> Kind {
        let fits = match (left, right) {
            (Kind::Any, _) | (_, Kind::Any) => true,
            (Kind::Null, _) | (_, Kind::Null) => !ordered,
            (left, right) if left.is_list() && right.is_list() => !ordered,
            (Kind::Object, Kind::Object) => !ordered,
            (left, right) => left == right || (left.is_number() && right.is_number()),
        };
        if !fits {
            let hint = match (left, right) {
                (Kind::Text, number) | (number, Kind::Text) if number.is_number() => {
                    Some("write the number without quotes".to_owned())
                }
                (list, Kind::Text) | (Kind::Text, list) if list.is_list() => Some("write `x in list`".to_owned()),
                _ => None,
            };
            self.mistake(extent, format!("{} cannot be compared with {}", left.described(), right.described()), hint);
        }
        Kind::Bool
    }

    fn calculate(&mut self, operator: &str, left: Kind, right: Kind, extent: Range<usize>) -> Kind {
        let sign = operator.trim_matches('_');
        match (left, right) {
            (Kind::Any, _) | (_, Kind::Any) => return Kind::Any,
            (Kind::Int, Kind::Int) => return Kind::Int,
            (Kind::Double, Kind::Double) if operator != op::MODULO => return Kind::Double,
            (Kind::Text, Kind::Text) if operator == op::ADD => return Kind::Text,
            (left, right) if operator == op::ADD && left.is_list() && right.is_list() => {
                return if left == right { left } else { Kind::List };
            }
            _ => {}
        }
        let mixed = left.is_number() && right.is_number();
        let hint = mixed.then(|| "CEL does not mix int and double: write 100.0, or double(x)".to_owned());
        self.mistake(extent, format!("`{sign}` does not take {} and {}", left.described(), right.described()), hint);
        Kind::Any
    }

    fn contained(&mut self, left: Kind, right: Kind, extent: Range<usize>) -> Kind {
        let fits = match right {
            Kind::Any | Kind::List => true,
            Kind::Texts | Kind::Object => matches!(left, Kind::Text | Kind::Any),
            _ => false,
        };
        if !fits {
            let hint = (right == Kind::Text).then(|| "for text in text write a.contains(b)".to_owned());
            self.mistake(extent, format!("{} cannot be in {}", left.described(), right.described()), hint);
        }
        Kind::Bool
    }

    fn named(
        &mut self,
        name: &str,
        name_span: Range<usize>,
        target: Option<Kind>,
        arguments: &[Kind],
        extent: Range<usize>,
    ) -> Kind {
        let Some(known) = function(name) else {
            self.mistake(name_span, format!("unknown function `{name}`"), did_you_mean(name, callable()));
            return Kind::Any;
        };
        let (of, further) = match (target, arguments) {
            (Some(of), further) if known.member => (of, further),
            (None, [of, further @ ..]) if known.global => (*of, further),
            _ => {
                self.mistake(name_span, format!("write {}", spelled(known)), None);
                return known.gives;
            }
        };
        let takes = |kind: Kind, allowed: &[Kind]| kind == Kind::Any || allowed.is_empty() || allowed.contains(&kind);
        let fits = takes(of, known.of)
            && further.len() == known.arguments.len()
            && further.iter().zip(known.arguments).all(|(kind, wanted)| takes(*kind, &[*wanted]));
        if !fits {
            let given: Vec<&str> = std::iter::once(of).chain(further.iter().copied()).map(Kind::name).collect();
            let message = format!("`{name}` does not take ({})", given.join(", "));
            self.mistake(extent, message, Some(format!("write {}", spelled(known))));
        }
        known.gives
    }

    /// Where a function's name stands: cel keeps the place of its bracket.
    fn name_span(&self, id: u64, name: &str, call: &CallExpr) -> Range<usize> {
        let token = self.span(id);
        let from = call.target.as_ref().map_or(0, |target| self.extent(target).end);
        let text = self.text;
        match text.get(from..).and_then(|rest| rest.find(name)) {
            Some(at) if from + at < token.end.max(from) + name.len() + 1 => from + at..from + at + name.len(),
            _ => token,
        }
    }
}

fn spelled(function: &Function) -> String {
    let arguments = vec!["…"; function.arguments.len()].join(", ");
    match (function.member, function.global) {
        (true, true) => format!("{0}(x) or x.{0}({arguments})", function.name),
        (true, false) => format!("x.{}({arguments})", function.name),
        _ => format!("{}(x)", function.name),
    }
}
