//! The syntax tree of StarRocks' statements.
//!
//! A tree holds what was written and nothing that was looked up: names are not resolved, properties are not
//! checked, and object kinds this store does not know are present, because refusing them is the analyser's
//! work. Queries inside statements are `sqlparser`'s trees ([`QueryText`]).
//!
//! Every statement prints itself completely: parsing what [`Display`](std::fmt::Display) wrote gives an equal
//! tree. Equality ignores where in the source a name stood.

mod access;
mod alter_partition;
mod alter_table;
mod backup;
mod database;
mod external_catalog;
mod index;
mod materialized_view;
mod name;
mod partition;
mod print;
mod query;
mod repository;
mod restore;
mod show;
mod table;
mod types;
mod view;
mod words;

use std::fmt;

pub use access::{
    AccessStatement, Authentication, FunctionSignature, GrantPlace, GrantStatement, GrantTarget, Granted,
    GranteeIdent, Password, PasswordText, RoleChoice, UserIdent,
};
pub use alter_partition::{DroppedPartitions, PartitionChange, PartitionPart, RecoverStatement};
pub use alter_table::{AlterTableClause, AlterTableStatement, ColumnPosition, CompactionKind};
pub use backup::{
    BackupStatement, CancelStatement, CancelTarget, CatalogChoice, CatalogItem, DropSnapshotStatement,
    JobKind, ObjectKind, PartitionChoice, PartitionKey, PartitionKeyValue, SnapshotObject,
};
pub use database::{
    CreateDatabaseStatement, DropDatabaseStatement, DropTableStatement, TruncateTableStatement,
};
pub use external_catalog::{AlterCatalogStatement, CreateCatalogStatement, DropCatalogStatement};
pub use index::{CreateIndexStatement, DropIndexStatement, IndexClause, IndexKind};
pub use materialized_view::{
    AlterMaterializedViewStatement, CreateMaterializedViewStatement, DropMaterializedViewStatement,
    MaterializedViewChange, RefreshClause, RefreshMaterializedViewStatement, RefreshMode, RefreshMoment,
    RefreshSchemeClause,
};
pub use name::{DatabaseName, Ident, Location, ObjectName};
pub use partition::{
    ListPart, ListValue, PartitionClause, PartitionExpression, PartitionStep, RangeBatch, RangeBound,
    RangePart, RangePartition, RangeValue, TimeUnit,
};
pub use query::{
    DeleteStatement, ExplainLevel, ExplainStatement, ExprText, InsertStatement, QueryText, UpdateStatement,
};
pub use repository::{
    AlterRepositoryStatement, CheckRepositoryStatement, CreateRepositoryStatement, DropRepositoryStatement,
    PruneRepositoryStatement, VerifyStatement,
};
pub use restore::{RestoreDatabase, RestoreStatement};
pub use show::{
    AlterationKind, ShowPredicates, ShowSnapshotStatement, ShowStatement, ShowWhat, SnapshotFilter,
};
pub use table::{
    Aggregation, ColumnClause, ColumnDefault, ColumnValue, CreateTableStatement, DistributionClause,
    KeyClause, KeyKind, RollupClause, TableScope,
};
pub use types::TypeName;
pub use view::{AlterViewStatement, CreateViewStatement, DropViewStatement, ViewColumnClause};

pub(crate) use words::{is_identifier_char, is_identifier_start, is_reserved};

