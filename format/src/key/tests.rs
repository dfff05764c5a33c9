use proptest::prelude::*;

use super::*;

const DIGEST: &str = "xxh3-99aa06d3014798d86001c324468d497f";
const ULID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

#[test]
fn keys_are_what_the_specification_says() {
    let old = ObjectName::parse(DIGEST).unwrap();
    let name = ObjectName::parse(&format!("{DIGEST}-{ULID}")).unwrap();
    let snapshot = |label: &str| ObjectKey::Snapshot {
        label: SnapshotLabel::parse(label).unwrap(),
        timestamp: SnapshotTimestamp::parse("2013-01-01-00-00-00-001").unwrap(),
    };
    for (key, text) in [
        (ObjectKey::Descriptor, "cairn.json".to_owned()),
        (snapshot("nightly_1"), "snapshots/nightly_1/2013-01-01-00-00-00-001.json".to_owned()),
        (ObjectKey::FileList(old), format!("tables/{DIGEST}.parquet")),
        (ObjectKey::FileList(name), format!("tables/{DIGEST}-{ULID}.parquet")),
        (ObjectKey::Data(old), format!("data/99/{DIGEST}.parquet")),
        (ObjectKey::Data(name), format!("data/99/{DIGEST}-{ULID}.parquet")),
        (ObjectKey::Intent(IntentId::parse(ULID).unwrap()), format!("jobs/{ULID}.json")),
        (ObjectKey::Trash(TrashId::parse(ULID).unwrap()), format!("trash/{ULID}.json")),
        (ObjectKey::Waits(TrashId::parse(ULID).unwrap()), format!("trash/{ULID}.waits.json")),
        (ObjectKey::Verified(VerificationId::parse(ULID).unwrap()), format!("verified/{ULID}.json")),
    ] {
        assert_eq!(key.render(), text);
        assert_eq!(ObjectKey::parse(&text), Some(key));
    }
}

#[test]
fn foreign_keys_are_not_errors() {
    for foreign in [
        "",
        "/",
        "cairn.json/",
        "README.md",
        "snapshots/nightly",
        "snapshots/nightly/2013.json",
        "snapshots/nightly/2013-01-01-00-00-00-001.json.tmp",
        "snapshots/nightl=79/2013-01-01-00-00-00-001.json",
        "snapshots/a=2/2013-01-01-00-00-00-001.json",
        "snapshots/a=FF/2013-01-01-00-00-00-001.json",
        "snapshots/a=+2/2013-01-01-00-00-00-001.json",
        "data/98/xxh3-99aa06d3014798d86001c324468d497f.parquet",
        "data/xxh3-99aa06d3014798d86001c324468d497f.parquet",
        "tables/99/xxh3-99aa06d3014798d86001c324468d497f.parquet",
        "tables/xxh3-99AA06d3014798d86001c324468d497f.parquet",
        "jobs/01arz3ndektsv4rrffq69g5fav.json",
    ] {
        assert_eq!(ObjectKey::parse(foreign), None, "{foreign}");
    }
}

proptest! {
    #[test]
    fn escaping_is_reversible_and_safe(label in any::<String>()) {
        let escaped = escape(&label);
        prop_assert!(escaped.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-=".contains(&b)));
        prop_assert_eq!(unescape(&escaped), Some(label));
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_what_it_reads_it_writes(key in "(snapshots|data|tables|jobs|trash|verified)?/?[a-zA-Z0-9=/.\\-]{0,60}") {
        if let Some(parsed) = ObjectKey::parse(&key) {
            prop_assert_eq!(parsed.render(), key);
        }
    }
}
