//! Random changes of a table's columns and partitions between loads, deletions, compactions, backups and restores, for every
//! key model, against plain rows in memory. Every failure prints its seed; `CAIRN_SCHEMA_SEED` runs one, `CAIRN_SCHEMA_RUNS`
//! runs more.

use std::path::Path;

use crate::support::{Random, Shell, each_seed};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Day(String),
    Cents(i64),
}

impl Cell {
    fn literal(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(n) => n.to_string(),
            Self::Text(text) | Self::Day(text) => format!("'{text}'"),
            Self::Cents(n) => cents(*n, 2),
        }
    }

    /// As a query shows it in a column of this type.
    fn shown(&self, column_type: &str) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(n) => n.to_string(),
            Self::Text(text) => text.clone(),
            Self::Day(day) if column_type == "DATETIME" => format!("{day}T00:00:00"),
            Self::Day(day) => day.clone(),
            Self::Cents(n) => cents(*n, if column_type == "DECIMAL(12, 4)" { 4 } else { 2 }),
        }
    }

    fn default_text(&self) -> String {
        self.literal().trim_matches('\'').to_owned()
    }
}

fn cents(n: i64, digits: usize) -> String {
    format!("{}.{:02}{}", n / 100, n % 100, "0".repeat(digits - 2))
}

/// Types in the order in which they widen, of which one is begun with.
const TYPES: [&[&str]; 4] = [
    &["TINYINT", "SMALLINT", "INT", "BIGINT", "LARGEINT"],
    &["VARCHAR(5)", "VARCHAR(20)", "STRING"],
    &["DATE", "DATETIME"],
    &["DECIMAL(7, 2)", "DECIMAL(12, 4)"],
];

#[derive(Clone, Debug)]
struct Column {
    name: String,
    family: usize,
    width: usize,
    is_key: bool,
    nullable: bool,
    default: Option<Cell>,
    aggregation: Option<&'static str>,
}

impl Column {
    fn type_name(&self) -> &'static str {
        TYPES[self.family][self.width]
    }

    /// As CREATE TABLE and ALTER TABLE take it.
    fn text(&self, with_key: bool) -> String {
        let mut text = format!("{} {}", self.name, self.type_name());
        if with_key && self.is_key {
            text.push_str(" KEY");
        }
        if let Some(aggregation) = self.aggregation {
            text = format!("{text} {aggregation}");
        }
        text.push_str(if self.nullable { " NULL" } else { " NOT NULL" });
        if let Some(default) = &self.default {
            text = format!("{text} DEFAULT \"{}\"", default.default_text());
        }
        text
    }

    fn cell(&self, random: &mut Random) -> Cell {
        if self.nullable && random.one_in(5) {
            return Cell::Null;
        }
        let number = i64::try_from(random.below(100)).unwrap();
        match self.family {
            0 => Cell::Integer(if self.is_key { number % 8 } else { number }),
            1 => Cell::Text(format!("v{number}")),
            2 => Cell::Day(format!("2013-01-{:02}", number % 28 + 1)),
            _ => Cell::Cents(number * 25),
        }
    }

    fn unnamed(&self) -> Cell {
        self.default.clone().unwrap_or(Cell::Null)
    }
}

/// A table as it should be; its rows have a cell for each column.
#[derive(Clone, Debug)]
struct Model {
    kind: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// The lower ends of its partitions, each of ten keys; none in a table without partitions.
    partitions: Option<Vec<i64>>,
    /// Whether its files are sorted by another order of the key.
    is_sorted: bool,
    next_name: usize,
}

const KEY: usize = 0;

