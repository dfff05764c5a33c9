//! The types of CSV columns, guessed from a sample.

use arrow::datatypes::{DataType, TimeUnit};
use cairn_format::{ColumnType, Value};

/// What the fields of a CSV column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CsvType {
    BigInt,
    Double,
    Date,
    DateTime,
    Text,
}

/// The first that takes every field of the sample is the column's.
const CANDIDATES: [CsvType; 5] =
    [CsvType::BigInt, CsvType::Double, CsvType::Date, CsvType::DateTime, CsvType::Text];

/// The digits that every double keeps.
const DOUBLE_DIGITS: usize = 15;

/// What stands for null in a CSV file.
pub(super) const NULL: &[u8] = b"\\N";

impl CsvType {
    pub(super) fn arrow_type(self) -> DataType {
        match self {
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::DateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Text => DataType::Utf8,
        }
    }

    /// The word for it in an error.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BigInt => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Date => "DATE",
            Self::DateTime => "DATETIME",
            Self::Text => "VARCHAR",
        }
    }

    /// Whether a field that is not null is of this type, and is written as a value of it becomes text again. So the
    /// guess changes nothing, whatever type the field ends up in.
    pub(super) fn takes(self, field: &str) -> bool {
        match self {
            Self::BigInt => field.parse::<i64>().is_ok_and(|value| value.to_string() == field),
            Self::Double => is_double(field),
            Self::Date => is_canonical(&ColumnType::Date, field),
            Self::DateTime => is_canonical(&ColumnType::DateTime, field),
            Self::Text => true,
        }
    }
}

fn is_double(field: &str) -> bool {
    let digits = field.bytes().filter(u8::is_ascii_digit).count();
    (1..=DOUBLE_DIGITS).contains(&digits)
        && field.parse::<f64>().is_ok_and(|value| format!("{value:?}") == field)
        && !field.contains('e')
}

fn is_canonical(column_type: &ColumnType, field: &str) -> bool {
    // What is no date at all is told apart without an error's message.
    field.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && Value::parse(column_type, field)
            .is_ok_and(|value| value.to_text(column_type).is_some_and(|text| text == field))
}

/// Guesses the type of one column.
#[derive(Debug)]
pub(super) struct TypeGuess {
    /// Whether the candidate of the same place takes every field so far.
    takes: [bool; CANDIDATES.len()],
    seen: bool,
}

impl Default for TypeGuess {
    fn default() -> Self {
        Self { takes: [true; CANDIDATES.len()], seen: false }
    }
}

impl TypeGuess {
    /// Takes another field of the column into account. Empty and null fields say nothing.
    pub(super) fn add(&mut self, field: &[u8]) {
        if field.is_empty() || field == NULL {
            return;
        }
        self.seen = true;
        let field = std::str::from_utf8(field);
        for (takes, candidate) in self.takes.iter_mut().zip(CANDIDATES) {
            *takes = *takes && field.is_ok_and(|field| candidate.takes(field));
        }
    }

    /// The guess; text when no field said anything.
    pub(super) fn finish(&self) -> CsvType {
        let candidate = self.takes.iter().zip(CANDIDATES).find(|(takes, _)| **takes);
        candidate.filter(|_| self.seen).map_or(CsvType::Text, |(_, candidate)| candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_takes_every_field_and_loses_nothing_of_its_text() {
        let cases: [(&[&str], CsvType); 20] = [
            (&["1", "-2", "", "\\N"], CsvType::BigInt),
            (&["9223372036854775807"], CsvType::BigInt),
            (&["1.5", "-2.0", "0.25"], CsvType::Double),
            (&["1.1", "2"], CsvType::Text),
            (&["1e3"], CsvType::Text),
            (&["1.50"], CsvType::Text),
            (&["0.1234567890123456"], CsvType::Text),
            (&["nan"], CsvType::Text),
            (&["inf"], CsvType::Text),
            (&["1", "x"], CsvType::Text),
            (&["007"], CsvType::Text),
            (&["+5"], CsvType::Text),
            (&["-0"], CsvType::Text),
            (&["true", "FALSE"], CsvType::Text),
            (&["2013-01-01"], CsvType::Date),
            (&["20130101"], CsvType::BigInt),
            (&["2013-01-01 10:00:00"], CsvType::DateTime),
            (&["2013-01-01", "2013-01-01 10:00:00"], CsvType::Text),
            (&["99999999999999999999"], CsvType::Text),
            (&["", "\\N"], CsvType::Text),
        ];
        for (fields, expected) in cases {
            let mut guess = TypeGuess::default();
            for field in fields {
                guess.add(field.as_bytes());
            }
            assert_eq!(guess.finish(), expected, "{fields:?}");
        }
    }
}
