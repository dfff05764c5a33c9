//! The columns of a query: different names for DataFusion, and the user's own for the rows.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use sqlparser::ast::{Expr, Ident, Query, Select, SelectItem, SetExpr};

/// The selects whose columns are the query's: its own, or those of every arm of a UNION.
pub(super) fn each_arm(body: &mut SetExpr, act: &mut dyn FnMut(&mut Select)) {
    match body {
        SetExpr::Select(select) => act(select),
        SetExpr::Query(query) => each_arm(&mut query.body, act),
        SetExpr::SetOperation { left, right, .. } => {
            each_arm(left, act);
            each_arm(right, act);
        }
        _ => {}
    }
}

/// Names the columns that have no name of their own by their texts.
pub(super) fn name_expressions(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            let alias = Ident::with_quote('`', expr.to_string());
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}

/// DataFusion wants the columns of a select to have different names; `SELECT 1, 1` and `SELECT *, a` have not. It names
/// an expression by a text of its own, which leaves casts out: every one gets a name here.
pub(super) fn make_unique(select: &mut Select) {
    let wildcard = select
        .projection
        .iter()
        .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
    let mut seen: Vec<String> = Vec::new();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let (text, wants_name) = match item {
            SelectItem::UnnamedExpr(expr @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_))) => {
                (expr.to_string(), wildcard)
            }
            SelectItem::UnnamedExpr(expr) => (expr.to_string(), true),
            SelectItem::ExprWithAlias { alias, .. } => (alias.to_string(), false),
            _ => continue,
        };
        if wants_name || seen.contains(&text) {
            let alias = Ident::with_quote('`', format!("{text}:{position}"));
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
                continue;
            };
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        } else {
            seen.push(text);
        }
    }
}

/// The names of a query's columns as the user wrote them.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputNames {
    /// Names from the left, up to the first wildcard.
    before: Vec<String>,
    /// Names from the right, down to the last wildcard.
    after: Vec<String>,
}

impl OutputNames {
    pub(super) fn of(query: &Query) -> Self {
        let mut body = query.body.as_ref();
        let items = loop {
            match body {
                SetExpr::Select(select) => break select.projection.as_slice(),
                SetExpr::Query(query) => body = &query.body,
                SetExpr::SetOperation { left, .. } => body = left,
                _ => break &[],
            }
        };
        let before = items.iter().map_while(item_name).collect();
        let after = items.iter().rev().map_while(item_name).collect();
        Self { before, after }
    }

    /// The schema under these names.
    pub(super) fn apply(&self, schema: &Schema) -> SchemaRef {
        let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        for (field, name) in fields.iter_mut().zip(&self.before) {
            field.set_name(name.clone());
        }
        for (field, name) in fields.iter_mut().rev().zip(&self.after) {
            field.set_name(name.clone());
        }
        Arc::new(Schema::new(fields))
    }
}

/// The alias, the column's name, or the expression's text; `None` for a wildcard.
fn item_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map(|name| name.value.clone())
        }
        SelectItem::UnnamedExpr(expr) => Some(expr.to_string()),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    }
}
