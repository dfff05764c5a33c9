//! Keys whose rows cannot be taken: which is the first of them, and how many there are.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use cairn_format::{Column, TableDefinition, Value};

use super::tablet::TabletState;
use crate::error::{Error, Result};

/// Keys of one table whose rows cannot be taken.
#[derive(Clone)]
pub(super) struct RefusedKeys {
    /// What is wrong with them.
    rule: String,
    advice: String,
    /// The first of them, as text.
    first: String,
    count: usize,
}

impl RefusedKeys {
    /// `count` keys, of which that of the first row of `rows` is one.
    pub(super) fn new(
        table: &TableDefinition,
        rows: &RecordBatch,
        count: usize,
        rule: String,
        advice: &str,
    ) -> Result<Self> {
        let value = |(column, array): (&Column, &ArrayRef)| -> Result<String> {
            let value = Value::from_array(array.as_ref(), 0, &column.column_type)?;
            let text = value.to_text(&column.column_type).unwrap_or_else(|| "NULL".to_owned());
            Ok(format!("{} = {text}", column.name))
        };
        let values = table.key().iter().zip(rows.columns()).map(value).collect::<Result<Vec<_>>>()?;
        Ok(Self { rule, advice: advice.to_owned(), first: values.join(", "), count })
    }

    /// These and others; of those at which another rule breaks nothing is said.
    pub(super) fn and(self, others: Option<Self>) -> Self {
        let more = others.filter(|others| others.rule == self.rule).map_or(0, |others| others.count);
        Self { count: self.count + more, ..self }
    }

    fn into_error(self, of: usize) -> Error {
        let Self { rule, advice, first, count } = self;
        let of = of.max(count);
        Error::invalid(format!(
            "{rule}: the first is key ({first}), and there are {count} such keys of {of}; {advice}"
        ))
    }
}

/// Refuses tablets to which keys came whose rows they cannot have.
pub(crate) fn refuse_keys<'t>(tablets: impl IntoIterator<Item = &'t TabletState>) -> Result<()> {
    let (mut refused, mut keys) = (None::<RefusedKeys>, 0);
    for tablet in tablets {
        keys += tablet.merged_keys();
        let of_tablet = tablet.refused()?;
        refused = match refused {
            None => of_tablet,
            Some(first) => Some(first.and(of_tablet)),
        };
    }
    refused.map_or(Ok(()), |refused| Err(refused.into_error(keys)))
}
