//! From the text of one value to a value of a column's type, as StarRocks' casts read it.

use arrow::datatypes::i256;
use cairn_format::{ColumnType, Value};

const MICROS_A_DAY: i64 = 86_400_000_000;
/// The most digits of a decimal of 128 bits.
pub(super) const DECIMAL_128: u8 = 38;

/// Reads text: the content of a string literal or of a text column. `None` when it is no value of the type.
pub(super) fn of_text(column_type: &ColumnType, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    match column_type {
        ColumnType::Char { .. }
        | ColumnType::Varchar { .. }
        | ColumnType::String
        | ColumnType::Json
        | ColumnType::Varbinary { .. } => Value::parse(column_type, text).ok(),
        ColumnType::Decimal { precision: precision @ ..=DECIMAL_128, scale } => {
            decimal_of_128(text, *precision, *scale).map(|number| Value::Decimal(number.into()))
        }
        ColumnType::Decimal { precision, scale } => decimal(trimmed, *precision, *scale).map(Value::Decimal),
        ColumnType::Float | ColumnType::Double => match Value::parse(column_type, trimmed).ok()? {
            // A number too large for the type reads as infinity.
            Value::Float(number) if number.is_finite() => Some(Value::Float(number)),
            _ => None,
        },
        ColumnType::Date => match Value::parse(column_type, trimmed) {
            Ok(value) => Some(value),
            Err(_) => match date_time(trimmed)? {
                Value::DateTime(micros) => {
                    i32::try_from(micros.div_euclid(MICROS_A_DAY)).ok().map(Value::Date)
                }
                _ => None,
            },
        },
        ColumnType::DateTime => date_time(trimmed),
        _ => Value::parse(column_type, trimmed).ok(),
    }
}

/// Reads a number as it is written in SQL, with its sign.
pub(super) fn of_number(column_type: &ColumnType, text: &str) -> Option<Value> {
    match column_type {
        ColumnType::Boolean => {
            let zero = text.parse::<f64>().ok()? == 0.0;
            Some(Value::Boolean(!zero))
        }
        integer if integer.is_integer() && text.contains(['.', 'e', 'E']) => {
            let whole = match text.split_once('.') {
                // Digits behind the point are cut off, as a cast of StarRocks does.
                Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => match whole {
                    "" | "-" | "+" => "0".to_owned(),
                    whole => whole.to_owned(),
                },
                _ => format!("{:.0}", text.parse::<f64>().ok()?.trunc()),
            };
            Value::parse(integer, &whole).ok()
        }
        ColumnType::Decimal { .. } if text.contains(['e', 'E']) => {
            of_text(column_type, &text.parse::<f64>().ok()?.to_string())
        }
        _ => of_text(column_type, text),
    }
}

/// Reads TRUE or FALSE.
pub(super) fn of_boolean(column_type: &ColumnType, value: bool) -> Option<Value> {
    match column_type {
        ColumnType::Boolean => Some(Value::Boolean(value)),
        ColumnType::Date | ColumnType::DateTime | ColumnType::Varbinary { .. } | ColumnType::Json => None,
        other => of_text(other, if value { "1" } else { "0" }),
    }
}

/// A day and time, also without separators: `20130630` and `20130630120000`.
fn date_time(text: &str) -> Option<Value> {
    Value::parse(&ColumnType::DateTime, text).ok().or_else(|| Value::parse_digits(text))
}

/// A decimal number without its point, rounded half away from zero to `scale` digits behind it, when 128 bits hold all
/// numbers of the precision.
pub(super) fn decimal_of_128(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let text = text.trim().as_bytes();
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, &[][..]),
    };
    let are_digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if (whole.is_empty() && fraction.is_empty()) || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let scale = usize::from(scale);
    let kept = fraction.get(..scale).unwrap_or(fraction);
    let push = |number: i128, digit: &u8| number.checked_mul(10)?.checked_add(i128::from(digit - b'0'));
    let number = whole.iter().chain(kept).try_fold(0, push)?;
    let number = number.checked_mul(10_i128.checked_pow(u32::try_from(scale - kept.len()).ok()?)?)?;
    let up = fraction.get(scale).is_some_and(|digit| *digit >= b'5');
    let number = number.checked_add(i128::from(up))?;
    let fits = number < 10_i128.checked_pow(precision.into())?;
    fits.then_some(if negative { -number } else { number })
}

