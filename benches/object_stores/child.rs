//! Statements in processes of their own.

use std::path::Path;

use cairn_engine::TabletStore;
use cairn_format::{RepositoryName, SnapshotTimestamp};

use super::server::{BUCKET, Server};
use super::small;
use super::support::measure::Meter;
use super::support::{Fallible, World, backup, restore, verify};

/// Where the repositories of some statements are: in the world's directory, or, with an endpoint, in the bucket.
const LOCAL: &str = "local";

pub(crate) fn run(arguments: &[&str]) -> Fallible<()> {
    let [directory, place, bundle_size, statement @ ..] = arguments else {
        return Err(format!("too few arguments: {arguments:?}").into());
    };
    let world = World::new(Path::new(directory))?;
    let add = |store: &TabletStore, name: &str| -> Fallible<()> {
        let (location, mut properties) = match *place {
            LOCAL => (format!("{directory}/{name}"), std::collections::BTreeMap::new()),
            endpoint => (format!("s3://{BUCKET}/{name}"), Server::properties(endpoint)),
        };
        if *bundle_size != "default" {
            properties.insert("bundle_size".to_owned(), (*bundle_size).to_owned());
        }
        World::add_repository_at(store, name, location, properties)
    };
    match statement {
        ["backup", source, repository, label] => {
            let store = world.open(source)?;
            if !store.view().repositories().any(|entry| entry.name.as_str() == *repository) {
                add(&store, repository)?;
            }
            let meter = Meter::start()?;
            let record = backup(&store, repository, label)?;
            let totals = record.totals.ok_or("no totals")?;
            meter.finish(&[
                record.timestamp.to_string(),
                format!("objects={}", totals.moved_objects),
                format!("requests={}", totals.requests),
                format!("sent={:.1}MB", super::support::measure::megabytes(totals.moved_bytes)),
            ])
        }
        ["restore", target, repository, label, timestamp] => {
            let store = world.open(target)?;
            add(&store, repository)?;
            let meter = Meter::start()?;
            let record = restore(&store, repository, label, SnapshotTimestamp::parse(timestamp)?)?;
            meter.finish(&[format!("requests={}", record.totals.ok_or("no totals")?.requests)])
        }
        ["verify", source, repository] => {
            let store = world.open(source)?;
            let meter = Meter::start()?;
            verify(&store, repository)?;
            meter.finish(&[])
        }
        ["forget", source, repository] => {
            let meter = Meter::start()?;
            world.open(source)?.drop_repository(&RepositoryName::parse(repository)?)?;
            meter.finish(&[])
        }
        ["add", source, tablets, seed] => {
            let meter = Meter::start()?;
            small::add_rows(&world.open(source)?, tablets.parse()?, seed.parse()?)?;
            meter.finish(&[])
        }
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}
