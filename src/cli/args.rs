//! The arguments, as clap reads them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use cairn_format::{Retention, VerifyLevel, parse_duration};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

/// What the arguments come to.
pub(crate) enum Parsed {
    /// Something to do.
    Command(Command),
    /// A help text or the version, which was asked for.
    Text(String),
    /// What is wrong with them.
    Wrong(String),
}

/// A columnar tablet store that speaks StarRocks' SQL and whose backups are open Parquet.
#[derive(Parser)]
#[command(name = "cairn", version, arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = "\
Examples:
  cairn demo                                        the main job on real data, narrated
  cairn sql --data ./a                              a prompt
  cairn sql --data ./a -e 'SHOW DATABASES'
  cairn snapshots file:///backups/flights
  cairn verify file:///backups/flights monday
  cairn prune --dry-run file:///backups/flights --retention 'last=7, daily=30'
  cairn drop file:///backups/flights monday
  cairn check-store s3://bucket/backups             does the store keep what backups rely on

Exit codes:
  0  done, and nothing is wrong
  1  the input is at fault: arguments, statements, names, or what a repository holds
  2  Cairn or the machine failed: a disk, a damaged data directory, a fault of this program")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run SQL statements on a data directory
    ///
    /// Statements run in order, and the first failure stops them. They come from -e, from files and from standard
    /// input (`-`, or when nothing else is given and standard input is not a terminal), in the order given. On a
    /// terminal, with nothing given, there is a prompt.
    ///
    /// Results go to standard output, everything else to standard error. BACKUP and RESTORE are waited for before the
    /// next statement. The exit code is 1 when a statement or a job is refused or fails for its input, and 2 when Cairn
    /// or the machine failed.
    Sql(SqlArgs),
    /// List the snapshots of a repository; needs no data directory
    ///
    /// The list is made from the manifests alone. One that cannot be read is a row whose status says why. The exit
    /// code is 1 then, as for a repository whose cairn.json is damaged; 2 means that the machine could not read.
    Snapshots(SnapshotsArgs),
    /// Read and check every object of a repository's snapshots; needs no data directory
    ///
    /// Objects that several snapshots share are read once. Whatever is wrong is a row on standard output: the object,
    /// its problem and the snapshots it harms. The exit code is 1 then, 0 when nothing is wrong, and 2 when the machine
    /// could not read. What was found right is recorded in the repository, so that --max-age can leave it out the next
    /// time; with --no-record the repository is only read.
    Verify(VerifyArgs),
    /// Drop the snapshots that have had their time, and delete what no snapshot needs; needs no data directory
    ///
    /// Every step is a row on standard output: `drop` and `keep` are about snapshots and say why; `mark` is about objects
    /// that no snapshot needs any more; `delete` is about those that were marked long enough ago; `wait` is about marks that
    /// a running backup holds up. With --dry-run the rows are the plan, and nothing is written. It is safe to run while
    /// backups run, in this process or in others, and at any time to run it again.
    Prune(PruneArgs),
    /// Drop the snapshots of a label from a repository; needs no data directory
    ///
    /// As DROP SNAPSHOT does, also of snapshots whose manifests are damaged. What only they needed stays until `cairn prune`
    /// removes it. Every snapshot that was dropped is a row on standard output. A store that is restoring one of them, or
    /// building on it, is not asked.
    Drop(DropArgs),
    /// Try whether a store keeps what repositories rely on; needs no data directory
    ///
    /// Objects are put, read, listed and deleted below `check/` and a new id at the location, some 40 MB each way, and
    /// nothing is left. Every check is a row on standard output. The exit code is 1 when one failed.
    CheckStore(CheckStoreArgs),
    /// Load, back up, verify and restore the bundled real data, and narrate it
    ///
    /// The data is every flight that left New York in 2013. The demo runs the very statements that it prints, in a
    /// temporary directory, and fails when the restored store does not answer as the first one did.
    Demo(DemoArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn sql --data ./a setup.sql -e 'SELECT count(*) FROM shop.orders'
  echo 'SHOW DATABASES' | cairn sql --data ./a --format csv
  cairn sql --data ./a --async nightly.sql
  cairn sql --check starrocks-scripts/*.sql

Formats:
  table  boxes for people; widths are those of the first rows
  csv    a header, then RFC 4180 lines; NULL is an empty field, an empty text is \"\"
         (a result of one column writes NULL as \"\" too, because readers skip empty lines)
  json   one object a line; DECIMAL and LARGEINT are strings, so that no digit is lost; NaN and
         infinity are null; a name that occurs twice gets _2
  VARBINARY is written 0x… in all of them.")]
pub(crate) struct SqlArgs {
    /// The data directory; made when it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    pub(crate) data: Option<PathBuf>,
    /// Run these statements; may repeat
    #[arg(short = 'e', long = "execute", value_name = "SQL")]
    pub(crate) execute: Vec<String>,
    /// Files with statements; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The user whose statements they are, as root without it
    #[arg(long, value_name = "USER", default_value = "root", hide_default_value = true)]
    pub(crate) user: String,
    /// A file whose first line is the user's password; without it the variable `CAIRN_PASSWORD` is, or nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Parse and analyse every statement without running any: one line each, `ok`, `parse error: …` or
    /// `analysis error: …`. Without a data directory, against an empty one
    #[arg(long, conflicts_with_all = ["in_background", "format"])]
    pub(crate) check: bool,
    /// Submit BACKUP and RESTORE and go on; what still runs is waited for at the end
    #[arg(long = "async")]
    pub(crate) in_background: bool,
    /// The order in which `execute` and `files` were given.
    #[arg(skip)]
    pub(crate) order: Vec<Given>,
}

/// A source of statements among the arguments, by its position in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Execute(usize),
    File(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Boxes for people
    Table,
    /// A header, then a line a row
    Csv,
    /// One object a line
    Json,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn snapshots file:///backups/flights
  cairn snapshots /backups/flights --format json
  cairn snapshots /backups/flights --sizes")]
pub(crate) struct SnapshotsArgs {
    /// The repository: a path, or a URL such as `file:///backups`, `s3://bucket/path` or `https://host/path`
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,
    /// Also show the bytes that each backup had to send and those that no other snapshot needs. This reads every file list
    #[arg(long)]
    pub(crate) sizes: bool,
    /// A property of the location, as in CREATE REPOSITORY; may repeat
    #[arg(long = "property", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn verify file:///backups/flights
  cairn verify /backups/flights monday --format json
  cairn verify /backups/flights --max-age 7d --max-duration 30m      a part each night")]
pub(crate) struct VerifyArgs {
    /// The repository: a path, or a URL such as `file:///backups`, `s3://bucket/path` or `https://host/path`
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,
    /// Only the snapshots with this label
    #[arg(value_name = "LABEL")]
    pub(crate) label: Option<String>,
    /// How thorough: `structure` checks that everything is there and is what it should be, `data` reads every byte
    #[arg(long, value_name = "LEVEL", default_value = "data", value_parser = VerifyLevel::parse)]
    pub(crate) level: VerifyLevel,
    /// Do not read again what was found right no longer ago than this, such as 7d or '12 HOUR'
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_age: Option<Duration>,
    /// Stop after this time, such as 30m; the next run goes on
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) max_duration: Option<Duration>,
    /// Do not record what was found right: the repository is only read
    #[arg(long)]
    pub(crate) no_record: bool,
    /// A property of the location, as in CREATE REPOSITORY; may repeat
    #[arg(long = "property", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn prune --dry-run /backups/flights
  cairn prune s3://backups/flights --retention 'last=7, daily=30, monthly=12'

Retention: any of last, hourly, daily, weekly, monthly and yearly, of each database; a snapshot stays when any of
them keeps it. Without one, only what has expired is dropped (BACKUP … PROPERTIES(\"ttl\" = \"7 DAY\")).")]
pub(crate) struct PruneArgs {
    /// The repository: a path, or a URL such as `file:///backups`, `s3://bucket/path`
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Which snapshots are kept, such as 'last=7, daily=30'
    #[arg(long, value_name = "POLICY", value_parser = Retention::parse)]
    pub(crate) retention: Option<Retention>,
    /// How long what nobody needs stays where it is once it is marked, such as 1h
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) grace: Option<Duration>,
    /// A property of the location, as in CREATE REPOSITORY; may repeat
    #[arg(long = "property", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,
    /// How the steps are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn drop --dry-run /backups/flights monday
  cairn drop s3://backups/flights monday --property aws.s3.region=eu-central-1")]
pub(crate) struct DropArgs {
    /// The repository: a path, or a URL such as `file:///backups`, `s3://bucket/path`
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,
    /// The label whose snapshots go
    #[arg(value_name = "LABEL")]
    pub(crate) label: String,
    /// Say what would be dropped, and drop nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A property of the location, as in CREATE REPOSITORY; may repeat
    #[arg(long = "property", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  cairn check-store s3://bucket/backups --property aws.s3.region=eu-central-1
  cairn check-store s3://bucket/x --property aws.s3.endpoint=http://127.0.0.1:9000
  cairn check-store /backups --format json

Credentials come from properties, or from AWS_ACCESS_KEY_ID and its like.")]
pub(crate) struct CheckStoreArgs {
    /// Where a repository is or is to be: a URL or a path
    #[arg(value_name = "LOCATION")]
    pub(crate) location: String,
    /// A property of the location, as in CREATE REPOSITORY; may repeat
    #[arg(long = "property", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<String>,
    /// How the checks are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Work in this directory, which must be empty or not there, and keep it
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// Reads the arguments, the program's name first.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Parsed {
    let read = Cli::command().try_get_matches_from(arguments).and_then(|matches| {
        let mut cli = Cli::from_arg_matches(&matches)?;
        if let (Command::Sql(sql), Some(matches)) = (&mut cli.command, matches.subcommand_matches("sql")) {
            sql.order = order(matches);
        }
        Ok(cli)
    });
    match read {
        Ok(cli) => Parsed::Command(cli.command),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Parsed::Text(error.to_string()),
            ErrorKind::InvalidSubcommand => {
                let names: Vec<_> =
                    Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
                Parsed::Wrong(format!("{error}\nThe commands are {}.", names.join(", ")))
            }
            _ => Parsed::Wrong(error.to_string()),
        },
    }
}

fn order(matches: &ArgMatches) -> Vec<Given> {
    let positions = |name: &str| matches.indices_of(name).into_iter().flatten().collect::<Vec<_>>();
    let executes = positions("execute").into_iter().enumerate().map(|(n, at)| (at, Given::Execute(n)));
    let files = positions("files").into_iter().enumerate().map(|(n, at)| (at, Given::File(n)));
    let mut given: Vec<_> = executes.chain(files).collect();
    given.sort_by_key(|(at, _)| *at);
    given.into_iter().map(|(_, given)| given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Parsed {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn statements_keep_the_order_they_were_given_in() {
        let Parsed::Command(Command::Sql(sql)) = read("cairn sql a.sql -e one --data d -e two b.sql") else {
            unreachable!("these arguments are right")
        };
        assert_eq!(sql.order, [Given::File(0), Given::Execute(0), Given::Execute(1), Given::File(1)]);
    }

    #[test]
    fn wrong_arguments_are_told_from_asked_for_texts() {
        assert!(matches!(read("cairn --version"), Parsed::Text(text) if text.starts_with("cairn ")));
        assert!(matches!(read("cairn sql --help"), Parsed::Text(_)));
        assert!(matches!(read("cairn"), Parsed::Wrong(_)));
        assert!(matches!(read("cairn verfy x"), Parsed::Wrong(text) if text.contains("verify")));
        assert!(matches!(read("cairn sql"), Parsed::Wrong(text) if text.contains("--data")));
    }
}
