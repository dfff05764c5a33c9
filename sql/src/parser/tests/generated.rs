//! Generated trees print and read back; generated text never panics.

use cairn_format::{ColumnName, ColumnType, StructField};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{parse, parse_statement, split_statements};
use crate::ast::{
    Aggregation, AlterCatalogStatement, AlterMaterializedViewStatement, AlterRepositoryStatement,
    AlterTableClause, AlterTableStatement, AlterViewStatement, AlterationKind, BackupStatement,
    CatalogChoice, CatalogItem, CheckRepositoryStatement, ColumnClause, ColumnDefault, ColumnPosition,
    ColumnValue, CreateCatalogStatement, CreateIndexStatement, CreateMaterializedViewStatement,
    CreateRepositoryStatement, CreateTableStatement, CreateViewStatement, DatabaseName, DistributionClause,
    DropCatalogStatement, DropIndexStatement, DropRepositoryStatement, DropSnapshotStatement,
    DropViewStatement, DroppedPartitions, Ident, IndexClause, IndexKind, JobKind, KeyClause, KeyKind,
    ListPart, ListValue, Location, MaterializedViewChange, ObjectKind, ObjectName, PartitionChange,
    PartitionChoice, PartitionClause, PartitionExpression, PartitionKey, PartitionKeyValue, PartitionPart,
    PartitionStep, Properties, PruneRepositoryStatement, RangeBatch, RangeBound, RangePart, RangePartition,
    RangeValue, RecoverStatement, RefreshClause, RefreshMaterializedViewStatement, RefreshMode,
    RefreshMoment, RefreshSchemeClause, RestoreDatabase, RestoreStatement, RollupClause, ShowPredicates,
    ShowStatement, ShowWhat, SnapshotObject, Statement, TableScope, TimeUnit, TypeName, VerifyStatement,
    ViewColumnClause,
};

const WORDS: &[&str] = &[
    "BACKUP",
    "RESTORE",
    "SNAPSHOT",
    "TO",
    "FROM",
    "ON",
    "DATABASE",
    "TABLE",
    "TABLES",
    "VIEW",
    "VIEWS",
    "MATERIALIZED",
    "FUNCTION",
    "FUNCTIONS",
    "ALL",
    "EXTERNAL",
    "CATALOG",
    "CATALOGS",
    "PARTITION",
    "PARTITIONS",
    "TEMPORARY",
    "AS",
    "PROPERTIES",
    "CREATE",
    "REPOSITORY",
    "ALTER",
    "CHECK",
    "VERIFY",
    "PRUNE",
    "SET",
    "WITH",
    "BROKER",
    "LOCATION",
    "READ",
    "ONLY",
    "SHOW",
    "WHERE",
    "AND",
    "IN",
    "CANCEL",
    "FOR",
    "DROP",
    "FORCE",
    "IF",
    "NOT",
    "EXISTS",
    "INT",
    "DECIMAL",
    "ARRAY",
    "SUM",
    "KEY",
    "PRIMARY",
    "NULL",
    "DEFAULT",
    "COMMENT",
    "INDEX",
    "USING",
    "BITMAP",
    "RANGE",
    "LIST",
    "VALUES",
    "LESS",
    "THAN",
    "MAXVALUE",
    "START",
    "END",
    "EVERY",
    "INTERVAL",
    "DAY",
    "DISTRIBUTED",
    "BY",
    "HASH",
    "BUCKETS",
    "ORDER",
    "ROLLUP",
    "INSERT",
    "RECOVER",
    "REPLACE",
    "TEMPORARY",
    "INTO",
    "LABEL",
    "SELECT",
    "EXPLAIN",
    "DESC",
    "LIMIT",
    "USE",
    "TRUNCATE",
    "(",
    ")",
    ",",
    ".",
    "=",
    "<",
    ">",
    ">>",
    "[",
    "]",
    ";",
    "*",
    "-",
    "1",
    "1.5",
    "1a",
    "'s'",
    "\"d\"",
    "`q`",
    "a",
    "b",
    "t",
    "p1",
    "'",
    "\"",
    "`",
    "\\",
    "--",
    "/*",
    "*/",
    "#",
    "@",
    "\n",
    "ü",
];

