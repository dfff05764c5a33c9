//! From a query as StarRocks writes it to one as DataFusion takes it.

use std::ops::ControlFlow;
use std::sync::Arc;

use cairn_engine::View;
use cairn_format::ViewQuery;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, ExceptSelectItem, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, JoinConstraint, JoinOperator, Map, MapEntry, ObjectName,
    ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor, Value,
    Visit, VisitMut, Visitor, VisitorMut, WildcardAdditionalOptions, With,
};

use super::clauses::{check_query, check_select, check_table};
use super::files::FilesTable;
use super::output::{OutputNames, name_columns};
use super::spelling::{Spelling, Spellings};
use super::stack::on_large_stack;
use super::views::{Mention, apart, expanded, invalid, parse_query};
use crate::analyze::{Scope, TablePath, no_database, parse_database, parse_table, unknown_system_table};
use crate::ast;
use crate::ast::QueryText;
use crate::error::{Error, Result};
use crate::system::{SystemTable, is_information_schema};

/// The catalog and the schema in which the tables of `FILES(…)` stand.
pub(super) const FILES_CATALOG: &str = "files";
/// See [`FILES_CATALOG`].
pub(super) const FILES_SCHEMA: &str = "files";

/// Most queries of WITH inside each other. DataFusion looks for tables in each of them twice, so every level doubles the
/// time.
const MAX_NESTED_WITH: usize = 12;

/// The name of the n-th `FILES(…)` of a query.
pub(super) fn files_table(number: usize) -> String {
    format!("files_{}", number + 1)
}

/// A query that DataFusion can plan.
pub(super) struct Rewritten {
    pub(super) query: Query,
    pub(super) files: Vec<FilesTable>,
    pub(super) spelling: Spelling,
    pub(super) names: OutputNames,
    /// Whether it reads tables of `information_schema`.
    pub(super) reads_system: bool,
}

pub(super) fn rewrite(query: &Query, scope: &Scope<'_>) -> Result<Rewritten> {
    let names = OutputNames::of(query);
    let mut query = query.clone();
    let mut relations = Relations::new(*scope, Opening::Files);
    if let ControlFlow::Break(error) = VisitMut::visit(&mut query, &mut relations) {
        return Err(*error);
    }
    let mut spellings = Spellings::default();
    for path in &relations.tables {
        let columns = &scope.readable(path)?.definition.columns;
        spellings.add_table(columns.iter().map(|column| column.name.as_str()));
    }
    for table in &relations.system {
        spellings.add_table(table.schema().fields().iter().map(|field| field.name().as_str()));
    }
    for files in &relations.files {
        spellings.add_table(files.schema().fields().iter().map(|field| field.name().as_str()));
    }
    let mut collect = Names(|name: &mut Ident| spellings.add(&name.value));
    let _: ControlFlow<()> = VisitMut::visit(&mut query, &mut collect);
    let spelling = spellings.finish();
    let mut rename = Names(|name: &mut Ident| spelling.respell(&mut name.value));
    let _: ControlFlow<()> = VisitMut::visit(&mut query, &mut rename);
    let _: ControlFlow<()> = VisitMut::visit(&mut query, &mut Expressions { spelling: &spelling });
    name_columns(&mut query);
    let reads_system = !relations.system.is_empty();
    Ok(Rewritten { query, files: relations.files, spelling, names, reads_system })
}

/// What a query reads.
pub(crate) struct Reads {
    /// Tables of databases.
    pub(crate) tables: Vec<TablePath>,
    /// Views of databases. What those read is theirs to know.
    pub(crate) views: Vec<TablePath>,
    /// Whether it reads files.
    pub(crate) files: bool,
    /// Whether it reads tables of `information_schema`.
    pub(crate) system: bool,
}

/// What a query reads, without opening anything.
pub(crate) fn reads(query: &Query, scope: &Scope<'_>) -> Result<Reads> {
    let look = || {
        let mut relations = Relations::new(*scope, Opening::Nothing);
        match VisitMut::visit(&mut query.clone(), &mut relations) {
            ControlFlow::Break(error) => Err(*error),
            ControlFlow::Continue(()) => {
                let system = !relations.system.is_empty();
                let Relations { tables, views, reads_files: files, .. } = relations;
                Ok(Reads { tables, views, files, system })
            }
        }
    };
    on_large_stack(look)
}

