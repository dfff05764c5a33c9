//! INSERT: rows of VALUES or of a query into a load.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullArray, new_null_array};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use cairn_engine::{CatalogView, Load, LoadOptions, TabletStore};
use cairn_format::{Column, DatabaseName, TableDefinition, Value};
use sqlparser::ast::{Expr, Values};

use super::cast::{can_cast, cast_column};
use super::refusals::{Refusals, of_rows};
use super::values::{Cell, cell, evaluated, literal, select_of, values_of};
use crate::analyze::{Insert, RefreshStart, TablePath};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{GeneratedColumns, PlannedQuery, QueryEngine};

/// Rows of VALUES that go into the load at once.
const BATCH_ROWS: usize = 8192;

/// Values that one query evaluates: to plan a query costs more than to run it, and more with each column.
const QUERY_VALUES: usize = 256;

/// What an INSERT runs with.
pub(super) struct Inserter<'a> {
    pub(super) queries: &'a QueryEngine,
    pub(super) view: &'a Arc<CatalogView>,
    pub(super) current: Option<&'a DatabaseName>,
}

impl Inserter<'_> {
    /// Analyses the rows, as far as they can be without running anything.
    pub(super) fn check(&self, insert: &Insert<'_>) -> Result<()> {
        match values_of(&insert.query.query) {
            Some(values) => {
                check_widths(insert, values)?;
                self.check_values(insert, values)
            }
            None => self.plan(insert).map(drop),
        }
    }

    /// Loads the rows and publishes them together; returns how many there are.
    pub(super) fn run(&self, insert: &Insert<'_>, store: &TabletStore) -> Result<u64> {
        // What can be refused is refused before the load begins.
        let planned = match values_of(&insert.query.query) {
            Some(values) => {
                check_widths(insert, values)?;
                None
            }
            None => Some(self.plan(insert)?),
        };
        let generated = self.generated(insert)?;
        let path = &insert.path;
        let mut options = LoadOptions::default();
        options.partitions = insert.kind;
        options.upsert = insert.handling.upsert.clone();
        options.overwrites = insert.handling.overwrites;
        options.locks_table = insert.handling.locks_table;
        options.refreshes = insert.handling.refresh.is_some();
        let mut load = store.begin_load(&path.database, &path.table, insert.only.as_deref(), options)?;
        refuse_other_table(insert, &load)?;
        if let Some(refresh) = insert.handling.refresh {
            let Some(read) = rows_to_read(path, &load, refresh)? else { return Ok(0) };
            load.set_rows_read(read);
        }
        let planned = match planned {
            // What is read from a locked table must be what the table has now.
            Some(_) if insert.handling.locks_table => Some(self.at(load.view()).plan(insert)?),
            planned => planned,
        };
        let mut target = Target::new(insert, generated, load);
        match (planned, values_of(&insert.query.query)) {
            (Some(planned), _) => of_query(planned, &mut target)?,
            (None, Some(values)) => self.of_values(values, &mut target)?,
            (None, None) => {}
        }
        target.finish()
    }

    /// The generated columns of the table, whose types the columns can take.
    fn generated(&self, insert: &Insert<'_>) -> Result<GeneratedColumns> {
        let definition = &insert.table.definition;
        let generated = self.queries.generated_columns(definition)?;
        check_generated(definition, &generated)?;
        Ok(generated)
    }

    /// The same over another view.
    fn at<'v>(&'v self, view: &'v Arc<CatalogView>) -> Inserter<'v> {
        Inserter { queries: self.queries, view, current: self.current }
    }

    fn plan(&self, insert: &Insert<'_>) -> Result<PlannedQuery> {
        let planned = self.queries.plan(self.view, self.current, &insert.query.query)?;
        let fields = planned.schema().fields();
        insert.check_width(fields.len())?;
        for (field, target) in fields.iter().zip(&insert.targets) {
            let column = insert.column(*target);
            check_cast(column, field.data_type(), field.name())?;
        }
        Ok(planned)
    }

    /// Analyses rows of VALUES: literals are read, expressions are planned.
    fn check_values(&self, insert: &Insert<'_>, values: &Values) -> Result<()> {
        check_literals(insert, values)?;
        let mut expressions = Expressions::default();
        for row in &values.rows {
            for (expr, target) in row.content.iter().zip(&insert.targets) {
                if let Cell::Expression(expr) = cell(expr) {
                    expressions.push(insert.column(*target), expr);
                }
            }
        }
        expressions.plans(self).try_for_each(|planned| planned.map(drop))
    }

    fn of_values(&self, values: &Values, into: &mut Target<'_>) -> Result<()> {
        let insert = into.insert;
        let mut number = 0_u64;
        for rows in values.rows.chunks(BATCH_ROWS) {
            let mut expressions = Expressions::default();
            for row in rows {
                for (expr, target) in row.content.iter().zip(&insert.targets) {
                    if let Cell::Expression(expr) = cell(expr) {
                        expressions.push(insert.column(*target), expr);
                    }
                }
            }
            let mut made = expressions.run(self)?.into_iter();
            let mut cells: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.len()); insert.targets.len()];
            // Rows at fault, which have nulls there.
            let mut refused = Vec::new();
            for (at, row) in rows.iter().enumerate() {
                number += 1;
                let mut fault = None;
                for ((expr, target), cells) in row.content.iter().zip(&insert.targets).zip(&mut cells) {
                    let column = insert.column(*target);
                    let value = match cell(expr) {
                        Cell::Expression(_) => {
                            let array = made.next().ok_or_else(no_row)?;
                            evaluated(column, &array, number)
                        }
                        Cell::Default => Ok(into.load.default_value(column)?),
                        cell => literal(column, &cell, number),
                    };
                    cells.push(value.unwrap_or_else(|error| {
                        fault.get_or_insert(error);
                        Value::Null
                    }));
                }
                refused.extend(fault.map(|error| (at, error)));
            }
            let arrays = cells.iter().zip(&insert.targets);
            let arrays =
                arrays.map(|(cells, target)| Value::array_of(&insert.column(*target).column_type, cells));
            into.take(&arrays.collect::<cairn_format::Result<Vec<_>>>()?, rows.len(), refused)?;
        }
        Ok(())
    }
}