pub(super) fn ident() -> impl Strategy<Value = Ident> {
    let value = prop_oneof![
        4 => "[a-zA-Z_$][a-z0-9_]{0,6}",
        1 => "[ -~äß名\n]{0,6}",
        1 => select(WORDS).prop_map(str::to_owned),
    ];
    value.prop_map(|value| Ident { value, location: Location { line: 1, column: 1 } })
}

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[a-z0-9-]{0,8}", 1 => "[\\x00-\\x7f]{0,8}", 1 => any::<String>()]
}

pub(super) fn some<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(item, 1..4)
}

fn properties() -> impl Strategy<Value = Properties> {
    prop::collection::vec((text(), text()), 0..3)
}

pub(super) fn object_name() -> impl Strategy<Value = ObjectName> {
    (of((of(ident()), ident())), ident()).prop_map(|(qualifier, name)| {
        let (catalog, database) =
            qualifier.map_or((None, None), |(catalog, database)| (catalog, Some(database)));
        ObjectName { catalog, database, name }
    })
}

fn partitions() -> impl Strategy<Value = PartitionChoice> {
    let value = prop_oneof![
        Just(PartitionKeyValue::Null),
        any::<bool>().prop_map(PartitionKeyValue::Boolean),
        (0u32..100).prop_map(|n| PartitionKeyValue::Number(n.to_string())),
        text().prop_map(PartitionKeyValue::String),
    ];
    let key = (ident(), value).prop_map(|(column, value)| PartitionKey { column, value });
    prop_oneof![
        (any::<bool>(), some(ident()))
            .prop_map(|(temporary, names)| PartitionChoice::Names { temporary, names }),
        some(key).prop_map(PartitionChoice::Keys),
    ]
}

fn object(aliases: bool) -> impl Strategy<Value = SnapshotObject> {
    let kinds = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::Function];
    let named = (select(kinds.to_vec()), object_name(), of(partitions()), of(ident())).prop_map(
        move |(kind, name, partitions, alias)| SnapshotObject::Named {
            kind,
            name,
            partitions: partitions.filter(|_| kind == ObjectKind::Table),
            alias: alias.filter(|_| aliases),
        },
    );
    prop_oneof![1 => select(kinds.to_vec()).prop_map(SnapshotObject::All), 4 => named]
}

fn catalogs(aliases: bool) -> impl Strategy<Value = CatalogChoice> {
    let item = (ident(), of(ident()))
        .prop_map(move |(name, alias)| CatalogItem { name, alias: alias.filter(|_| aliases) });
    prop_oneof![Just(CatalogChoice::All), some(item).prop_map(CatalogChoice::Listed)]
}

fn backup() -> impl Strategy<Value = Statement> {
    (of(catalogs(false)), of(ident()), ident(), ident(), of(some(object(false))), properties()).prop_map(
        |(catalogs, database, label, repository, objects, properties)| {
            let database = database.filter(|_| catalogs.is_none());
            let objects = objects.filter(|_| catalogs.is_none());
            let statement = BackupStatement { catalogs, database, label, repository, objects, properties };
            Statement::Backup(Box::new(statement))
        },
    )
}

fn explain() -> impl Strategy<Value = Statement> {
    prop_oneof![backup().boxed(), restore().boxed()].prop_map(|statement| match statement {
        Statement::Backup(backup) => Statement::ExplainBackup(backup),
        Statement::Restore(restore) => Statement::ExplainRestore(restore),
        other => other,
    })
}

