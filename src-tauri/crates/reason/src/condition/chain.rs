//! Chains: `a.b["c"][0]`, a variable and the steps into it.

use crate::read::Step;
use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

pub(super) struct Chain {
    pub root: String,
    /// The node of the identifier, for its place.
    pub root_id: u64,
    /// Each step with the node that takes it.
    pub steps: Vec<(Step, u64)>,
    /// Whether it is inside has().
    pub presence: bool,
}

/// The longest chain that `expression` is; none where it is something else, for instance has a computed index.
pub(super) fn chain(expression: &IdedExpr) -> Option<Chain> {
    let mut steps = Vec::new();
    let mut at = expression;
    let presence = matches!(&expression.expr, Expr::Select(select) if select.test);
    loop {
        match &at.expr {
            Expr::Ident(name) => {
                steps.reverse();
                return Some(Chain { root: name.clone(), root_id: at.id, steps, presence });
            }
            Expr::Select(select) => {
                steps.push((Step::Field(select.field.clone()), at.id));
                at = &select.operand;
            }
            Expr::Call(call) if call.func_name == operators::INDEX && call.target.is_none() => {
                let [inner, index] = call.args.as_slice() else { return None };
                steps.push((literal_step(&index.expr)?, index.id));
                at = inner;
            }
            _ => return None,
        }
    }
}

fn literal_step(index: &Expr) -> Option<Step> {
    match index {
        Expr::Literal(LiteralValue::String(name)) => Some(Step::Field(name.inner().to_owned())),
        Expr::Literal(LiteralValue::Int(place)) => usize::try_from(*place.inner()).ok().map(Step::Index),
        _ => None,
    }
}

/// `a.b["c-d"][0]`, as a person writes it.
pub(super) fn spell(root: &str, steps: &[Step]) -> String {
    let mut path = root.to_owned();
    for step in steps {
        match step {
            Step::Field(name) if is_name(name) => {
                path.push('.');
                path.push_str(name);
            }
            Step::Field(name) => path.push_str(&format!("[{name:?}]")),
            Step::Index(place) => path.push_str(&format!("[{place}]")),
        }
    }
    path
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