/// Refuses literals that their columns cannot take.
fn check_literals(insert: &Insert<'_>, values: &Values) -> Result<()> {
    let mut refusals = Refusals::default();
    for (number, row) in (1..).zip(&values.rows) {
        let refused = row.content.iter().zip(&insert.targets).find_map(|(expr, target)| match cell(expr) {
            Cell::Expression(_) => None,
            value => literal(insert.column(*target), &value, number).err(),
        });
        if let Some(error) = refused {
            refusals.add(error, number)?;
        }
    }
    refusals.into_result(values.rows.len() as u64)
}

/// Which rows a refresh is made of; `None` when the view's are those of them still, and that is all that is asked for.
fn rows_to_read(path: &TablePath, load: &Load<'_>, refresh: RefreshStart) -> Result<Option<String>> {
    let now = load.view().require_database(&path.database)?.require_table(&path.table)?;
    let Some(view) = &now.definition.materialized_view else {
        let message = format!("'{}.{}' is not a materialized view any more", path.database, path.table);
        return Err(Error::new(ErrorKind::Busy, message));
    };
    let read = load.view().rows_read(&view.query, &path.database)?;
    let is_current = refresh == RefreshStart::IfChanged && view.is_made_of(&read);
    Ok((!is_current).then_some(read))
}

/// Refuses to put rows into another table than the one that the statement was analysed with.
fn refuse_other_table(insert: &Insert<'_>, load: &Load<'_>) -> Result<()> {
    let (analysed, loaded) = (&insert.table, load.table());
    if analysed.id == loaded.id && analysed.definition.stores_alike(&loaded.definition) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Busy,
        format!("table '{}.{}' was changed meanwhile; try again", insert.path.database, insert.path.table),
    ))
}

/// Refuses generated columns that cannot take what their expressions give.
pub(super) fn check_generated(definition: &TableDefinition, generated: &GeneratedColumns) -> Result<()> {
    generated.types().try_for_each(|(position, data_type)| {
        let column = &definition.columns[position];
        if can_cast(data_type, &column.column_type) {
            return Ok(());
        }
        Err(Error::analysis(format!(
            "Illegal expression type for Generated Column '{}': column type {}, expression type {data_type}",
            column.name, column.column_type
        )))
    })
}

/// The values of some rows that are no literals, in order, with the columns that they are for.
#[derive(Default)]
struct Expressions<'a> {
    columns: Vec<&'a Column>,
    exprs: Vec<&'a Expr>,
}

