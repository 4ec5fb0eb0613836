//! "Always allow this": the rule that would answer such a question from now on, as it would stand in the policy. Nothing is saved here.

use crate::{
    AllowScope, AlwaysAllow, Console, ErrorCode, RpcError,
    error::wrong,
    query::{id, moment},
    view::*,
};
use domain::Escalation;
use serde_json::Value;

/// Comparisons that one rule makes at most.
const MOST: usize = 24;

impl Console {
    pub async fn always_allow(&self, args: AlwaysAllow) -> Result<AllowView, RpcError> {
        let asked = self.ledger.escalation(id(&args.escalation)?).await?;
        let Some(tool) = &asked.tool else {
            return Err(wrong("only a tool call has a shape that can be allowed")
                .with_hint("mute the rule for the session instead, or change its `when`"));
        };
        let until = args.expires.as_deref().map(moment).transpose()?;
        let mut conditions = vec![format!("tool.name == {}", quoted(tool))];
        conditions.extend(self.whose(&asked, args.scope).await?);
        conditions.extend(shape(&asked.arguments, args.arguments.as_deref())?);
        let policy = self.policies.source(&asked.policy)?;
        let Text::Whole(source) = policy.source else {
            return Err(RpcError::new(ErrorCode::Failed, "the policy's source cannot be read"));
        };
        let name = rule_id(&asked.rule, tool, &source);
        let mut rule = format!(
            "[[rule]]\nid   = \"{name}\"\non   = \"tool.call\"\nwhen = {}\ndo   = [{{ approve = \"{}\" }}]\n",
            toml_text(&conditions.join(" && ")),
            asked.rule
        );
        if let Some(until) = until {
            rule += &format!("until = {}\n", until.rfc3339());
        }
        let with = format!("{}\n\n{rule}", source.trim_end());
        let (checked, _) = reason::compile(&policy.file, &with).map_err(|problems| {
            RpcError::new(ErrorCode::Refused, format!("no rule can say this: {problems}"))
                .with_hint("name the `arguments` that must be the same")
        })?;
        debug_assert_eq!(checked.name(), policy.name);
        Ok(AllowView { policy: policy.name, file: policy.file, version: policy.version, rule, source: with.into() })
    }

    async fn whose(&self, asked: &Escalation, scope: AllowScope) -> Result<Option<String>, RpcError> {
        Ok(match scope {
            AllowScope::Session => Some(format!("trace.session == {}", quoted(&asked.session.to_string()))),
            AllowScope::Agent => {
                let row = self.ledger.get_session(asked.session).await?;
                Some(format!("session.agent == {}", quoted(&row.agent)))
            }
            AllowScope::Everywhere => None,
        })
    }
}

/// What of the arguments must be the same: those named, else all and no other ones.
fn shape(arguments: &str, named: Option<&[String]>) -> Result<Vec<String>, RpcError> {
    let Ok(Value::Object(fields)) = serde_json::from_str(arguments) else {
        return Err(wrong("the call's arguments are no JSON object, so they have no shape"));
    };
    let mut conditions = Vec::new();
    if let Some(unknown) = named.into_iter().flatten().find(|name| !fields.contains_key(*name)) {
        let known = fields.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(wrong(format!("the call has no argument {unknown}")).with_hint(format!("it has: {known}")));
    }
    if named.is_none() {
        conditions.push(format!("size(call.args) == {}", fields.len()));
    }
    for (name, value) in &fields {
        if named.is_none_or(|named| named.contains(name)) {
            same(&format!("call.args{}", step(name)), value, &mut conditions);
        }
    }
    if conditions.len() > MOST {
        return Err(
            wrong("the call says too much for one rule").with_hint("name the `arguments` that must be the same")
        );
    }
    Ok(conditions)
}

