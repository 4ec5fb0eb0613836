//! Resolves a path against the table of variables: what it reads, or what is wrong with it.

use super::{
    chain::Chain,
    check::{Checker, Mistake},
};
use crate::{
    datum::Kind,
    language::{HISTORY, VARIABLES, declared_fields, declared_in, planned_root, roots, variable},
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
        if let Some(section) = declared_in(root) {
            return self.declared(root, section, chain, steps);
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

    /// `budget.NAME.used`, `score.NAME`.
    fn declared(&self, root: &str, section: &str, chain: &Chain, steps: &[Step]) -> Result<Origin, Mistake> {
        let wrong = |span: Range<usize>, message: String, hint| Err(Mistake { span, message, hint });
        let listed = || declared_fields(root).filter_map(|field| field.field).collect::<Vec<_>>().join(", ");
        let (Some(Step::Field(name)), rest) = (steps.first(), &steps[1.min(steps.len())..]) else {
            let message = format!("`{root}` is read by the NAME of a `[{section}.NAME]`");
            return wrong(self.span(chain.root_id), message, None);
        };
        let alone = self.place.policy.is_empty();
        let key = match (alone, name.contains('/')) {
            (true, true) => name.clone(),
            (true, false) => {
                let hint = Some(format!("write {root}[\"POLICY/{name}\"]"));
                return wrong(self.step_span(chain, 0), format!("`{name}` may be of any policy"), hint);
            }
            (false, _) => format!("{}/{name}", self.place.policy),
        };
        let known = || self.place.declared.names(section);
        if !alone && !known().any(|known| known == name) {
            let hint = did_you_mean(name, known()).or_else(|| Some(format!("declare it: [{section}.{name}]")));
            return wrong(self.step_span(chain, 0), format!("this file has no `[{section}.{name}]`"), hint);
        }
        if section == "classifier" && !alone && !self.place.declared.asks(name, self.place.point) {
            let point = self.place.point.name();
            let hint = Some(format!("write `on = [\"{point}\"]` in [classifier.{name}], or another `on` of the rule"));
            return wrong(self.step_span(chain, 0), format!("`{name}` is not asked at {point}"), hint);
        }
        let field = match rest {
            [] => declared_fields(root).find(|field| field.field.is_none()),
            [Step::Field(named)] => declared_fields(root).find(|field| field.field == Some(named.as_str())),
            _ => None,
        };
        let Some(field) = field else {
            let (at, what) = match rest.first() {
                Some(_) => (self.step_span(chain, 1), format!("`{root}.{name}` has no such field")),
                None => (self.step_span(chain, 0), format!("`{root}.{name}` is a group; name one of its fields")),
            };
            let hint = Some(listed()).filter(|listed| !listed.is_empty()).map(|listed| format!("there are: {listed}"));
            return wrong(at, what, hint);
        };
        if !field.points.contains(&self.place.point) {
            let points = field.points.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ");
            let message = format!("`{root}` does not exist at {}", self.place.point.name());
            return wrong(self.span(chain.root_id), message, Some(format!("it exists at {points}")));
        }
        Ok(Origin::Declared(key, field))
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

#[cfg(test)]
mod tests {
    use crate::{
        compile::Declared,
        condition::{Place, check_condition},
    };
    use domain::{BudgetFacts, Observation, Point};

    fn declared() -> Declared {
        let named = [("budget", "cost"), ("classifier", "toxic")];
        Declared { named: named.map(|(section, name)| (section, name.to_owned())).into(), ..Declared::default() }
    }

    fn mistake(when: &str) -> (String, String) {
        let place = Place { point: Point::ModelRequest, policy: "p", rules: &[], declared: &declared() };
        let mistakes = check_condition(when, place).err().unwrap();
        (mistakes[0].message.clone(), mistakes[0].hint.clone().unwrap_or_default())
    }

    #[test]
    fn declared_things_are_read_by_name() {
        let place = Place { point: Point::ModelRequest, policy: "p", rules: &[], declared: &declared() };
        let full = check_condition("budget.cost.projected >= 1.0", place).unwrap();
        let scored = check_condition("score.toxic > 0.5", place).unwrap();
        let mut seen: Observation = serde_json::from_value(serde_json::json!({
            "point": "model.request", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
            "session": {}, "run": {}, "request": {},
        }))
        .unwrap();
        assert_eq!(full.holds(&seen), Ok(false));
        assert!(scored.holds(&seen).is_err(), "no score is no evidence");
        seen.named.budget.insert("p/cost".into(), BudgetFacts { used: 0.2, projected: 1.0, ..Default::default() });
        seen.named.score.insert("p/toxic".into(), 0.75);
        assert_eq!((full.holds(&seen), scored.holds(&seen)), (Ok(true), Ok(true)));
    }

    #[test]
    fn mistakes_about_declared_things_name_what_there_is() {
        assert_eq!(
            mistake("budget.cots.used > 0.5"),
            ("this file has no `[budget.cots]`".into(), "did you mean `cost`?".into())
        );
        assert_eq!(mistake("budget.cost.usd > 0.5").1, "there are: used, projected, spent, call");
        assert_eq!(mistake("score.toxic.high").0, "`score.toxic` has no such field");
        assert_eq!(mistake("breaker.x.open").1, "declare it: [breaker.x]");
        assert_eq!(mistake("schema.x.valid").0, "this file has no `[schema.x]`");
        assert!(mistake("budget.cost").0.contains("is a group"));
    }
}
