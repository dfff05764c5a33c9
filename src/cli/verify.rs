//! `cairn verify`: every object of a repository's snapshots, read and checked.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cairn::{Access, Repository, Transfer, VerifyReport, VerifySelection};
use cairn_format::{DESCRIPTOR_KEY, SnapshotLabel};
use cairn_repository::{ErrorKind, VerifyOptions};

use super::args::{Format, VerifyArgs};
use super::console::Console;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::progress::Progress;
use super::{output, repository, runtime, units};

/// How often a terminal's bar moves.
const FRAME: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &VerifyArgs, console: &mut Console) -> Result<(), Failure> {
    let properties = repository::properties(&arguments.properties)?;
    let runtime = runtime::build()?;
    let _interrupts = Interrupts::listen();
    let selection = match &arguments.label {
        Some(label) => VerifySelection::Label(SnapshotLabel::parse(label).map_err(Failure::users)?),
        None => VerifySelection::All,
    };
    // A repository that may only be read is verified just as well, without a record.
    let store = repository::open_store(&arguments.location, &properties, runtime.handle())?;
    let reads_only = arguments.no_record || store.is_read_only();
    let access = if reads_only { Access::ReadOnly } else { Access::ReadWrite };
    let repository = match repository::open_in(store, access) {
        Ok(repository) => repository,
        // Nothing can be read without its descriptor: that is the one finding.
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            let finding = Found::of_descriptor(&error);
            return report_findings(&[finding], arguments.format, console);
        }
        Err(error) => return Err(error.into()),
    };
    let options = VerifyOptions::new(selection)
        .with_level(arguments.level)
        .with_max_age(arguments.max_age)
        .with_max_duration(arguments.max_duration)
        .with_record(!arguments.no_record);
    verify(&repository, &options, arguments.format, console)
}

/// Verifies and reports.
pub(crate) fn verify(
    repository: &Repository,
    options: &VerifyOptions,
    format: Format,
    console: &mut Console,
) -> Result<(), Failure> {
    let start = Instant::now();
    let report = watched(repository, options, console.draws())?;
    let time = start.elapsed();
    let rate = units::rate(report.bytes, time).map_or_else(String::new, |rate| format!(", {rate}"));
    console.say(&format!(
        "{}, {}, {} read and checked in {}{rate}: {}",
        units::count(report.snapshots.len() as u64, "snapshot"),
        units::count(report.objects, "object"),
        units::bytes(report.bytes),
        units::time(time),
        match report.findings.len() as u64 {
            0 if report.left > 0 => "nothing is wrong in what was read".to_owned(),
            0 => "everything is as it was written".to_owned(),
            n => units::count(n, "finding"),
        }
    ));
    if report.remembered > 0 {
        console.say(&format!(
            "{} verified before and not read again",
            units::count(report.remembered, "object")
        ));
    }
    if report.left > 0 {
        console
            .say(&format!("the time is over: {} left for the next run", units::count(report.left, "object")));
    }
    if let Some(why) = &report.not_recorded {
        console.say(&format!("warning: what was found right is not recorded: {why}"));
    }
    let findings: Vec<_> = report.findings.iter().map(Found::from).collect();
    report_findings(&findings, format, console)
}

/// One row of the findings.
struct Found {
    object: String,
    problem: String,
    snapshots: String,
}

impl Found {
    fn of_descriptor(error: &cairn_repository::Error) -> Self {
        Self { object: DESCRIPTOR_KEY.to_owned(), problem: error.to_string(), snapshots: "all".to_owned() }
    }
}

impl From<&cairn::Finding> for Found {
    fn from(finding: &cairn::Finding) -> Self {
        let harms: Vec<_> = finding.harms.iter().map(ToString::to_string).collect();
        Self {
            object: finding.key.clone(),
            problem: finding.problem.to_string(),
            snapshots: harms.join(", "),
        }
    }
}

/// Findings are rows; a clean repository has none, and no header of an empty table either.
fn report_findings(findings: &[Found], format: Format, console: &mut Console) -> Result<(), Failure> {
    if findings.is_empty() && format == Format::Table {
        return Ok(());
    }
    let column = |of: fn(&Found) -> &str| -> ArrayRef {
        Arc::new(findings.iter().map(|found| Some(of(found))).collect::<StringArray>())
    };
    let columns = [
        ("object", column(|found| &found.object)),
        ("problem", column(|found| &found.problem)),
        ("snapshots", column(|found| &found.snapshots)),
    ];
    let batch = RecordBatch::try_from_iter(columns).map_err(Failure::ours)?;
    output::write_batch(&batch, format, console)?;
    console.flush()?;
    if findings.is_empty() { Ok(()) } else { Err(Failure::reported()) }
}

/// Verifies with a bar, where bars are drawn.
fn watched(
    repository: &Repository,
    options: &VerifyOptions,
    draws: bool,
) -> Result<VerifyReport, cairn_repository::Error> {
    let transfer = Transfer::new();
    if !draws {
        return repository.verify(options, &transfer);
    }
    let progress = Progress::new("verify".to_owned(), draws);
    thread::scope(|scope| {
        let work = scope.spawn(|| repository.verify(options, &transfer));
        while !work.is_finished() {
            let (files_total, bytes_total) = transfer.expected();
            progress.set(transfer.files_done(), files_total, transfer.bytes_done(), bytes_total);
            thread::park_timeout(FRAME);
        }
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
