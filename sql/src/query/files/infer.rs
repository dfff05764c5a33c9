//! The types of CSV columns, guessed from a sample.

use arrow::datatypes::{DataType, TimeUnit};
use cairn_format::{ColumnType, Value};

/// What the fields of a CSV column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CsvType {
    Boolean,
    BigInt,
    Double,
    Date,
    DateTime,
    Text,
}

/// From the narrowest; the first that takes every field of the sample is the column's.
const CANDIDATES: [CsvType; 6] =
    [CsvType::Boolean, CsvType::BigInt, CsvType::Double, CsvType::Date, CsvType::DateTime, CsvType::Text];

/// What stands for null in a CSV file.
pub(super) const NULL: &[u8] = b"\\N";

impl CsvType {
    pub(super) fn arrow_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
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
            Self::Boolean => "BOOLEAN",
            Self::BigInt => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Date => "DATE",
            Self::DateTime => "DATETIME",
            Self::Text => "VARCHAR",
        }
    }

    /// Whether a field that is not null can be of this type without losing anything of its text.
    fn takes(self, field: &str) -> bool {
        match self {
            Self::Boolean => field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false"),
            Self::BigInt => number(field) && field.parse::<i64>().is_ok(),
            Self::Double => {
                number(field)
                    && field.contains(|c: char| c.is_ascii_digit())
                    && field.parse::<f64>().is_ok_and(f64::is_finite)
            }
            Self::Date => Value::parse(&ColumnType::Date, field).is_ok(),
            Self::DateTime => Value::parse(&ColumnType::DateTime, field).is_ok(),
            Self::Text => true,
        }
    }
}

/// Whether the text is how a number is written; one with leading zeros is a code, which must keep them.
fn number(field: &str) -> bool {
    let digits = field.strip_prefix('-').unwrap_or(field).as_bytes();
    match digits {
        [b'0', second, ..] => !second.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() || *first == b'.',
        [] => false,
    }
}

/// Guesses the type of one column.
#[derive(Debug, Default)]
pub(super) struct TypeGuess {
    /// The place of the best candidate so far.
    candidate: usize,
    seen: bool,
}

impl TypeGuess {
    /// Takes another field of the column into account. Empty and null fields say nothing.
    pub(super) fn add(&mut self, field: &[u8]) {
        if field.is_empty() || field == NULL {
            return;
        }
        let Ok(field) = std::str::from_utf8(field) else {
            self.candidate = CANDIDATES.len() - 1;
            return;
        };
        let fits = |candidate: &CsvType| candidate.takes(field);
        if !self.seen {
            self.candidate = CANDIDATES.iter().position(fits).unwrap_or(CANDIDATES.len() - 1);
            self.seen = true;
        } else if !self.current().takes(field) {
            // Whole numbers widen to fractions and days to times; anything else mixed is text.
            self.candidate = match self.current() {
                CsvType::BigInt if CsvType::Double.takes(field) => self.candidate + 1,
                CsvType::Date if CsvType::DateTime.takes(field) => self.candidate + 1,
                _ => CANDIDATES.len() - 1,
            };
        }
    }

    fn current(&self) -> CsvType {
        CANDIDATES.get(self.candidate).copied().unwrap_or(CsvType::Text)
    }

    /// The guess; text when no field said anything.
    pub(super) fn finish(&self) -> CsvType {
        if self.seen { self.current() } else { CsvType::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_takes_every_field() {
        let cases: [(&[&str], CsvType); 11] = [
            (&["1", "-2", "", "\\N"], CsvType::BigInt),
            (&["1", "2.5", "1e3"], CsvType::Double),
            (&["1", "x"], CsvType::Text),
            (&["007"], CsvType::Text),
            (&["0", "0.5"], CsvType::Double),
            (&["true", "FALSE"], CsvType::Boolean),
            (&["true", "1"], CsvType::Text),
            (&["2013-01-01"], CsvType::Date),
            (&["2013-01-01", "2013-01-01 10:00:00"], CsvType::DateTime),
            (&["99999999999999999999"], CsvType::Double),
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