impl Model {
    fn new(random: &mut Random) -> Self {
        let kind = random.of(&["DUPLICATE", "AGGREGATE", "UNIQUE", "PRIMARY"]);
        let mut columns = Vec::new();
        for name in ["k", "d"] {
            let (family, width) = (0, 2);
            let name = name.to_owned();
            columns.push(Column {
                name,
                family,
                width,
                is_key: true,
                nullable: false,
                default: None,
                aggregation: None,
            });
        }
        let partitions = random.one_in(2).then(|| vec![0, 10, 20]);
        let is_sorted = random.one_in(2);
        let mut model = Self { kind, columns, rows: Vec::new(), partitions, is_sorted, next_name: 0 };
        for _ in 0..2 {
            let column = model.new_column(random, false);
            model.columns.push(column);
        }
        model
    }

    /// A column that no row has yet.
    fn new_column(&mut self, random: &mut Random, may_be_key: bool) -> Column {
        self.next_name += 1;
        let family = random.below(TYPES.len());
        let is_key = may_be_key && self.kind != "PRIMARY" && random.one_in(4);
        let aggregation = (self.kind == "AGGREGATE" && !is_key).then(|| {
            random.of(if family == 0 {
                &["MAX", "MIN", "SUM", "REPLACE"]
            } else {
                &["MAX", "MIN", "REPLACE", "REPLACE_IF_NOT_NULL"][..]
            })
        });
        // Sums of narrow integers would not fit.
        let width = match aggregation {
            Some("SUM") => 3,
            _ => random.below(TYPES[family].len()),
        };
        let name = format!("c{}", self.next_name);
        let mut column = Column { name, family, width, is_key, nullable: true, default: None, aggregation };
        if random.one_in(2) {
            column.nullable = false;
            column.default = Some(column.cell(random));
            column.nullable = aggregation == Some("REPLACE_IF_NOT_NULL") || random.one_in(2);
        }
        column
    }

