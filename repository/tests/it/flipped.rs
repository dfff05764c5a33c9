//! Every byte of every object that says something about others is flipped, in a repository that has one of each kind.
//! Whatever is read then refuses or tells what is wrong, and a collection never deletes what a snapshot needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_format::{ObjectKey, VerifyLevel};
use cairn_repository::{
    BeginOptions, CollectionPolicy, CommitOutcome, Environment, ErrorKind, Problem, Repository,
    RepositoryOptions, Result, Store, Transfer, UploadGroup, VerifyOptions, VerifyReport, VerifySelection,
};

use crate::support::bucket::Bucket;
use crate::support::closure::{Closure, check_bytes, closure};
use crate::support::random::runs;
use crate::support::source::{SourceTable, segment};
use crate::support::{Backup, World};

type Objects = BTreeMap<String, Bytes>;

/// A repository in memory with one of every kind of object.
pub(crate) struct Specimen {
    pub(crate) world: World,
    pub(crate) objects: Objects,
    /// The one snapshot of it.
    pub(crate) backup: Backup,
    needed: Vec<(String, Closure)>,
}

impl Specimen {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let bucket = Bucket::new();
        let repository = open(&world, &world.environment, &bucket).unwrap();
        let files: Vec<_> = (0..5).map(|seed| segment(world.directory.path(), seed, 1)).collect();
        let table = |files: &[_]| vec![SourceTable::new("t", files.to_vec())];
        let backup = Backup::new("kept", 1_400_000_000_000, table(&files[..3]));
        let dropped = Backup::new("dropped", 1_400_000_000_001, table(&files[3..]));
        assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::Committed);
        assert_eq!(dropped.publish(&repository).unwrap(), CommitOutcome::Committed);
        let options = VerifyOptions::new(VerifySelection::All).with_record(true);
        assert!(repository.verify(&options, &Transfer::new()).unwrap().is_clean());
        // A backup that expired at once and dies: a collection puts a fence in the place of its manifest.
        let begin = |label: &str, options: &BeginOptions| {
            let backup = world.backup(label);
            repository.begin_snapshot(&backup.label, backup.timestamp, options).unwrap()
        };
        let expired = begin("expired", &BeginOptions::default().with_lifetime_ms(0));
        let group = UploadGroup { files: files[4..].to_vec(), is_whole: true };
        expired.upload(&[group], None, &Transfer::new()).unwrap();
        drop(expired);
        let running = begin("running", &BeginOptions::default());
        repository.drop_snapshot(&dropped.name()).unwrap();
        repository.collect(&CollectionPolicy::default(), &Transfer::new()).unwrap();
        drop(running);
        let state = bucket.state();
        assert_eq!(state.violations, [""; 0]);
        let objects = state.objects.clone();
        let needed = state.closures.iter().map(|(key, needs)| (key.clone(), needs.clone())).collect();
        drop(state);
        Self { world, objects, backup, needed }
    }

    /// The repository with other objects.
    pub(crate) fn open(&self, objects: &Objects) -> (Arc<Bucket>, Result<Repository>) {
        let bucket = Bucket::new();
        bucket.state().objects.clone_from(objects);
        let repository = open(&self.world, &self.world.environment, &bucket);
        (bucket, repository)
    }

    fn kind(key: &str) -> &str {
        match key.split_once('/') {
            None => "descriptor",
            Some(("trash", _)) if key.ends_with(".waits.json") => "waits",
            Some((folder, _)) => folder,
        }
    }

    /// Whether the snapshots need the object.
    fn is_needed(&self, key: &str) -> bool {
        Self::kind(key) == "descriptor"
            || self.needed.iter().any(|(manifest, needs)| manifest == key || needs.objects.contains_key(key))
    }

    fn check(&self, key: &str, bytes: Bytes, how: &str) {
        let mut objects = self.objects.clone();
        let damaged = bytes.clone();
        objects.insert(key.to_owned(), bytes);
        let (bucket, repository) = self.open(&objects);
        let Ok(repository) = repository else {
            assert_eq!(key, "cairn.json", "{how}: it is not opened");
            return;
        };
        let verified = verify(&repository, VerifyLevel::Data);
        let found = verified.as_ref().map_or(true, |report| report.findings.iter().any(|f| f.key == key));
        assert!(found || !self.is_needed(key), "{key} {how}: {verified:?}");
        let read = repository.open_snapshot(&self.backup.label, self.backup.timestamp).and_then(|manifest| {
            manifest.tables.iter().map(|table| repository.file_list(table)).collect::<Result<Vec<_>>>()
        });
        let is_metadata = matches!(Self::kind(key), "snapshots" | "tables");
        assert!(read.is_err() || !is_metadata || !self.is_needed(key), "{key} {how}: it is read");
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        let collected = repository.collect(&policy, &Transfer::new());
        // What nobody can read may have named anything. Data objects name nothing, records protect nothing, and waits are
        // only made anew.
        let must_refuse = match Self::kind(key) {
            "snapshots" | "jobs" | "trash" | "waits" => true,
            "tables" => self.is_needed(key),
            _ => false,
        };
        assert!(collected.is_err() || !must_refuse, "{key} {how}: {collected:?}");
        let state = bucket.state();
        for (manifest, needs) in &self.needed {
            assert!(state.objects.contains_key(manifest), "{key} {how}: {manifest} is gone");
            for object in needs.objects.keys() {
                assert!(state.objects.contains_key(object), "{key} {how}: {object} is gone");
            }
            if manifest != key && !needs.objects.contains_key(key) {
                check_bytes(&state.objects, needs).unwrap();
            }
        }
        if state.objects.contains_key(key) {
            assert_eq!(state.objects[key], damaged, "{key} {how}: it was replaced");
        }
    }
}