impl<'a> Expressions<'a> {
    fn push(&mut self, column: &'a Column, expr: &'a Expr) {
        self.columns.push(column);
        self.exprs.push(expr);
    }

    /// The queries of one row that evaluate them, each of many at once.
    fn plans(&self, inserter: &Inserter<'_>) -> impl Iterator<Item = Result<PlannedQuery>> {
        self.exprs.chunks(QUERY_VALUES).zip(self.columns.chunks(QUERY_VALUES)).map(|(exprs, columns)| {
            let planned = inserter.queries.plan(inserter.view, inserter.current, &select_of(exprs))?;
            for ((field, column), expr) in planned.schema().fields().iter().zip(columns).zip(exprs) {
                check_cast(column, field.data_type(), expr)?;
            }
            Ok(planned)
        })
    }

    /// Their values, as arrays of one row.
    fn run(&self, inserter: &Inserter<'_>) -> Result<Vec<ArrayRef>> {
        let mut values = Vec::with_capacity(self.exprs.len());
        for planned in self.plans(inserter) {
            values.extend(one_row(planned?)?);
        }
        Ok(values)
    }
}

/// Refuses a type that the column cannot be given at all.
fn check_cast(column: &Column, from: &DataType, what: impl fmt::Display) -> Result<()> {
    if can_cast(from, &column.column_type) {
        return Ok(());
    }
    Err(Error::analysis(format!(
        "column '{}' of type {} cannot take '{what}', whose values are of type {from}",
        column.name, column.column_type
    )))
}

fn no_row() -> Error {
    Error::new(ErrorKind::Internal, "an expression of VALUES gave no row")
}

fn check_widths(insert: &Insert<'_>, values: &Values) -> Result<()> {
    values.rows.iter().try_for_each(|row| insert.check_width(row.content.len()))
}

/// The values of a query of one row.
fn one_row(planned: PlannedQuery) -> Result<Vec<ArrayRef>> {
    for batch in planned.run()? {
        let batch = batch?;
        if batch.num_rows() == 1 {
            return Ok(batch.columns().to_vec());
        }
    }
    Err(no_row())
}

fn of_query(planned: PlannedQuery, target: &mut Target<'_>) -> Result<()> {
    let failed =
        |e| Error::new(ErrorKind::Internal, "rows of the query cannot be put together").with_source(e);
    // A join may give batches of a few rows each, and a load takes as long over one as over a full one.
    let mut gathered: Option<BatchCoalescer> = None;
    for batch in planned.run()? {
        let batch = batch?;
        let gathered = gathered.get_or_insert_with(|| BatchCoalescer::new(batch.schema(), BATCH_ROWS));
        gathered.push_batch(batch).map_err(failed)?;
        while let Some(batch) = gathered.next_completed_batch() {
            target.take(batch.columns(), batch.num_rows(), Vec::new())?;
        }
    }
    let Some(mut gathered) = gathered else { return Ok(()) };
    gathered.finish_buffered_batch().map_err(failed)?;
    while let Some(batch) = gathered.next_completed_batch() {
        target.take(batch.columns(), batch.num_rows(), Vec::new())?;
    }
    Ok(())
}

/// Where the rows go.
struct Target<'a> {
    insert: &'a Insert<'a>,
    generated: GeneratedColumns,
    load: Load<'a>,
    /// The rows so far, those that are refused too.
    rows: u64,
    refusals: Refusals,
}

impl<'a> Target<'a> {
    fn new(insert: &'a Insert<'a>, generated: GeneratedColumns, load: Load<'a>) -> Self {
        Self { insert, generated, load, rows: 0, refusals: Refusals::default() }
    }