    fn create(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| column.text(false)).collect();
        let partitions = self.partitions.as_ref().map_or(String::new(), |lower| {
            let parts: Vec<String> = lower.iter().map(|lower| partition(*lower)).collect();
            format!("PARTITION BY RANGE (k) ({})", parts.join(", "))
        });
        format!(
            "CREATE TABLE t ({}) {} KEY (k, d) {partitions} DISTRIBUTED BY HASH (k) BUCKETS 2 {}",
            columns.join(", "),
            self.kind,
            if self.is_sorted { "ORDER BY (d, k)" } else { "" }
        )
    }

    fn takes(&self, key: &Cell) -> bool {
        let (Some(partitions), Cell::Integer(key)) = (&self.partitions, key) else { return true };
        partitions.iter().any(|lower| (*lower..lower + 10).contains(key))
    }

    /// Puts a row; `given` says of each column whether the statement names it.
    fn put(&mut self, row: Vec<Cell>, given: &[bool]) {
        let is_key = |at: usize| self.columns[at].is_key;
        let same = |other: &Vec<Cell>| (0..row.len()).filter(|at| is_key(*at)).all(|at| other[at] == row[at]);
        let stored = match self.kind {
            "DUPLICATE" => None,
            _ => self.rows.iter().position(same),
        };
        let Some(stored) = stored else {
            self.rows.push(row);
            return;
        };
        for (at, new) in row.into_iter().enumerate() {
            let old = &mut self.rows[stored][at];
            let column = &self.columns[at];
            let merged = match column.aggregation {
                _ if column.is_key => continue,
                None if self.kind == "PRIMARY" && !given[at] => continue,
                Some("REPLACE_IF_NOT_NULL") if new == Cell::Null => continue,
                None | Some("REPLACE" | "REPLACE_IF_NOT_NULL") => new,
                Some(function) => match (old.clone(), new) {
                    (old, Cell::Null) => old,
                    (Cell::Null, new) => new,
                    (Cell::Integer(a), Cell::Integer(b)) if function == "SUM" => Cell::Integer(a + b),
                    (a, b) if function == "MAX" => a.max(b),
                    (a, b) => a.min(b),
                },
            };
            *old = merged;
        }
    }

    fn shown(&self) -> Vec<String> {
        let row = |row: &Vec<Cell>| {
            let cells = row.iter().zip(&self.columns).map(|(cell, column)| cell.shown(column.type_name()));
            cells.collect::<Vec<_>>().join("|")
        };
        let mut rows: Vec<String> = self.rows.iter().map(row).collect();
        rows.sort();
        rows
    }

    /// A load of some rows, and the model with it. Now and then it leaves columns out.
    fn load(&mut self, random: &mut Random) -> String {
        let leaves_out = random.one_in(3);
        let given: Vec<bool> = self
            .columns
            .iter()
            .map(|c| !(leaves_out && !c.is_key && (c.nullable || c.default.is_some()) && random.one_in(2)))
            .collect();
        let mut texts = Vec::new();
        for _ in 0..=random.below(12) {
            let mut row: Vec<Cell> = self
                .columns
                .iter()
                .zip(&given)
                .map(|(column, given)| if *given { column.cell(random) } else { column.unnamed() })
                .collect();
            row[KEY] = Cell::Integer(i64::try_from(random.below(25)).unwrap());
            if !self.takes(&row[KEY]) {
                continue;
            }
            let named = row.iter().zip(&given).filter(|(_, given)| **given).map(|(cell, _)| cell.literal());
            texts.push(format!("({})", named.collect::<Vec<_>>().join(", ")));
            self.put(row, &given);
        }
        if texts.is_empty() {
            return "SHOW DATABASES".to_owned();
        }
        let names = self
            .columns
            .iter()
            .zip(&given)
            .filter(|(_, given)| **given)
            .map(|(column, _)| column.name.as_str());
        format!("INSERT INTO t ({}) VALUES {}", names.collect::<Vec<_>>().join(", "), texts.join(", "))
    }

    fn delete(&mut self, random: &mut Random) -> String {
        let low = i64::try_from(random.below(25)).unwrap();
        let high = low + i64::try_from(random.below(5)).unwrap();
        self.rows.retain(|row| !matches!(row[KEY], Cell::Integer(k) if (low..=high).contains(&k)));
        format!("DELETE FROM t WHERE {} BETWEEN {low} AND {high}", self.columns[KEY].name)
    }

    fn add_column(&mut self, random: &mut Random) -> String {
        let column = self.new_column(random, true);
        self.add(random, column)
    }

    fn add(&mut self, random: &mut Random, column: Column) -> String {
        let keys = self.columns.iter().filter(|column| column.is_key).count();
        let places = if column.is_key { 1..=keys } else { keys..=self.columns.len() };
        let at = places.start() + random.below(places.end() - places.start() + 1);
        let after = &self.columns[at - 1].name;
        let statement = format!("ALTER TABLE t ADD COLUMN {} AFTER {after}", column.text(true));
        let cell = column.unnamed();
        self.rows.iter_mut().for_each(|row| row.insert(at, cell.clone()));
        self.columns.insert(at, column);
        statement
    }

    fn value_column(&self, random: &mut Random) -> Option<usize> {
        let values: Vec<usize> = (0..self.columns.len()).filter(|at| !self.columns[*at].is_key).collect();
        (values.len() > 1).then(|| random.of(&values))
    }

    fn drop_column(&mut self, random: &mut Random) -> Option<String> {
        let at = self.value_column(random)?;
        Some(self.drop_at(at))
    }

    fn drop_at(&mut self, at: usize) -> String {
        let column = self.columns.remove(at);
        self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        format!("ALTER TABLE t DROP COLUMN {}", column.name)
    }

    fn modify_column(&mut self, random: &mut Random) -> Option<String> {
        let at = self.value_column(random)?;
        let column = &mut self.columns[at];
        column.width += random.below(TYPES[column.family].len() - column.width);
        column.nullable = column.nullable || random.one_in(2);
        if random.one_in(2) {
            let mut not_null = column.clone();
            not_null.nullable = false;
            column.default = random.one_in(2).then(|| not_null.cell(random));
        }
        Some(format!("ALTER TABLE t MODIFY COLUMN {}", column.text(false)))
    }

    fn rename_column(&mut self, random: &mut Random) -> String {
        self.next_name += 1;
        let at = random.below(self.columns.len());
        let to = format!("c{}", self.next_name);
        let from = std::mem::replace(&mut self.columns[at].name, to.clone());
        format!("ALTER TABLE t RENAME COLUMN {from} TO {to}")
    }

    fn change_partitions(&mut self, random: &mut Random) -> Option<String> {
        let partitions = self.partitions.as_mut()?;
        let lower = random.of(&[0, 10, 20]);
        if partitions.contains(&lower) {
            partitions.retain(|other| *other != lower);
            self.rows.retain(|row| !matches!(row[KEY], Cell::Integer(k) if (lower..lower + 10).contains(&k)));
            return Some(format!("ALTER TABLE t DROP PARTITION p{lower}"));
        }
        partitions.push(lower);
        Some(format!("ALTER TABLE t ADD {}", partition(lower)))
    }
}

