//! Values of nested types as JSON: lists are arrays, maps and structs are objects.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use arrow::datatypes::i256;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::types::ColumnType;
use super::value::Value;

/// Reads JSON as a value of a nested type; `None` when it is none. Fields of a struct that are missing are null.
pub(super) fn parse_nested(column_type: &ColumnType, text: &str) -> Option<Value> {
    match column_type {
        ColumnType::Array(of) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|item| parse_part(of, item)).collect::<Option<_>>().map(Value::List)
        }
        ColumnType::Map(of) => {
            let Entries(entries) = serde_json::from_str(text).ok()?;
            let entry = |(key, value): (String, &RawValue)| {
                Some((Value::parse(&of.key, &key).ok()?, parse_part(&of.value, value)?))
            };
            let entries = entries.into_iter().map(entry).collect::<Option<Vec<_>>>()?;
            Some(Value::Map(without_earlier_keys(entries)))
        }
        ColumnType::Struct(fields) => {
            let Entries(entries) = serde_json::from_str(text).ok()?;
            if !entries.iter().all(|(name, _)| fields.iter().any(|field| field.name.matches(name))) {
                return None;
            }
            let values =
                fields.iter().map(|field| match entries.iter().rfind(|(name, _)| field.name.matches(name)) {
                    Some((_, value)) => parse_part(&field.column_type, value),
                    None => Some(Value::Null),
                });
            values.collect::<Option<_>>().map(Value::Struct)
        }
        _ => None,
    }
}

fn parse_part(column_type: &ColumnType, part: &RawValue) -> Option<Value> {
    let text = part.get();
    match column_type {
        _ if text == "null" => Some(Value::Null),
        nested if nested.is_nested() => parse_nested(nested, text),
        ColumnType::Json => Some(Value::Text(text.to_owned())),
        scalar if text.starts_with('"') => {
            Value::parse(scalar, &serde_json::from_str::<String>(text).ok()?).ok()
        }
        scalar => Value::parse(scalar, text).ok(),
    }
}

/// Of entries with equal keys the last one counts, in the place of the first.
fn without_earlier_keys(entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(entries.len());
    let mut kept: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match Key::of(&key).map(|identity| places.entry(identity)) {
            Some(Entry::Occupied(place)) => kept[*place.get()].1 = value,
            Some(Entry::Vacant(place)) => {
                place.insert(kept.len());
                kept.push((key, value));
            }
            None => kept.push((key, value)),
        }
    }
    kept
}

/// What tells keys of one type apart.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Number(i128),
    Wide(i256),
    Float(u64),
    Bytes(Vec<u8>),
}

impl Key {
    /// `None` of what is no key.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Boolean(truth) => Self::Number((*truth).into()),
            Value::Integer(number) => Self::Number(*number),
            Value::Date(days) => Self::Number((*days).into()),
            Value::DateTime(micros) => Self::Number((*micros).into()),
            Value::Decimal(number) => Self::Wide(*number),
            // 0 and -0 are equal.
            Value::Float(number) => Self::Float((number + 0.0).to_bits()),
            Value::Text(text) => Self::Bytes(text.clone().into_bytes()),
            Value::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Struct(_) => return None,
        })
    }
}

/// The entries of an object in their order, with equal keys.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Entries<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'t> Visitor<'t> for OfObject {
            type Value = Entries<'t>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// Writes a value as JSON, which [`parse_nested`] reads back; `None` when it holds bytes, which have no text.
pub(super) fn write_nested(column_type: &ColumnType, value: &Value, out: &mut String) -> Option<()> {
    match (column_type, value) {
        (_, Value::Null) => out.push_str("null"),
        (ColumnType::Array(of), Value::List(items)) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                write_nested(of, item, out)?;
            }
            out.push(']');
        }
        (ColumnType::Map(of), Value::Map(entries)) => {
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                push_string(&key.to_text(&of.key)?, out);
                out.push(':');
                write_nested(&of.value, value, out)?;
            }
            out.push('}');
        }
        (ColumnType::Struct(fields), Value::Struct(values)) => {
            out.push('{');
            for (position, (field, value)) in fields.iter().zip(values).enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                push_string(field.name.as_str(), out);
                out.push(':');
                write_nested(&field.column_type, value, out)?;
            }
            out.push('}');
        }
        (ColumnType::Json, Value::Text(document)) => out.push_str(document),
        (_, Value::Boolean(_) | Value::Integer(_) | Value::Decimal(_)) => {
            out.push_str(&value.to_text(column_type)?);
        }
        (_, Value::Float(number)) if number.is_finite() => out.push_str(&value.to_text(column_type)?),
        _ => push_string(&value.to_text(column_type)?, out),
    }
    Some(())
}

