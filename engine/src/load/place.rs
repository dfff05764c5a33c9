//! Which partition a row belongs to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Scalar};
use arrow::compute::is_not_null;
use arrow::compute::kernels::zip::zip;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};
use cairn_format::{
    BoundValue, ColumnType, PartitionBound, PartitionDefinition, PartitionName, PartitionRange,
    PartitionRows, Partitioning, TableDefinition, Value,
};

use crate::catalog::Partition;
use crate::error::{Error, Result};
use crate::partition::{MAX_NEW_PARTITIONS, cut_to_steps, partition_of_row};

/// Finds the partitions of rows, and makes those that are missing where the table wants that.
///
/// Places are compared as bytes that sort as the values do (arrow's row format).
pub(super) struct PartitionFinder {
    definition: Arc<TableDefinition>,
    columns: Vec<(usize, ColumnType)>,
    converter: RowConverter,
    places: Places,
    /// Partitions that are there already: the numbers below it.
    existing: usize,
    /// The partitions that the load makes, numbered from there.
    new: Vec<PartitionDefinition>,
    names: HashSet<PartitionName>,
    /// The buckets of those, where the table does not say it.
    new_buckets: Option<u32>,
    /// Whether the load named its partitions: then it makes none.
    is_chosen: bool,
}

enum Places {
    /// Number by the bytes of a list of values.
    Lists(HashMap<Box<[u8]>, usize>),
    /// Ranges apart from each other, sorted.
    Ranges(Vec<RangePlace>),
}

struct RangePlace {
    lower: Vec<u8>,
    upper: Vec<u8>,
    number: usize,
}

impl PartitionFinder {
    /// Finds among `partitions`, which are all of the table's, or those that were chosen; `columns` are the partition
    /// columns' positions and types. `None` when the table is not partitioned.
    pub(super) fn try_new(
        definition: &Arc<TableDefinition>,
        partitions: &[Arc<Partition>],
        taken: HashSet<PartitionName>,
        new_buckets: Option<u32>,
        is_chosen: bool,
    ) -> Result<Option<Self>> {
        let mut columns = Vec::new();
        for id in definition.partitioning.columns() {
            let column_type = definition.column_by_id(*id)?.column_type.clone();
            columns.push((definition.position(*id).unwrap_or_default(), column_type));
        }
        let types: Vec<ColumnType> = columns.iter().map(|(_, kind)| kind.clone()).collect();
        let places = match &definition.partitioning {
            Partitioning::Unpartitioned => return Ok(None),
            Partitioning::List { .. } => Places::Lists(HashMap::new()),
            Partitioning::Range { .. } => Places::Ranges(Vec::new()),
        };
        let mut finder = Self {
            definition: Arc::clone(definition),
            converter: converter(&types)?,
            columns,
            places,
            existing: partitions.len(),
            new: Vec::new(),
            names: taken,
            new_buckets,
            is_chosen,
        };
        for (number, partition) in partitions.iter().enumerate() {
            finder.add(&partition.definition, number, &types)?;
        }
        if let Places::Ranges(ranges) = &mut finder.places {
            ranges.sort_by(|a, b| a.lower.cmp(&b.lower));
        }
        Ok(Some(finder))
    }

    /// The partitions that the load makes, in the order of their numbers.
    pub(super) fn new_partitions(&self) -> &[PartitionDefinition] {
        &self.new
    }

    /// The number of each row's partition. `rows_before` counts the load's earlier rows.
    pub(super) fn find(&mut self, batch: &RecordBatch, rows_before: u64) -> Result<Vec<usize>> {
        let (arrays, keys) = self.keys(batch)?;
        let mut of_rows = Vec::with_capacity(batch.num_rows());
        let mut last: Option<(&[u8], usize)> = None;
        for row in 0..batch.num_rows() {
            let key = keys.row(row).data();
            // Rows that follow each other mostly belong together.
            let number = match last {
                Some((last, number)) if last == key => number,
                _ => match self.number_of(key) {
                    Some(number) => number,
                    None => self.make(&arrays, row, key, rows_before + row as u64 + 1)?,
                },
            };
            last = Some((key, number));
            of_rows.push(number);
        }
        Ok(of_rows)
    }