/// The query of the view `path` with what it reads apart.
///
/// # Errors
///
/// When it reads something unknown, or the view itself, be it through others.
pub(crate) fn view_query(query: &QueryText, path: &TablePath, scope: &Scope<'_>) -> Result<ViewQuery> {
    let look = || {
        // Places are counted from where the text begins.
        let query = parse_query(&query.text)?;
        let mut relations = Relations::new(*scope, Opening::Nothing);
        if let ControlFlow::Break(error) = VisitMut::visit(&mut query.query.clone(), &mut relations) {
            return Err(*error);
        }
        let mut next = relations.views;
        let mut seen: Vec<TablePath> = Vec::new();
        while let Some(read) = next.pop() {
            if read == *path {
                let through =
                    seen.last().map_or_else(String::new, |view| format!(", through view {}", view.table));
                return Err(Error::analysis(format!("View {} cannot read itself{through}", path.table)));
            }
            if let Some(view) = scope.view_if_known(&read)
                && !seen.contains(&read)
            {
                let relations = view.definition.query.relations();
                next.extend(relations.map(|(database, table)| TablePath {
                    database: database.unwrap_or(&read.database).clone(),
                    table: table.clone(),
                }));
                seen.push(read);
            }
        }
        let mut long = LongNames(false);
        let _: ControlFlow<()> = Visit::visit(&query.query, &mut long);
        apart(&query.text, relations.mentions, &path.database, long.0)
    };
    on_large_stack(look)
}

/// Whether columns are named with their database: `db.t.c` or `db.t.*`.
struct LongNames(bool);

impl Visitor for LongNames {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.0 |= matches!(expr, Expr::CompoundIdentifier(parts) if parts.len() > 2);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.0 |= select.projection.iter().any(|item| match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                name.0.len() > 1
            }
            _ => false,
        });
        ControlFlow::Continue(())
    }
}

/// The expression with the columns of one table spelled as the table does, and literals as StarRocks means them.
pub(super) fn rewrite_expression<'a>(expr: &Expr, columns: impl IntoIterator<Item = &'a str>) -> Expr {
    let mut spellings = Spellings::default();
    spellings.add_table(columns);
    let mut expr = expr.clone();
    let _: ControlFlow<()> = VisitMut::visit(&mut expr, &mut Expressions { spelling: &spellings.finish() });
    expr
}

/// Looks up every table, and opens the files of every `FILES(…)`.
struct Relations<'a> {
    scope: Scope<'a>,
    /// Names that WITH gives, innermost last.
    ctes: Vec<String>,
    /// The WITH of every query around, itself included, which are visited already.
    withs: Vec<Option<With>>,
    /// How many queries of WITH are around.
    nested: usize,
    /// Whether the next relation is the name of a table function.
    in_call: bool,
    tables: Vec<TablePath>,
    system: Vec<SystemTable>,
    files: Vec<FilesTable>,
    opening: Opening,
    reads_files: bool,
    /// Views that are read, where they are not opened.
    views: Vec<TablePath>,
    /// Where tables and views are named.
    mentions: Vec<Mention>,
    /// Whether the next relation has a name of its own.
    is_aliased: bool,
    /// The views whose queries are around, outermost first.
    expanding: Vec<TablePath>,
    /// Of each table factor around, whether it is a view's query.
    factors: Vec<bool>,
}

/// Whether the files of `FILES(…)` are opened, and views become their queries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Files,
    Nothing,
}

impl<'a> Relations<'a> {
    fn new(scope: Scope<'a>, opening: Opening) -> Self {
        Self {
            scope,
            ctes: Vec::new(),
            withs: Vec::new(),
            nested: 0,
            in_call: false,
            tables: Vec::new(),
            system: Vec::new(),
            files: Vec::new(),
            opening,
            reads_files: false,
            views: Vec::new(),
            mentions: Vec::new(),
            is_aliased: false,
            expanding: Vec::new(),
            factors: Vec::new(),
        }
    }

    /// The view that a relation names.
    fn view_named(&self, relation: &ObjectName) -> Option<(TablePath, Arc<View>)> {
        let parts: Vec<&Ident> = relation.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let (database, name) = match parts.as_slice() {
            [name] if self.ctes.contains(&name.value) => return None,
            [name] => (None, *name),
            [catalog, ..] if parts.len() == 3 && catalog.value == FILES_CATALOG => return None,
            [database, name] | [_, database, name] => (Some(*database), *name),
            _ => return None,
        };
        let database = match database {
            Some(name) => parse_database(&own(name)).ok()?,
            None => self.scope.current?.clone(),
        };
        let path = TablePath { database, table: parse_table(&own(name)).ok()? };
        let view = Arc::clone(self.scope.view_if_known(&path)?);
        Some((path, view))
    }