fn same(path: &str, value: &Value, conditions: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            conditions.push(format!("size({path}) == {}", fields.len()));
            fields.iter().for_each(|(name, value)| same(&format!("{path}{}", step(name)), value, conditions));
        }
        Value::Array(items) => {
            conditions.push(format!("size({path}) == {}", items.len()));
            items.iter().enumerate().for_each(|(n, value)| same(&format!("{path}[{n}]"), value, conditions));
        }
        Value::String(text) => conditions.push(format!("{path} == {}", quoted(text))),
        other => conditions.push(format!("{path} == {other}")),
    }
}

fn step(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { format!(".{name}") } else { format!("[{}]", quoted(name)) }
}

/// A CEL string.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A TOML string, on one line.
fn toml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An id that the file does not have yet: `tainted-write-send_email`, `…-2`.
fn rule_id(rule: &str, tool: &str, source: &str) -> String {
    let fit: String = format!("{rule}-{tool}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(56)
        .collect();
    let taken = |id: &str| source.contains(&format!("\"{id}\"")) || source.contains(&format!("'{id}'"));
    if !taken(&fit) {
        return fit;
    }
    (2..).map(|n| format!("{fit}-{n}")).find(|id| !taken(id)).unwrap_or(fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Point;

    fn holds(arguments: &str, named: Option<&[String]>, now: &str) -> bool {
        let condition = shape(arguments, named).unwrap().join(" && ");
        let condition = reason::Condition::compile(Point::ToolCall, &condition).unwrap_or_else(|p| panic!("{p:?}"));
        let args: Value = serde_json::from_str(now).unwrap();
        let observation = serde_json::from_value(serde_json::json!({
            "point": "tool.call", "at": 0, "trace": {"session": "ses_0000000000001", "exchange": "exc_0000000000002"},
            "session": {}, "run": {}, "request": {}, "tool": {"name": "t"}, "call": {"name": "t", "args": args},
        }));
        condition.holds(&observation.unwrap()) == Ok(true)
    }

    #[test]
    fn a_shape_is_the_same_arguments_and_no_others() {
        let call = r#"{"to": "o'neil\\\n\"x\"", "n": 1.5, "deep": {"list": ["a", null, true], "odd-key": 1}}"#;
        assert!(holds(call, None, call));
        for other in [
            r#"{"to": "x", "n": 1.5, "deep": {"list": ["a", null, true], "odd-key": 1}}"#,
            r#"{"to": "o'neil\\\n\"x\"", "n": 1.5, "deep": {"list": ["a", null, true, 1], "odd-key": 1}}"#,
            r#"{"to": "o'neil\\\n\"x\"", "n": 1.5, "deep": {"list": ["a", null, true], "odd-key": 2}}"#,
            r#"{"to": "o'neil\\\n\"x\"", "n": 1.5, "deep": {"list": ["a", null, true], "odd-key": 1}, "bcc": "y"}"#,
            r#"{"to": "o'neil\\\n\"x\""}"#,
        ] {
            assert!(!holds(call, None, other), "{other}");
        }
        let named = ["n".to_owned()];
        assert!(holds(call, Some(&named), r#"{"n": 1.5, "bcc": "y"}"#));
        assert!(!holds(call, Some(&named), r#"{"n": 2}"#));
        assert!(holds("{}", None, "{}") && !holds("{}", None, r#"{"a": 1}"#));
    }

    #[test]
    fn what_has_no_shape_or_too_much_of_one_is_refused() {
        assert!(shape("no json", None).is_err());
        assert!(shape(r#"{"a": 1}"#, Some(&["b".to_owned()])).unwrap_err().hint.unwrap().contains("it has: a"));
        assert!(shape(&format!("{{\"a\": {:?}}}", [1; 40]), None).unwrap_err().message.contains("too much"));
    }

    #[test]
    fn a_rules_id_is_new_in_its_file() {
        assert_eq!(rule_id("r", "send mail", ""), "r-send-mail");
        assert_eq!(rule_id("r", "t", "id = \"r-t\"\nid = 'r-t-2'"), "r-t-3");
    }
}
