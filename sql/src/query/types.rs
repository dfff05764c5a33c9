//! StarRocks' type names inside queries: `CAST(x AS LARGEINT)`.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use cairn_format::{ColumnName, ColumnType};
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::planner::TypePlanner;
use sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, StructField};

/// Types that DataFusion does not know, or reads in another way.
#[derive(Debug)]
pub(super) struct StarRocksTypes;

impl TypePlanner for StarRocksTypes {
    fn plan_type_field(&self, sql_type: &DataType) -> Result<Option<FieldRef>> {
        let known = match sql_type {
            DataType::Datetime(_) => ColumnType::DateTime,
            DataType::JSON => ColumnType::Json,
            DataType::Varbinary(_) | DataType::Binary(_) => ColumnType::Varbinary { length: None },
            DataType::String(_) | DataType::Text => ColumnType::String,
            // Without digits StarRocks' DECIMAL has ten, and none behind the point.
            DataType::Decimal(ExactNumberInfo::None) | DataType::Numeric(ExactNumberInfo::None) => {
                ColumnType::Decimal { precision: 10, scale: 0 }
            }
            DataType::Custom(name, _) if name.to_string().eq_ignore_ascii_case("largeint") => {
                ColumnType::LargeInt
            }
            DataType::Array(_) | DataType::Map(..) | DataType::Struct(..) => {
                let nested = part(sql_type).filter(|nested| nested.check().is_ok());
                nested.ok_or_else(|| plan_datafusion_err!("{sql_type} is no type to cast to"))?
            }
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", known.arrow_type(), true))))
    }
}

/// A type inside of another, or one that has types inside.
fn part(sql_type: &DataType) -> Option<ColumnType> {
    let digits = |info: &ExactNumberInfo| match info {
        ExactNumberInfo::None => Some((10, 0)),
        ExactNumberInfo::Precision(precision) => Some((u8::try_from(*precision).ok()?, 0)),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            Some((u8::try_from(*precision).ok()?, u8::try_from(*scale).ok()?))
        }
    };
    Some(match sql_type {
        DataType::Boolean | DataType::Bool => ColumnType::Boolean,
        DataType::TinyInt(_) => ColumnType::TinyInt,
        DataType::SmallInt(_) => ColumnType::SmallInt,
        DataType::Int(_) | DataType::Integer(_) => ColumnType::Int,
        DataType::BigInt(_) => ColumnType::BigInt,
        DataType::Float(_) => ColumnType::Float,
        DataType::Double(_) => ColumnType::Double,
        DataType::Decimal(info) | DataType::Numeric(info) => {
            let (precision, scale) = digits(info)?;
            ColumnType::Decimal { precision, scale }
        }
        DataType::Date => ColumnType::Date,
        DataType::Datetime(_) => ColumnType::DateTime,
        DataType::Char(_) | DataType::Varchar(_) | DataType::String(_) | DataType::Text => ColumnType::String,
        DataType::Varbinary(_) | DataType::Binary(_) => ColumnType::Varbinary { length: None },
        DataType::JSON => ColumnType::Json,
        DataType::Custom(name, _) if name.to_string().eq_ignore_ascii_case("largeint") => {
            ColumnType::LargeInt
        }
        DataType::Array(ArrayElemTypeDef::AngleBracket(of)) => ColumnType::array(part(of)?),
        DataType::Map(key, value) => ColumnType::map(part(key)?, part(value)?),
        DataType::Struct(fields, _) => {
            let field = |field: &StructField| {
                let name = ColumnName::parse(&field.field_name.as_ref()?.value).ok()?;
                Some(cairn_format::StructField { name, column_type: part(&field.field_type)? })
            };
            ColumnType::structure(fields.iter().map(field).collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}