fn open(world: &World, environment: &Environment, bucket: &Arc<Bucket>) -> Result<Repository> {
    let handle = world.runtime.handle().clone();
    let store = Store::from_object_store(bucket.handle("the only one", true), handle, "bucket");
    let pool = world.options.pool.clone().unwrap();
    let options = RepositoryOptions::default().with_pool(pool).with_bundle_bytes(20_000);
    Repository::create_or_open(store, environment.clone(), options)
}

fn verify(repository: &Repository, level: VerifyLevel) -> Result<VerifyReport> {
    repository.verify(&VerifyOptions::new(VerifySelection::All).with_level(level), &Transfer::new())
}

#[test]
fn the_specimen_has_every_kind_of_object() {
    let specimen = Specimen::new();
    let mut kinds: Vec<_> = specimen.objects.keys().map(|key| Specimen::kind(key)).collect();
    kinds.dedup();
    assert_eq!(kinds, ["descriptor", "data", "jobs", "snapshots", "tables", "trash", "waits", "verified"]);
    let is_fence = |bytes: &Bytes| cairn_format::Fence::decode(bytes).is_ok();
    assert_eq!(specimen.objects.values().filter(|bytes| is_fence(bytes)).count(), 1);
    let is_bundled = |needs: &Closure| needs.objects.values().any(|ranges| ranges.iter().any(|r| r.0 > 0));
    assert!(specimen.needed.iter().any(|(_, needs)| is_bundled(needs)));
    let (_, repository) = specimen.open(&specimen.objects);
    assert!(verify(&repository.unwrap(), VerifyLevel::Data).unwrap().is_clean());
    let mut lists = BTreeMap::new();
    for (manifest, _) in &specimen.needed {
        assert!(closure(&specimen.objects, &mut lists, manifest).unwrap().is_some());
    }
}

#[test]
fn every_flipped_byte_is_refused_or_found_and_nothing_needed_is_deleted() {
    let specimen = Specimen::new();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let specimen = &specimen;
            scope.spawn(move || {
                for (key, good) in &specimen.objects {
                    let step = match Specimen::kind(key) {
                        "data" => 211,
                        // The digest is over all bytes alike, and reading Parquet takes its time.
                        "tables" => usize::try_from(runs("CAIRN_FLIP_STEP", 7)).unwrap(),
                        _ => 1,
                    };
                    for at in (0..good.len()).step_by(step).filter(|at| at / step % 2 == half) {
                        let mut bytes = good.to_vec();
                        bytes[at] ^= 1 << (at % 8);
                        specimen.check(key, bytes.into(), &format!("flipped at {at}"));
                    }
                }
            });
        }
    });
}