    /// Takes rows, of which some may be refused already. Once any are no more are loaded, and those that are refused are
    /// counted, up to a limit.
    fn take(&mut self, given: &[ArrayRef], rows: usize, refused: Vec<(usize, Error)>) -> Result<()> {
        let rows_before = self.rows;
        self.rows += rows as u64;
        let mut whole = None;
        if self.refusals.is_empty() && refused.is_empty() {
            let written =
                self.batch(given, rows, rows_before).and_then(|batch| Ok(self.load.write(&batch)?));
            match written {
                Ok(()) => return Ok(()),
                Err(error) => whole = Some(of_rows(error)?),
            }
        }
        let mut begin = 0;
        for (row, error) in refused {
            self.count_refused(given, begin..row, rows_before)?;
            if self.refusals.are_enough() {
                break;
            }
            self.refusals.add(error, rows_before + row as u64 + 1)?;
            begin = row + 1;
        }
        self.count_refused(given, begin..rows, rows_before)?;
        match whole {
            // What is refused of all rows together is refused of none alone.
            Some(error) if self.refusals.is_empty() => Err(error),
            _ => self.refusals.end_batch(self.rows),
        }
    }

    /// Counts those of these rows that are refused: who is refused alone is one of them.
    fn count_refused(&mut self, given: &[ArrayRef], rows: Range<usize>, rows_before: u64) -> Result<()> {
        if rows.is_empty() || self.refusals.are_enough() {
            return Ok(());
        }
        let slice: Vec<_> = given.iter().map(|array| array.slice(rows.start, rows.len())).collect();
        let before = rows_before + rows.start as u64;
        let checked =
            self.batch(&slice, rows.len(), before).and_then(|batch| Ok(self.load.check(&batch, before)?));
        let Err(error) = checked else { return Ok(()) };
        let error = of_rows(error)?;
        if rows.len() == 1 {
            return self.refusals.add(error, before + 1);
        }
        let middle = rows.start + rows.len() / 2;
        self.count_refused(given, rows.start..middle, rows_before)?;
        self.count_refused(given, middle..rows.end, rows_before)
    }

    /// Publishes the rows, or says how many were refused.
    fn finish(self) -> Result<u64> {
        self.refusals.into_result(self.rows)?;
        Ok(self.load.commit()?.rows)
    }

    /// Casts rows, before which there were `rows_before`, to the target columns, with defaults in the columns that the
    /// statement leaves out.
    fn batch(&self, given: &[ArrayRef], rows: usize, rows_before: u64) -> Result<RecordBatch> {
        let insert = self.insert;
        let given = given.iter().zip(&insert.targets);
        let given = given.map(|(array, target)| cast_column(insert.column(*target), array, rows_before));
        let mut given = given.collect::<Result<Vec<_>>>()?;
        let definition = &insert.table.definition;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(definition.columns.len());
        for (position, column) in definition.columns.iter().enumerate() {
            let source = insert.targets.iter().position(|target| *target == position);
            arrays.push(match source {
                Some(source) => std::mem::replace(&mut given[source], Arc::new(NullArray::new(0))),
                None if column.generated.is_some() => new_null_array(&column.column_type.arrow_type(), rows),
                // Only a row that is new needs it, which the load finds out.
                None if insert.handling.upsert.given.is_some() && !column.has_default() => {
                    new_null_array(&column.column_type.arrow_type(), rows)
                }
                None => self.load.default_array(column, rows)?,
            });
        }
        let mut batch = batch_of(definition, arrays)?;
        // Of rows that keep some of what the table has they are computed when these are put together.
        if !self.generated.is_empty() && insert.handling.upsert.given.is_none() {
            let mut arrays = batch.columns().to_vec();
            for (position, array) in self.generated.compute(&batch)? {
                arrays[position] = cast_column(&definition.columns[position], &array, rows_before)?;
            }
            batch = batch_of(definition, arrays)?;
        }
        let operation = definition.columns.len();
        if let Some(source) = insert.targets.iter().position(|target| *target == operation) {
            let array = std::mem::replace(&mut given[source], Arc::new(NullArray::new(0)));
            batch = with_operations(insert.column(operation), &batch, array)?;
        }
        Ok(batch)
    }
}

/// Rows with what is done with each.
fn with_operations(column: &Column, batch: &RecordBatch, operations: ArrayRef) -> Result<RecordBatch> {
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(column.name.as_str(), DataType::Int8, true)));
    let mut arrays = batch.columns().to_vec();
    arrays.push(operations);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(unfit)
}

fn unfit(source: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "rows do not fit the table").with_source(source)
}

/// Rows of the table. A null in a NOT NULL column is the load's to refuse: it names the row.
fn batch_of(definition: &TableDefinition, arrays: Vec<ArrayRef>) -> Result<RecordBatch> {
    let schema = definition.arrow_schema();
    let fields: Vec<_> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(unfit)
}