fn push_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_a_nested_type_reads_back() {
        let cases = [
            ("array<int>", "[1,null,-3]"),
            ("array<int>", "[]"),
            ("array<array<string>>", r#"[["a\"b","é"],null,[]]"#),
            ("array<decimal(76,2)>", "[1234567890123456789012345678901234567890.25]"),
            ("array<largeint>", "[-170141183460469231731687303715884105728]"),
            ("map<int,string>", r#"{"1":"a","-2":null}"#),
            ("map<string,array<date>>", r#"{"k":["2013-01-31"]}"#),
            ("struct<a int, b struct<c boolean>>", r#"{"a":1,"b":{"c":true}}"#),
            ("array<json>", r#"[{"a": [1]},"text",null]"#),
            ("array<double>", r#"[0.5,"NaN","inf"]"#),
        ];
        for (column_type, text) in cases {
            let column_type = ColumnType::parse(column_type).unwrap();
            let value = Value::parse(&column_type, text).unwrap();
            assert_eq!(value.to_text(&column_type).unwrap(), text, "{column_type}");
            let array = value.to_array(&column_type, 3).unwrap();
            assert_eq!(*array.data_type(), column_type.arrow_type());
            let back = Value::from_array(&array, 2, &column_type).unwrap();
            assert_eq!(back.to_text(&column_type).unwrap(), text, "{column_type}");
        }
    }

    #[test]
    fn json_of_another_shape_is_refused() {
        let cases = [
            ("array<int>", "1"),
            ("array<int>", "[1"),
            ("array<int>", "[\"x\"]"),
            ("array<int>", "[1.5]"),
            ("array<tinyint>", "[128]"),
            ("array<varchar(1)>", "[\"ab\"]"),
            ("map<int,int>", "[1]"),
            ("map<int,int>", "{\"x\":1}"),
            ("struct<a int>", "{\"b\":1}"),
        ];
        for (column_type, text) in cases {
            let column_type = ColumnType::parse(column_type).unwrap();
            assert!(Value::parse(&column_type, text).is_err(), "{column_type} {text}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_missing_fields_are_null() {
        let map = ColumnType::parse("map<int,int>").unwrap();
        let value = Value::parse(&map, r#"{"1":2,"3":4,"1":5}"#).unwrap();
        assert_eq!(value.to_text(&map).unwrap(), r#"{"1":5,"3":4}"#);
        for (map, text, expected) in [
            ("map<double,int>", r#"{"0.0":1,"-0.0":2,"1e0":3,"1":4}"#, r#"{"0":2,"1":4}"#),
            ("map<date,int>", r#"{"2013-01-31":1,"2013-1-31":2}"#, r#"{"2013-01-31":2}"#),
            ("map<decimal(60,1),int>", r#"{"1":1,"1.0":2}"#, r#"{"1.0":2}"#),
            ("map<string,int>", r#"{"a":1,"A":2,"a":3}"#, r#"{"a":3,"A":2}"#),
        ] {
            let map = ColumnType::parse(map).unwrap();
            assert_eq!(Value::parse(&map, text).unwrap().to_text(&map).unwrap(), expected, "{text}");
        }
        let of_fields = ColumnType::parse("struct<a int, b int>").unwrap();
        assert_eq!(
            Value::parse(&of_fields, r#"{"B":1}"#).unwrap().to_text(&of_fields).unwrap(),
            r#"{"a":null,"b":1}"#
        );
    }

    /// Each key was compared with all before it: a document of a megabyte took minutes.
    #[test]
    fn many_keys_take_no_time() {
        let map = ColumnType::parse("map<bigint,int>").unwrap();
        let entries: Vec<String> = (0..100_000).map(|key| format!("\"{key}\":1")).collect();
        let text = format!("{{{},\"7\":2}}", entries.join(","));
        let Value::Map(entries) = Value::parse(&map, &text).unwrap() else { panic!("no map") };
        assert_eq!((entries.len(), &entries[7].1), (100_000, &Value::Integer(2)));
    }
}