    /// Refuses what [`PartitionFinder::find`] would refuse of each row alone, and makes nothing.
    pub(super) fn check(&self, batch: &RecordBatch, rows_before: u64) -> Result<()> {
        let (arrays, keys) = self.keys(batch)?;
        let mut last: Option<&[u8]> = None;
        for row in 0..batch.num_rows() {
            let key = keys.row(row).data();
            if last != Some(key) && self.number_of(key).is_none() {
                self.missing(&arrays, row, rows_before + row as u64 + 1)?;
            }
            last = Some(key);
        }
        Ok(())
    }

    /// The values by which the rows of a batch are placed, and their bytes.
    fn keys(&self, batch: &RecordBatch) -> Result<(Vec<ArrayRef>, Rows)> {
        let arrays =
            self.columns.iter().zip(self.definition.partitioning.columns()).map(|((at, kind), id)| {
                let array = batch.column(*at);
                match self.definition.partitioning.list_step(*id) {
                    Some(step) => cut_to_steps(array, kind, step),
                    None => Ok(Arc::clone(array)),
                }
            });
        let arrays: Vec<ArrayRef> = arrays.collect::<Result<_>>()?;
        let keys = match &self.places {
            Places::Lists(_) => self.converter.convert_columns(&arrays),
            Places::Ranges(_) => self.converter.convert_columns(&self.without_nulls(&arrays)?),
        };
        let keys = keys.map_err(unsortable)?;
        Ok((arrays, keys))
    }

    /// In ranges null stands where the least value does.
    fn without_nulls(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let one = |(array, (_, kind)): (&ArrayRef, &(usize, ColumnType))| {
            if array.null_count() == 0 {
                return Ok(Arc::clone(array));
            }
            let least = Scalar::new(least(kind)?.to_array(kind, 1)?);
            zip(&is_not_null(array).map_err(unsortable)?, array, &least).map_err(unsortable)
        };
        arrays.iter().zip(&self.columns).map(one).collect()
    }

    fn number_of(&self, key: &[u8]) -> Option<usize> {
        match &self.places {
            Places::Lists(lists) => lists.get(key).copied(),
            Places::Ranges(ranges) => {
                let after = ranges.partition_point(|range| range.lower.as_slice() <= key);
                let range = ranges.get(after.checked_sub(1)?)?;
                (key < range.upper.as_slice()).then_some(range.number)
            }
        }
    }

    /// The partition to be made for a row that has none, with its place among ranges; refuses a row that gets none.
    fn missing(
        &self,
        arrays: &[ArrayRef],
        row: usize,
        row_number: u64,
    ) -> Result<(PartitionDefinition, Option<(usize, RangePlace)>)> {
        let types = self.types();
        let values = arrays.iter().zip(&types).map(|(array, kind)| Value::from_array(array, row, kind));
        let values: Vec<Value> = values.collect::<cairn_format::Result<_>>()?;
        let table = &self.definition.name;
        let made = if self.is_chosen {
            None
        } else {
            partition_of_row(&self.definition, &values, |name| self.names.contains(name))
                .map_err(|e| e.about(format_args!("table '{table}', row {row_number}")))?
        };
        let Some(mut made) = made else { return Err(self.no_partition(&values, &types, row_number)) };
        made.buckets = self.new_buckets;
        let number = self.existing + self.new.len();
        let mut at_place = None;
        if let (Places::Ranges(ranges), Some(range)) = (&self.places, made.rows.range()) {
            let place = range_place(range, number, &types)?;
            let at = ranges.partition_point(|other| other.lower < place.lower);
            let before = at.checked_sub(1).and_then(|before| ranges.get(before));
            if before.is_some_and(|before| before.upper > place.lower)
                || ranges.get(at).is_some_and(|after| place.upper > after.lower)
            {
                return Err(Error::invalid(format!(
                    "table '{table}', row {row_number}: its partition '{}' would overlap another; add a partition for it",
                    made.name
                )));
            }
            at_place = Some((at, place));
        }
        Ok((made, at_place))
    }

