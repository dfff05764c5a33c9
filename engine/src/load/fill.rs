//! What columns hold where a load names no value.

use arrow::array::{ArrayRef, StringArray, new_null_array};
use cairn_format::{Column, ColumnDefault, Value};

use super::Load;
use crate::error::{Error, Result};

const MICROS_A_SECOND: i64 = 1_000_000;
/// Digits of a second that times have.
const MOST_DIGITS: u32 = 6;

impl Load<'_> {
    /// What a column of the table holds in `rows` rows that name no value for it. The values of an `AUTO_INCREMENT` column
    /// are null here: [`Load::write`] puts the next ones in their place.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the column is NOT NULL and has no default.
    pub fn default_array(&self, column: &Column, rows: usize) -> Result<ArrayRef> {
        if column.default == Some(ColumnDefault::Uuid) {
            let texts = (0..rows).map(|_| Some(self.new_uuid()));
            return Ok(std::sync::Arc::new(texts.collect::<StringArray>()));
        }
        if column.auto_increment {
            return Ok(new_null_array(&column.column_type.arrow_type(), rows));
        }
        Ok(self.default_value(column)?.to_array(&column.column_type, rows)?)
    }

    /// The same for one row.
    ///
    /// # Errors
    ///
    /// As [`Load::default_array`].
    pub fn default_value(&self, column: &Column) -> Result<Value> {
        if let Some(value) = column.default_value()? {
            return Ok(value);
        }
        match &column.default {
            Some(ColumnDefault::Constant(_)) => Ok(Value::Null),
            Some(ColumnDefault::CurrentTimestamp { digits }) => Ok(Value::DateTime(self.time(*digits))),
            Some(ColumnDefault::Uuid) => Ok(Value::Text(self.new_uuid())),
            None if column.nullable || column.auto_increment => Ok(Value::Null),
            None => Err(Error::invalid(format!(
                "column '{}' is NOT NULL and has no default: give it a value",
                column.name
            ))),
        }
    }

    /// When the load began, in microseconds since 1970 UTC, with so many digits of a second.
    fn time(&self, digits: u8) -> i64 {
        let unit = MICROS_A_SECOND / 10_i64.pow(u32::from(digits).min(MOST_DIGITS));
        let micros = self.began_ms.saturating_mul(1000);
        micros - micros.rem_euclid(unit)
    }

    fn new_uuid(&self) -> String {
        uuid_text(self.store.environment.ids.random())
    }
}

/// A random number as the text of a UUID of version 4.
fn uuid_text(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::uuid_text;

    #[test]
    fn random_numbers_become_uuids() {
        assert_eq!(uuid_text(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid_text(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
