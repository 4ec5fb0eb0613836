//! What the rules in force at a moment ask about its text: classifiers and schemas, and nothing that no rule reads.

use crate::{
    policy::{PlannedAction, Policy, Rule},
    read::{Origin, Read},
    template::Template,
};
use domain::{Classification, ClassifierKind, Mode, Point, SchemaFacts};

impl Policy {
    /// One that answers from elsewhere is asked for enforced rules only: shadow rules delay nothing, theirs are asked beside the moment.
    pub(crate) fn classifications(&self, point: Point) -> impl Iterator<Item = &Classification> {
        let asked = self.declared.classifiers.iter().map(|known| &known.asked);
        asked.filter(move |asked| asked.on.contains(&point) && self.asks(asked, point))
    }

    fn asks(&self, asked: &Classification, point: Point) -> bool {
        let local = matches!(asked.kind, ClassifierKind::Rules { .. });
        let waits = |rule: &Rule| rule.mode == Mode::Enforce || local && rule.mode == Mode::Shadow;
        let mut rules = self.rules.iter().filter(|rule| rule.point == point && waits(rule));
        rules.any(|rule| rule.reads_declared("classifier", &asked.key))
    }

    /// Whether a rule of that point, in force or in shadow, reads one of its budgets.
    pub(crate) fn reads_budgets(&self, point: Point) -> bool {
        let mut rules = self.rules.iter().filter(|rule| rule.point == point && rule.mode != Mode::Off);
        rules.any(|rule| {
            let mut budgets = self.declared.budgets.iter();
            budgets.any(|known| rule.reads_declared("budget", &format!("{}/{}", self.name(), known.budget.name)))
        })
    }

    /// Those that only shadow rules wait for.
    pub(crate) fn late(&self, point: Point) -> impl Iterator<Item = &Classification> {
        let asked = self.declared.classifiers.iter().map(|known| &known.asked);
        let reads = move |asked: &Classification| {
            let mut rules = self.rules.iter().filter(|rule| rule.point == point && rule.mode == Mode::Shadow);
            rules.any(|rule| rule.reads_declared("classifier", &asked.key))
        };
        asked.filter(move |asked| asked.on.contains(&point) && !self.asks(asked, point) && reads(asked))
    }

    /// Whether a rule waits for a score that its moment does not.
    pub(crate) fn is_late(&self, rule: &Rule) -> bool {
        rule.mode == Mode::Shadow
            && !self.declared.classifiers.is_empty()
            && self.late(rule.point).any(|asked| rule.reads_declared("classifier", &asked.key))
    }

    pub(crate) fn schema_facts(&self, tool: &str, result: &str) -> Vec<(String, SchemaFacts)> {
        let asks = |key: &str| {
            let mut rules = self.rules.iter().filter(|rule| rule.point == Point::ToolResult && rule.mode != Mode::Off);
            rules.any(|rule| rule.reads_declared("schema", key))
        };
        let schemas = self.declared.schemas.iter().filter(|schema| schema.is_of(tool) && asks(&schema.key));
        schemas.map(|schema| (schema.key.clone(), schema.facts(result))).collect()
    }
}

impl Rule {
    /// Whether its condition or one of its texts reads what `[section.NAME]` declares.
    pub(crate) fn reads_declared(&self, section: &str, key: &str) -> bool {
        let named = |read: &Read| match &read.origin {
            Origin::Declared(name, field) => field.section == section && name == key,
            _ => false,
        };
        let mut texts = self.actions().flat_map(PlannedAction::templates).flat_map(Template::reads);
        self.when.iter().flat_map(|when| &when.reads).any(named) || texts.any(named)
    }
}

impl PlannedAction {
    fn templates(&self) -> Vec<&Template> {
        match self {
            PlannedAction::Block { text, .. }
            | PlannedAction::Inject { text, .. }
            | PlannedAction::Escalate { text, .. }
            | PlannedAction::Pause { text }
            | PlannedAction::Stop { text, .. }
            | PlannedAction::Alert { text, .. }
            | PlannedAction::Replace { with: text, .. } => vec![text],
            PlannedAction::Rollback { text, .. } => text.iter().collect(),
            PlannedAction::First(actions) => actions.iter().flat_map(PlannedAction::templates).collect(),
            _ => Vec::new(),
        }
    }
}
