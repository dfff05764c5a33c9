//! Synchronous materialized views: a query of one table becomes a rollup of it.

use std::ops::ControlFlow;

use cairn_engine::Table;
use cairn_format::{
    Aggregation, Column, ColumnName, ColumnType, FieldId, KeyModel, RollupColumn, RollupDefinition,
    RollupSource, TableDefinition, TableName,
};
use sqlparser::ast::{
    Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, ObjectNamePart,
    Query, Select, SelectItem, SetExpr, TableFactor, Value, visit_expressions, visit_expressions_mut,
};

use super::alter_table::Redefinition;
use super::create_table::short_key;
use super::names::{Scope, TablePath, analysed};
use super::rollup::{copied, push, refuse_model, take_id};
use crate::ast::{self, CreateMaterializedViewStatement};
use crate::error::{Error, Result};
use crate::parser::parse_expression;
use crate::query::expression_type;

/// The table that the view is of, and what it becomes; `None` when the view is there and may be.
pub(super) fn create(
    statement: &CreateMaterializedViewStatement,
    scope: &Scope<'_>,
) -> Result<Option<(TablePath, Redefinition)>> {
    let own = scope.table_path(&statement.name)?;
    let database = scope.database(&own.database)?;
    if database.table(&own.table).is_some() || database.rollups(&own.table).next().is_some() {
        if statement.if_not_exists {
            return Ok(None);
        }
        return Err(Error::analysis(format!(
            "Table [{}] already exists in the db {}; use IF NOT EXISTS to keep it",
            own.table, own.database
        )));
    }
    if !statement.properties.is_empty() {
        return Err(Error::not_supported("PROPERTIES of a synchronous materialized view"));
    }
    if statement.columns.is_some() || statement.order_by.is_some() {
        return Err(Error::not_supported(
            "a column list or ORDER BY of a synchronous materialized view (with REFRESH or DISTRIBUTED BY it is asynchronous)",
        ));
    }
    if statement.comment.is_some() {
        return Err(Error::not_supported("COMMENT of a synchronous materialized view"));
    }
    let select = select_of(&statement.query.query)?;
    let (path, alias) = base(select, scope)?;
    if path.database != own.database {
        return Err(Error::analysis(format!(
            "The materialized view must be in the database of its table: {}",
            path.database
        )));
    }
    let before = scope.table(&path)?.definition.as_ref();
    let mut after = before.clone();
    View { table: &mut after, alias }.add(&own.table, select)?;
    Ok(Some((path, Redefinition { before: before.clone(), after })))
}

/// The table that a materialized view is of.
pub(super) fn find<'a>(
    name: &ast::ObjectName,
    scope: &Scope<'a>,
) -> Result<(TablePath, &'a Table, &'a RollupDefinition)> {
    let path = scope.table_path(name)?;
    let view: &'a cairn_engine::CatalogView = scope.view;
    let mut found = view
        .database(&path.database)
        .into_iter()
        .flat_map(|database| database.tables())
        .filter_map(|table| Some((table, table.definition.rollup(&path.table)?)));
    let (table, rollup) = found.next().ok_or_else(|| {
        Error::analysis(format!(
            "Materialized view {} is not found in database {}; SHOW MATERIALIZED VIEWS lists them",
            path.table, path.database
        ))
    })?;
    if let Some((other, _)) = found.next() {
        return Err(Error::analysis(format!(
            "'{}' is a rollup of table '{}' and of table '{}': say which with ALTER TABLE",
            path.table,
            table.name(),
            other.name()
        )));
    }
    let of = TablePath { database: path.database, table: table.name().clone() };
    Ok((of, table, rollup))
}

fn refused<T>(why: &str) -> Result<T> {
    Err(Error::analysis(format!("a synchronous materialized view {why}")))
}

fn select_of(query: &Query) -> Result<&Select> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return refused("is one SELECT of one table");
    };
    if query.with.is_some()
        || query.order_by.is_some()
        || query.limit_clause.is_some()
        || query.fetch.is_some()
    {
        return refused("has no WITH, ORDER BY or LIMIT");
    }
    if matches!(select.distinct, Some(Distinct::Distinct | Distinct::On(_))) {
        return refused("has no DISTINCT: name the columns in GROUP BY");
    }
    if select.having.is_some() || select.qualify.is_some() || !select.named_window.is_empty() {
        return refused("has no HAVING, QUALIFY or WINDOW");
    }
    Ok(select)
}

