//! Functions of BITMAP.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use cairn_format::{Bitmap, Sketch};
use datafusion::common::{Result, exec_datafusion_err};

use super::scalar::{Arguments, Body, Kind, binary, failed, texts};

pub(super) const FUNCTIONS: &[Body] = &[
    Body { name: "bitmap_empty", arguments: &[], returns: Kind::Bytes, compute: empty },
    Body { name: "to_bitmap", arguments: &[Kind::Text], returns: Kind::Bytes, compute: of_number },
    Body { name: "bitmap_hash", arguments: &[Kind::Text], returns: Kind::Bytes, compute: of_hash },
    Body { name: "bitmap_from_string", arguments: &[Kind::Text], returns: Kind::Bytes, compute: of_text },
    Body { name: "bitmap_to_string", arguments: &[Kind::Bytes], returns: Kind::Text, compute: to_text },
    Body { name: "bitmap_count", arguments: &[Kind::Bytes], returns: Kind::Whole, compute: count },
    Body {
        name: "bitmap_contains",
        arguments: &[Kind::Bytes, Kind::Whole],
        returns: Kind::Boolean,
        compute: contains,
    },
    Body { name: "bitmap_and", arguments: TWO, returns: Kind::Bytes, compute: and },
    Body { name: "bitmap_or", arguments: TWO, returns: Kind::Bytes, compute: or },
    Body { name: "bitmap_xor", arguments: TWO, returns: Kind::Bytes, compute: xor },
    Body { name: "bitmap_andnot", arguments: TWO, returns: Kind::Bytes, compute: and_not },
];

/// The most bytes of a bitmap's text: as many as a document of JSON has.
const MOST_TEXT: usize = 16 << 20;

const TWO: &[Kind] = &[Kind::Bytes, Kind::Bytes];

fn read(bytes: &[u8]) -> Result<Bitmap> {
    Bitmap::from_bytes(bytes).map_err(failed)
}

fn empty(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary((0..arguments.rows).map(|_| Ok(Some(Bitmap::default().to_bytes()))))
}

fn of_number(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary(arguments.texts(0).map(|text| {
        let Some(text) = text else { return Ok(None) };
        let number = text.trim().parse::<u64>();
        let number = number.map_err(|_| {
            exec_datafusion_err!("to_bitmap takes numbers from 0 to {}, not '{text}'", u64::MAX)
        })?;
        Ok(Some(Bitmap::of(number).to_bytes()))
    }))
}

fn of_hash(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary(arguments.texts(0).map(|text| Ok(text.map(|text| Bitmap::of_hash(text).to_bytes()))))
}

fn of_text(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary(
        arguments.texts(0).map(|text| Ok(text.and_then(Bitmap::parse).map(|mut bitmap| bitmap.to_bytes()))),
    )
}

fn to_text(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let text = |bytes| read(bytes)?.to_text(MOST_TEXT).map_err(failed);
    texts(arguments.bytes(0).map(|bytes| bytes.map(text).transpose()))
}

/// Of null as of nothing: none.
fn count(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let counts = arguments.bytes(0).map(|bytes| {
        let count = bytes.map(read).transpose()?.map_or(0, |bitmap| bitmap.count());
        Ok(Some(i64::try_from(count).unwrap_or(i64::MAX)))
    });
    Ok(Arc::new(counts.collect::<Result<Int64Array>>()?))
}

fn contains(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let found = arguments.bytes(0).zip(arguments.wholes(1)).map(|pair| match pair {
        (Some(bytes), Some(number)) => {
            let bitmap = read(bytes)?;
            Ok(Some(u64::try_from(number).is_ok_and(|number| bitmap.contains(number))))
        }
        _ => Ok(None),
    });
    Ok(Arc::new(found.collect::<Result<BooleanArray>>()?))
}

fn of_two(arguments: &Arguments<'_>, join: fn(Bitmap, Bitmap) -> Result<Bitmap>) -> Result<ArrayRef> {
    binary(arguments.bytes(0).zip(arguments.bytes(1)).map(|pair| match pair {
        (Some(a), Some(b)) => Ok(Some(join(read(a)?, read(b)?)?.to_bytes())),
        _ => Ok(None),
    }))
}

fn and(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_two(arguments, |a, b| Ok(a.and(&b)))
}

fn or(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_two(arguments, |mut a, b| {
        a.merge(b).map_err(failed)?;
        Ok(a)
    })
}

fn xor(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_two(arguments, |a, b| Ok(a.xor(&b)))
}

fn and_not(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    of_two(arguments, |a, b| Ok(a.and_not(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::functions::scalar::invoke;
    use arrow::array::{Array, AsArray, BinaryArray};

    #[test]
    fn a_text_that_is_too_long_is_refused() {
        let all = |numbers: std::ops::Range<u64>| numbers.collect::<Bitmap>().to_bytes();
        let text = |bitmap: Vec<u8>| {
            let array: ArrayRef = Arc::new(BinaryArray::from_iter([Some(bitmap), None]));
            invoke("bitmap_to_string", FUNCTIONS, &[array])
        };
        let made = text(all(0..1000)).unwrap();
        assert!(made.as_string::<i32>().value(0).ends_with(",998,999") && made.is_null(1));
        let error = text(all(1 << 62..(1 << 62) + 900_000)).unwrap_err().to_string();
        assert!(
            error.contains("a bitmap of 900000 numbers has a text of more than 16777216 bytes"),
            "{error}"
        );
    }
}