    /// Makes the partition of a row that has none, or refuses the row.
    fn make(&mut self, arrays: &[ArrayRef], row: usize, key: &[u8], row_number: u64) -> Result<usize> {
        let (made, at_place) = self.missing(arrays, row, row_number)?;
        if self.new.len() == MAX_NEW_PARTITIONS {
            let table = &self.definition.name;
            return Err(Error::invalid(format!(
                "table '{table}', row {row_number}: a load makes at most {MAX_NEW_PARTITIONS} partitions; load in parts"
            )));
        }
        let (number, name) = (self.existing + self.new.len(), made.name.clone());
        if let Some((at, place)) = at_place {
            if let Places::Ranges(ranges) = &mut self.places {
                ranges.insert(at, place);
            }
        } else {
            let types = self.types();
            self.add(&made, number, &types)?;
        }
        debug_assert_eq!(self.number_of(key), Some(number), "a new partition holds its row");
        self.names.insert(name);
        self.new.push(made);
        Ok(number)
    }

    fn add(&mut self, partition: &PartitionDefinition, number: usize, types: &[ColumnType]) -> Result<()> {
        match (&mut self.places, &partition.rows) {
            (Places::Lists(lists), PartitionRows::List(values)) => {
                for key in list_keys(&self.converter, values, types)? {
                    lists.insert(key, number);
                }
            }
            (Places::Ranges(ranges), PartitionRows::Range(range)) => {
                ranges.push(range_place(range, number, types)?);
            }
            _ => {
                let name = &partition.name;
                return Err(Error::corrupt(format!(
                    "partition '{name}' does not fit the table's partitioning"
                )));
            }
        }
        Ok(())
    }

    fn types(&self) -> Vec<ColumnType> {
        self.columns.iter().map(|(_, kind)| kind.clone()).collect()
    }

    fn no_partition(&self, values: &[Value], types: &[ColumnType], row: u64) -> Error {
        let texts = values
            .iter()
            .zip(types)
            .map(|(value, kind)| value.to_text(kind).unwrap_or_else(|| "NULL".to_owned()));
        let values = texts.collect::<Vec<_>>().join(", ");
        let name = &self.definition.name;
        let advice = if self.is_chosen {
            "name that partition in the load, or none"
        } else {
            "add a partition for it, or leave the row out"
        };
        Error::invalid(format!("table '{name}', row {row}: no partition takes ({values}); {advice}"))
    }
}

fn converter(types: &[ColumnType]) -> Result<RowConverter> {
    RowConverter::new(types.iter().map(|kind| SortField::new(kind.arrow_type())).collect())
        .map_err(unsortable)
}

fn unsortable(error: arrow::error::ArrowError) -> Error {
    Error::invalid("rows cannot be divided by partition").with_source(error)
}

fn list_keys(converter: &RowConverter, lists: &[Vec<Value>], types: &[ColumnType]) -> Result<Vec<Box<[u8]>>> {
    let one = |values: &Vec<Value>| {
        let arrays = values.iter().zip(types).map(|(value, kind)| value.to_array(kind, 1));
        let arrays: Vec<ArrayRef> = arrays.collect::<cairn_format::Result<_>>()?;
        let rows = converter.convert_columns(&arrays).map_err(unsortable)?;
        Ok(Box::from(rows.row(0).data()))
    };
    lists.iter().map(one).collect()
}

fn range_place(range: &PartitionRange, number: usize, types: &[ColumnType]) -> Result<RangePlace> {
    Ok(RangePlace {
        lower: bound_key(range.lower(), types)?,
        upper: bound_key(range.upper(), types)?,
        number,
    })
}

fn least(column_type: &ColumnType) -> Result<Value> {
    Value::least(column_type)
        .ok_or_else(|| Error::corrupt(format!("a column of type {column_type} cannot bound partitions")))
}

/// A bound among the keys of rows: the minimum is the least value, and the maximum stands behind every value.
fn bound_key(bound: &PartitionBound, types: &[ColumnType]) -> Result<Vec<u8>> {
    let mut key = Vec::new();
    for (position, kind) in bound.values().iter().zip(types) {
        let array = match position {
            BoundValue::Min => least(kind)?.to_array(kind, 1)?,
            BoundValue::Value(value) => value.to_array(kind, 1)?,
            BoundValue::Max => {
                key.push(u8::MAX);
                break;
            }
        };
        // A key is its columns' one after the other.
        let rows = converter(std::slice::from_ref(kind))?.convert_columns(&[array]).map_err(unsortable)?;
        key.extend_from_slice(rows.row(0).data());
    }
    Ok(key)
}
