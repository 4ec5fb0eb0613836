//! Variables of what a file declares: `budget.NAME.used`, `score.NAME`. One row a field, as `variables` has them.

use crate::datum::{Datum, Kind};
use domain::{BreakerFacts, BudgetFacts, NamedFacts, Point, SchemaFacts};
use std::borrow::Cow;

/// A field of a declared thing, or with no `field` the thing itself.
#[derive(Debug, Clone, Copy)]
pub struct DeclaredField {
    pub group: &'static str,
    /// The table of a file that declares it.
    pub section: &'static str,
    pub field: Option<&'static str>,
    pub kind: Kind,
    pub unit: &'static str,
    pub points: &'static [Point],
    pub doc: &'static str,
    pub(crate) read: for<'a> fn(&'a NamedFacts, &str) -> Option<Datum<'a>>,
}

const NO_BUDGET: BudgetFacts = BudgetFacts { used: 0.0, projected: 0.0, spent: 0.0, call: 0.0 };
const NO_BREAKER: BreakerFacts = BreakerFacts { open: false, half_open: false };
static NO_SCHEMA: SchemaFacts = SchemaFacts { valid: true, error: String::new() };

fn budget<'a>(facts: &'a NamedFacts, name: &str) -> &'a BudgetFacts {
    facts.budget.get(name).unwrap_or(&NO_BUDGET)
}

fn breaker<'a>(facts: &'a NamedFacts, name: &str) -> &'a BreakerFacts {
    facts.breaker.get(name).unwrap_or(&NO_BREAKER)
}

fn schema<'a>(facts: &'a NamedFacts, name: &str) -> &'a SchemaFacts {
    facts.schema.get(name).unwrap_or(&NO_SCHEMA)
}

const ALL: &[Point] = &Point::ALL;
const RESULT: &[Point] = &[Point::ToolResult];

pub const DECLARED: &[DeclaredField] = &[
    DeclaredField {
        group: "budget",
        section: "budget",
        field: Some("used"),
        kind: Kind::Double,
        unit: "share",
        points: ALL,
        doc: "What is spent, with what answers on their way have come to, as a share of the limit; 1 is all of it.",
        read: |facts, name| Some(Datum::Double(budget(facts, name).used)),
    },
    DeclaredField {
        group: "budget",
        section: "budget",
        field: Some("projected"),
        kind: Kind::Double,
        unit: "share",
        points: ALL,
        doc: "With what calls under way have reserved, this one's reservation included.",
        read: |facts, name| Some(Datum::Double(budget(facts, name).projected)),
    },
    DeclaredField {
        group: "budget",
        section: "budget",
        field: Some("spent"),
        kind: Kind::Double,
        unit: "tokens, USD or ms",
        points: ALL,
        doc: "What is spent, and reserved by other calls, in the unit of its fullest limit.",
        read: |facts, name| Some(Datum::Double(budget(facts, name).spent)),
    },
    DeclaredField {
        group: "budget",
        section: "budget",
        field: Some("call"),
        kind: Kind::Double,
        unit: "tokens, USD or ms",
        points: ALL,
        doc: "What this call may add at most, in the same unit.",
        read: |facts, name| Some(Datum::Double(budget(facts, name).call)),
    },
    DeclaredField {
        group: "breaker",
        section: "breaker",
        field: Some("open"),
        kind: Kind::Bool,
        unit: "",
        points: ALL,
        doc: "Whether the breaker of this moment's provider, model or tool is open.",
        read: |facts, name| Some(Datum::Bool(breaker(facts, name).open)),
    },
    DeclaredField {
        group: "breaker",
        section: "breaker",
        field: Some("half_open"),
        kind: Kind::Bool,
        unit: "",
        points: ALL,
        doc: "Whether it lets probes pass.",
        read: |facts, name| Some(Datum::Bool(breaker(facts, name).half_open)),
    },
    DeclaredField {
        group: "score",
        section: "classifier",
        field: None,
        kind: Kind::Double,
        unit: "",
        points: ALL,
        doc: "The classifier's score of this moment's text, 0 to 1; where it could not be had, the rule's `on_error` holds.",
        read: |facts, name| facts.score.get(name).copied().map(Datum::Double),
    },
    DeclaredField {
        group: "found",
        section: "classifier",
        field: None,
        kind: Kind::Texts,
        unit: "",
        points: ALL,
        doc: "The names of what the classifier found in this moment's text.",
        read: |facts, name| facts.found.get(name).map(|found| Datum::Texts(found)),
    },
    DeclaredField {
        group: "schema",
        section: "schema",
        field: Some("valid"),
        kind: Kind::Bool,
        unit: "",
        points: RESULT,
        doc: "Whether the result fits the schema; true for other tools' results.",
        read: |facts, name| Some(Datum::Bool(schema(facts, name).valid)),
    },
    DeclaredField {
        group: "schema",
        section: "schema",
        field: Some("error"),
        kind: Kind::Text,
        unit: "",
        points: RESULT,
        doc: "The first mismatch and its place.",
        read: |facts, name| Some(Datum::Text(Cow::Borrowed(&schema(facts, name).error))),
    },
];

/// The fields of a group; none where it is not of what files declare.
pub(crate) fn fields(group: &str) -> impl Iterator<Item = &'static DeclaredField> {
    DECLARED.iter().filter(move |field| field.group == group)
}

/// The table of a file that declares a group's names.
pub(crate) fn section(group: &str) -> Option<&'static str> {
    fields(group).next().map(|field| field.section)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_names_exactly_the_facts_of_what_is_declared() {
        let facts = NamedFacts {
            budget: [("p/n".to_owned(), NO_BUDGET)].into(),
            breaker: [("p/n".to_owned(), NO_BREAKER)].into(),
            score: [("p/n".to_owned(), 0.5)].into(),
            found: [("p/n".to_owned(), vec!["x".to_owned()])].into(),
            schema: [("p/n".to_owned(), SchemaFacts::default())].into(),
        };
        let json = serde_json::to_value(&facts).unwrap();
        let mut there = BTreeSet::new();
        for (group, names) in json.as_object().unwrap() {
            match names["p/n"].as_object() {
                Some(fields) => there.extend(fields.keys().map(|field| format!("{group}.{field}"))),
                None => drop(there.insert(group.clone())),
            }
        }
        let path =
            |row: &DeclaredField| row.field.map_or(row.group.to_owned(), |field| format!("{}.{field}", row.group));
        assert_eq!(DECLARED.iter().map(path).collect::<BTreeSet<_>>(), there);
        for row in DECLARED {
            let datum = (row.read)(&facts, "p/n").unwrap();
            let value = match row.field {
                Some(field) => &json[row.group]["p/n"][field],
                None => &json[row.group]["p/n"],
            };
            assert_eq!(&datum.to_json(1000), value, "{}", path(row));
        }
    }
}
