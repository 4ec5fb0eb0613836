//! cel's own interpreter, for what the typed evaluator does not say: arithmetic, conversions, `map`, `filter`, map literals.

use super::{Condition, Facts, Fault, placeholder, placeholder_number};
use crate::datum::Datum;
use cel::{
    Context, Env, ExecutionError, Value,
    common::ast::IdedExpr,
    extractors::This,
    objects::{Key, Map},
};
use regex::Regex;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

/// Values with more parts than that are not handed over: cel cannot be interrupted.
const MOST_PARTS: usize = 4_000;

static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

#[derive(Debug)]
pub(super) struct Program {
    tree: IdedExpr,
    patterns: Vec<Regex>,
    reads: usize,
}

impl Program {
    pub fn new(tree: IdedExpr, patterns: Vec<Regex>, reads: usize) -> Self {
        Program { tree, patterns, reads }
    }
}

impl Condition for Program {
    fn holds(&self, facts: &dyn Facts) -> Result<bool, Fault> {
        let mut context = Context::with_env(STANDARD.clone());
        for n in 0..self.reads {
            // An absent one stays undeclared: reading it is the error, and `&&` may still swallow that.
            if let Some(datum) = facts.read(n) {
                let mut parts = 0;
                let value = convert(&datum, &mut parts).ok_or(Fault::TooLong)?;
                context.add_variable_from_value(placeholder(n), value);
            }
        }
        for (number, pattern) in self.patterns.iter().enumerate() {
            let pattern = pattern.clone();
            let matches = move |This(text): This<Arc<String>>| pattern.is_match(&text);
            context.add_function(&placeholder(number), matches).map_err(|e| Fault::Interpreter(e.to_string()))?;
        }
        match context.resolve(&self.tree) {
            Ok(Value::Bool(truth)) => Ok(truth),
            Ok(_) => Err(Fault::NoTruth("something else")),
            Err(error) => Err(explain(&error)),
        }
    }
}

fn explain(error: &ExecutionError) -> Fault {
    match error {
        ExecutionError::UndeclaredReference(name) => match placeholder_number(name) {
            Some(n) => Fault::Absent(n),
            None => Fault::Interpreter(format!("`{name}` is not known here")),
        },
        ExecutionError::NoSuchKey(name) => Fault::Interpreter(format!("no field `{name}`")),
        ExecutionError::IndexOutOfBounds(_) => Fault::NoSuchElement,
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => Fault::DivisionByZero,
        ExecutionError::Overflow(..) => Fault::Overflow,
        other => Fault::Interpreter(crate::datum::cut(&other.to_string(), 200).into_owned()),
    }
}

/// None where the value has too many parts.
fn convert(datum: &Datum<'_>, parts: &mut usize) -> Option<Value> {
    *parts += 1;
    if *parts > MOST_PARTS {
        return None;
    }
    Some(match datum {
        Datum::Null => Value::Null,
        Datum::Bool(value) => Value::Bool(*value),
        Datum::Int(value) => Value::Int(*value),
        Datum::Uint(value) => Value::UInt(*value),
        Datum::Double(value) => Value::Float(*value),
        Datum::Text(text) => Value::String(Arc::new(text.to_string())),
        Datum::Texts(texts) => {
            *parts += texts.len();
            let texts = texts.iter().map(|text| Value::String(Arc::new(text.clone())));
            (*parts <= MOST_PARTS).then(|| Value::List(Arc::new(texts.collect())))?
        }
        Datum::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| convert(&Datum::from_json(item), parts)).collect();
            Value::List(Arc::new(items?))
        }
        Datum::Object(fields) => {
            let fields: Option<HashMap<Key, Value>> = fields
                .iter()
                .map(|(name, value)| Some((Key::from(name.as_str()), convert(&Datum::from_json(value), parts)?)))
                .collect();
            Value::Map(Map { map: Arc::new(fields?) })
        }
    })
}
