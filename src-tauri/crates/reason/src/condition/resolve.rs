//! Resolves a path against the table of variables: what it reads, or what is wrong with it.

use super::{
    chain::Chain,
    check::{Checker, Mistake},
};
use crate::{
    datum::Kind,
    language::{HISTORY, VARIABLES, planned_root, roots, variable},
    nearest::{did_you_mean, nearest},
    read::{Origin, Step},
};
use std::ops::Range;

impl Checker<'_> {
    pub(super) fn origin(&self, chain: &Chain, steps: &[Step]) -> Result<Origin, Mistake> {
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
            let hint = match nearest(field, fields().map(|(_, field)| field)) {
                Some(meant) => format!("did you mean `{root}.{meant}`?"),
                None => format!("there are: {}", fields().map(|(_, field)| field).collect::<Vec<_>>().join(", ")),
            };
            let hint = Some(hint);
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
                let message = format!("`{}` is {} and has no such part", variable.path, kind.described());
                wrong(self.step_span(chain, 1), message, None)
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
        let alone = self.place.policy.is_empty();
        if alone && !rule.contains('/') {
            let hint = Some(format!("write history[\"POLICY/{rule}\"]"));
            return wrong(self.step_span(chain, 0), format!("`{rule}` may be a rule of any policy"), hint);
        }
        if !alone && !self.place.rules.contains(rule) {
            let hint = did_you_mean(rule, self.place.rules.iter().map(String::as_str));
            return wrong(self.step_span(chain, 0), format!("this file has no rule `{rule}`"), hint);
        }
        match HISTORY.iter().find(|known| known.name == field) {
            Some(found) if alone => Ok(Origin::History(rule.clone(), found)),
            Some(found) => Ok(Origin::History(format!("{}/{rule}", self.place.policy), found)),
            None => {
                let hint = did_you_mean(field, known())
                    .or_else(|| Some(format!("there are: {}", known().collect::<Vec<_>>().join(", "))));
                wrong(self.step_span(chain, 1), format!("unknown field `{field}` of history"), hint)
            }
        }
    }
}
