//! StarRocks' type names inside queries: `CAST(x AS LARGEINT)`.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use cairn_format::ColumnType;
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use sqlparser::ast::{DataType, ExactNumberInfo};

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
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", known.arrow_type(), true))))
    }
}
