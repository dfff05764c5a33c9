//! Functions of single rows.

use std::hash::{Hash, Hasher};

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, StringBuilder};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, plan_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// What a function is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [Kind],
    pub(super) returns: Kind,
    /// Its values in so many rows.
    pub(super) compute: fn(&Arguments<'_>) -> Result<ArrayRef>,
}

/// What arguments are cast to, and what is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Whole,
    Double,
    Boolean,
    Bytes,
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Whole => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Bytes => DataType::Binary,
        }
    }

    /// Whether a value of this type may be cast to it.
    fn takes(self, given: &DataType) -> bool {
        let is_bytes = matches!(
            given,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
        );
        match (self, given) {
            (_, DataType::Null) => true,
            (Self::Bytes, _) => is_bytes,
            _ => !is_bytes && !given.is_nested(),
        }
    }
}

/// The arguments of a call, in `rows` rows.
pub(super) struct Arguments<'a> {
    arrays: &'a [ArrayRef],
    pub(super) rows: usize,
}

impl<'a> Arguments<'a> {
    pub(super) fn texts(&self, at: usize) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
        self.arrays[at].as_string::<i32>().iter()
    }

    pub(super) fn bytes(&self, at: usize) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
        self.arrays[at].as_binary::<i32>().iter()
    }

    pub(super) fn wholes(&self, at: usize) -> impl Iterator<Item = Option<i64>> + use<'a> {
        self.arrays[at].as_primitive::<Int64Type>().iter()
    }

    pub(super) fn doubles(&self, at: usize) -> impl Iterator<Item = Option<f64>> + use<'a> {
        self.arrays[at].as_primitive::<Float64Type>().iter()
    }
}

/// The most bytes of an array: those that queries of one session hold at most, and less than offsets of 32 bits can tell.
const MOST_BYTES: usize = 1 << 30;

/// An array of the bytes of sketches, null where there is none.
pub(super) fn binary(values: impl Iterator<Item = Result<Option<Vec<u8>>>>) -> Result<ArrayRef> {
    let (mut made, mut bytes) = (BinaryBuilder::new(), 0);
    for value in values {
        let value = value?;
        bytes = grown(bytes, value.as_ref().map_or(0, Vec::len))?;
        made.append_option(value);
    }
    Ok(std::sync::Arc::new(made.finish()))
}

/// An array of texts, null where there is none.
pub(super) fn texts<T: AsRef<str>>(values: impl Iterator<Item = Result<Option<T>>>) -> Result<ArrayRef> {
    let (mut made, mut bytes) = (StringBuilder::new(), 0);
    for value in values {
        let value = value?;
        bytes = grown(bytes, value.as_ref().map_or(0, |text| text.as_ref().len()))?;
        made.append_option(value);
    }
    Ok(std::sync::Arc::new(made.finish()))
}

/// How many bytes there are with some more; an array cannot have any number.
fn grown(bytes: usize, by: usize) -> Result<usize> {
    match bytes.checked_add(by) {
        Some(sum) if sum <= MOST_BYTES => Ok(sum),
        _ => Err(exec_datafusion_err!(
            "the values of a function take more than {MOST_BYTES} bytes at a time; ask for less of each"
        )),
    }
}

/// An argument in so many rows.
fn in_rows(value: &ColumnarValue, rows: usize) -> Result<ArrayRef> {
    let bytes = match value {
        ColumnarValue::Scalar(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::LargeUtf8(Some(text))
            | ScalarValue::Utf8View(Some(text)),
        ) => text.len(),
        ColumnarValue::Scalar(ScalarValue::Binary(Some(bytes)) | ScalarValue::LargeBinary(Some(bytes))) => {
            bytes.len()
        }
        _ => 0,
    };
    grown(0, bytes.saturating_mul(rows))?;
    value.to_array(rows)
}

/// Calls one of the functions.
#[cfg(test)]
pub(super) fn invoke(name: &str, functions: &[Body], arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let body = functions.iter().find(|body| body.name == name).expect("a function of that name");
    (body.compute)(&Arguments { arrays: arguments, rows: arguments[0].len() })
}

/// What went wrong with a sketch, as DataFusion passes it on.
pub(super) fn failed(error: cairn_format::Error) -> DataFusionError {
    DataFusionError::External(Box::new(crate::Error::from(error)))
}

/// One of the functions.
#[derive(Debug)]
pub(super) struct ScalarFunction {
    body: Body,
    signature: Signature,
}

impl ScalarFunction {
    pub(super) fn new(body: Body) -> Self {
        let signature = if body.arguments.is_empty() {
            Signature::nullary(Volatility::Immutable)
        } else {
            Signature::user_defined(Volatility::Immutable)
        };
        Self { body, signature }
    }
}

impl PartialEq for ScalarFunction {
    fn eq(&self, other: &Self) -> bool {
        self.body.name == other.body.name
    }
}

impl Eq for ScalarFunction {}

impl Hash for ScalarFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.name.hash(state);
    }
}

impl ScalarUDFImpl for ScalarFunction {
    fn name(&self) -> &str {
        self.body.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let Body { name, arguments, .. } = self.body;
        if given.len() != arguments.len() {
            return plan_err!("{name} takes {} arguments, not {}", arguments.len(), given.len());
        }
        if let Some((kind, given)) = arguments.iter().zip(given).find(|(kind, given)| !kind.takes(given)) {
            return plan_err!("{name} takes {}, not {given}", kind.data_type());
        }
        Ok(arguments.iter().map(|kind| kind.data_type()).collect())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.body.returns.data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let arrays = args.args.iter().map(|value| in_rows(value, rows)).collect::<Result<Vec<_>>>()?;
        if let Some((array, kind)) = arrays
            .iter()
            .zip(self.body.arguments)
            .find(|(array, kind)| *array.data_type() != kind.data_type())
        {
            return Err(exec_datafusion_err!("{} got {} for {kind:?}", self.body.name, array.data_type()));
        }
        let made = (self.body.compute)(&Arguments { arrays: &arrays, rows })?;
        Ok(if is_constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
        } else {
            ColumnarValue::Array(made)
        })
    }
}
