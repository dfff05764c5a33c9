//! Targets on `cairn-format`: whatever the bytes, no panic; and what is read is written and read again as the same.

#![allow(unreachable_pub, reason = "the fuzz crate exports it; a test includes it")]

use bytes::Bytes;
use cairn_format::{
    Bitmap, BundleBuilder, ColumnType, Compression, Descriptor, Digest, DigestAlgorithm, EnvelopeKind, Fence,
    FileList, FileListRef, Hll, Intent, IntentId, Manifest, Marks, ObjectKey, ObjectName, Percentile,
    Retention, Sketch, SnapshotLabel, SnapshotTimestamp, TableDefinition, TableDefinitionV1, Ttl, Value,
    VerificationRecord, VerifyLevel, Waits, check_sketch, create_table_statement, empty_sketch,
    merge_sketches, parse_duration, recompress,
};

const ALGORITHM: DigestAlgorithm = DigestAlgorithm::DEFAULT;

fn id() -> IntentId {
    IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").expect("an id")
}

/// The input as it is, and as the body of an envelope whose checksum is right: random bytes hardly ever have one.
fn objects(kind: EnvelopeKind, input: &[u8]) -> [Vec<u8>; 2] {
    let name = kind.name();
    // A seed may be a whole object.
    let frame = format!("\"{name}\":");
    let inside = input
        .windows(frame.len())
        .position(|window| window == frame.as_bytes())
        .map_or(input, |at| &input[at + frame.len()..]);
    let body = inside.strip_suffix(b"}\n").unwrap_or(inside);
    let mut sealed = format!("{{\"checksum\":\"{}\",\"{name}\":", Digest::of(body)).into_bytes();
    sealed.extend_from_slice(body);
    sealed.extend_from_slice(b"}\n");
    [input.to_vec(), sealed]
}

/// `cairn.json`.
pub fn descriptor(input: &[u8]) {
    for object in objects(EnvelopeKind::Descriptor, input) {
        if let Ok(descriptor) = Descriptor::decode(&object) {
            let again = descriptor.encode().expect("what was read can be written");
            assert_eq!(Descriptor::decode(&again).expect("what was written can be read"), descriptor);
        }
    }
}

/// `snapshots/<label>/<timestamp>.json`.
pub fn manifest(input: &[u8]) {
    for object in objects(EnvelopeKind::Manifest, input) {
        if let Ok(manifest) = Manifest::decode(&object) {
            let again = manifest.encode(ALGORITHM).expect("what was read can be written");
            assert_eq!(Manifest::decode(&again).expect("what was written can be read"), manifest);
            for table in &manifest.tables {
                let partitions: Vec<_> = table.partitions.iter().map(|p| p.definition.clone()).collect();
                let _ = create_table_statement(&table.definition, &partitions);
            }
        }
    }
}

/// `jobs/<ulid>.json`.
pub fn intent(input: &[u8]) {
    for object in objects(EnvelopeKind::Intent, input) {
        if let Ok(intent) = Intent::decode(&object) {
            let again = intent.encode(ALGORITHM).expect("what was read can be written");
            assert_eq!(Intent::decode(&again).expect("what was written can be read"), intent);
        }
    }
}

/// `trash/<ulid>.json`.
pub fn marks(input: &[u8]) {
    for object in objects(EnvelopeKind::Marks, input) {
        if let Ok(marks) = Marks::decode(&object) {
            let again = marks.encode(ALGORITHM).expect("what was read can be written");
            assert_eq!(Marks::decode(&again).expect("what was written can be read"), marks);
        }
    }
}

/// `trash/<ulid>.waits.json`.
pub fn waits(input: &[u8]) {
    for object in objects(EnvelopeKind::Waits, input) {
        if let Ok(waits) = Waits::decode(&object) {
            let again = waits.encode(ALGORITHM).expect("what was read can be written");
            assert_eq!(Waits::decode(&again).expect("what was written can be read"), waits);
        }
    }
}

/// What stands in the place of a manifest that is not to come.
pub fn fence(input: &[u8]) {
    for object in objects(EnvelopeKind::Fence, input) {
        if let Ok(fence) = Fence::decode(&object) {
            let again = fence.encode(ALGORITHM).expect("what was read can be written");
            assert!(Fence::may_have_length(again.len() as u64));
            assert_eq!(Fence::decode(&again).expect("what was written can be read"), fence);
        }
        assert!(Fence::decode(&object).is_err() || Manifest::decode(&object).is_err());
    }
}

/// `verified/<ulid>.json`.
pub fn verification(input: &[u8]) {
    for object in objects(EnvelopeKind::Verification, input) {
        if let Ok(record) = VerificationRecord::decode(&object) {
            let again = record.encode(ALGORITHM).expect("what was read can be written");
            assert_eq!(VerificationRecord::decode(&again).expect("what was written can be read"), record);
        }
    }
}