fn restore() -> impl Strategy<Value = Statement> {
    let database = prop_oneof![
        Just(RestoreDatabase::Recorded),
        ident().prop_map(RestoreDatabase::Prefix),
        (ident(), of(ident())).prop_map(|(name, alias)| RestoreDatabase::Named { name, alias }),
    ];
    (ident(), ident(), of(catalogs(true)), database, of(some(object(true))), properties()).prop_map(
        |(label, repository, catalogs, database, objects, properties)| {
            let database = if catalogs.is_some() { RestoreDatabase::Recorded } else { database };
            let objects = objects.filter(|_| database != RestoreDatabase::Recorded);
            let statement = RestoreStatement { label, repository, catalogs, database, objects, properties };
            Statement::Restore(Box::new(statement))
        },
    )
}

fn repository() -> impl Strategy<Value = Statement> {
    let create = (any::<bool>(), any::<bool>(), ident(), of(ident()), text(), properties()).prop_map(
        |(read_only, if_not_exists, name, broker, location, properties)| {
            Statement::CreateRepository(CreateRepositoryStatement {
                read_only,
                if_not_exists,
                name,
                broker,
                location,
                properties,
            })
        },
    );
    let alter = (ident(), some((text(), text()))).prop_map(|(name, properties)| {
        Statement::AlterRepository(AlterRepositoryStatement { name, properties })
    });
    let verify = (of(ident()), ident(), properties()).prop_map(|(label, repository, properties)| {
        Statement::Verify(VerifyStatement { label, repository, properties })
    });
    let prune = (ident(), properties()).prop_map(|(name, properties)| {
        Statement::PruneRepository(PruneRepositoryStatement { name, properties })
    });
    let drop_snapshot = (ident(), ident(), any::<bool>()).prop_map(|(label, repository, force)| {
        Statement::DropSnapshot(DropSnapshotStatement { label, repository, force })
    });
    let properties = || some((text(), text()));
    let create_catalog = (any::<bool>(), ident(), of(text()), properties()).prop_map(
        |(if_not_exists, name, comment, properties)| {
            Statement::CreateCatalog(CreateCatalogStatement { if_not_exists, name, comment, properties })
        },
    );
    let alter_catalog = (ident(), properties())
        .prop_map(|(name, properties)| Statement::AlterCatalog(AlterCatalogStatement { name, properties }));
    let drop_catalog = (any::<bool>(), ident())
        .prop_map(|(if_exists, name)| Statement::DropCatalog(DropCatalogStatement { if_exists, name }));
    prop_oneof![
        create,
        alter,
        verify,
        prune,
        drop_snapshot,
        create_catalog,
        alter_catalog,
        drop_catalog,
        ident().prop_map(Statement::ShowCreateCatalog),
        ident().prop_map(|name| Statement::DropRepository(DropRepositoryStatement { name })),
        ident().prop_map(|name| Statement::CheckRepository(CheckRepositoryStatement { name })),
    ]
}

fn data_type() -> impl Strategy<Value = TypeName> {
    let known = prop_oneof![
        select(vec![
            ColumnType::Boolean,
            ColumnType::TinyInt,
            ColumnType::SmallInt,
            ColumnType::Int,
            ColumnType::BigInt,
            ColumnType::LargeInt,
            ColumnType::Float,
            ColumnType::Double,
            ColumnType::Date,
            ColumnType::DateTime,
            ColumnType::String,
            ColumnType::Json,
            ColumnType::Varbinary { length: None },
        ]),
        (1u8..=76).prop_flat_map(
            |precision| (0..=precision).prop_map(move |scale| ColumnType::Decimal { precision, scale })
        ),
        (1u32..=255).prop_map(|length| ColumnType::Char { length }),
        (1u32..=1_048_576).prop_map(|length| ColumnType::Varchar { length }),
        (1u32..=1_048_576).prop_map(|length| ColumnType::Varbinary { length: Some(length) }),
    ];
    let known = known.prop_recursive(4, 8, 3, |of| {
        prop_oneof![
            of.clone().prop_map(ColumnType::array),
            of.clone().prop_map(|of| ColumnType::map(ColumnType::Int, of)),
            prop::collection::vec((ident(), of), 1..4).prop_map(|fields| {
                let name = |(number, name): (usize, &Ident)| format!("{}{number}", name.value.to_lowercase());
                let fields = fields.iter().enumerate().map(|(number, (ident, of))| StructField {
                    name: ColumnName::parse(&name((number, ident)))
                        .unwrap_or_else(|_| ColumnName::parse(&format!("x{number}")).unwrap()),
                    column_type: of.clone(),
                });
                ColumnType::structure(fields)
            }),
        ]
    });
    let unsupported = select(vec!["ARRAY<TIME>", "MAP<INT, ARRAY<TIME>>", "STRUCT<a TIME>", "TIME"]);
    prop_oneof![4 => known.prop_map(TypeName::Known), 1 => unsupported.prop_map(|text| TypeName::Unsupported(text.to_owned()))]
}

