//! The query language of lists: `status:running cost:>0.50 tool:bash "refund" -model:*haiku`. Terms are joined by and; `-` negates; an
//! unknown field is an error with its place.

use crate::{LedgerError, layout::session_state};
use domain::SessionState;
use sqlx::{QueryBuilder, Sqlite};

/// Fields that a session query knows, for completion.
pub const FIELDS: [&str; 16] = [
    "status",
    "agent",
    "title",
    "model",
    "tool",
    "rule",
    "policy",
    "action",
    "label",
    "cost",
    "steps",
    "input",
    "cached",
    "output",
    "errors",
    "interventions",
];

/// One word of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub negated: bool,
    /// None: a free word or phrase.
    pub field: Option<String>,
    pub value: String,
    pub offset: usize,
    pub length: usize,
}

impl Term {
    pub fn error(&self, message: String) -> LedgerError {
        LedgerError::Query { message, offset: self.offset, length: self.length }
    }
}

/// Splits a query into its terms.
pub fn terms(query: &str) -> Result<Vec<Term>, LedgerError> {
    let mut terms = Vec::new();
    let mut at = 0;
    while let Some(start) = query[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
        let negated = query[start..].starts_with('-') && query.len() > start + 1;
        let mut cursor = start + usize::from(negated);
        let mut field = None;
        let name = query[cursor..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(|end| cursor + end);
        if let Some(end) = name
            && end > cursor
            && query[end..].starts_with(':')
        {
            field = Some(query[cursor..end].to_owned());
            cursor = end + 1;
        }
        let (value, end) = if query[cursor..].starts_with('"') {
            let from = cursor + 1;
            let close = query[from..].find('"').map(|length| from + length).ok_or_else(|| LedgerError::Query {
                message: "this quotation mark has no partner".into(),
                offset: cursor,
                length: 1,
            })?;
            (&query[from..close], close + 1)
        } else {
            let end = query[cursor..].find(char::is_whitespace).map_or(query.len(), |length| cursor + length);
            (&query[cursor..end], end)
        };
        let term = Term { negated, field, value: value.to_owned(), offset: start, length: end - start };
        if term.value.is_empty() && term.field.is_some() {
            return Err(term.error(format!("{}: needs a value", term.field.as_deref().unwrap_or_default())));
        }
        if !term.value.is_empty() {
            terms.push(term);
        }
        at = end;
    }
    Ok(terms)
}

/// Adds ` AND …` for each term to a query over `session s`.
pub fn sessions(sql: &mut QueryBuilder<Sqlite>, terms: &[Term]) -> Result<(), LedgerError> {
    for term in terms {
        sql.push(if term.negated { " AND NOT (" } else { " AND (" });
        match term.field.as_deref() {
            None => free(sql, term),
            Some("status") => {
                sql.push("s.state = ").push_bind(session_state::code(state(term)?));
            }
            Some("agent") => like(sql, "s.agent", &term.value),
            Some("title") => like(sql, "s.title", &term.value),
            Some("label") => like(sql, "coalesce(s.label, '')", &term.value),
            Some("tool") => noted(sql, 0, &term.value),
            Some("model") => noted(sql, 1, &term.value),
            Some(field @ ("rule" | "policy" | "action")) => {
                sql.push("EXISTS (SELECT 1 FROM intervention i JOIN word w ON w.n = i.").push(field);
                sql.push(" WHERE i.session = s.n AND ");
                like(sql, "w.text", &term.value);
                sql.push(")");
            }
            Some("cost") => compare(sql, "s.cost_usd", term)?,
            Some("steps") => compare(sql, "s.steps", term)?,
            Some("input") => compare(sql, "s.input_tokens", term)?,
            Some("cached") => compare(sql, "s.cached_tokens", term)?,
            Some("output") => compare(sql, "s.output_tokens", term)?,
            Some("errors") => compare(sql, "s.tool_errors", term)?,
            Some("interventions") => compare(sql, "s.interventions", term)?,
            Some(unknown) => return Err(unknown_field(term, unknown, &FIELDS)),
        }
        sql.push(")");
    }
    Ok(())
}

/// A field that this list does not have, with what it has.
pub fn unknown_field(term: &Term, name: &str, known: &[&str]) -> LedgerError {
    let near = known.iter().find(|known| known.starts_with(name) || name.starts_with(**known));
    let advice = match near {
        Some(near) => format!("did you mean {near}:?"),
        None => format!("known are {}", known.join(", ")),
    };
    term.error(format!("there is no field {name}: {advice}"))
}

/// `*` stands for anything; case does not matter (ASCII).
pub fn like(sql: &mut QueryBuilder<Sqlite>, column: &str, value: &str) {
    let mut pattern = String::with_capacity(value.len() + 4);
    for c in value.chars() {
        match c {
            '*' => pattern.push('%'),
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            _ => pattern.push(c),
        }
    }
    sql.push(column).push(" LIKE ").push_bind(pattern).push(" ESCAPE '\\'");
}

/// The words as a full-text query: all of them, in any order; `refund*` finds what begins so. None: nothing to look for.
pub fn full_text(value: &str) -> Option<String> {
    let prefix = value.ends_with('*');
    let words: Vec<String> = value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\""))
        .collect();
    (!words.is_empty()).then(|| words.join(" AND ") + if prefix { "*" } else { "" })
}