    /// Puts the query of a view in the place of its name.
    fn expand(&mut self, factor: &mut TableFactor) -> Result<bool> {
        let TableFactor::Table { name, args: None, alias, .. } = factor else { return Ok(false) };
        let Some((path, view)) = self.view_named(name) else { return Ok(false) };
        if self.expanding.contains(&path) {
            return Err(invalid(&path.database, &path.table, &Error::analysis("it reads itself")));
        }
        *factor = expanded(&view, &path.database, alias.take())?;
        self.expanding.push(path);
        Ok(true)
    }

    /// The error, with the view in whose query it is.
    fn in_view(&self, error: Error) -> Error {
        match self.expanding.last() {
            Some(view) => invalid(&view.database, &view.table, &error),
            None => error,
        }
    }

    fn files(&mut self, args: &[FunctionArg]) -> Result<ObjectName> {
        let mut options = Vec::with_capacity(args.len());
        for arg in args {
            let pair = match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp {
                    left,
                    op: BinaryOperator::Eq,
                    right,
                })) => text(left).zip(text(right)),
                _ => None,
            };
            let (key, value) = pair.ok_or_else(|| {
                Error::analysis(format!("FILES takes \"key\" = \"value\" and no more, not {arg}"))
            })?;
            options.push((key.to_owned(), value.to_owned()));
        }
        self.reads_files = true;
        if self.opening == Opening::Nothing {
            return Ok(ObjectName::from(vec![
                Ident::new(FILES_CATALOG),
                Ident::new(FILES_SCHEMA),
                Ident::new(""),
            ]));
        }
        self.files.push(FilesTable::open(&options)?);
        let name = files_table(self.files.len() - 1);
        Ok(ObjectName::from(vec![Ident::new(FILES_CATALOG), Ident::new(FILES_SCHEMA), Ident::new(name)]))
    }

    fn table(&mut self, relation: &mut ObjectName) -> Result<()> {
        let parts: Vec<&Ident> = relation.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let (catalog, database, table) = match parts.as_slice() {
            [table] if self.ctes.contains(&table.value) => return Ok(()),
            [table] => (None, None, *table),
            [database, table] => (None, Some(*database), *table),
            [catalog, ..] if catalog.value == FILES_CATALOG => return Ok(()),
            [catalog, database, table] => (Some(*catalog), Some(*database), *table),
            _ => return Err(Error::analysis(format!("wrong table name {relation}"))),
        };
        self.scope.check_catalog(catalog.map(own).as_ref())?;
        let database = match database {
            Some(name) => parse_database(&own(name))?,
            None => self.scope.current.ok_or_else(no_database)?.clone(),
        };
        if is_information_schema(database.as_str()) {
            let found = SystemTable::find(&table.value);
            self.system.push(found.ok_or_else(|| unknown_system_table(&table.value))?);
            return Ok(());
        }
        let path = TablePath { database, table: parse_table(&own(table))? };
        let (start, end) = (parts[0].span.start, table.span.end);
        self.mentions.push(Mention {
            start: (start.line, start.column),
            end: (end.line, end.column),
            path: path.clone(),
            is_aliased: std::mem::take(&mut self.is_aliased),
        });
        if self.scope.view_if_known(&path).is_some() {
            if !self.views.contains(&path) {
                self.views.push(path);
            }
            return Ok(());
        }
        self.scope.readable(&path)?;
        if !self.tables.contains(&path) {
            self.tables.push(path);
        }
        Ok(())
    }
}

fn own(name: &Ident) -> ast::Ident {
    let start = name.span.start;
    ast::Ident {
        value: name.value.clone(),
        location: ast::Location { line: start.line, column: start.column },
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn flow(result: Result<()>) -> ControlFlow<Box<Error>> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(Box::new(error)),
    }
}