/// Parquet files that are put into a bundle, and compressed anew. They are only ever files that this program wrote and
/// whose digest is right, so what is promised is an error and not a good one.
pub fn data_file(input: &[u8]) {
    let _ = recompress(Bytes::copy_from_slice(input), Vec::new(), Compression::DEFAULT);
    let mut bundle = BundleBuilder::new();
    let offsets = [bundle.push(input), bundle.push(input)];
    if let [Some(first), Some(second)] = offsets {
        let bytes = bundle.finish().expect("members that were taken make a bundle");
        for offset in [first, second] {
            let from = usize::try_from(offset).expect("an offset in memory");
            assert_eq!(&bytes[from..from + input.len()], input);
        }
    }
}

/// `tables/….parquet`.
pub fn file_list(input: &[u8]) {
    let bytes = input.to_vec().into();
    let object = ObjectName::new(Digest::of(input), id());
    let reference = FileListRef { object, length: input.len() as u64, files: 0, rows: 0, bytes: 0 };
    let locations = FileList::decode_locations(&reference, &bytes);
    if let Ok(list) = FileList::decode(&reference, &bytes) {
        let found = locations.expect("the locations of a list that is whole");
        let places =
            |list: &FileList| list.files().iter().map(|f| (f.digest, f.location)).collect::<Vec<_>>();
        assert_eq!(places(&found), places(&list));
        let sealed = list.clone().seal(ALGORITHM, id()).expect("what was read can be written");
        let again = FileList::decode(&sealed.reference(), sealed.bytes());
        assert_eq!(again.expect("what was written can be read"), list);
    }
}

/// Keys: one object, one key, one text.
pub fn key(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(key) = ObjectKey::parse(text) {
        assert_eq!(key.render(), text);
    }
}

/// Digests, timestamps, ids and labels: a value's own text means the value.
pub fn texts(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(digest) = Digest::parse(text) {
        assert_eq!(digest.to_string(), text);
    }
    if let Ok(name) = ObjectName::parse(text) {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(retention) = Retention::parse(text) {
        assert_eq!(Retention::parse(&retention.to_string()).expect("its own text"), retention);
    }
    if let Ok(compression) = Compression::parse(text) {
        assert_eq!(Compression::parse(&compression.to_string()).expect("its own text"), compression);
    }
    if let Ok(ttl) = Ttl::parse(text) {
        assert_eq!(Ttl::parse(&ttl.to_string()).expect("its own text"), ttl);
        for finished_ms in [i64::MIN, 0, i64::MAX] {
            assert!(ttl.expires_at_ms(finished_ms) >= finished_ms);
        }
    }
    let _ = parse_duration(text);
    if let Ok(level) = VerifyLevel::parse(text) {
        assert_eq!(VerifyLevel::parse(level.name()).expect("its own text"), level);
    }
    // People may leave the milliseconds out.
    if let Ok(timestamp) = SnapshotTimestamp::parse(text) {
        assert_eq!(SnapshotTimestamp::parse(&timestamp.to_string()).expect("its own text"), timestamp);
    }
    if let Ok(id) = IntentId::parse(text) {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(label) = SnapshotLabel::parse(text) {
        assert_eq!(label.as_str(), text);
        let timestamp = SnapshotTimestamp::parse("2013-12-31-23-59-59-999").expect("a timestamp");
        let key = ObjectKey::Snapshot { label, timestamp };
        assert_eq!(ObjectKey::parse(&key.render()), Some(key));
    }
}

/// A table's definition as manifests and catalogs keep it.
pub fn table_definition(input: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<TableDefinitionV1>(input) else { return };
    if let Ok(definition) = TableDefinition::try_from(stored)
        && definition.check().is_ok()
    {
        let again = TableDefinitionV1::from(&definition);
        assert_eq!(TableDefinition::try_from(again).expect("what was written can be read"), definition);
        let _ = create_table_statement(&definition, &[]);
    }
}

/// The first line is a column's type, the rest the text of a value.
pub fn value(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(column_type) = ColumnType::parse(first) else { return };
    assert_eq!(ColumnType::parse(&column_type.to_string()).expect("a type's own text"), column_type);
    if let Ok(value) = Value::parse(&column_type, rest)
        && let Some(text) = value.to_text(&column_type)
    {
        let again = Value::parse(&column_type, &text).expect("a value's own text");
        assert_eq!(again.to_text(&column_type), Some(text));
    }
}

/// Sketches; the first byte says of which type.
pub fn sketch(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    let column_type = match kind {
        b'b' => ColumnType::Bitmap,
        b'p' => ColumnType::Percentile,
        _ => ColumnType::Hll,
    };
    if check_sketch(&column_type, bytes).is_err() {
        return;
    }
    if let Ok(hll) = Hll::from_bytes(bytes) {
        let _ = hll.estimate();
    }
    if let Ok(bitmap) = Bitmap::from_bytes(bytes) {
        let _ = bitmap.to_text(1000);
    }
    if let Ok(mut distribution) = Percentile::from_bytes(bytes) {
        let _ = distribution.quantile(0.5);
    }
    let empty = empty_sketch(&column_type).expect("a sketch of nothing");
    for both in [[bytes, bytes], [&empty, bytes], [bytes, &empty]] {
        if let Ok(merged) = merge_sketches(&column_type, both.into_iter()) {
            check_sketch(&column_type, &merged).expect("what was written can be read");
        }
    }
}
