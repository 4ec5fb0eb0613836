//! Reads: the places of an observation that a condition or template names, resolved at load.

use crate::{
    datum::{Datum, Kind},
    language::{DeclaredField, HistoryField, Variable},
};
use domain::{Observation, RuleHistory};

/// One path, resolved.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// As written, normalised: `call.args.to[0].name`.
    pub path: String,
    pub origin: Origin,
    /// `has(path)`: whether it is there, instead of its value.
    pub presence: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Variable(&'static Variable),
    /// Inside a variable of unknown shape.
    Under(&'static Variable, Vec<Step>),
    /// Of a rule, by `policy/rule`.
    History(String, &'static HistoryField),
    /// Of what a file declares, by `policy/NAME`.
    Declared(String, &'static DeclaredField),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(usize),
}

impl Read {
    pub fn kind(&self) -> Kind {
        match &self.origin {
            _ if self.presence => Kind::Bool,
            Origin::Variable(variable) => variable.kind,
            Origin::Under(variable, _) => variable.kind.element_under(),
            Origin::History(_, field) => field.kind,
            Origin::Declared(_, field) => field.kind,
        }
    }

    /// None where the observation does not have it.
    pub fn value<'o>(&self, observation: &'o Observation) -> Option<Datum<'o>> {
        let found = match &self.origin {
            Origin::Variable(variable) => (variable.read)(observation),
            Origin::Under(variable, steps) => (variable.read)(observation).and_then(|root| descend(root, steps)),
            Origin::History(rule, field) => Some(match observation.history.get(rule) {
                Some(history) => (field.read)(history),
                None => (field.read)(&RuleHistory::default()),
            }),
            Origin::Declared(name, field) => (field.read)(&observation.named, name),
        };
        if self.presence { Some(Datum::Bool(found.is_some())) } else { found }
    }
}

impl Kind {
    /// What is inside a variable: texts in a list of texts, else unknown.
    fn element_under(self) -> Kind {
        if self == Kind::Texts { Kind::Text } else { Kind::Any }
    }
}

fn descend<'o>(root: Datum<'o>, steps: &[Step]) -> Option<Datum<'o>> {
    steps.iter().try_fold(root, |at, step| match (at, step) {
        (Datum::Object(fields), Step::Field(name)) => fields.get(name).map(Datum::from_json),
        (Datum::List(items), Step::Index(place)) => items.get(*place).map(Datum::from_json),
        (Datum::Texts(texts), Step::Index(place)) => texts.get(*place).map(|text| Datum::Text(text.as_str().into())),
        _ => None,
    })
}