/// A property list in source order; a key written twice is present twice.
pub type Properties = Vec<(String, String)>;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE DATABASE`
    CreateDatabase(CreateDatabaseStatement),
    /// `DROP DATABASE`
    DropDatabase(DropDatabaseStatement),
    /// `USE`
    Use(DatabaseName),
    /// `CREATE TABLE`
    CreateTable(Box<CreateTableStatement>),
    /// `ALTER TABLE`
    AlterTable(Box<AlterTableStatement>),
    /// `CREATE INDEX`
    CreateIndex(CreateIndexStatement),
    /// `DROP INDEX`
    DropIndex(DropIndexStatement),
    /// `CREATE MATERIALIZED VIEW`
    CreateMaterializedView(Box<CreateMaterializedViewStatement>),
    /// `ALTER MATERIALIZED VIEW`
    AlterMaterializedView(AlterMaterializedViewStatement),
    /// `REFRESH MATERIALIZED VIEW`
    RefreshMaterializedView(RefreshMaterializedViewStatement),
    /// `DROP MATERIALIZED VIEW`
    DropMaterializedView(DropMaterializedViewStatement),
    /// `SHOW CREATE MATERIALIZED VIEW`
    ShowCreateMaterializedView(ObjectName),
    /// `DROP TABLE`
    DropTable(DropTableStatement),
    /// `TRUNCATE TABLE`
    TruncateTable(TruncateTableStatement),
    /// `INSERT INTO` and `INSERT OVERWRITE`
    Insert(Box<InsertStatement>),
    /// `DELETE FROM`
    Delete(Box<DeleteStatement>),
    /// `UPDATE`
    Update(Box<UpdateStatement>),
    /// `SELECT`, `WITH`, `VALUES` or a parenthesised query
    Query(QueryText),
    /// `EXPLAIN`
    Explain(ExplainStatement),
    /// `SHOW` of rows that conditions choose among
    Show(Box<ShowStatement>),
    /// `SHOW TABLET id`
    ShowTablet(u64),
    /// `RECOVER`
    Recover(RecoverStatement),
    /// `SHOW CREATE TABLE`
    ShowCreateTable(ObjectName),
    /// `SHOW CREATE DATABASE`
    ShowCreateDatabase(DatabaseName),
    /// `DESC` of a table
    Describe(ObjectName),
    /// `DESC t ALL`
    DescribeAll(ObjectName),
    /// `CREATE REPOSITORY`
    CreateRepository(CreateRepositoryStatement),
    /// `ALTER REPOSITORY`
    AlterRepository(AlterRepositoryStatement),
    /// `DROP REPOSITORY`
    DropRepository(DropRepositoryStatement),
    /// `CHECK REPOSITORY`
    CheckRepository(CheckRepositoryStatement),
    /// `VERIFY SNAPSHOT` and `VERIFY REPOSITORY`
    Verify(VerifyStatement),
    /// `PRUNE REPOSITORY`
    PruneRepository(PruneRepositoryStatement),
    /// `BACKUP`
    Backup(Box<BackupStatement>),
    /// `RESTORE`
    Restore(Box<RestoreStatement>),
    /// `EXPLAIN BACKUP`
    ExplainBackup(Box<BackupStatement>),
    /// `EXPLAIN RESTORE`
    ExplainRestore(Box<RestoreStatement>),
    /// `CANCEL BACKUP` and `CANCEL RESTORE`
    Cancel(CancelStatement),
    /// `SHOW SNAPSHOT ON`
    ShowSnapshot(Box<ShowSnapshotStatement>),
    /// `DROP SNAPSHOT`
    DropSnapshot(DropSnapshotStatement),
    /// `CREATE VIEW`
    CreateView(Box<CreateViewStatement>),
    /// `ALTER VIEW`
    AlterView(Box<AlterViewStatement>),
    /// `DROP VIEW`
    DropView(DropViewStatement),
    /// `SHOW CREATE VIEW`
    ShowCreateView(ObjectName),
    /// `CREATE EXTERNAL CATALOG`
    CreateCatalog(CreateCatalogStatement),
    /// `ALTER CATALOG`
    AlterCatalog(AlterCatalogStatement),
    /// `DROP CATALOG`
    DropCatalog(DropCatalogStatement),
    /// `SHOW CREATE CATALOG`
    ShowCreateCatalog(Ident),
    /// What is about users, roles and privileges
    Access(Box<AccessStatement>),
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateDatabase(statement) => statement.fmt(f),
            Self::DropDatabase(statement) => statement.fmt(f),
            Self::Use(database) => write!(f, "USE {database}"),
            Self::CreateTable(statement) => statement.fmt(f),
            Self::AlterTable(statement) => statement.fmt(f),
            Self::CreateIndex(statement) => statement.fmt(f),
            Self::DropIndex(statement) => statement.fmt(f),
            Self::CreateMaterializedView(statement) => statement.fmt(f),
            Self::DropMaterializedView(statement) => statement.fmt(f),
            Self::AlterMaterializedView(statement) => statement.fmt(f),
            Self::RefreshMaterializedView(statement) => statement.fmt(f),
            Self::ShowCreateMaterializedView(name) => write!(f, "SHOW CREATE MATERIALIZED VIEW {name}"),
            Self::DropTable(statement) => statement.fmt(f),
            Self::TruncateTable(statement) => statement.fmt(f),
            Self::Insert(statement) => statement.fmt(f),
            Self::Delete(statement) => statement.fmt(f),
            Self::Update(statement) => statement.fmt(f),
            Self::Query(query) => query.fmt(f),
            Self::Explain(statement) => statement.fmt(f),
            Self::Show(statement) => statement.fmt(f),
            Self::ShowTablet(id) => write!(f, "SHOW TABLET {id}"),
            Self::Recover(statement) => statement.fmt(f),
            Self::ShowCreateTable(table) => write!(f, "SHOW CREATE TABLE {table}"),
            Self::ShowCreateDatabase(database) => write!(f, "SHOW CREATE DATABASE {database}"),
            Self::Describe(table) => write!(f, "DESC {table}"),
            Self::DescribeAll(table) => write!(f, "DESC {table} ALL"),
            Self::CreateRepository(statement) => statement.fmt(f),
            Self::AlterRepository(statement) => statement.fmt(f),
            Self::DropRepository(statement) => statement.fmt(f),
            Self::CheckRepository(statement) => statement.fmt(f),
            Self::Verify(statement) => statement.fmt(f),
            Self::PruneRepository(statement) => statement.fmt(f),
            Self::Backup(statement) => statement.fmt(f),
            Self::Restore(statement) => statement.fmt(f),
            Self::ExplainBackup(statement) => write!(f, "EXPLAIN {statement}"),
            Self::ExplainRestore(statement) => write!(f, "EXPLAIN {statement}"),
            Self::Cancel(statement) => statement.fmt(f),
            Self::ShowSnapshot(statement) => statement.fmt(f),
            Self::DropSnapshot(statement) => statement.fmt(f),
            Self::CreateView(statement) => statement.fmt(f),
            Self::AlterView(statement) => statement.fmt(f),
            Self::DropView(statement) => statement.fmt(f),
            Self::ShowCreateView(view) => write!(f, "SHOW CREATE VIEW {view}"),
            Self::CreateCatalog(statement) => statement.fmt(f),
            Self::AlterCatalog(statement) => statement.fmt(f),
            Self::DropCatalog(statement) => statement.fmt(f),
            Self::ShowCreateCatalog(name) => write!(f, "SHOW CREATE CATALOG {name}"),
            Self::Access(statement) => statement.fmt(f),
        }
    }
}
