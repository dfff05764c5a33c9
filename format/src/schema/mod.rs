//! What a table is: columns, key, partitioning, distribution.

mod arrow;
mod column;
mod ddl;
mod partition;
mod table;
mod types;
pub(crate) mod v1;
mod value;

pub use column::{Column, ColumnDefault, FieldId};
pub use ddl::create_table_statement;
pub use partition::{BoundValue, PartitionBound, PartitionDefinition, PartitionRange};
pub use table::{Distribution, KeyModel, Partitioning, TableDefinition};
pub use types::ColumnType;
pub use v1::{PartitionDefinitionV1, TableDefinitionV1};
pub use value::Value;
