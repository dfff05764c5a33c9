//! Strict casts of lists, maps and structs, part by part.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{nullif, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::row::{RowConverter, SortField};
use cairn_format::{ColumnType, StructField};

use super::cast::{Misfit, arrow_cast, cast_values};

type Outcome<T> = std::result::Result<T, Misfit>;

/// What the parts of a nested type are cast from and to; `None` when the one is not of the kind of the other.
pub(super) fn parts<'t>(
    from: &'t DataType,
    to: &'t ColumnType,
) -> Option<Vec<(&'t DataType, &'t ColumnType)>> {
    match (from, to) {
        (
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item),
            ColumnType::Array(of),
        ) => Some(vec![(item.data_type(), of)]),
        (DataType::Map(entries, _), ColumnType::Map(of)) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                Some(vec![(fields[0].data_type(), &of.key), (fields[1].data_type(), &of.value)])
            }
            _ => None,
        },
        (DataType::Struct(fields), ColumnType::Struct(own)) => {
            let places = places(fields, own)?;
            Some(
                places
                    .into_iter()
                    .zip(own.iter())
                    .map(|(at, own)| (fields[at].data_type(), &own.column_type))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Where each field of a struct comes from: the one of its name, or, when the names are others, of its place.
fn places(fields: &Fields, own: &[StructField]) -> Option<Vec<usize>> {
    if fields.len() != own.len() {
        return None;
    }
    let named = |own: &StructField| fields.iter().position(|field| own.name.matches(field.name()));
    let by_name: Option<Vec<usize>> = own.iter().map(named).collect();
    Some(by_name.unwrap_or_else(|| (0..own.len()).collect()))
}

/// The array as one of a nested type, whose [`parts`] can be cast.
pub(super) fn cast_nested(to: &ColumnType, array: &ArrayRef) -> Outcome<ArrayRef> {
    let refused = || Misfit::Type(array.data_type().clone(), to.clone());
    match (to, to.arrow_type()) {
        (ColumnType::Array(of), DataType::List(field)) => {
            let item =
                parts(array.data_type(), to).and_then(|parts| parts.first().map(|(item, _)| (*item).clone()));
            // Another layout of lists of the same values becomes this one.
            let plain = DataType::List(Arc::new(Field::new(field.name(), item.ok_or_else(refused)?, true)));
            let list = compacted(&arrow_cast(array, &plain).ok_or_else(refused)?).ok_or_else(refused)?;
            let list = list.as_list::<i32>();
            let (offsets, values) = own_part(list.offsets(), list.values());
            let values = cast_values(of, &values).map_err(|misfit| in_rows(misfit, &offsets))?;
            let made = ListArray::try_new(field, offsets, values, list.nulls().cloned());
            Ok(Arc::new(made.map_err(|_| refused())?))
        }
        (ColumnType::Map(of), DataType::Map(field, _)) => {
            let map = compacted(array).ok_or_else(refused)?;
            let map = map.as_map();
            let (offsets, keys) = own_part(map.offsets(), map.keys());
            let (_, values) = own_part(map.offsets(), map.values());
            let keys = cast_values(&of.key, &keys).map_err(|misfit| in_rows(misfit, &offsets))?;
            let values = cast_values(&of.value, &values).map_err(|misfit| in_rows(misfit, &offsets))?;
            let (offsets, keys, values) = last_of_each_key(offsets, keys, values).ok_or_else(refused)?;
            let DataType::Struct(fields) = field.data_type() else { return Err(refused()) };
            let entries = StructArray::try_new(fields.clone(), vec![keys, values], None);
            let entries = entries.map_err(|_| refused())?;
            let made =
                MapArray::try_new(FieldRef::clone(&field), offsets, entries, map.nulls().cloned(), false);
            Ok(Arc::new(made.map_err(|_| refused())?))
        }
        (ColumnType::Struct(own), DataType::Struct(arrow_fields)) => {
            let source = array.as_struct_opt().ok_or_else(refused)?;
            let places = places(source.fields(), own).ok_or_else(refused)?;
            let hidden = source.nulls().map(|nulls| BooleanArray::new(!nulls.inner(), None));
            let columns = own.iter().zip(places).map(|(own, at)| {
                // What a null struct holds is nobody's.
                let column = match &hidden {
                    Some(hidden) => nullif(source.column(at), hidden).map_err(|_| refused())?,
                    None => ArrayRef::clone(source.column(at)),
                };
                cast_values(&own.column_type, &column)
            });
            let columns = columns.collect::<Outcome<Vec<_>>>()?;
            let made = StructArray::try_new(arrow_fields, columns, source.nulls().cloned());
            Ok(Arc::new(made.map_err(|_| refused())?))
        }
        _ => Err(refused()),
    }
}

/// Maps in which each key stands once: of entries with equal keys the last one counts, in the place of the first.
fn last_of_each_key(
    offsets: OffsetBuffer<i32>,
    keys: ArrayRef,
    values: ArrayRef,
) -> Option<(OffsetBuffer<i32>, ArrayRef, ArrayRef)> {
    let rows = RowConverter::new(vec![SortField::new(keys.data_type().clone())]).ok()?;
    let rows = rows.convert_columns(&[ArrayRef::clone(&keys)]).ok()?;
    let mut kept: Vec<u32> = Vec::with_capacity(keys.len());
    let mut lengths = Vec::with_capacity(offsets.len());
    let mut seen = HashMap::new();
    for pair in offsets.windows(2) {
        let begin = kept.len();
        seen.clear();
        for at in usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()? {
            let entry = u32::try_from(at).ok()?;
            match seen.entry(rows.row(at)) {
                Entry::Occupied(place) => kept[*place.get()] = entry,
                Entry::Vacant(place) => {
                    place.insert(kept.len());
                    kept.push(entry);
                }
            }
        }
        lengths.push(kept.len() - begin);
    }
    if kept.len() == keys.len() {
        return Some((offsets, keys, values));
    }
    let kept = UInt32Array::from(kept);
    Some((
        OffsetBuffer::from_lengths(lengths),
        take(&keys, &kept, None).ok()?,
        take(&values, &kept, None).ok()?,
    ))
}

/// The array without values in rows that are null.
fn compacted(array: &ArrayRef) -> Option<ArrayRef> {
    if array.null_count() == 0 {
        return Some(ArrayRef::clone(array));
    }
    let rows = u32::try_from(array.len()).ok()?;
    take(array, &UInt32Array::from_iter_values(0..rows), None).ok()
}

/// The values that a slice of lists holds, and the offsets in them.
fn own_part(offsets: &OffsetBuffer<i32>, values: &ArrayRef) -> (OffsetBuffer<i32>, ArrayRef) {
    let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
    let place = |offset: i32| usize::try_from(offset).unwrap_or_default();
    let own = OffsetBuffer::from_lengths(offsets.windows(2).map(|pair| place(pair[1]) - place(pair[0])));
    (own, values.slice(place(first), place(last) - place(first)))
}

/// A value of a list is at fault in the row of the list.
fn in_rows(misfit: Misfit, offsets: &OffsetBuffer<i32>) -> Misfit {
    match misfit {
        Misfit::Value { row, shown, to } => {
            let row = offsets.partition_point(|offset| usize::try_from(*offset).unwrap_or_default() <= row);
            Misfit::Value { row: row.saturating_sub(1), shown, to }
        }
        other @ Misfit::Type(..) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::cast::can_cast;
    use cairn_format::Value;

    fn values(column_type: &str, texts: &[&str]) -> ArrayRef {
        let column_type = ColumnType::parse(column_type).unwrap();
        let values: Vec<_> = texts
            .iter()
            .map(|text| match *text {
                "null" => Value::Null,
                text => Value::parse(&column_type, text).unwrap(),
            })
            .collect();
        Value::array_of(&column_type, &values).unwrap()
    }

    #[test]
    fn parts_are_cast_and_the_first_that_does_not_fit_is_named_with_its_row() {
        let cases = [
            ("array<bigint>", &["[1,null]", "null", "[]", "[2]"][..], "array<tinyint>", Ok("[2]")),
            ("array<bigint>", &["[1]", "null", "[2,300]"], "array<tinyint>", Err((2, "300"))),
            ("array<array<string>>", &["[[\"1\"]]", "[null,[\"x\"]]"], "array<array<int>>", Err((1, "'x'"))),
            ("map<string,int>", &["{}", "{\"7\":1}"], "map<int,double>", Ok("{\"7\":1}")),
            ("map<string,int>", &["null", "{\"x\":1}"], "map<int,int>", Err((1, "'x'"))),
            // By name, or else by place.
            (
                "struct<b int, a string>",
                &["{\"a\":\"1\",\"b\":2}"],
                "struct<a int, b int>",
                Ok("{\"a\":1,\"b\":2}"),
            ),
            (
                "struct<x int, y string>",
                &["{\"x\":1,\"y\":\"2\"}"],
                "struct<a int, b int>",
                Ok("{\"a\":1,\"b\":2}"),
            ),
            ("string", &["[1, 2]"], "array<int>", Ok("[1,2]")),
            ("string", &["[]", "[1"], "array<int>", Err((1, "'[1'"))),
        ];
        for (from, texts, to, expected) in cases {
            let to = ColumnType::parse(to).unwrap();
            let array = values(from, texts);
            assert!(can_cast(array.data_type(), &to), "{from} {to}");
            // A slice must be cast like the whole.
            let sliced = values(from, &[&[texts[0]], texts].concat()).slice(1, texts.len());
            for array in [array, sliced] {
                match (cast_values(&to, &array), expected) {
                    (Ok(cast), Ok(last)) => {
                        assert_eq!(*cast.data_type(), to.arrow_type());
                        let value = Value::from_array(&cast, texts.len() - 1, &to).unwrap();
                        assert_eq!(value.to_text(&to).unwrap(), last);
                    }
                    (Err(Misfit::Value { row, shown, .. }), Err((at, what))) => {
                        assert_eq!((row, shown.as_str()), (at, what), "{from} {to}");
                    }
                    (other, _) => panic!("{from} {to}: {:?}", other.is_ok()),
                }
            }
        }
    }

    #[test]
    fn other_kinds_are_no_nested_type() {
        let of = |text: &str| ColumnType::parse(text).unwrap();
        for (from, to) in [
            ("int", "array<int>"),
            ("array<int>", "int"),
            ("array<int>", "string"),
            ("array<int>", "map<int,int>"),
            ("array<date>", "array<int>"),
            ("struct<a int>", "struct<a int, b int>"),
            ("map<int,int>", "struct<key int, value int>"),
        ] {
            assert!(!can_cast(&of(from).arrow_type(), &of(to)), "{from} {to}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        // Keys become equal by their cast, and come so from files.
        let cases = [
            ("map<string,int>", "{\"1\":1,\"02\":2,\"01\":3,\"2\":4,\"3\":5}", "{\"1\":3,\"2\":4,\"3\":5}"),
            ("map<int,int>", "{\"1\":1,\"2\":2}", "{\"1\":1,\"2\":2}"),
        ];
        let to = ColumnType::parse("map<int,int>").unwrap();
        for (from, text, expected) in cases {
            let array = values(from, &["{\"7\":0}", "null", text, "{}"]);
            let cast = cast_values(&to, &array).ok().unwrap();
            for (row, expected) in [(0, "{\"7\":0}"), (2, expected), (3, "{}")] {
                let value = Value::from_array(&cast, row, &to).unwrap();
                assert_eq!(value.to_text(&to).unwrap(), expected, "{from}");
            }
        }
        let twice = Value::Map(
            [(1, 1), (2, 2), (1, 3)].map(|(k, v)| (Value::Integer(k), Value::Integer(v))).to_vec(),
        );
        for (to, wrap, expected) in [
            ("map<int,int>", false, "{\"1\":3,\"2\":2}"),
            ("array<map<int,int>>", true, "[{\"1\":3,\"2\":2}]"),
        ] {
            let to = ColumnType::parse(to).unwrap();
            let value = if wrap { Value::List(vec![twice.clone()]) } else { twice.clone() };
            let array = value.to_array(&to, 2).unwrap();
            let cast = cast_values(&to, &array.slice(1, 1)).ok().unwrap();
            assert_eq!(Value::from_array(&cast, 0, &to).unwrap().to_text(&to).unwrap(), expected);
        }
    }
}
