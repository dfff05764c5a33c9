//! What a table is: columns, key, partitioning, distribution.

mod aggregation;
mod arrow;
mod check;
mod column;
mod ddl;
mod index;
mod nested;
mod nested_text;
mod partition;
mod rollup;
mod step;
mod table;
mod time_text;
mod type_text;
mod types;
pub(crate) mod v1;
mod value;
mod value_array;
mod view;
mod view_v1;
mod widen;

pub use aggregation::Aggregation;
pub use check::{Fault, check_values};
pub use column::{Column, ColumnDefault, FieldId};
pub use ddl::{create_table_statement, materialized_view_statement};
pub use index::{IndexDefinition, IndexKind};
pub use nested::{MAX_TYPE_DEPTH, MapType, StructField};
pub use partition::{BoundValue, PartitionBound, PartitionDefinition, PartitionRange, PartitionRows};
pub use rollup::{RollupColumn, RollupDefinition, RollupId, RollupSource};
pub use step::{PartitionStep, StepUnit};
pub use table::{Distribution, KeyModel, Partitioning, TableDefinition};
pub use types::ColumnType;
pub use v1::{PartitionDefinitionV1, TableDefinitionV1};
pub use value::Value;
pub use view::{QueryPiece, ViewColumn, ViewDefinition, ViewQuery, create_view_statement, in_order_of_need};
pub use view_v1::ViewDefinitionV1;
