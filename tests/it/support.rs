//! Running the command.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(5);
const TICK: Duration = Duration::from_millis(5);

/// A directory of one test's own.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The path as text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.text(name)
    }

    /// Runs `cairn` with no standard input.
    pub(crate) fn cairn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        self.cairn_with(arguments, "")
    }

    /// Runs `cairn` with this standard input.
    pub(crate) fn cairn_with<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Run {
        let mut child = self.start(arguments);
        // A process that does not read its input is not at fault.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        finish(child)
    }

    /// Runs statements on the store `data`.
    pub(crate) fn sql(&self, data: &str, statements: &str) -> Run {
        self.cairn(["sql", "--data", &self.text(data), "--format", "csv", "-e", statements])
    }

    /// Starts `cairn` in this directory.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        Command::new(env!("CARGO_BIN_EXE_cairn"))
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HOME", self.directory.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("CAIRN_PASSWORD")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// What a process left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The output of a run that must have gone well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// The talk of a run that must have failed with this code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.err
    }
}

/// Waits for a process; one that takes too long is killed and fails the test.
pub(crate) fn finish(mut child: Child) -> Run {
    drop(child.stdin.take());
    let out = reader(child.stdout.take().unwrap());
    let err = reader(child.stderr.take().unwrap());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("the process hangs; it said: {}", err.join().unwrap());
        }
        thread::sleep(TICK);
    };
    Run { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap() }
}

fn reader(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// Waits until `condition` holds, or the process has ended; says whether it held.
pub(crate) fn wait_until(child: &mut Child, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if child.try_wait().unwrap().is_some() || start.elapsed() > LIMIT {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Every file below a directory, sorted; none when it is not there.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return files };
    // A running process moves files while they are listed.
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// A database with a table of a few rows.
pub(crate) const SHOP: &str = "
    CREATE DATABASE shop; USE shop;
    CREATE TABLE orders (id BIGINT NOT NULL, day DATE NOT NULL, price DECIMAL(9, 2), item STRING)
    DUPLICATE KEY(id, day)
    PARTITION BY RANGE(day) (PARTITION jan VALUES LESS THAN ('2026-02-01'), PARTITION feb VALUES LESS THAN ('2026-03-01'))
    DISTRIBUTED BY HASH(id) BUCKETS 2;
    INSERT INTO orders VALUES
        (1, '2026-01-05', 9.99, 'rope'), (2, '2026-01-06', 120, 'boots'), (3, '2026-02-01', NULL, 'map'),
        (4, '2026-02-02', 0.5, NULL);";

/// The statement that makes the repository at `location` known as `r`.
pub(crate) fn repository(location: &Path) -> String {
    format!("CREATE REPOSITORY r WITH BROKER ON LOCATION 'file://{}';", location.display())
}

/// The timestamp of the only snapshot with this label.
pub(crate) fn timestamp(place: &Place, repository: &str, label: &str) -> String {
    let listed = place.cairn(["snapshots", &place.text(repository), "--format", "json"]).ok();
    let snapshots = listed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let found: Vec<_> = snapshots.filter(|snapshot| snapshot["label"] == label).collect();
    assert_eq!(found.len(), 1, "{listed}");
    found[0]["timestamp"].as_str().unwrap().to_owned()
}

/// The statement that restores a snapshot whole.
pub(crate) fn restore(label: &str, timestamp: &str, database: &str) -> String {
    format!(
        "RESTORE SNAPSHOT {label} FROM r DATABASE {database} PROPERTIES ('backup_timestamp' = '{timestamp}');"
    )
}
