//! Repositories that are broken in one named way each, in `spec/fixtures/broken`, with what is found beside them.
//!
//! They are made together with the golden ones: see `golden.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_engine::{NewRepository, TabletStore};
use cairn_repository::{CollectionPolicy, Transfer, VerifyOptions, VerifySelection};

use crate::golden::{copy, fixtures};
use crate::support::{World, backup, database, insert, repository, small_rows, small_table};

type Break = fn(&Repo);

/// How each is broken.
const FAULTS: [(&str, Break); 14] = [
    ("descriptor-changed", |repo| repo.flip("cairn.json", 40)),
    ("manifest-cut", |repo| repo.cut("snapshots/one")),
    ("manifest-changed", |repo| repo.flip("snapshots/one", 200)),
    ("manifest-of-another", |repo| repo.copy_over("snapshots/two", "snapshots/one")),
    ("fence-changed", |repo| repo.flip("snapshots/died", 75)),
    ("file-list-missing", |repo| repo.remove("tables", 0)),
    ("file-list-cut", |repo| repo.cut("tables")),
    ("file-list-changed", |repo| repo.flip("tables", 30)),
    ("data-missing", |repo| repo.remove("data", 0)),
    ("data-cut", |repo| repo.cut("data")),
    ("data-changed", |repo| repo.flip("data", 30)),
    ("data-of-another", |repo| repo.swap("data")),
    ("marks-changed", |repo| repo.flip("trash", 30)),
    ("foreign-objects", |repo| repo.add_foreign()),
];

struct Repo(PathBuf);

impl Repo {
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let path = self.0.join(folder);
        if path.is_file() { vec![path] } else { crate::open::walk(&path) }
    }

    fn flip(&self, folder: &str, at: usize) {
        let file = &self.files(folder)[0];
        let mut bytes = std::fs::read(file).unwrap();
        bytes[at] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }

    fn cut(&self, folder: &str) {
        let file = &self.files(folder)[0];
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    }

    fn remove(&self, folder: &str, index: usize) {
        std::fs::remove_file(&self.files(folder)[index]).unwrap();
    }

    fn copy_over(&self, from: &str, to: &str) {
        std::fs::copy(&self.files(from)[0], &self.files(to)[0]).unwrap();
    }

    fn swap(&self, folder: &str) {
        let files = self.files(folder);
        let (a, b) = (std::fs::read(&files[0]).unwrap(), std::fs::read(&files[1]).unwrap());
        std::fs::write(&files[0], b).unwrap();
        std::fs::write(&files[1], a).unwrap();
    }

    fn add_foreign(&self) {
        for (path, text) in [
            ("README.md", "not ours"),
            ("data/zz/file.parquet", "not ours"),
            ("snapshots/one/2014.json", "not ours"),
            ("trash/notes.txt", "not ours"),
        ] {
            let path = self.0.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}

/// Writes the broken repositories, each a copy of a small good one, and what is found in them.
pub(crate) fn write(directory: &Path) {
    let world = World::new();
    let store = world.open("store");
    store.create_database(&database()).unwrap();
    let good = world.path("repository");
    let properties = BTreeMap::from([("bundle_size".to_owned(), "0".to_owned())]);
    store.create_repository(known_at(&good, properties)).unwrap();
    store.create_table(&database(), small_table("t", 1), Vec::new()).unwrap();
    insert(&store, "t", &small_rows(&[(1, Some("a"))])).unwrap();
    backup(&store, "one");
    insert(&store, "t", &small_rows(&[(2, Some("b"))])).unwrap();
    backup(&store, "two");
    crate::golden::leave_traces(&world, &store.open_repository(&repository()).unwrap());
    for (name, fault) in FAULTS {
        let target = directory.join("broken").join(name);
        copy(&good, &target.join("repository"));
        fault(&Repo(target.join("repository")));
        std::fs::write(target.join("found.txt"), found(&target.join("repository"))).unwrap();
    }
}

fn known_at(location: &Path, properties: BTreeMap<String, String>) -> NewRepository {
    let location = location.to_str().unwrap().to_owned();
    NewRepository { name: repository(), location, properties, read_only: false, broker: None }
}

/// What a verification and a collection say of a copy of the repository.
fn found(broken: &Path) -> String {
    let world = World::new();
    let copied = world.path("repository");
    copy(broken, &copied);
    let store = world.open("store");
    let mut text = Vec::new();
    if let Err(error) = store.create_repository(known_at(&copied, BTreeMap::new())) {
        text.push(format!("open: {error}"));
    } else {
        text.extend(verified(&store));
        text.push(collected(&store));
    }
    // Where the copy lies is nobody's business.
    let root = world.path("repository").to_str().unwrap().to_owned();
    text.join("\n").replace(&format!("file://{root}"), "R").replace(&root, "R") + "\n"
}

fn verified(store: &TabletStore) -> Vec<String> {
    let opened = store.open_repository(&repository()).unwrap();
    let report = opened.verify(&VerifyOptions::new(VerifySelection::All), &Transfer::new()).unwrap();
    let finding = |finding: &cairn_repository::Finding| {
        let harms: Vec<_> = finding.harms.iter().map(|name| name.label.as_str()).collect();
        format!("verify: {}: {}; harms {}", finding.key, finding.problem, harms.join(" and "))
    };
    report.findings.iter().map(finding).collect()
}

/// A collection deletes nothing when it cannot tell what is used, and nothing that is used otherwise.
fn collected(store: &TabletStore) -> String {
    let opened = store.open_repository(&repository()).unwrap();
    let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
    match opened.collect(&policy, &Transfer::new()) {
        Ok(report) => {
            let deleted: Vec<_> = report.deleted.iter().map(|object| object.key.to_string()).collect();
            format!("collect: deletes {}", deleted.join(", "))
        }
        Err(error) => format!("collect: {error}"),
    }
}

#[test]
fn every_planted_fault_is_found() {
    for (name, _) in FAULTS {
        let fixture = fixtures().join("broken").join(name);
        let expected = std::fs::read_to_string(fixture.join("found.txt")).unwrap();
        assert_eq!(found(&fixture.join("repository")), expected, "{name}");
        let is_harmless = ["foreign-objects", "marks-changed"].contains(&name);
        assert_eq!(expected.contains("verify: ") || expected.contains("open: "), !is_harmless, "{name}");
    }
}
