use std::sync::Arc;

use super::*;

fn partition(name: &str) -> PartitionName {
    PartitionName::parse(name).unwrap()
}

const INTENT: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn seal(list: FileList) -> SealedFileList {
    list.seal(DigestAlgorithm::DEFAULT, IntentId::parse(INTENT).unwrap()).unwrap()
}

/// Files of one bucket share a bundle; those of bucket 1 were made of others.
fn file(name: &str, bucket: u32, ordinal: u32) -> DataFile {
    let object = ObjectName::new(Digest::of(&[0; 3]), IntentId::parse(INTENT).unwrap());
    let compression = (ordinal > 0).then(|| Compression::parse("zstd(7)").unwrap());
    DataFile {
        location: FileLocation { object, object_length: 1 << 40, offset: u64::from(ordinal) * 2000 },
        deleted: (ordinal == 1).then(|| Arc::new([2, 9].into_iter().collect())),
        source: (bucket == 1).then(|| FileSource { digest: Digest::of(&[9]), compression }),
        partition: partition(name),
        bucket,
        ordinal,
        digest: Digest::of(format!("{name}/{bucket}/{ordinal}").as_bytes()),
        length: 1000 + u64::from(ordinal),
        rows: 10,
        columns: vec![
            FileColumnBounds {
                field_id: FieldId::try_new(1).unwrap(),
                null_count: Some(0),
                lower: Some("a".into()),
                upper: Some("z".into()),
            },
            FileColumnBounds {
                field_id: FieldId::try_new(7).unwrap(),
                null_count: None,
                lower: None,
                upper: None,
            },
        ],
    }
}

fn list() -> FileList {
    let files = vec![file("p2", 0, 0), file("p1", 1, 1), file("p1", 1, 0), file("p1", 0, 5)];
    FileList::try_new(&[partition("p1"), partition("p2")], files).unwrap()
}

#[test]
fn a_list_survives_its_bytes_and_equal_lists_have_equal_bytes() {
    let sealed = seal(list());
    assert_eq!(FileList::decode(&sealed.reference(), sealed.bytes()).unwrap(), list());
    assert_eq!(seal(list()).bytes(), sealed.bytes());
    let without: Vec<_> =
        list().into_files().into_iter().map(|file| DataFile { columns: Vec::new(), ..file }).collect();
    let located = FileList::decode_locations(&sealed.reference(), sealed.bytes()).unwrap();
    assert_eq!(located.files(), without);
    let places: Vec<_> =
        list().into_files().iter().map(|f| (f.partition.to_string(), f.bucket, f.ordinal)).collect();
    assert_eq!(places, [("p1".into(), 0, 5), ("p1".into(), 1, 0), ("p1".into(), 1, 1), ("p2".into(), 0, 0)]);
    let reference = sealed.reference();
    assert_eq!(
        (reference.files, reference.rows, reference.bytes),
        (4, 38, 4006),
        "rows that are deleted do not count"
    );
}

#[test]
fn an_empty_list_and_one_of_many_batches_survive() {
    let empty = seal(FileList::default());
    assert_eq!(FileList::decode(&empty.reference(), empty.bytes()).unwrap().files(), []);
    let many =
        FileList::try_new(&[partition("p")], (0..20_000).map(|n| file("p", n % 7, n)).collect()).unwrap();
    let sealed = seal(many.clone());
    assert_eq!(FileList::decode(&sealed.reference(), sealed.bytes()).unwrap(), many);
}

#[test]
fn lists_that_break_a_rule_are_refused() {
    let refused = |files: Vec<DataFile>| FileList::try_new(&[partition("p")], files).unwrap_err();
    assert!(refused(vec![file("other", 0, 0)]).to_string().contains("'other'"));
    for positions in [&[][..], &[0, 10]] {
        let deleted = Some(Arc::new(positions.iter().copied().collect()));
        let error = refused(vec![DataFile { deleted, ..file("p", 0, 0) }]);
        assert!(error.to_string().contains("none, or past its end"), "{error}");
    }
    refused(vec![file("p", 0, 0), file("p", 0, 0)]);
    refused(vec![DataFile { rows: u64::MAX, ..file("p", 0, 0) }]);
    refused(vec![DataFile { bucket: u32::MAX, ..file("p", 0, 0) }]);
    refused(vec![DataFile { length: u64::MAX, ..file("p", 0, 0) }]);
    let location = |change: fn(&mut FileLocation)| {
        let mut moved = file("p", 0, 0);
        change(&mut moved.location);
        refused(vec![moved])
    };
    location(|location| location.offset = (1 << 40) - 10);
    location(|location| location.offset = u64::MAX);
    location(|location| location.object_length = 1000);
    let itself = file("p", 0, 0);
    let source = FileSource { digest: itself.digest, compression: None };
    refused(vec![DataFile { source: Some(source), ..itself }]);
    let mut twice = file("p", 0, 0);
    twice.columns.push(twice.columns[0].clone());
    refused(vec![twice]);
    let mut nulls = file("p", 0, 0);
    nulls.columns[0].null_count = Some(11);
    refused(vec![nulls]);
}

#[test]
fn other_bytes_than_the_named_ones_are_refused() {
    let sealed = seal(list());
    for at in 0..sealed.bytes().len() {
        let mut changed = sealed.bytes().to_vec();
        changed[at] ^= 0x10;
        assert_eq!(
            FileList::decode(&sealed.reference(), &changed.into()).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        assert!(FileList::decode(&sealed.reference(), &sealed.bytes().slice(..at)).is_err());
    }
}

/// A forger can give any bytes the right digest; what is not the footer must not take the process down.
#[test]
fn damaged_pages_under_a_right_digest_are_errors_or_values_but_no_panics() {
    let sealed = seal(list());
    let footer =
        u32::from_le_bytes(sealed.bytes()[sealed.bytes().len() - 8..][..4].try_into().unwrap()) as usize;
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for at in 0..sealed.bytes().len() - 8 - footer {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = sealed.bytes().to_vec();
            changed[at] ^= change;
            let _ = FileList::decode_checked(&changed.into(), Parts::All);
        }
    }
    std::panic::set_hook(hook);
    for foreign in [&b""[..], b"PAR1", b"PAR1PAR1", b"hello, this is no Parquet"] {
        let error = FileList::decode_checked(&Bytes::from_static(foreign), Parts::All).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}