#[test]
fn every_cut_and_every_exchange_is_refused_or_found_and_nothing_needed_is_deleted() {
    let specimen = Specimen::new();
    for (key, good) in &specimen.objects {
        specimen.check(key, Bytes::new(), "emptied");
        specimen.check(key, good.slice(..good.len() - 1), "cut");
        specimen.check(key, [good, b"\n".as_slice()].concat().into(), "longer");
        for (other, bytes) in specimen.objects.iter().filter(|(other, _)| *other != key) {
            // Where a fence stands there is no snapshot, as there is none where nothing stands.
            if key.starts_with("snapshots/") && cairn_format::Fence::decode(bytes).is_ok() {
                continue;
            }
            specimen.check(key, bytes.clone(), &format!("replaced by {other}"));
        }
    }
}

#[test]
fn each_planted_fault_of_a_data_object_has_its_finding_at_the_level_that_can_see_it() {
    let specimen = Specimen::new();
    let data: Vec<_> =
        specimen.objects.keys().filter(|key| specimen.is_needed(key) && key.starts_with("data/")).collect();
    for key in data {
        let good = &specimen.objects[key];
        let length = good.len() as u64;
        let mut flipped = good.to_vec();
        flipped[good.len() / 2] ^= 1;
        let wrong = |found: u64| Problem::WrongLength { expected: length, found };
        let faults: [(&str, Option<Bytes>, bool, Option<Problem>); 5] = [
            ("missing", None, true, Some(Problem::Missing)),
            ("emptied", Some(Bytes::new()), true, Some(wrong(0))),
            ("cut", Some(good.slice(1..)), true, Some(wrong(length - 1))),
            ("longer", Some([good, b"x".as_slice()].concat().into()), true, Some(wrong(length + 1))),
            ("flipped", Some(flipped.into()), false, None),
        ];
        for (how, bytes, is_structure, expected) in faults {
            let mut objects = specimen.objects.clone();
            match bytes {
                Some(bytes) => objects.insert(key.clone(), bytes),
                None => objects.remove(key),
            };
            objects.insert("data/foreign.txt".to_owned(), Bytes::from_static(b"not ours"));
            let repository = specimen.open(&objects).1.unwrap();
            for level in [VerifyLevel::Structure, VerifyLevel::Data] {
                let report = verify(&repository, level).unwrap();
                if level == VerifyLevel::Structure && !is_structure {
                    assert!(report.is_clean(), "{key} {how}: {report:?}");
                    continue;
                }
                let [finding] = report.findings.as_slice() else { panic!("{key} {how}: {report:?}") };
                assert_eq!(&finding.key, key);
                match &expected {
                    Some(problem) => assert_eq!(&finding.problem, problem, "{key} {how}"),
                    None => assert!(matches!(finding.problem, Problem::DigestMismatch { .. }), "{finding:?}"),
                }
                assert!(!finding.harms.is_empty());
            }
        }
    }
}

/// A collection that finds a list missing which a snapshot needs deletes nothing.
#[test]
fn a_collection_refuses_when_a_list_or_manifest_is_missing_its_bytes() {
    let specimen = Specimen::new();
    let lists = specimen.objects.keys().filter(|key| key.starts_with("tables/") && specimen.is_needed(key));
    for key in lists {
        let mut objects = specimen.objects.clone();
        objects.remove(key);
        let (bucket, repository) = specimen.open(&objects);
        let policy = CollectionPolicy::default().with_grace(Duration::ZERO);
        let error = repository.unwrap().collect(&policy, &Transfer::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let ObjectKey::FileList(_) = ObjectKey::parse(key).unwrap() else { panic!("{key}") };
        let state = bucket.state();
        assert!(
            objects.keys().filter(|key| specimen.is_needed(key)).all(|key| state.objects.contains_key(key))
        );
    }
}