impl VisitorMut for Relations<'_> {
    type Break = Box<Error>;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        if let SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) = *query.body
        {
            return flow(Err(Error::analysis("a query cannot change tables")));
        }
        flow(check_query(query))?;
        // Taken out, so that nothing of it is visited a second time.
        let mut with = query.with.take();
        if let Some(with) = &mut with {
            if self.nested == MAX_NESTED_WITH {
                let what = format!("WITH inside more than {MAX_NESTED_WITH} others");
                return flow(Err(Error::not_supported(what)));
            }
            self.nested += 1;
            for cte in &mut with.cte_tables {
                // A query of WITH sees the ones before it, and itself only when it is recursive.
                let name = cte.alias.name.value.clone();
                if with.recursive {
                    self.ctes.push(name);
                    VisitMut::visit(&mut cte.query, self)?;
                } else {
                    VisitMut::visit(&mut cte.query, self)?;
                    self.ctes.push(name);
                }
            }
            self.nested -= 1;
        }
        self.withs.push(with);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        query.with = self.withs.pop().flatten();
        let count = query.with.as_ref().map_or(0, |with| with.cte_tables.len());
        self.ctes.truncate(self.ctes.len() - count);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        flow(check_select(select))?;
        if let [from] = select.from.as_slice()
            && from.joins.is_empty()
            && let TableFactor::Table { name, args: None, .. } = &from.relation
            && let [ObjectNamePart::Identifier(name)] = name.0.as_slice()
            && name.quote_style.is_none()
            && name.value.eq_ignore_ascii_case("dual")
        {
            select.from.clear();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        flow(check_table(factor))?;
        if let TableFactor::Table { name, args, .. } = factor
            && let Some(call) = args
        {
            if name.to_string().eq_ignore_ascii_case("files") {
                match self.files(&call.args) {
                    Ok(table) => (*name, *args) = (table, None),
                    Err(error) => return flow(Err(error)),
                }
            } else {
                self.in_call = true;
            }
        }
        self.is_aliased = matches!(factor, TableFactor::Table { alias: Some(_), .. });
        let mut is_view = false;
        if self.opening == Opening::Files {
            match self.expand(factor) {
                Ok(expanded) => is_view = expanded,
                Err(error) => return flow(Err(error)),
            }
        }
        self.factors.push(is_view);
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, _: &mut TableFactor) -> ControlFlow<Self::Break> {
        if self.factors.pop() == Some(true) {
            self.expanding.pop();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Self::Break> {
        if std::mem::take(&mut self.in_call) {
            return ControlFlow::Continue(());
        }
        let looked_up = self.table(relation).map_err(|error| self.in_view(error));
        flow(looked_up)
    }
}

/// Visits every place that declares or lists a column's name: aliases, USING, EXCEPT.
struct Names<F>(F);

impl<F: FnMut(&mut Ident)> Names<F> {
    fn wildcard(&mut self, options: &mut WildcardAdditionalOptions) {
        if let Some(ExceptSelectItem { first_element, additional_elements }) = &mut options.opt_except {
            (self.0)(first_element);
            additional_elements.iter_mut().for_each(&mut self.0);
        }
    }
}

impl<F: FnMut(&mut Ident)> VisitorMut for Names<F> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            cte.alias.columns.iter_mut().for_each(|column| (self.0)(&mut column.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => (self.0)(alias),
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                    self.wildcard(options);
                }
                SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAliases { .. } => {}
            }
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            if let Some(JoinConstraint::Using(names)) = constraint(&mut join.join_operator) {
                for part in names.iter_mut().flat_map(|name| &mut name.0) {
                    if let ObjectNamePart::Identifier(name) = part {
                        (self.0)(name);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            alias.columns.iter_mut().for_each(|column| (self.0)(&mut column.name));
        }
        ControlFlow::Continue(())
    }
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint) => Some(constraint),
        _ => None,
    }
}

/// Spells columns, and turns literals into what StarRocks means by them.
struct Expressions<'a> {
    spelling: &'a Spelling,
}

impl VisitorMut for Expressions<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.spelling.respell(&mut name.value),
            Expr::CompoundIdentifier(parts) => {
                if let Some(name) = parts.last_mut() {
                    self.spelling.respell(&mut name.value);
                }
            }
            // A number with an exponent is a DOUBLE, other numbers with a point are DECIMAL.
            Expr::Value(value) => {
                if let Value::Number(digits, _) = &value.value
                    && digits.contains(['e', 'E'])
                {
                    let digits = Value::SingleQuotedString(digits.clone()).with_empty_span();
                    *expr = Expr::Cast {
                        kind: CastKind::Cast,
                        expr: Box::new(Expr::Value(digits)),
                        data_type: DataType::Double(ExactNumberInfo::None),
                        array: false,
                        format: None,
                    };
                }
            }
            Expr::Function(call) => {
                if let Some(entries) = map_entries(call) {
                    *expr = Expr::Map(Map { entries });
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The entries of StarRocks' `map(key, value, …)`. With two lists it is DataFusion's own, of keys and of values.
fn map_entries(call: &Function) -> Option<Vec<MapEntry>> {
    let FunctionArguments::List(arguments) = &call.args else { return None };
    let values = arguments.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    let is_lists = matches!(values.as_slice(), [Expr::Array(_), _]);
    let is_map = call.name.to_string().eq_ignore_ascii_case("map");
    if !is_map || is_lists || values.is_empty() || values.len() % 2 != 0 {
        return None;
    }
    let entry = |pair: &[&Expr]| match pair {
        [key, value] => Some(MapEntry { key: Box::new((*key).clone()), value: Box::new((*value).clone()) }),
        _ => None,
    };
    values.chunks(2).map(entry).collect()
}
