//! Where rows go, against a plain search, with random partitions.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use cairn_engine::TabletStore;
use cairn_format::{
    BoundValue, ColumnType, Distribution, PartitionBound, PartitionDefinition, PartitionRange, PartitionRows,
    Partitioning, TableDefinition, Value,
};

use crate::support::{
    Random, World, column, database, each_seed, insert, partition, plain_table, table, table_rows,
};

const TYPES: [ColumnType; 2] = [ColumnType::Int, ColumnType::Varchar { length: 20 }];

type Row = (Option<i32>, Option<String>);

/// `a INT, b VARCHAR(20)`.
fn two_columns(partitioning: Partitioning) -> TableDefinition {
    let columns = vec![column(1, "a", TYPES[0].clone(), true), column(2, "b", TYPES[1].clone(), true)];
    TableDefinition {
        partitioning,
        distribution: Distribution::Random { buckets: 1 },
        ..plain_table("t", columns, 1)
    }
}

fn row(random: &mut Random) -> Row {
    let number = match random.below(8) {
        0 => None,
        1 => Some(i32::MIN),
        2 => Some(i32::MAX),
        n => Some(i32::try_from(random.below(4 * n)).unwrap() - 5),
    };
    let text = match random.below(6) {
        0 => None,
        1 => Some(String::new()),
        n => Some("abcü".chars().take(usize::try_from(random.below(n)).unwrap()).collect()),
    };
    (number, text)
}

fn values((number, text): &Row) -> Vec<Value> {
    vec![
        number.map_or(Value::Null, |number| Value::Integer(number.into())),
        text.clone().map_or(Value::Null, Value::Text),
    ]
}

fn bound(values: &[Value]) -> PartitionBound {
    let position = |value: &Value| match value {
        Value::Null => BoundValue::Min,
        Value::Integer(n) if *n == i128::from(i32::MAX) => BoundValue::Max,
        value => BoundValue::Value(value.clone()),
    };
    PartitionBound::try_new(values.iter().map(position).collect(), &TYPES).unwrap()
}

/// Ranges apart from each other, with gaps.
fn ranges(random: &mut Random) -> Vec<PartitionDefinition> {
    let mut ends: Vec<PartitionBound> = (0..random.below(12)).map(|_| bound(&values(&row(random)))).collect();
    ends.sort_by(|a, b| a.compare(b).unwrap());
    let mut partitions = Vec::new();
    for (number, pair) in ends.windows(2).enumerate() {
        if let (Ok(range), true) =
            (PartitionRange::try_new(pair[0].clone(), pair[1].clone()), random.below(4) > 0)
        {
            let rows = PartitionRows::Range(range);
            partitions.push(PartitionDefinition::new(partition(&format!("p{number}")), rows));
        }
    }
    partitions
}

/// Lists that share nothing.
fn lists(random: &mut Random) -> Vec<PartitionDefinition> {
    let mut partitions: Vec<PartitionDefinition> = Vec::new();
    for number in 0..random.below(6) {
        let mut own: Vec<Vec<Value>> = Vec::new();
        for _ in 0..random.below(5) {
            let new = values(&row(random));
            if !own.contains(&new) && !partitions.iter().any(|p| p.rows.lists().contains(&new)) {
                own.push(new);
            }
        }
        if !own.is_empty() {
            let rows = PartitionRows::List(own);
            partitions.push(PartitionDefinition::new(partition(&format!("p{number}")), rows));
        }
    }
    partitions
}

fn holds(partition: &PartitionDefinition, row: &Row) -> bool {
    match &partition.rows {
        PartitionRows::All => true,
        PartitionRows::List(lists) => lists.contains(&values(row)),
        PartitionRows::Range(range) => {
            let position = |value: Value| match value {
                Value::Null => BoundValue::Min,
                value => BoundValue::Value(value),
            };
            let at = values(row).into_iter().map(position).collect();
            range.contains(&PartitionBound::try_new(at, &TYPES).unwrap())
        }
    }
}

fn batch(rows: &[Row]) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>());
    let texts: ArrayRef = Arc::new(rows.iter().map(|row| row.1.as_deref()).collect::<StringArray>());
    RecordBatch::try_from_iter_with_nullable([("a", numbers, true), ("b", texts, true)]).unwrap()
}

/// The rows of each partition, as text, with the partition.
fn found(store: &TabletStore) -> Vec<(PartitionDefinition, Vec<String>)> {
    let view = store.view();
    let whole = view.require_database(&database()).unwrap().require_table(&table("t")).unwrap();
    let one = |partition: &Arc<cairn_engine::Partition>| {
        let mut only = whole.as_ref().clone();
        only.partitions = vec![Arc::clone(partition)];
        (partition.definition.clone(), table_rows(store, &Arc::new(only)))
    };
    whole.partitions.iter().map(one).collect()
}

fn text(row: &Row) -> String {
    values(row).iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" | ")
}

fn run(seed: u64) {
    let world = World::new();
    let mut random = Random(seed | 1);
    let store = world.ready("a");
    for _ in 0..6 {
        let kind = random.below(3);
        let automatic = kind == 2;
        let ids: Vec<_> =
            two_columns(Partitioning::Unpartitioned).columns.iter().map(|c| c.field_id).collect();
        let (partitioning, partitions) = match kind {
            0 => (Partitioning::Range { columns: ids, step: None }, ranges(&mut random)),
            _ => (
                Partitioning::List { columns: ids, automatic, steps: std::collections::BTreeMap::new() },
                lists(&mut random),
            ),
        };
        store.create_table(&database(), two_columns(partitioning), partitions.clone()).unwrap();
        let mut loaded: Vec<Row> = Vec::new();
        for _ in 0..3 {
            let rows: Vec<Row> = (0..random.below(12)).map(|_| row(&mut random)).collect();
            let homeless = rows.iter().position(|row| !partitions.iter().any(|p| holds(p, row)));
            match (insert(&store, "t", &batch(&rows)), homeless.filter(|_| !automatic)) {
                (Ok(_), None) => loaded.extend(rows),
                (Err(error), Some(at)) => {
                    let expected = format!("table 't', row {}: no partition takes", at + 1);
                    assert!(error.to_string().starts_with(&expected), "{error}");
                    // What has a place is loaded without the rest.
                    let fitting: Vec<Row> =
                        rows.into_iter().filter(|row| partitions.iter().any(|p| holds(p, row))).collect();
                    insert(&store, "t", &batch(&fitting)).unwrap();
                    loaded.extend(fitting);
                }
                (outcome, homeless) => panic!("{outcome:?}, {homeless:?}"),
            }
        }
        let mut count = 0;
        for (partition, rows) in found(&store) {
            let mut expected: Vec<String> =
                loaded.iter().filter(|row| holds(&partition, row)).map(text).collect();
            expected.sort();
            assert_eq!(rows, expected, "{partition:?}");
            assert!(
                !rows.is_empty() || partitions.contains(&partition),
                "{partition:?} was made for nothing"
            );
            count += rows.len();
        }
        assert_eq!(count, loaded.len());
        store.drop_table(&database(), &table("t")).unwrap();
    }
}

#[test]
fn random_rows_go_where_a_plain_search_finds_their_partition() {
    each_seed("CAIRN_MODEL", 12, "a row went elsewhere", run);
}