fn partition(lower: i64) -> String {
    format!("PARTITION p{lower} VALUES [(\"{lower}\"), (\"{}\"))", lower + 10)
}

fn check(shell: &mut Shell, model: &Model, done: &[String]) {
    let mut rows = shell.rows("SELECT * FROM t");
    rows.sort();
    assert_eq!(rows, model.shown(), "{}", done.join(";\n"));
    assert_eq!(shell.value("SELECT COUNT(*) FROM t"), model.rows.len().to_string());
}

/// Backs up, and restores into another store.
fn copy(shell: &mut Shell, other: &mut Shell, label: &str, model: &Model, done: &[String]) {
    let job = shell.job(&format!("BACKUP SNAPSHOT d.{label} TO r"));
    assert_eq!(job.status.to_text(), "[OK]");
    let snapshots = shell.rows("SHOW SNAPSHOT ON r");
    let snapshot = snapshots.iter().find(|row| row.starts_with(&format!("{label}|"))).unwrap();
    let stamp = snapshot.split('|').nth(1).unwrap();
    let job =
        other.job(&format!("RESTORE SNAPSHOT d.{label} FROM r PROPERTIES ('backup_timestamp' = '{stamp}')"));
    assert_eq!(job.status.to_text(), "[OK]", "{}", done.join(";\n"));
    other.run("USE d");
    check(other, model, done);
    assert_eq!(other.value("SHOW CREATE TABLE t"), shell.value("SHOW CREATE TABLE t"));
}

/// Backs up, restores elsewhere, now and then again over the table that is there by then, and lets loads go into both.
fn restore(
    shell: &mut Shell,
    root: &Path,
    step: usize,
    model: &mut Model,
    random: &mut Random,
    done: &mut Vec<String>,
) {
    let mut other = Shell::at(&root.join(format!("store{step}")));
    other.run(&format!(
        "CREATE READ ONLY REPOSITORY r WITH BROKER ON LOCATION '{}'",
        root.join("repository").display()
    ));
    copy(shell, &mut other, &format!("s{step}"), model, done);
    if random.one_in(2) {
        // Files keep what they hold of a column that is gone.
        let column = model.new_column(random, false);
        let name = column.name.clone();
        let mut statements = vec![model.add(random, column), model.load(random)];
        let at = model.columns.iter().position(|column| column.name == name).unwrap();
        statements.push(model.drop_at(at));
        for statement in statements {
            done.push(statement.clone());
            shell.run(&statement);
        }
        check(shell, model, done);
        copy(shell, &mut other, &format!("over{step}"), model, done);
    }
    let statement = shell.value("SHOW CREATE TABLE t").split_once('|').unwrap().1.to_owned();
    other.run(&statement.replacen("`t`", "`again`", 1));
    other.run("DROP TABLE again FORCE");
    let mut model = model.clone();
    let mut done = done.clone();
    for statement in 0..4 {
        let statement = match statement {
            0 | 2 => model.load(random),
            1 => model.add_column(random),
            _ => model.delete(random),
        };
        done.push(format!("elsewhere: {statement}"));
        other.run(&statement);
        check(&mut other, &model, &done);
    }
}

