//! StarRocks' statements on the engine; SELECT through DataFusion.
//!
//! A script goes through three stages, and each refuses what StarRocks refuses there:
//!
//! 1. [`split_statements`] and [`parse_statement`] make a [`Statement`] of text, and look nothing up;
//! 2. analysis looks names up in the catalog and checks every rule that needs no running ([`Checker`] stops here);
//! 3. [`Session::execute`] runs it: engine calls, rows of SHOW, or a query, whose [`Rows`] stream.
//!
//! Everything blocks; queries run on a runtime that is handed in. This crate never names `object_store` or `parquet`
//! but as DataFusion hands them on, and knows where segments are only as values of the engine.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests"))]

mod analyze;
mod ast;
mod checker;
mod error;
mod execute;
mod identity;
mod outcome;
mod parser;
mod privileges;
mod query;
mod refresh;
mod session;
mod show;
mod system;

pub use ast::{
    AccessStatement, Authentication, FunctionSignature, GrantPlace, GrantStatement, GrantTarget, Granted,
    GranteeIdent, Password, PasswordText, RoleChoice, UserIdent,
};
pub use ast::{
    Aggregation, AlterRepositoryStatement, AlterTableClause, AlterTableStatement, AlterationKind,
    BackupStatement, CancelStatement, CancelTarget, CatalogChoice, CatalogItem, CheckRepositoryStatement,
    ColumnClause, ColumnDefault, ColumnPosition, ColumnValue, CompactionKind, CreateDatabaseStatement,
    CreateIndexStatement, CreateMaterializedViewStatement, CreateRepositoryStatement, CreateTableStatement,
    DatabaseName, DeleteStatement, DistributionClause, DropDatabaseStatement, DropIndexStatement,
    DropMaterializedViewStatement, DropRepositoryStatement, DropSnapshotStatement, DropTableStatement,
    DroppedPartitions, ExplainLevel, ExplainStatement, ExprText, Ident, IndexClause, IndexKind,
    InsertStatement, JobKind, KeyClause, KeyKind, ListPart, ListValue, Location, ObjectKind, ObjectName,
    PartitionChange, PartitionChoice, PartitionClause, PartitionExpression, PartitionKey, PartitionKeyValue,
    PartitionPart, PartitionStep, Properties, PruneRepositoryStatement, QueryText, RangeBatch, RangeBound,
    RangePart, RangePartition, RangeValue, RecoverStatement, RestoreDatabase, RestoreStatement, RollupClause,
    ShowPredicates, ShowSnapshotStatement, ShowStatement, ShowWhat, SnapshotFilter, SnapshotObject,
    Statement, TableScope, TimeUnit, TruncateTableStatement, TypeName, UpdateStatement, VerifyStatement,
};
pub use ast::{AlterCatalogStatement, CreateCatalogStatement, DropCatalogStatement};
pub use ast::{
    AlterMaterializedViewStatement, MaterializedViewChange, RefreshClause, RefreshMaterializedViewStatement,
    RefreshMode, RefreshMoment, RefreshSchemeClause,
};
pub use ast::{AlterViewStatement, CreateViewStatement, DropViewStatement, ViewColumnClause};
pub use checker::Checker;
pub use error::{Error, ErrorKind, Result};
pub use outcome::{Outcome, Rows};
pub use parser::{ParseError, SourceStatement, parse_statement, split_statements};
pub use query::expressions;
pub use refresh::RefreshKeeper;
pub use session::Session;
pub use show::{CollectionAction, CollectionStep};