/// The table of the query, and the name that its columns may be qualified with.
fn base(select: &Select, scope: &Scope<'_>) -> Result<(TablePath, String)> {
    let [from] = select.from.as_slice() else { return refused("is of one table") };
    let (TableFactor::Table { name, alias, args: None, .. }, true) = (&from.relation, from.joins.is_empty())
    else {
        return refused("is of one table of the store, without joins");
    };
    let parts: Vec<ast::Ident> = name
        .0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .map(|ident| {
            let start = ident.span.start;
            let location = ast::Location { line: start.line, column: start.column };
            ast::Ident { value: ident.value.clone(), location }
        })
        .collect();
    let name = match parts.as_slice() {
        [name] => ast::ObjectName { catalog: None, database: None, name: name.clone() },
        [database, name] => {
            ast::ObjectName { catalog: None, database: Some(database.clone()), name: name.clone() }
        }
        [catalog, database, name] => ast::ObjectName {
            catalog: Some(catalog.clone()),
            database: Some(database.clone()),
            name: name.clone(),
        },
        _ => return refused("is of one table"),
    };
    let path = scope.table_path(&name)?;
    let alias = alias.as_ref().map_or_else(|| path.table.to_string(), |alias| alias.name.value.clone());
    Ok((path, alias))
}

/// An item of the select list.
struct Item {
    name: String,
    function: Option<(Aggregation, Counted)>,
    /// What is grouped by, or the function's argument.
    expr: Option<Expr>,
}

/// Whether a sum counts.
#[derive(Clone, Copy, PartialEq)]
enum Counted {
    No,
    Values,
    Rows,
}

struct View<'a> {
    table: &'a mut TableDefinition,
    alias: String,
}

