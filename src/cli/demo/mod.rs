//! `cairn demo`: the main job on real data, narrated.
//!
//! Every statement is run by what runs those of `cairn sql`, as it is printed.

mod data;
mod narrator;
mod place;
mod statements;

use std::collections::BTreeMap;
use std::path::Path;

use cairn::{Access, Database, VerifySelection};
use cairn_format::ObjectKey;
use cairn_repository::VerifyOptions;
use tokio::runtime::Handle;

use super::args::{DemoArgs, Format};
use super::console::Console;
use super::failure::Failure;
use super::interrupt::Interrupts;
use super::{repository, runtime, units, verify};

use narrator::Narrator;
use place::Place;

pub(crate) fn run(arguments: &DemoArgs, console: &mut Console) -> Result<(), Failure> {
    console.narrate();
    let runtime = runtime::build()?;
    let interrupts = Interrupts::listen();
    let place = Place::make(arguments.keep.as_deref())?;
    let mut narrator = Narrator::new(console, interrupts);
    let told = tell(&place, runtime.handle(), &mut narrator);
    if told.is_ok() && !place.is_kept() {
        narrator.tell(
            "Everything was in a temporary directory that is gone now; `cairn demo --keep DIR` keeps it.",
        );
    }
    told
}

fn tell(place: &Place, runtime: &Handle, narrator: &mut Narrator<'_>) -> Result<(), Failure> {
    narrator.chapter("Real data: every flight that left New York in 2013");
    data::write(&place.data())?;
    narrator.tell(&format!("The files are in {}.", place.data().display()));

    narrator.chapter("A store, tables, and the data in them");
    let database = Database::open(&place.first(), runtime)?;
    let mut first = narrator.session(&database);
    narrator.sql(&mut first, statements::SCHEMA)?;
    narrator.sql(&mut first, &statements::load(&place.data()))?;
    narrator.sql(&mut first, statements::COUNTS)?;
    let before = narrator.answers(&mut first, statements::QUESTION)?;

    narrator.chapter("Into a repository, with StarRocks' own statements");
    let location = place.repository();
    narrator.sql(&mut first, &statements::create_repository(&location))?;
    narrator.sql(&mut first, &statements::backup("monday"))?;
    narrator.tell("Again, with nothing new: no data file is read, and none is sent.");
    narrator.sql(&mut first, &statements::backup("tuesday"))?;
    narrator.sql(&mut first, statements::SHOW_SNAPSHOTS)?;

    look_into(&location, runtime, narrator)?;

    narrator.chapter("Into a second, empty store, which may only read the repository");
    let database = Database::open(&place.second(), runtime)?;
    let mut second = narrator.session(&database);
    narrator.sql(&mut second, &statements::create_read_only_repository(&location))?;
    let timestamp = timestamp_of(&location, "monday", runtime)?;
    narrator.sql(&mut second, &statements::restore("monday", &timestamp))?;
    narrator.sql(&mut second, statements::USE)?;
    let after = narrator.answers(&mut second, statements::QUESTION)?;
    if before != after || before.is_empty() {
        return Err(Failure::ours("the restored store answers differently from the first one"));
    }
    narrator.tell("The same answer, from a store that never saw the original files.");
    Ok(())
}

/// The repository, without any store.
fn look_into(location: &Path, runtime: &Handle, narrator: &mut Narrator<'_>) -> Result<(), Failure> {
    narrator.chapter("What is in the repository");
    for line in place::listing(location)? {
        narrator.tell(&line);
    }
    let location = location.display().to_string();
    let repository = repository::open(&location, &BTreeMap::new(), Access::ReadOnly, runtime)?;
    narrator.tell("");
    narrator.tell(&format!("$ cairn verify {location}"));
    verify::verify(
        &repository,
        &VerifyOptions::new(VerifySelection::All),
        Format::Table,
        narrator.console(),
    )?;

    let snapshots = repository.snapshots(None)?;
    let Some(name) = snapshots.first() else {
        return Err(Failure::ours("the repository lists no snapshot"));
    };
    let manifest = repository.open_snapshot(&name.label, name.timestamp)?;
    let Some(flights) = manifest.table("flights") else {
        return Err(Failure::ours("the snapshot has no table flights"));
    };
    let files = repository.file_list(flights)?;
    let Some(file) = files.files().first() else {
        return Err(Failure::ours("the snapshot's table flights has no data file"));
    };
    narrator.tell("");
    narrator.tell(&format!(
        "Every data file is plain Parquet. Any reader takes this one, {} of partition {} in {}:",
        units::count(file.rows, "row"),
        file.partition,
        units::bytes(file.length)
    ));
    narrator.tell(&format!("{location}/{}", ObjectKey::Data(file.location.object)));
    Ok(())
}

/// The timestamp that a restore must name.
fn timestamp_of(location: &Path, label: &str, runtime: &Handle) -> Result<String, Failure> {
    let repository =
        repository::open(&location.display().to_string(), &BTreeMap::new(), Access::ReadOnly, runtime)?;
    let snapshots = repository.snapshots(None)?;
    let found = snapshots.iter().find(|name| name.label.as_str() == label);
    found
        .map(|name| name.timestamp.to_string())
        .ok_or_else(|| Failure::ours(format_args!("the repository does not list snapshot '{label}'")))
}
