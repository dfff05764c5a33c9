//! Loads, deletions, compactions (asked for, and by the background), changes and backups of one table at once. Every
//! failure prints its seed; `CAIRN_STRESS_SEED` runs one, `CAIRN_STRESS_RUNS` runs more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_engine::JobStatus;
use cairn_sql::{Error, ErrorKind, Outcome, Session, parse_statement, split_statements};

use crate::support::{Random, Shell, each_seed, handle};

/// Writers, each with keys of its own.
const WRITERS: i32 = 3;
const STEPS: usize = 25;

fn execute(session: &mut Session, sql: &str) -> Result<Outcome, Error> {
    let statement = parse_statement(&split_statements(sql)[0]).unwrap();
    session.execute(&statement)
}

/// Runs a statement until nobody is in its way.
fn insist(session: &mut Session, sql: &str) {
    for _ in 0..200 {
        match execute(session, sql) {
            Ok(_) => return,
            Err(error) if error.kind() == ErrorKind::Busy => std::thread::yield_now(),
            Err(error) => panic!("{sql}: {error:?}"),
        }
    }
    panic!("{sql}: others were in its way 200 times");
}

fn write(session: &mut Session, writer: i32, random: &mut Random) -> BTreeMap<i32, i32> {
    let mut model = BTreeMap::new();
    let below = |random: &mut Random, limit| i32::try_from(random.below(limit)).unwrap();
    for _ in 0..STEPS {
        let key = |random: &mut Random| below(random, 30) * WRITERS + writer;
        match random.below(5) {
            0 => {
                let (low, high) = (key(random), key(random));
                let condition = format!("k BETWEEN {low} AND {high} AND k % {WRITERS} = {writer}");
                insist(session, &format!("DELETE FROM t WHERE {condition}"));
                model.retain(|key, _| !(low..=high).contains(key));
            }
            1 => {
                let low = key(random);
                insist(
                    session,
                    &format!("UPDATE t SET v = v + 1 WHERE k >= {low} AND k % {WRITERS} = {writer}"),
                );
                model.iter_mut().filter(|(key, _)| **key >= low).for_each(|(_, value)| *value += 1);
            }
            _ => {
                let rows: Vec<(i32, i32)> =
                    (0..=random.below(8)).map(|_| (key(random), below(random, 1000))).collect();
                let texts: Vec<String> = rows.iter().map(|(k, v)| format!("({k}, {v})")).collect();
                insist(session, &format!("INSERT INTO t (k, v) VALUES {}", texts.join(", ")));
                model.extend(rows);
            }
        }
    }
    model
}

fn run(seed: u64) {
    let root = tempfile::tempdir().unwrap();
    let mut shell = Shell::compacting(&root.path().join("store"));
    shell.root = Some(root);
    shell.run("CREATE DATABASE d; USE d");
    let repository = shell.directory.with_file_name("repository");
    shell.run(&format!("CREATE REPOSITORY r WITH BROKER ON LOCATION '{}'", repository.display()));
    shell.run("CREATE TABLE t (k INT, v INT) PRIMARY KEY (k) DISTRIBUTED BY HASH (k) BUCKETS 2");
    let session = || {
        let mut session = Session::new(Arc::clone(&shell.store), handle());
        execute(&mut session, "USE d").unwrap();
        session
    };
    let is_over = AtomicBool::new(false);
    let expected: BTreeMap<i32, i32> = std::thread::scope(|scope| {
        let others = [
            scope.spawn(|| {
                let (mut session, mut random) = (session(), Random(seed ^ 0xabcd | 1));
                while !is_over.load(Ordering::Acquire) {
                    let kind = if random.below(2) == 0 { "BASE" } else { "CUMULATIVE" };
                    insist(&mut session, &format!("ALTER TABLE t {kind} COMPACT"));
                }
            }),
            scope.spawn(|| {
                let mut session = session();
                let mut number = 0;
                while !is_over.load(Ordering::Acquire) {
                    // A column that comes and goes; who loads meanwhile has to begin again.
                    insist(&mut session, "ALTER TABLE t ADD COLUMN x INT DEFAULT '3'");
                    let label = format!("s{number}");
                    number += 1;
                    let Ok(Outcome::Job(id)) =
                        execute(&mut session, &format!("BACKUP SNAPSHOT d.{label} TO r"))
                    else {
                        panic!("{label} was refused")
                    };
                    assert_eq!(shell.store.wait_for_job(id, None).unwrap().status, JobStatus::Ok, "{label}");
                    insist(&mut session, "ALTER TABLE t DROP COLUMN x");
                }
            }),
        ];
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut session = session();
                scope.spawn(move || {
                    let mut random = Random((seed ^ (u64::try_from(writer).unwrap() << 40)) | 1);
                    write(&mut session, writer, &mut random)
                })
            })
            .collect();
        let models: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Release);
        for other in others {
            other.join().unwrap();
        }
        models.into_iter().flat_map(|model| model.unwrap()).collect()
    });
    let lines =
        |model: &BTreeMap<i32, i32>| model.iter().map(|(k, v)| format!("{k}|{v}")).collect::<Vec<_>>();
    assert_eq!(shell.rows("SELECT k, v FROM t ORDER BY k"), lines(&expected));
    // What is on disk says the same.
    let (directory, root) = (shell.directory.clone(), shell.root.take());
    drop(shell);
    let mut shell = Shell::compacting(&directory);
    shell.root = root;
    shell.run("USE d");
    assert_eq!(shell.rows("SELECT k, v FROM t ORDER BY k"), lines(&expected));
    assert_eq!(shell.job("BACKUP SNAPSHOT d.last TO r").status, JobStatus::Ok);
    shell.run("DROP TABLE t");
    let restored = shell.job("RESTORE SNAPSHOT d.last FROM r PROPERTIES ('backup_timestamp' = 'latest')");
    assert_eq!(restored.status, JobStatus::Ok);
    assert_eq!(shell.rows("SELECT k, v FROM t ORDER BY k"), lines(&expected));
}

#[test]
fn everything_at_once_leaves_what_was_written() {
    each_seed("CAIRN_STRESS", 2, "rows differ from what was written", run);
}