fn free(sql: &mut QueryBuilder<Sqlite>, term: &Term) {
    like(sql, "s.title", &format!("*{}*", term.value));
    if let Some(words) = full_text(&term.value) {
        sql.push(
            " OR s.n IN (SELECT e.session FROM search f JOIN exchange e ON e.n = f.rowid / 2 WHERE f.search MATCH ",
        );
        sql.push_bind(words).push(")");
    }
}

fn noted(sql: &mut QueryBuilder<Sqlite>, kind: i64, value: &str) {
    sql.push(
        "EXISTS (SELECT 1 FROM session_word sw JOIN word w ON w.n = sw.word WHERE sw.session = s.n AND sw.kind = ",
    );
    sql.push(kind).push(" AND ");
    like(sql, "w.text", value);
    sql.push(")");
}

fn compare(sql: &mut QueryBuilder<Sqlite>, column: &str, term: &Term) -> Result<(), LedgerError> {
    let operator = [">=", "<=", ">", "<", "="].into_iter().find(|operator| term.value.starts_with(operator));
    let number = &term.value[operator.map_or(0, str::len)..];
    let number: f64 = number.parse().map_err(|_| term.error(format!("“{number}” is no number; write cost:>0.50")))?;
    sql.push(column).push(" ").push(operator.unwrap_or("=")).push(" ").push_bind(number);
    Ok(())
}

fn state(term: &Term) -> Result<SessionState, LedgerError> {
    use SessionState::*;
    let all = [Running, Paused, Stepping, Waiting, Idle, Ended];
    let found = all.into_iter().find(|state| state.name().eq_ignore_ascii_case(&term.value));
    found.ok_or_else(|| {
        let names = all.map(SessionState::name).join(", ");
        term.error(format!("no session is ever “{}”; states are {names}", term.value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_splits_into_fields_words_and_phrases() {
        let terms = terms("status:running cost:>0.50 \"late refund\" -model:*haiku refund").unwrap();
        let shown: Vec<_> =
            terms.iter().map(|term| (term.negated, term.field.as_deref(), term.value.as_str())).collect();
        assert_eq!(
            shown,
            [
                (false, Some("status"), "running"),
                (false, Some("cost"), ">0.50"),
                (false, None, "late refund"),
                (true, Some("model"), "*haiku"),
                (false, None, "refund"),
            ]
        );
    }

    #[test]
    fn an_unknown_field_is_an_error_at_its_place() {
        let terms = terms("cost:>1 stat:running").unwrap();
        let error = sessions(&mut QueryBuilder::new(""), &terms).unwrap_err();
        let LedgerError::Query { message, offset, length } = error else { panic!("{error}") };
        assert_eq!((offset, length), (8, 12));
        assert!(message.contains("status"), "{message}");
        assert!(sessions(&mut QueryBuilder::new(""), &super::terms("status:asleep").unwrap()).is_err());
        assert!(sessions(&mut QueryBuilder::new(""), &super::terms("cost:>much").unwrap()).is_err());
        assert!(super::terms("\"open").is_err());
    }
}
