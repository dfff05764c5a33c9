//! Aggregate functions that merge sketches.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use cairn_format::{Bitmap, Hll, Percentile, Sketch};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use super::scalar::failed;

/// Which sketches are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Of {
    Bitmaps,
    Hlls,
    Percentiles,
}

/// A function that merges sketches.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Union {
    name: &'static str,
    of: Of,
    /// Whether it returns how many values the sketch stands for, and not the sketch.
    counts: bool,
    signature: Signature,
}

/// All of them.
pub(super) fn all() -> Vec<Union> {
    let union = |name, of, counts| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Union { name, of, counts, signature }
    };
    vec![
        union("bitmap_union", Of::Bitmaps, false),
        union("bitmap_union_count", Of::Bitmaps, true),
        union("hll_union", Of::Hlls, false),
        union("hll_raw_agg", Of::Hlls, false),
        union("hll_union_agg", Of::Hlls, true),
        union("percentile_union", Of::Percentiles, false),
    ]
}

impl AggregateUDFImpl for Union {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [
                DataType::Null
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
                | DataType::FixedSizeBinary(_),
            ] => Ok(vec![DataType::Binary]),
            [other] => plan_err!("{} merges sketches, not {other}", self.name),
            _ => plan_err!("{} takes 1 argument, not {}", self.name, given.len()),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.counts { DataType::Int64 } else { DataType::Binary })
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(match self.of {
            Of::Bitmaps => merging::<Bitmap>(self.counts.then_some(|bitmap: &Bitmap| Ok(bitmap.count()))),
            Of::Hlls => merging::<Hll>(self.counts.then_some(Hll::estimate)),
            Of::Percentiles => merging::<Percentile>(None),
        })
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[sketch]", args.name), DataType::Binary, true))])
    }
}

/// How many values a sketch stands for.
type Count<S> = fn(&S) -> cairn_format::Result<u64>;

fn merging<S: Sketch + Send + Sync + 'static>(count: Option<Count<S>>) -> Box<dyn Accumulator> {
    Box::new(Merging { sum: None::<S>, count })
}

struct Merging<S> {
    sum: Option<S>,
    count: Option<Count<S>>,
}

impl<S> fmt::Debug for Merging<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merging").field("any", &self.sum.is_some()).finish_non_exhaustive()
    }
}

impl<S: Sketch + Send + Sync + 'static> Accumulator for Merging<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for array in values {
            for bytes in array.as_binary::<i32>().iter().flatten() {
                let next = S::from_bytes(bytes).map_err(failed)?;
                match &mut self.sum {
                    None => self.sum = Some(next),
                    Some(sum) => sum.merge(next).map_err(failed)?,
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(match self.count {
            Some(count) => {
                let count = self.sum.as_ref().map_or(Ok(0), count).map_err(failed)?;
                ScalarValue::Int64(Some(i64::try_from(count).unwrap_or(i64::MAX)))
            }
            None => ScalarValue::Binary(self.sum.as_mut().map(S::to_bytes)),
        })
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sum.as_ref().map_or(0, S::memory)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(self.sum.as_mut().map(S::to_bytes))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