fn column() -> impl Strategy<Value = ColumnClause> {
    let aggregation = select(Aggregation::WORDS.map(|(_, aggregation)| aggregation).to_vec());
    let default = prop_oneof![
        text().prop_map(ColumnDefault::Literal),
        Just(ColumnDefault::Null),
        of(0u64..7).prop_map(ColumnDefault::CurrentTimestamp),
        ident().prop_map(ColumnDefault::Function),
    ];
    let value =
        prop_oneof![4 => default.prop_map(ColumnValue::Default), 1 => Just(ColumnValue::AutoIncrement)];
    let plain =
        (ident(), of(data_type()), any::<bool>(), of(aggregation), of(any::<bool>()), of(value), of(text()))
            .prop_map(|(name, data_type, key, aggregation, nullable, value, comment)| ColumnClause {
                name,
                data_type,
                key,
                aggregation,
                nullable,
                value,
                comment,
            });
    (plain, of(("[a-z]{3,5}_agg", select(vec!["INT", "DECIMAL(3, 1), INT", ""])))).prop_map(
        |(mut column, state)| {
            if let Some((function, arguments)) = state {
                let function = Ident { value: function, ..column.name.clone() };
                column.data_type = None;
                column.key = false;
                column.aggregation = Some(Aggregation::State { function, arguments: arguments.to_owned() });
            }
            column
        },
    )
}

fn range_part() -> impl Strategy<Value = RangePart> {
    let values = || some(prop_oneof![1 => Just(RangeValue::Max), 4 => text().prop_map(RangeValue::Value)]);
    let bound = prop_oneof![
        Just(RangeBound::LessThanMax),
        values().prop_map(RangeBound::LessThan),
        (values(), values()).prop_map(|(lower, upper)| RangeBound::Fixed { lower, upper }),
    ];
    let step = prop_oneof![
        any::<u64>().prop_map(PartitionStep::Number),
        (any::<u64>(), select(TimeUnit::ALL.to_vec())).prop_map(|(n, unit)| PartitionStep::Interval(n, unit)),
    ];
    prop_oneof![
        (any::<bool>(), ident(), bound, properties()).prop_map(|(if_not_exists, name, bound, properties)| {
            RangePart::Single(RangePartition { if_not_exists, name, bound, properties })
        }),
        (text(), text(), step).prop_map(|(start, end, step)| RangePart::Batch(RangeBatch {
            start,
            end,
            step
        })),
    ]
}

fn list_part() -> impl Strategy<Value = ListPart> {
    let value = || prop_oneof![1 => Just(ListValue::Null), 4 => text().prop_map(ListValue::Value)];
    (any::<bool>(), ident(), some(some(value())), properties()).prop_map(
        |(if_not_exists, name, values, properties)| ListPart { if_not_exists, name, values, properties },
    )
}

