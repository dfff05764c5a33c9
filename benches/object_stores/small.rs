//! Many small tablets: in a local repository, and on a server of S3.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use cairn_engine::{LoadOptions, TabletStore};
use cairn_format::{
    Column, ColumnName, ColumnType, Distribution, FieldId, KeyModel, Partitioning, TableDefinition, TableName,
};

use super::s3::Bench;
use super::support::copying::{Synced, sync_file_system, time_copy};
use super::support::measure::{Series, megabytes, run_child, setting};
use super::support::{Fallible, World, database, files_below};
use super::tools::Tool;

const TABLE: &str = "small";
const ROWS_OF_TABLET: usize = 48;
/// Digits of a row's text; two of them are a byte of a file.
const DIGITS: usize = 640;
const BATCH_ROWS: usize = 200_000;
const LIMIT: &str = "parallel copy, one syncfs";

pub(crate) fn run() -> Fallible<()> {
    let tablets: usize = setting("CAIRN_BENCH_TABLETS", 10_000);
    let rounds = setting("CAIRN_BENCH_ROUNDS", 3);
    let kept = tempfile::tempdir()?;
    let world = World::new(kept.path())?;
    fill(&world, "source", tablets)?;
    locally(kept.path(), rounds, tablets / 100)?;
    on_server(kept.path(), rounds)
}

/// Makes a store with a table of so many tablets.
fn fill(world: &World, name: &str, tablets: usize) -> Fallible<()> {
    let store = world.open(name)?;
    let column = |id, name, column_type| -> Fallible<Column> {
        let (id, name) = (FieldId::try_new(id)?, ColumnName::parse(name)?);
        Ok(Column { nullable: false, ..Column::new(id, name, column_type) })
    };
    let columns = vec![column(1, "k", ColumnType::Int)?, column(2, "v", ColumnType::String)?];
    let definition = TableDefinition {
        name: TableName::parse(TABLE)?,
        next_field_id: 3,
        key_model: KeyModel::Duplicate,
        key_columns: 1,
        automatic_buckets: false,
        sort_key: None,
        rollups: Vec::new(),
        materialized_view: None,
        indexes: Vec::new(),
        partitioning: Partitioning::Unpartitioned,
        distribution: Distribution::Hash { columns: vec![columns[0].field_id], buckets: tablets.try_into()? },
        columns,
        comment: None,
        properties: BTreeMap::new(),
    };
    store.create_table(&database(), definition, Vec::new())?;
    load(&store, (0..).take(tablets * ROWS_OF_TABLET), 1)
}

/// Adds rows to about so many tablets, others for every `seed`.
pub(crate) fn add_rows(store: &TabletStore, tablets: i32, seed: u64) -> Fallible<()> {
    load(store, (0..tablets).flat_map(|key| std::iter::repeat_n(key * 7919, ROWS_OF_TABLET)), seed)
}

fn load(store: &TabletStore, keys: impl Iterator<Item = i32>, seed: u64) -> Fallible<()> {
    let mut options = LoadOptions::default();
    // One segment a tablet.
    options.buffer_bytes = 4 << 30;
    let mut load = store.begin_load(&database(), &TableName::parse(TABLE)?, None, options)?;
    let schema = store
        .view()
        .require_database(&database())?
        .require_table(&TableName::parse(TABLE)?)?
        .definition
        .arrow_schema();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut keys = keys.peekable();
    while keys.peek().is_some() {
        let some: Vec<i32> = keys.by_ref().take(BATCH_ROWS).collect();
        let texts = some.iter().map(|_| Some(text(&mut state)));
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::from(some.clone())), Arc::new(texts.collect::<StringArray>())];
        load.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    load.commit()?;
    Ok(())
}

/// Digits that have not been seen before.
fn text(state: &mut u64) -> String {
    let mut text = String::with_capacity(DIGITS + 16);
    while text.len() < DIGITS {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let _ = write!(text, "{state:016x}");
    }
    text
}

fn locally(directory: &Path, rounds: usize, one_percent: usize) -> Fallible<()> {
    let files = files_below(&directory.join("source/data"))?;
    let bytes: u64 = files.iter().map(|file| Ok(std::fs::metadata(file)?.len())).sum::<Fallible<u64>>()?;
    println!("\nsmall tablets, local: {} files, {:.1} MB", files.len(), megabytes(bytes));
    let text = directory.to_str().ok_or("a path that is not UTF-8")?;
    let run = |statement: &[&str]| run_child(&[text, "local", "default"], statement);
    let mut series = Series::default();
    for round in 0..rounds {
        let (repository, target) = (format!("local{round}"), format!("local_target{round}"));
        series.add(LIMIT, time_copy(&files, directory, Synced::Together)?);
        let first = run(&["backup", "source", &repository, "first"])?;
        let timestamp = first.word(0).to_owned();
        series.add("first backup", first);
        series.add("backup, nothing new", run(&["backup", "source", &repository, "second"])?);
        run(&["add", "source", &one_percent.to_string(), &(round + 2).to_string()])?;
        sync_file_system(directory)?;
        series.add("backup, 1 % new", run(&["backup", "source", &repository, "third"])?);
        series.add(LIMIT, time_copy(&files, directory, Synced::Together)?);
        series.add("restore", run(&["restore", &target, &repository, "first", &timestamp])?);
        series.add("verify", run(&["verify", "source", &repository])?);
        run(&["forget", "source", &repository])?;
        std::fs::remove_dir_all(directory.join(&repository))?;
        std::fs::remove_dir_all(directory.join(&target))?;
    }
    series.print(bytes, LIMIT);
    Ok(())
}

fn on_server(directory: &Path, rounds: usize) -> Fallible<()> {
    const BUNDLES: &str = "first backup, bundles";
    let bench = Bench::new(directory, "source")?;
    let bytes = bench.bytes()?;
    println!(
        "\nsmall tablets, S3 on loopback: {} files, {:.1} MB; one object a file in one round only",
        bench.files.len(),
        megabytes(bytes)
    );
    let tools = Tool::found();
    let mut series = Series::default();
    for round in 0..rounds {
        for (bundle_size, what) in [("default", "bundles"), ("0", "one object a file")] {
            if bundle_size == "0" && round > 0 {
                continue;
            }
            let (repository, target) =
                (format!("s3_{bundle_size}_{round}"), format!("s3_target_{bundle_size}_{round}"));
            bench.settle()?;
            let first = bench.run(bundle_size, &["backup", "source", &repository, "first"])?;
            let timestamp = first.word(0).to_owned();
            series.add(&format!("first backup, {what}"), first);
            let second = bench.run(bundle_size, &["backup", "source", &repository, "second"])?;
            series.add(&format!("nothing new, {what}"), second);
            bench.settle()?;
            let restored = bench.run(bundle_size, &["restore", &target, &repository, "first", &timestamp])?;
            series.add(&format!("restore, {what}"), restored);
            bench.run(bundle_size, &["forget", "source", &repository])?;
            bench.remove(&repository)?;
            bench.remove(&target)?;
        }
        if round == 0 {
            bench.others(&tools, &mut series)?;
        }
    }
    series.print(bytes, BUNDLES);
    for what in ["first backup", "restore"] {
        let ratio =
            series.median(&format!("{what}, one object a file")) / series.median(&format!("{what}, bundles"));
        println!("{what}: bundles are {ratio:.1} times as fast as one object a file");
    }
    Ok(())
}