fn run(seed: u64) {
    let root = tempfile::tempdir().unwrap();
    let mut random = Random(seed | 1);
    let mut model = Model::new(&mut random);
    let mut shell = Shell::at(&root.path().join("store"));
    shell.run("CREATE DATABASE d; USE d");
    shell.run(&format!(
        "CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'",
        root.path().join("repository").display()
    ));
    let mut done = vec![model.create()];
    shell.run(&done[0]);
    for step in 0..40 {
        let statement = match random.below(18) {
            0..=5 => Some(model.load(&mut random)),
            6 | 7 => Some(model.delete(&mut random)),
            8 | 9 => Some(model.add_column(&mut random)),
            10 => model.drop_column(&mut random),
            11 | 12 => model.modify_column(&mut random),
            13 => Some(model.rename_column(&mut random)),
            14 => model.change_partitions(&mut random),
            15 => Some(random.of(&["ALTER TABLE t COMPACT", "ALTER TABLE t CUMULATIVE COMPACT"]).to_owned()),
            16 => {
                // What another process would find.
                drop(shell);
                shell = Shell::at(&root.path().join("store"));
                Some("USE d".to_owned())
            }
            _ => {
                if !model.rows.is_empty() && random.one_in(2) {
                    restore(&mut shell, root.path(), step, &mut model, &mut random, &mut done);
                }
                None
            }
        };
        let Some(statement) = statement else { continue };
        done.push(statement.clone());
        if let Err(error) = shell.execute(&statement) {
            panic!("{error}\n{}", done.join(";\n"));
        }
        check(&mut shell, &model, &done);
    }
    // What is shown makes the same table.
    let shown = shell.value("SHOW CREATE TABLE t");
    shell.run("DROP TABLE t");
    shell.run(shown.split_once('|').unwrap().1);
    assert_eq!(shell.value("SHOW CREATE TABLE t"), shown);
}

/// A snapshot's files may hold a column that was dropped before it, of which its definition says nothing. A table that is there
/// did not know of that column's field id, and gave it to the next new column: which then showed the dropped one's values, or
/// could not be read. Restored tables leave out every field id that the snapshot has given away.
#[test]
fn a_table_restored_over_another_gives_no_field_id_again() {
    for partitions in ["", "PARTITION BY RANGE (k) (PARTITION p VALUES LESS THAN (\"10\"))"] {
        let root = tempfile::tempdir().unwrap();
        let mut shell = Shell::with_database();
        shell.run(&format!(
            "CREATE REPOSITORY r WITH BROKER ON LOCATION '{}';
             CREATE TABLE t (k INT, v INT) DUPLICATE KEY (k) {partitions} DISTRIBUTED BY HASH (k) BUCKETS 1",
            root.path().display()
        ));
        let backup = |shell: &mut Shell, label: &str| {
            let job = shell.job(&format!("BACKUP SNAPSHOT d.{label} TO r"));
            assert_eq!(job.status.to_text(), "[OK]");
            format!("RESTORE SNAPSHOT d.{label} FROM r PROPERTIES ('backup_timestamp' = '{}')", job.timestamp)
        };
        let first = backup(&mut shell, "s1");
        shell.run(
            "ALTER TABLE t ADD COLUMN x INT; INSERT INTO t VALUES (1, 1, 42); ALTER TABLE t DROP COLUMN x",
        );
        let second = backup(&mut shell, "s2");
        shell.run("DROP TABLE t");
        for restore in [first, second] {
            assert_eq!(shell.job(&restore).status.to_text(), "[OK]");
        }
        shell.run("ALTER TABLE t ADD COLUMN y INT DEFAULT '7'; ALTER TABLE t ADD COLUMN z DATE");
        assert_eq!(shell.value("SELECT y, z FROM t"), "7|NULL");
    }
}

#[test]
fn changed_tables_keep_to_the_model() {
    each_seed("CAIRN_SCHEMA", 8, "the model and the store differ", run);
}