fn partition_change() -> impl Strategy<Value = PartitionChange> {
    let part =
        prop_oneof![range_part().prop_map(PartitionPart::Range), list_part().prop_map(PartitionPart::List)];
    let batch = range_part().prop_filter_map("a batch", |part| match part {
        RangePart::Batch(batch) => Some(DroppedPartitions::Batch(batch)),
        RangePart::Single(_) => None,
    });
    let dropped = prop_oneof![4 => some(ident()).prop_map(DroppedPartitions::Names), 1 => batch];
    prop_oneof![
        (any::<bool>(), part, of(distribution())).prop_map(|(temporary, part, distribution)| {
            PartitionChange::Add { temporary, part, distribution }
        }),
        (of(some(ident())), prop::collection::vec((text(), text()), 1..3))
            .prop_map(|(partitions, properties)| PartitionChange::Modify { partitions, properties }),
        (any::<bool>(), any::<bool>(), dropped, any::<bool>()).prop_map(
            |(temporary, if_exists, partitions, force)| {
                PartitionChange::Drop { temporary, if_exists, partitions, force }
            }
        ),
        (ident(), ident()).prop_map(|(from, to)| PartitionChange::Rename { from, to }),
        (some(ident()), some(ident()), properties()).prop_map(|(partitions, temporary, properties)| {
            PartitionChange::Replace { partitions, temporary, properties }
        }),
    ]
}

fn recover() -> impl Strategy<Value = Statement> {
    let database = (of(ident()), ident()).prop_map(|(catalog, name)| DatabaseName { catalog, name });
    let statement = prop_oneof![
        database.prop_map(RecoverStatement::Database),
        object_name().prop_map(RecoverStatement::Table),
        (ident(), object_name())
            .prop_map(|(partition, table)| RecoverStatement::Partition { partition, table }),
    ];
    statement.prop_map(Statement::Recover)
}

fn partition_clause() -> impl Strategy<Value = PartitionClause> {
    let calls = ["date_trunc('month', a)", "time_slice(b, INTERVAL 7 day)"].map(|call| {
        let sql = format!("CREATE TABLE t (a DATE) PARTITION BY {call}");
        let Statement::CreateTable(statement) = parse(&sql).unwrap() else { panic!("{sql}") };
        let Some(PartitionClause::Expressions { mut expressions, .. }) = statement.partition else {
            panic!("{sql}")
        };
        expressions.remove(0)
    });
    let calls = calls.to_vec();
    prop_oneof![
        (some(ident()), prop::collection::vec(range_part(), 0..3))
            .prop_map(|(columns, parts)| PartitionClause::Range { columns, parts }),
        (some(ident()), prop::collection::vec(list_part(), 0..3))
            .prop_map(|(columns, parts)| PartitionClause::List { columns, parts }),
        some(prop_oneof![3 => ident().prop_map(PartitionExpression::Column), 1 => select(calls)])
            .prop_map(|expressions| PartitionClause::Expressions { expressions, parts: Vec::new() }),
    ]
}

fn distribution() -> impl Strategy<Value = DistributionClause> {
    (of(some(ident())), of(any::<u64>()))
        .prop_map(|(hash_columns, buckets)| DistributionClause { hash_columns, buckets })
}

fn index() -> impl Strategy<Value = IndexClause> {
    (ident(), some(ident()), of((select(IndexKind::ALL.to_vec()), properties())), of(text())).prop_map(
        |(name, columns, using, comment)| {
            let (kind, properties) =
                using.map_or((None, Vec::new()), |(kind, properties)| (Some(kind), properties));
            IndexClause { name, columns, kind, properties, comment }
        },
    )
}

fn index_statement() -> impl Strategy<Value = Statement> {
    prop_oneof![
        (object_name(), index())
            .prop_map(|(table, index)| Statement::CreateIndex(CreateIndexStatement { table, index })),
        (ident(), object_name())
            .prop_map(|(name, table)| Statement::DropIndex(DropIndexStatement { name, table })),
    ]
}

fn create_table() -> impl Strategy<Value = Statement> {
    let scope = select(vec![TableScope::Ordinary, TableScope::Temporary, TableScope::External]);
    let key = (select(KeyKind::ALL.to_vec()), some(ident()))
        .prop_map(|(kind, columns)| KeyClause { kind, columns });
    let rollup = rollup();
    let head = (scope, any::<bool>(), object_name(), some(column()), prop::collection::vec(index(), 0..3));
    let middle = (of(ident()), of(key), of(text()), of(partition_clause()), of(distribution()));
    let tail = (of(some(ident())), prop::collection::vec(rollup, 0..3), properties());
    (head, middle, tail).prop_map(|(head, middle, tail)| {
        let (scope, if_not_exists, name, columns, indexes) = head;
        let (engine, key, comment, partition, distribution) = middle;
        let (order_by, rollups, properties) = tail;
        Statement::CreateTable(Box::new(CreateTableStatement {
            scope,
            if_not_exists,
            name,
            columns,
            indexes,
            engine,
            key,
            comment,
            partition,
            distribution,
            order_by,
            rollups,
            properties,
        }))
    })
}

