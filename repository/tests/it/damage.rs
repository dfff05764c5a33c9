//! Every object of a small snapshot, damaged in every way: verification finds it, and no read goes through.

use std::path::Path;

use cairn_format::ObjectKey;
use cairn_repository::{Access, CommitOutcome, Disk, Problem, Repository, VerifyReport};

use crate::support::{Backup, World, objects, verify_all};

struct Damage {
    world: World,
    repository: Repository,
    backup: Backup,
    rounds: std::cell::Cell<usize>,
}

impl Damage {
    fn new() -> Self {
        let world = World::new();
        let repository = world.local_repository();
        let backup = world.backup("nightly");
        assert_eq!(backup.publish(&repository).unwrap(), CommitOutcome::Committed);
        Self { world, repository, backup, rounds: std::cell::Cell::default() }
    }

    fn verify(&self) -> VerifyReport {
        verify_all(&self.repository).unwrap()
    }

    /// Makes sure that the damage to `key` is found where it is, and that the snapshot cannot be read back.
    fn check_found(&self, key: &str, how: &str) -> Problem {
        let report = self.verify();
        let [finding] = report.findings.as_slice() else { panic!("{key} {how}: {report:?}") };
        assert_eq!(finding.key, key, "{how}");
        assert_eq!(finding.harms.len(), 1, "{key} {how}");
        let environment = self.world.environment.clone();
        let store = self.world.local(Disk::system());
        let out = self.world.directory.path().join("out").join(self.rounds.get().to_string());
        self.rounds.set(self.rounds.get() + 1);
        let read = Repository::open(store, environment, Access::ReadOnly, self.world.options.clone())
            .and_then(|repository| self.backup.read_back(&repository, &out));
        assert!(read.is_err(), "{key} {how}");
        let _ = std::fs::remove_dir_all(out);
        finding.problem.clone()
    }

    fn with_bytes(&self, key: &str, bytes: &[u8], how: &str) -> Problem {
        let path = self.world.root().join(key);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let problem = self.check_found(key, how);
        std::fs::write(&path, good).unwrap();
        problem
    }

    fn is_data(key: &str) -> bool {
        matches!(ObjectKey::parse(key), Some(ObjectKey::Data(_)))
    }
}

fn read(root: &Path, key: &str) -> Vec<u8> {
    std::fs::read(root.join(key)).unwrap()
}

#[test]
fn every_flipped_byte_is_found() {
    let damage = Damage::new();
    let root = damage.world.root();
    for key in objects(&root) {
        let good = read(&root, &key);
        let step = if Damage::is_data(&key) { 97 } else { 1 };
        for at in (0..good.len()).step_by(step) {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            damage.with_bytes(&key, &bytes, &format!("flipped at {at}"));
        }
    }
    assert!(damage.verify().is_clean());
}

#[test]
fn every_cut_loss_and_addition_is_found() {
    let damage = Damage::new();
    let root = damage.world.root();
    for key in objects(&root) {
        let good = read(&root, &key);
        damage.with_bytes(&key, &[good.as_slice(), b"\n"].concat(), "longer");
        if !good.is_empty() {
            let problem = damage.with_bytes(&key, &good[..good.len() - 1], "cut");
            damage.with_bytes(&key, b"", "emptied");
            if Damage::is_data(&key) {
                assert_eq!(
                    problem,
                    Problem::WrongLength { expected: good.len() as u64, found: good.len() as u64 - 1 }
                );
            }
        }
        if key.starts_with("snapshots/") {
            // The manifest is what makes the snapshot exist.
            continue;
        }
        std::fs::remove_file(root.join(&key)).unwrap();
        assert_eq!(damage.check_found(&key, "removed"), Problem::Missing);
        std::fs::write(root.join(&key), good).unwrap();
    }
    assert!(damage.verify().is_clean());
}

#[test]
fn every_object_put_in_the_place_of_another_is_found() {
    let damage = Damage::new();
    let root = damage.world.root();
    let keys = objects(&root);
    for key in &keys {
        for other in keys.iter().filter(|other| *other != key) {
            damage.with_bytes(key, &read(&root, other), &format!("replaced by {other}"));
        }
    }
}

#[test]
fn a_manifest_under_another_name_is_found() {
    let damage = Damage::new();
    let root = damage.world.root();
    let label = damage.backup.label.as_str();
    std::fs::create_dir(root.join("snapshots/stolen")).unwrap();
    let stolen = format!("snapshots/stolen/{}.json", damage.backup.timestamp);
    std::fs::copy(
        root.join(format!("snapshots/{label}/{}.json", damage.backup.timestamp)),
        root.join(&stolen),
    )
    .unwrap();
    let report = damage.verify();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].key, stolen);
    assert!(matches!(report.findings[0].problem, Problem::Misnamed(_)), "{report:?}");
}

#[test]
fn damage_to_a_shared_object_harms_every_snapshot_that_shares_it() {
    let damage = Damage::new();
    assert_eq!(
        damage.world.backup("second").publish_after(&damage.backup, &damage.repository).unwrap(),
        CommitOutcome::Committed
    );
    let manifest = damage.repository.open_snapshot(&damage.backup.label, damage.backup.timestamp).unwrap();
    let list = damage.repository.file_list(&manifest.tables[0]).unwrap();
    let shared = ObjectKey::Data(list.files()[0].location.object).render();
    std::fs::remove_file(damage.world.root().join(&shared)).unwrap();
    let report = damage.verify();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        (report.findings[0].key.as_str(), &report.findings[0].problem),
        (shared.as_str(), &Problem::Missing)
    );
    assert_eq!(report.findings[0].harms.len(), 2);
}
