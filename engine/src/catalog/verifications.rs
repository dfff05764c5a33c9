//! Verifications on record.

use redb::{ReadableTable, ReadableTableMetadata, TableError};

use super::change::Change;
use super::file::Catalog;
use super::tables;
use crate::error::Result;
use crate::verification::{KEPT, VerificationEntry};

impl Change<'_> {
    /// Puts a verification on record, and lets the oldest go when there are too many.
    pub(crate) fn put_verification(&mut self, entry: &VerificationEntry) -> Result<()> {
        let version = self.version().get();
        let mut records = self.txn().open_table(tables::VERIFICATIONS)?;
        records.insert(version, entry.encode()?.as_slice())?;
        while records.len()? > KEPT {
            records.pop_first()?;
        }
        Ok(())
    }
}

impl Catalog {
    /// The verifications on record, oldest first.
    pub(crate) fn verifications(&self) -> Result<Vec<VerificationEntry>> {
        let records = match self.begin_read()?.open_table(tables::VERIFICATIONS) {
            Ok(records) => records,
            // Nothing was verified yet.
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            Err(other) => return Err(other.into()),
        };
        let mut entries = Vec::new();
        for record in records.iter()? {
            let (id, bytes) = record?;
            entries.push(VerificationEntry::decode(id.value(), bytes.value())?);
        }
        Ok(entries)
    }
}