fn rollup() -> impl Strategy<Value = RollupClause> {
    (ident(), some(ident()), prop::collection::vec(ident(), 0..2), of(ident()), properties()).prop_map(
        |(name, columns, duplicate_key, base, properties)| RollupClause {
            name,
            columns,
            duplicate_key,
            base,
            properties,
        },
    )
}

fn alter_table() -> impl Strategy<Value = Statement> {
    let position = prop_oneof![Just(ColumnPosition::First), ident().prop_map(ColumnPosition::After)];
    let typed = (column().boxed(), data_type().boxed()).prop_map(|(mut column, data_type)| {
        if !matches!(column.aggregation, Some(Aggregation::State { .. })) {
            column.data_type = Some(data_type);
        }
        column
    });
    let placed = (typed, of(position)).boxed();
    let clause = prop_oneof![
        ident().prop_map(AlterTableClause::Rename),
        partition_change().prop_map(AlterTableClause::Partition).boxed(),
        ident().prop_map(AlterTableClause::Swap),
        text().prop_map(AlterTableClause::Comment),
        prop::collection::vec((text(), text()), 1..3).prop_map(AlterTableClause::Set),
        placed.clone().prop_map(|(column, position)| AlterTableClause::AddColumn(column, position)),
        some(column().boxed()).prop_map(AlterTableClause::AddColumns),
        ident().prop_map(AlterTableClause::DropColumn),
        (ident(), ident()).prop_map(|(from, to)| AlterTableClause::RenameColumn(from, to)),
        placed.prop_map(|(column, position)| AlterTableClause::ModifyColumn(column, position)),
        some(ident()).prop_map(AlterTableClause::OrderBy),
        some(rollup()).prop_map(AlterTableClause::AddRollups),
        some(ident()).prop_map(AlterTableClause::DropRollups),
        (ident(), ident()).prop_map(|(from, to)| AlterTableClause::RenameRollup(from, to)),
        index().prop_map(AlterTableClause::AddIndex).boxed(),
        ident().prop_map(AlterTableClause::DropIndex),
    ]
    .boxed();
    (object_name(), some(clause))
        .prop_map(|(table, clauses)| Statement::AlterTable(Box::new(AlterTableStatement { table, clauses })))
}

/// Queries are read from texts, as conditions are.
fn view() -> impl Strategy<Value = Statement> {
    let query = select(vec!["SELECT 1", "SELECT a AS b FROM d.t WHERE a > 'x' ORDER BY 1"]);
    let query = query.prop_map(|text| match parse(text) {
        Ok(Statement::Query(query)) => query,
        other => panic!("{other:?}"),
    });
    let columns =
        || of(some((ident(), of(text())).prop_map(|(name, comment)| ViewColumnClause { name, comment })));
    let replace = prop_oneof![Just((false, false)), Just((true, false)), Just((false, true))];
    prop_oneof![
        (replace, object_name(), columns(), of(text()), query.clone()).prop_map(
            |((or_replace, if_not_exists), name, columns, comment, query)| {
                Statement::CreateView(Box::new(CreateViewStatement {
                    or_replace,
                    if_not_exists,
                    name,
                    columns,
                    comment,
                    query,
                }))
            }
        ),
        (object_name(), columns(), query).prop_map(|(name, columns, query)| {
            Statement::AlterView(Box::new(AlterViewStatement { name, columns, query }))
        }),
        (any::<bool>(), object_name())
            .prop_map(|(if_exists, name)| Statement::DropView(DropViewStatement { if_exists, name })),
        object_name().prop_map(Statement::ShowCreateView),
    ]
}