impl View<'_> {
    fn add(&mut self, name: &TableName, select: &Select) -> Result<()> {
        refuse_model(self.table)?;
        let items = select.projection.iter().map(|item| self.item(item)).collect::<Result<Vec<_>>>()?;
        let groups = self.groups(select, &items)?;
        let filter = select.selection.as_ref().map(|expr| self.text(expr)).transpose()?;
        if let Some(text) = &filter {
            if expression_type(self.table, text)? != ColumnType::Boolean {
                return refused("has a condition behind WHERE");
            }
            self.require_keys_only(text, "WHERE")?;
        }
        let keys = items.iter().take_while(|item| item.function.is_none()).count();
        if items[keys..].iter().any(|item| item.function.is_none()) {
            return Err(Error::analysis("The aggregate column should be after none agg column"));
        }
        let has_functions = keys < items.len();
        let mut columns = Vec::with_capacity(items.len());
        let is_grouped = match groups {
            Some(groups) => {
                if let Some(item) =
                    items[..keys].iter().find(|item| !item.expr.as_ref().is_some_and(|e| groups.contains(e)))
                {
                    return Err(Error::analysis(format!(
                        "'{}' must be an aggregate expression or appear in GROUP BY clause",
                        item.name
                    )));
                }
                let is_shown =
                    |group: &Expr| items[..keys].iter().any(|item| item.expr.as_ref() == Some(group));
                if let Some(missing) = groups.iter().find(|group| !is_shown(group)) {
                    return Err(Error::analysis(format!(
                        "the expression {missing} of GROUP BY must be selected, too"
                    )));
                }
                true
            }
            None if has_functions => {
                return refused("with aggregate functions needs GROUP BY, and its expressions selected");
            }
            None => false,
        };
        if keys == 0 {
            return refused("needs a column that is grouped by");
        }
        let model = match (self.table.key_model, is_grouped) {
            (KeyModel::Duplicate, true) | (KeyModel::Aggregate, _) => KeyModel::Aggregate,
            (KeyModel::Unique, true) => {
                return refused(
                    "of a UNIQUE KEY table has no GROUP BY: a row that is replaced cannot be taken out of sums",
                );
            }
            (model, _) => model,
        };
        for (at, item) in items.iter().enumerate() {
            columns.push(self.column(item, at < keys, is_grouped)?);
        }
        let key_columns = if is_grouped { keys } else { self.plain_key(&columns)? };
        if let Some(value) =
            columns[key_columns..].iter().find(|c| is_grouped && c.column.aggregation.is_none())
        {
            return Err(Error::analysis(format!("column '{}' must be in GROUP BY", value.column.name)));
        }
        push(self.table, name.clone(), columns, (model, key_columns), filter)
    }

    /// Without GROUP BY: the columns that are keys of the table, as far as they stand first.
    fn plain_key(&self, columns: &[RollupColumn]) -> Result<usize> {
        let is_key = |column: &&RollupColumn| {
            self.table.key().iter().any(|key| column.source == RollupSource::Column(key.field_id))
        };
        match columns.iter().take_while(is_key).count() {
            0 if self.table.key_model == KeyModel::Duplicate => {
                let columns: Vec<Column> = columns.iter().map(|column| column.column.clone()).collect();
                short_key(&columns)
            }
            0 => refused("needs a key column of its table first"),
            keys => Ok(keys),
        }
    }

    fn item(&self, item: &SelectItem) -> Result<Item> {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
            _ => return refused("names its columns, without *"),
        };
        let expr = self.unqualified(expr)?;
        if let Expr::Function(function) = &expr
            && let Some((function, counted, argument)) = aggregate(function)?
        {
            let name = alias.unwrap_or_else(|| match &argument {
                Some(argument) => format!("mv_{}_{}", function_name(function, counted), plain_text(argument)),
                None => "mv_count_1".to_owned(),
            });
            return Ok(Item { name, function: Some((function, counted)), expr: argument });
        }
        let name = alias.unwrap_or_else(|| match &expr {
            Expr::Identifier(ident) => ident.value.clone(),
            other => format!("mv_{}", plain_text(other)),
        });
        Ok(Item { name, function: None, expr: Some(expr) })
    }

    /// What is grouped by; `None` without the clause.
    fn groups(&self, select: &Select, items: &[Item]) -> Result<Option<Vec<Expr>>> {
        let GroupByExpr::Expressions(exprs, modifiers) = &select.group_by else {
            return refused("names what it is grouped by");
        };
        if !modifiers.is_empty() {
            return refused("has plain expressions in GROUP BY");
        }
        if exprs.is_empty() {
            return Ok(None);
        }
        let groups = exprs.iter().map(|expr| {
            let expr = self.unqualified(expr)?;
            if let Expr::Value(value) = &expr
                && let Value::Number(number, _) = &value.value
            {
                let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let item = at.and_then(|at| items.get(at)).and_then(|item| item.expr.clone());
                return item
                    .ok_or_else(|| Error::analysis(format!("GROUP BY {number} is no item of the list")));
            }
            if let Expr::Identifier(ident) = &expr
                && self.table.column(&ident.value).is_none()
                && let Some(item) = items.iter().find(|item| item.name.eq_ignore_ascii_case(&ident.value))
                && let Some(named) = &item.expr
            {
                return Ok(named.clone());
            }
            Ok(expr)
        });
        groups.collect::<Result<_>>().map(Some)
    }

    /// The expression with names of columns as the table has them, and no table before them.
    fn unqualified(&self, expr: &Expr) -> Result<Expr> {
        let mut expr = expr.clone();
        let mut unknown = None;
        let _: ControlFlow<()> = visit_expressions_mut(&mut expr, |part| {
            let name = match part {
                Expr::Identifier(name) => name.clone(),
                Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                    [.., of, name] if of.value == self.alias => name.clone(),
                    _ => {
                        unknown.get_or_insert_with(|| part.to_string());
                        return ControlFlow::Continue(());
                    }
                },
                _ => return ControlFlow::Continue(()),
            };
            let value = self.table.column(&name.value).map_or(name.value, |column| column.name.to_string());
            *part = Expr::Identifier(sqlparser::ast::Ident::with_quote('`', value));
            ControlFlow::Continue(())
        });
        match unknown {
            Some(name) => {
                Err(Error::analysis(format!("unknown column '{name}' in table '{}'", self.table.name)))
            }
            None => Ok(expr),
        }
    }

    /// The text under which an expression is kept.
    fn text(&self, expr: &Expr) -> Result<String> {
        let expr = self.unqualified(expr)?;
        let text = expr.to_string();
        match parse_expression(&text) {
            Ok(again) if *again.expr == expr => Ok(text),
            _ => Err(Error::not_supported(format_args!("a materialized view with the expression {text}"))),
        }
    }

    fn column(&mut self, item: &Item, is_key: bool, is_grouped: bool) -> Result<RollupColumn> {
        let name = analysed(ColumnName::parse(&item.name))
            .map_err(|e| e.about(format_args!("name a column of the view with AS")))?;
        let base = match &item.expr {
            Some(Expr::Identifier(ident)) => {
                let column = self.table.column(&ident.value).cloned().ok_or_else(|| {
                    Error::analysis(format!(
                        "unknown column '{}' in table '{}'",
                        ident.value, self.table.name
                    ))
                })?;
                Some(column)
            }
            _ => None,
        };
        let is_duplicate = self.table.key_model == KeyModel::Duplicate;
        if let Some((function, counted)) = item.function
            && !is_duplicate
            && (counted != Counted::No || base.as_ref().and_then(|of| of.aggregation) != Some(function))
        {
            return Err(Error::analysis(format!(
                "The aggregation type of column[{}] must be same as the aggregate type of base column in aggregate table",
                item.name
            )));
        }
        let mut column = match (&base, &item.expr) {
            (Some(of), _) => copied(self.table, of)?,
            (None, Some(expr)) => {
                let text = self.text(expr)?;
                if !is_duplicate {
                    self.require_keys_only(&text, "an expression")?;
                }
                let id = analysed(FieldId::try_new(take_id(self.table)?))?;
                Column::new(id, name.clone(), expression_type(self.table, &text)?)
            }
            (None, None) => {
                let id = analysed(FieldId::try_new(take_id(self.table)?))?;
                Column::new(id, name.clone(), ColumnType::BigInt)
            }
        };
        column.name = name;
        if is_grouped && is_key {
            if column.aggregation.is_some() {
                return Err(Error::analysis(format!("column '{}' is no key of the table", column.name)));
            }
        } else if is_grouped {
            column.aggregation = None;
        }
        let source = match (&base, &item.expr) {
            _ if item.function.is_some_and(|(_, counted)| counted == Counted::Rows) => RollupSource::Row,
            (Some(of), _) if item.function.is_some_and(|(_, counted)| counted == Counted::Values) => {
                RollupSource::NotNull(of.field_id)
            }
            (Some(of), _) => RollupSource::Column(of.field_id),
            (None, Some(expr)) => {
                let text = self.text(expr)?;
                let counts = item.function.is_some_and(|(_, counted)| counted == Counted::Values);
                if counts { RollupSource::counting(&text) } else { RollupSource::Expression(text) }
            }
            (None, None) => RollupSource::Row,
        };
        if let Some((function, counted)) = item.function {
            column.aggregation = Some(function);
            if counted != Counted::No {
                (column.column_type, column.nullable) = (ColumnType::BigInt, false);
            } else if function == Aggregation::Sum && is_duplicate {
                column.column_type = sum_type(&column.column_type);
            }
        }
        Ok(RollupColumn { column, source })
    }

    /// In tables whose rows are replaced or merged only the key of a row stays what it is.
    fn require_keys_only(&self, text: &str, what: &str) -> Result<()> {
        if self.table.key_model == KeyModel::Duplicate {
            return Ok(());
        }
        let parsed = parse_expression(text).map_err(|e| Error::analysis(e.to_string()))?;
        let value = visit_expressions(parsed.expr.as_ref(), |part| match part {
            Expr::Identifier(name) if !self.table.key().iter().any(|key| key.name.matches(&name.value)) => {
                ControlFlow::Break(name.value.clone())
            }
            _ => ControlFlow::Continue(()),
        });
        match value {
            ControlFlow::Break(name) => Err(Error::analysis(format!(
                "{what} of a materialized view of a {} table takes key columns, not '{name}'",
                self.table.key_model.as_sql()
            ))),
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

/// The type of a sum of values of a type.
fn sum_type(of: &ColumnType) -> ColumnType {
    match of {
        ColumnType::TinyInt | ColumnType::SmallInt | ColumnType::Int => ColumnType::BigInt,
        ColumnType::Float => ColumnType::Double,
        ColumnType::Decimal { precision, scale } => {
            ColumnType::Decimal { precision: (*precision).max(38), scale: *scale }
        }
        other => other.clone(),
    }
}

fn function_name(function: Aggregation, counted: Counted) -> String {
    if counted == Counted::No { function.as_sql().to_ascii_lowercase() } else { "count".to_owned() }
}

/// An expression as a part of a name.
fn plain_text(expr: &Expr) -> String {
    let text = expr.to_string();
    let chars = text.chars().filter(|c| *c != '`');
    chars.map(|c| if c.is_alphanumeric() { c } else { '_' }).take(64).collect()
}

/// The aggregate function that a call is, and its argument; `None` when it is another function.
fn aggregate(function: &Function) -> Result<Option<(Aggregation, Counted, Option<Expr>)>> {
    let name = function.name.to_string().to_ascii_lowercase();
    let kind = match name.as_str() {
        "sum" => (Aggregation::Sum, Counted::No),
        "min" => (Aggregation::Min, Counted::No),
        "max" => (Aggregation::Max, Counted::No),
        "count" => (Aggregation::Sum, Counted::Values),
        "avg" | "bitmap_union" | "hll_union" | "percentile_union" | "bitmap_agg" | "multi_distinct_count" => {
            return refused(&format!("takes SUM, MIN, MAX and COUNT, not {name}"));
        }
        _ => return Ok(None),
    };
    let FunctionArguments::List(list) = &function.args else {
        return refused(&format!("takes {name} of one column or expression"));
    };
    if list.duplicate_treatment.is_some() || function.filter.is_some() || function.over.is_some() {
        return refused(&format!("takes {name} without DISTINCT, FILTER and OVER"));
    }
    match (kind, list.args.as_slice()) {
        ((function, Counted::Values), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) => {
            Ok(Some((function, Counted::Rows, None)))
        }
        ((function, Counted::Values), [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))])
            if matches!(value.value, Value::Number(..)) =>
        {
            Ok(Some((function, Counted::Rows, None)))
        }
        ((function, counted), [FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))]) => {
            Ok(Some((function, counted, Some(expr.clone()))))
        }
        _ => refused(&format!("takes {name} of one column or expression")),
    }
}