/// A decimal number without its point, rounded half away from zero to `scale` digits behind it.
fn decimal(text: &str, precision: u8, scale: u8) -> Option<i256> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits {
        return None;
    }
    let scale = usize::from(scale);
    let kept = &fraction[..fraction.len().min(scale)];
    let text = format!("{whole}{kept:0<scale$}");
    let number = if text.is_empty() { i256::ZERO } else { i256::from_string(&text)? };
    let up = fraction.as_bytes().get(scale).is_some_and(|digit| *digit >= b'5');
    let number = number.checked_add(if up { i256::ONE } else { i256::ZERO })?;
    let fits = number < i256::from_i128(10).checked_pow(precision.into())?;
    fits.then_some(if negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_a_cast_reads_it() {
        let decimal = || ColumnType::Decimal { precision: 4, scale: 2 };
        let cases = [
            (ColumnType::Int, " 12 ", Some(Value::Integer(12))),
            (ColumnType::Int, "1.5", None),
            (ColumnType::TinyInt, "128", None),
            (decimal(), "1.005", Some(Value::Decimal(101.into()))),
            (decimal(), "-99.994", Some(Value::Decimal((-9_999).into()))),
            (decimal(), "99.995", None),
            (decimal(), "x", None),
            (decimal(), ".5", Some(Value::Decimal(50.into()))),
            (ColumnType::Double, "1e400", None),
            (ColumnType::Double, "nan", None),
            (ColumnType::Date, "20130630", Some(Value::Date(15_886))),
            (ColumnType::Date, "2013-06-30 23:59:59", Some(Value::Date(15_886))),
            (ColumnType::Date, "2013-02-30", None),
            (ColumnType::DateTime, "20130630000001", Some(Value::DateTime(1_372_550_401_000_000))),
            (ColumnType::Varchar { length: 1 }, "ab", None),
            (ColumnType::Date, "13-06-30", Some(Value::Date(15_886))),
            (ColumnType::Date, "3-06-30", None),
            (ColumnType::DateTime, "2013-06-30 00:00:60", None),
            (ColumnType::DateTime, "20130630000060", None),
        ];
        for (column_type, text, expected) in cases {
            assert_eq!(of_text(&column_type, text), expected, "{column_type} {text}");
        }
    }

    #[test]
    fn numbers_lose_what_stands_behind_the_point() {
        let cases = [
            (ColumnType::Int, "-1.9", Some(Value::Integer(-1))),
            (ColumnType::Int, "1e3", Some(Value::Integer(1000))),
            (ColumnType::Int, ".5", Some(Value::Integer(0))),
            (ColumnType::Boolean, "2", Some(Value::Boolean(true))),
            (ColumnType::String, "1.50", Some(Value::Text("1.50".into()))),
            (
                ColumnType::LargeInt,
                "-170141183460469231731687303715884105728",
                Some(Value::Integer(i128::MIN)),
            ),
            (ColumnType::LargeInt, "170141183460469231731687303715884105728", None),
            (ColumnType::Date, "20130630", Some(Value::Date(15_886))),
        ];
        for (column_type, text, expected) in cases {
            assert_eq!(of_number(&column_type, text), expected, "{column_type} {text}");
        }
        assert_eq!(of_boolean(&ColumnType::Int, true), Some(Value::Integer(1)));
        assert_eq!(of_boolean(&ColumnType::Date, true), None);
    }

    #[test]
    fn decimals_of_128_bits_are_those_of_256() {
        let texts = [
            "0",
            "-0",
            "+7",
            "7.",
            ".7",
            ".",
            "",
            "-",
            "+-1",
            "1.2.3",
            "1e3",
            "x",
            " 1.5 ",
            "0.005",
            "-0.005",
            "0.0049",
            "00000000000000000000000000000000000000000000001.5",
            "99.994",
            "99.995",
            "-99.995",
            "9999",
            "10000",
            "99999999999999999999999999999999999999",
            "100000000000000000000000000000000000000",
            "999999999999999999999999999999999999999999",
            "0.99999999999999999999999999999999999999",
            "1,5",
            "1.٣",
        ];
        for text in texts {
            for (precision, scale) in [(1, 0), (1, 1), (4, 2), (10, 9), (38, 0), (38, 10), (38, 38)] {
                let wide = decimal(text.trim(), precision, scale);
                let narrow = decimal_of_128(text, precision, scale).map(i256::from_i128);
                assert_eq!(narrow, wide, "{text} as DECIMAL({precision}, {scale})");
            }
        }
    }
}