fn materialized_view() -> impl Strategy<Value = Statement> {
    let query = Just(match parse("SELECT a FROM t") {
        Ok(Statement::Query(query)) => query,
        other => panic!("{other:?}"),
    });
    let columns =
        of(some((ident(), of(text())).prop_map(|(name, comment)| ViewColumnClause { name, comment })));
    let clauses = (of(distribution()), of(some(ident())), of(refresh()), properties());
    prop_oneof![
        (any::<bool>(), object_name(), columns, of(text()), clauses, query).prop_map(
            |(if_not_exists, name, columns, comment, clauses, query)| {
                let (distribution, order_by, refresh, properties) = clauses;
                Statement::CreateMaterializedView(Box::new(CreateMaterializedViewStatement {
                    if_not_exists,
                    name,
                    columns,
                    comment,
                    distribution,
                    order_by,
                    refresh,
                    properties,
                    query,
                }))
            }
        ),
        (object_name(), any::<bool>(), of(select(vec![RefreshMode::Sync, RefreshMode::Async]))).prop_map(
            |(name, force, mode)| {
                Statement::RefreshMaterializedView(RefreshMaterializedViewStatement { name, force, mode })
            }
        ),
        (object_name(), materialized_view_change()).prop_map(|(name, change)| {
            Statement::AlterMaterializedView(AlterMaterializedViewStatement { name, change })
        }),
    ]
}

fn materialized_view_change() -> impl Strategy<Value = MaterializedViewChange> {
    prop_oneof![
        Just(MaterializedViewChange::Active),
        Just(MaterializedViewChange::Inactive),
        ident().prop_map(MaterializedViewChange::Rename),
        refresh().prop_map(MaterializedViewChange::Refresh),
    ]
}

fn refresh() -> impl Strategy<Value = RefreshClause> {
    let units = vec!["SECOND", "MINUTE", "HOUR", "DAY"];
    let scheme = prop_oneof![
        Just(RefreshSchemeClause::Manual),
        Just(RefreshSchemeClause::AfterChanges),
        (of(text()), any::<u64>(), select(units)).prop_map(|(start, count, unit)| {
            RefreshSchemeClause::Interval { start, count, unit: unit.to_owned() }
        }),
    ];
    (of(select(vec![RefreshMoment::Immediate, RefreshMoment::Deferred])), scheme)
        .prop_map(|(moment, scheme)| RefreshClause { moment, scheme })
}

fn database_name() -> impl Strategy<Value = DatabaseName> {
    (of(ident()), ident()).prop_map(|(catalog, name)| DatabaseName { catalog, name })
}

/// Conditions as they are read from texts: their trees are `sqlparser`'s.
fn predicates() -> impl Strategy<Value = ShowPredicates> {
    let filters = ["a = 'x'", "`b` LIKE '%' AND c IN (1, 2)", "NOT (a > 1.5)"];
    let orders = ["a", "2 DESC", "`b` ASC NULLS LAST"];
    let limit = of((any::<u64>(), any::<u64>()));
    (of(select(filters.to_vec())), prop::collection::vec(select(orders.to_vec()), 0..3), limit).prop_map(
        |(filter, order, limit)| {
            let condition = filter.map_or_else(String::new, |filter| format!(" WHERE {filter}"));
            let order =
                if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
            match parse(&format!("SHOW REPOSITORIES{condition}{order}")) {
                Ok(Statement::Show(show)) => ShowPredicates { limit, ..show.predicates },
                other => panic!("{other:?}"),
            }
        },
    )
}

