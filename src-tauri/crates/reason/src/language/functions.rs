//! The functions that a condition may call, and what they take. CEL has no check of its own, so this table is it.

use crate::datum::Kind;

#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    /// Called as `x.name(…)`; else `name(…)`. `size` is both.
    pub member: bool,
    pub global: bool,
    /// The kinds of the receiver, or of the only argument of a global one; empty: any.
    pub of: &'static [Kind],
    /// The kinds of the further arguments.
    pub arguments: &'static [Kind],
    pub gives: Kind,
    pub doc: &'static str,
}

const TEXT: &[Kind] = &[Kind::Text];

const fn on_text(name: &'static str, doc: &'static str) -> Function {
    Function { name, member: true, global: false, of: TEXT, arguments: TEXT, gives: Kind::Bool, doc }
}

const fn convert(name: &'static str, of: &'static [Kind], gives: Kind, doc: &'static str) -> Function {
    Function { name, member: false, global: true, of, arguments: &[], gives, doc }
}

pub const FUNCTIONS: &[Function] = &[
    on_text("startsWith", "`tool.name.startsWith(\"delete_\")`"),
    on_text("endsWith", "`call.args.path.endsWith(\".env\")`"),
    on_text("contains", "`request.text.contains(\"password\")`"),
    on_text("matches", "A regular expression, written out as a literal; compiled once, at load."),
    Function {
        name: "size",
        member: true,
        global: true,
        of: &[Kind::Text, Kind::Texts, Kind::List, Kind::Object],
        arguments: &[],
        gives: Kind::Int,
        doc: "Characters of a string, elements of a list, fields of a map.",
    },
    convert("int", &[Kind::Int, Kind::Double, Kind::Text], Kind::Int, "`int(call.args.amount)`"),
    convert("double", &[Kind::Int, Kind::Double, Kind::Text], Kind::Double, "`double(session.steps) * 0.5`"),
    convert("string", &[Kind::Int, Kind::Double, Kind::Bool, Kind::Text], Kind::Text, "`string(call.args.id)`"),
];

/// Macros of CEL, expanded while parsing; here for the reference and the nearest name.
pub(crate) const MACROS: &[(&str, &str)] = &[
    (
        "has",
        "`has(call.args.path)`: whether the field is there. A condition that reads an absent field fails (see `on_error`).",
    ),
    ("exists", "`call.args.to.exists(a, a.endsWith(\"@x.org\"))`: any element."),
    ("all", "Every element."),
    ("exists_one", "Exactly one element."),
    ("filter", "The elements for which it holds."),
    ("map", "A list made from another."),
];

pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Everything callable, for the nearest name.
pub(crate) fn callable() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|f| f.name).chain(MACROS.iter().map(|(name, _)| *name)).chain(["seen"])
}
