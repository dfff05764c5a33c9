//! Functions of HLL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use cairn_format::{Hll, Sketch};
use datafusion::common::Result;

use super::scalar::{Arguments, Body, Kind, binary, failed};

pub(super) const FUNCTIONS: &[Body] = &[
    Body { name: "hll_empty", arguments: &[], returns: Kind::Bytes, compute: empty },
    Body { name: "hll_hash", arguments: &[Kind::Text], returns: Kind::Bytes, compute: of_text },
    Body { name: "hll_cardinality", arguments: &[Kind::Bytes], returns: Kind::Whole, compute: estimate },
];

fn empty(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary((0..arguments.rows).map(|_| Hll::empty().map(|mut hll| Some(hll.to_bytes())).map_err(failed)))
}

fn of_text(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary(
        arguments.texts(0).map(|text| {
            text.map(|text| Hll::of(text).map(|mut hll| hll.to_bytes()).map_err(failed)).transpose()
        }),
    )
}

/// Of null as of nothing: none.
fn estimate(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let counts = arguments.bytes(0).map(|bytes| {
        let count = bytes.map_or(Ok(0), |bytes| Hll::from_bytes(bytes)?.estimate()).map_err(failed)?;
        Ok(Some(i64::try_from(count).unwrap_or(i64::MAX)))
    });
    Ok(Arc::new(counts.collect::<Result<Int64Array>>()?))
}