fn show() -> impl Strategy<Value = Statement> {
    let named = prop_oneof![
        Just(ShowWhat::Databases),
        (any::<bool>(), of(database_name())).prop_map(|(full, database)| ShowWhat::Tables { full, database }),
        of(database_name()).prop_map(ShowWhat::TableStatus),
        (any::<bool>(), object_name()).prop_map(|(full, table)| ShowWhat::Columns { full, table }),
    ];
    let kinds = prop_oneof![Just(JobKind::Backup), Just(JobKind::Restore)];
    let listed = prop_oneof![
        object_name().prop_map(ShowWhat::Index),
        (any::<bool>(), object_name())
            .prop_map(|(temporary, table)| ShowWhat::Partitions { temporary, table }),
        (object_name(), of(partitions()))
            .prop_map(|(table, partitions)| ShowWhat::Tablets { table, partitions }),
        (select(AlterationKind::ALL.to_vec()), of(database_name()))
            .prop_map(|(kind, database)| ShowWhat::Alterations { kind, database }),
        Just(ShowWhat::Repositories),
        Just(ShowWhat::Catalogs),
        (kinds, of(ident())).prop_map(|(kind, database)| ShowWhat::Jobs { kind, database }),
    ];
    let shown = |what, predicates| Statement::Show(Box::new(ShowStatement { what, predicates }));
    prop_oneof![
        4 => (named, of(text()), predicates())
            .prop_map(move |(what, like, rest)| shown(what, ShowPredicates { like, ..rest })),
        4 => (listed, predicates()).prop_map(move |(what, predicates)| shown(what, predicates)),
        1 => of(object_name())
            .prop_map(move |table| shown(ShowWhat::Data(table), ShowPredicates::default())),
        1 => any::<u64>().prop_map(Statement::ShowTablet),
        1 => object_name().prop_map(Statement::DescribeAll),
    ]
}

pub(super) fn reads_back(statement: &Statement) {
    let printed = statement.to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}"));
    assert_eq!(statement, &again, "{printed}");
}

/// Cuts and parses, and checks what holds for any text: statements are pieces of it, and what parses reads
/// back.
fn survives(script: &str) {
    for source in split_statements(script) {
        assert!(script.contains(source.text()));
        assert!(!source.text().is_empty());
        match parse_statement(&source) {
            Ok(statement) => reads_back(&statement),
            Err(error) => assert!(error.line() >= 1 && error.column() >= 1 && !error.message().is_empty()),
        }
    }
}

proptest! {
    #[test]
    fn backups_read_back(statement in backup()) {
        reads_back(&statement);
    }

    #[test]
    fn restores_read_back(statement in restore()) {
        reads_back(&statement);
    }

    #[test]
    fn what_is_done_to_repositories_reads_back(statement in repository()) {
        reads_back(&statement);
    }

    #[test]
    fn tables_read_back(statement in create_table()) {
        reads_back(&statement);
    }

    #[test]
    fn changes_of_tables_read_back(statement in prop_oneof![4 => alter_table(), 1 => recover(), 1 => index_statement()]) {
        reads_back(&statement);
    }

    #[test]
    fn views_read_back(statement in prop_oneof![view().boxed(), materialized_view().boxed()]) {
        reads_back(&statement);
    }

    #[test]
    fn explanations_of_jobs_read_back(statement in explain()) {
        reads_back(&statement);
    }

    #[test]
    fn shows_read_back(statement in show()) {
        reads_back(&statement);
    }

    #[test]
    fn any_text_is_cut_and_parsed_without_a_panic(script in any::<String>()) {
        survives(&script);
    }

    #[test]
    fn any_bytes_are_cut_and_parsed_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_are_cut_and_parsed_without_a_panic(words in prop::collection::vec(select(WORDS), 0..40)) {
        survives(&words.join(" "));
        survives(&words.concat());
    }

    #[test]
    fn statements_with_words_changed_are_parsed_without_a_panic(
        statement in prop_oneof![backup(), restore(), repository().boxed(), create_table().boxed(), alter_table().boxed()],
        at in any::<prop::sample::Index>(),
        word in select(WORDS),
        keep in any::<bool>(),
    ) {
        let printed = statement.to_string();
        let mut words: Vec<&str> = printed.split(' ').collect();
        let at = at.index(words.len());
        if keep { words.insert(at, word) } else { words[at] = word }
        survives(&words.join(" "));
    }
}
