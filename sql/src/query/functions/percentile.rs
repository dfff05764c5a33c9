//! Functions of PERCENTILE.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use cairn_format::{Percentile, Sketch};
use datafusion::common::Result;

use super::scalar::{Arguments, Body, Kind, binary, failed};

pub(super) const FUNCTIONS: &[Body] = &[
    Body { name: "percentile_empty", arguments: &[], returns: Kind::Bytes, compute: empty },
    Body { name: "percentile_hash", arguments: &[Kind::Double], returns: Kind::Bytes, compute: of_number },
    Body {
        name: "percentile_approx_raw",
        arguments: &[Kind::Bytes, Kind::Double],
        returns: Kind::Double,
        compute: quantile,
    },
];

fn empty(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let one = || Percentile::empty().map(|mut made| Some(made.to_bytes())).map_err(failed);
    binary((0..arguments.rows).map(|_| one()))
}

fn of_number(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    binary(arguments.doubles(0).map(|number| {
        number
            .map(|number| Percentile::of(number).map(|mut made| made.to_bytes()).map_err(failed))
            .transpose()
    }))
}

fn quantile(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let found = arguments.bytes(0).zip(arguments.doubles(1)).map(|pair| match pair {
        (Some(bytes), Some(share)) => {
            let found =
                Percentile::from_bytes(bytes).and_then(|mut distribution| distribution.quantile(share));
            found.map_err(failed)
        }
        _ => Ok(None),
    });
    Ok(Arc::new(found.collect::<Result<Float64Array>>()?))
}
