//! TPC-H to a server of S3 on loopback, and back.

use std::path::{Path, PathBuf};

use super::server::{BUCKET, Server};
use super::support::copying::{Synced, sync_file_system, time_copy};
use super::support::measure::{Reported, Series, megabytes, run_child, setting};
use super::support::{Fallible, World, files_below, load_all, scale_factor};
use super::tools::Tool;

const LIMIT: &str = "first backup";

/// A store that is backed up to a server.
pub(crate) struct Bench<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) server: Server,
    pub(crate) source: &'a str,
    pub(crate) files: Vec<PathBuf>,
}

impl<'a> Bench<'a> {
    /// Starts the server for the store `source`.
    pub(crate) fn new(directory: &'a Path, source: &'a str) -> Fallible<Self> {
        let server = Server::start(&directory.join("server"))?;
        let files = files_below(&directory.join(source).join("data"))?;
        Ok(Self { directory, server, source, files })
    }

    pub(crate) fn bytes(&self) -> Fallible<u64> {
        self.files.iter().map(|file| Ok(std::fs::metadata(file)?.len())).sum()
    }

    /// A statement on the server.
    pub(crate) fn run(&self, bundle_size: &str, statement: &[&str]) -> Fallible<Reported> {
        let directory = self.directory.to_str().ok_or("a path that is not UTF-8")?;
        run_child(&[directory, &self.server.endpoint, bundle_size], statement)
    }

    /// Has the machine give memory for as much as is going to be written, and nothing left to be written.
    pub(crate) fn settle(&self) -> Fallible<()> {
        time_copy(&self.files, self.directory, Synced::Together)?;
        sync_file_system(self.directory)
    }

    /// Removes what a statement has written.
    pub(crate) fn remove(&self, name: &str) -> Fallible<()> {
        for path in [self.directory.join("server").join(BUCKET).join(name), self.directory.join(name)] {
            if path.exists() {
                std::fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }

    /// What another program takes for the same files.
    pub(crate) fn others(&self, tools: &[Tool], series: &mut Series) -> Fallible<()> {
        for tool in tools {
            let (name, endpoint) = (tool.name(), &self.server.endpoint);
            self.settle()?;
            let data = self.directory.join(self.source).join("data");
            series.add(&format!("{name}, there"), tool.send(endpoint, &data, name)?);
            self.settle()?;
            let back = self.directory.join("back");
            std::fs::create_dir(&back)?;
            series.add(&format!("{name}, back"), tool.fetch(endpoint, name, &back)?);
            let fetched = files_below(&back)?.len();
            if fetched != self.files.len() {
                return Err(format!("{name} fetched {fetched} of {} files", self.files.len()).into());
            }
            self.remove("back")?;
            self.remove(name)?;
        }
        Ok(())
    }
}

pub(crate) fn run() -> Fallible<()> {
    let sf = scale_factor(1.0);
    let kept = tempfile::tempdir()?;
    load_all(&World::new(kept.path())?.open("source")?, sf)?;
    let bench = Bench::new(kept.path(), "source")?;
    let bytes = bench.bytes()?;
    println!("\nS3 on loopback, TPC-H SF {sf}: {} files, {:.1} MB", bench.files.len(), megabytes(bytes));
    let tools = Tool::found();
    let mut series = Series::default();
    for round in 0..setting("CAIRN_BENCH_ROUNDS", 3) {
        let (repository, target) = (format!("repository{round}"), format!("target{round}"));
        bench.settle()?;
        let first = bench.run("default", &["backup", "source", &repository, "first"])?;
        let timestamp = first.word(0).to_owned();
        series.add(LIMIT, first);
        series
            .add("backup, nothing new", bench.run("default", &["backup", "source", &repository, "second"])?);
        bench.settle()?;
        series.add("restore", bench.run("default", &["restore", &target, &repository, "first", &timestamp])?);
        series.add("verify", bench.run("default", &["verify", "source", &repository])?);
        bench.run("default", &["forget", "source", &repository])?;
        bench.remove(&repository)?;
        bench.remove(&target)?;
        bench.others(&tools, &mut series)?;
    }
    series.print(bytes, LIMIT);
    Ok(())
}
