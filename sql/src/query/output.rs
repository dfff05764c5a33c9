//! The columns of a query: different names for DataFusion, and the user's own for the rows.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use sqlparser::ast::{
    Distinct, Expr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, VisitMut, VisitorMut,
};

/// Gives the columns of every select in the query names that differ.
///
/// DataFusion wants that; `SELECT 1, 1` and `SELECT *, a` have not. It names an expression by a text of its own,
/// which leaves casts out: every expression gets a name here. Inside the query that is its text, by which a query
/// around it finds it, and only duplicates get a number; [`OutputNames`] gives the query itself its names back.
pub(super) fn name_columns(query: &mut Query) {
    let _: ControlFlow<()> = VisitMut::visit(query, &mut Columns { depth: 0 });
}

struct Columns {
    /// The queries around.
    depth: usize,
}

impl VisitorMut for Columns {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let outermost = self.depth == 0;
        each_arm(&mut query.body, &mut |select| make_unique(select, outermost));
        order_by_names(query);
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// The selects whose columns are the query's: its own, or those of every arm of a UNION.
fn each_arm(body: &mut SetExpr, act: &mut dyn FnMut(&mut Select)) {
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

fn make_unique(select: &mut Select, outermost: bool) {
    let is_wildcard =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    // A query around needs the names of plain columns, so only the outermost gives them up.
    let wildcard = outermost && select.projection.iter().any(is_wildcard);
    let mut seen: Vec<String> = Vec::new();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let Some(name) = item_name(item) else { continue };
        let text = match item {
            SelectItem::UnnamedExpr(expr) => Some(expr.to_string()),
            _ => None,
        };
        let is_column =
            matches!(item, SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_)));
        let number =
            seen.contains(&name) || (is_column && wildcard) || (!is_column && text.is_some() && outermost);
        let alias = match (number, text) {
            (true, text) => format!("{}:{position}", text.as_ref().unwrap_or(&name)),
            (false, Some(text)) if !is_column => text,
            (false, _) => {
                seen.push(name);
                continue;
            }
        };
        if !number {
            seen.push(name);
        }
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('`', alias) };
        }
    }
}

/// Behind `SELECT DISTINCT`, DataFusion orders by what is selected under its name alone.
fn order_by_names(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let Some(Distinct::Distinct) = select.distinct else { return };
    let Some(OrderByKind::Expressions(items)) = query.order_by.as_mut().map(|order| &mut order.kind) else {
        return;
    };
    for item in items {
        if matches!(item.expr, Expr::Value(_)) {
            continue;
        }
        let wanted = bare(&item.expr);
        let alias = select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if bare(expr) == wanted => Some(alias.clone()),
            _ => None,
        });
        if let Some(alias) = alias {
            item.expr = Expr::Identifier(alias);
        }
    }
}

/// The expression without the parentheses around it.
fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
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
