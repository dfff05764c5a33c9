//! The tables of `spec/` say what the code does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use cairn_format::{
    BUNDLE_VERSION, BUNDLE_VERSION_KEY, CREATED_BY, Column, ColumnName, ColumnType, DELETIONS, Digest,
    DigestAlgorithm, Distribution, EXTERNAL_CATALOGS, EnvelopeKind, FILE_LIST_CREATED_BY, FILE_LIST_VERSION,
    FILE_LIST_VERSION_KEY, FORMAT_VERSION, Fence, FieldId, INITIAL_VALUES, INTENT_LIFETIME_MS, IntentId,
    KeyModel, LIST_STEPS, LOCATED_FILES, MARKS, MAX_BOUND_BYTES, MAX_LABEL_KEY_BYTES, MAX_MARKED_OBJECTS,
    ObjectKey, ObjectName, PARTITION_BUCKETS, Partitioning, ROW_GROUP_ROWS, SUPPORTED_GC_FEATURES,
    SUPPORTED_READ_FEATURES, SUPPORTED_WRITE_FEATURES, SnapshotLabel, SnapshotTimestamp, TableDefinition,
    TableName, TrashId, VerificationId, writer_options,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{LogicalType, TimeUnit, Type};
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::schema::types::SchemaDescPtr;

const FORMAT: &str = include_str!("../../spec/snapshot-format.md");
const REPOSITORY: &str = include_str!("../../spec/repository.md");

/// The rows of the table whose header begins with these cells, without back quotes.
fn table(text: &str, header: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(inner.split(" | ").map(|cell| cell.trim_matches('`').to_owned()).collect())
    };
    let mut lines = text.lines().skip_while(|line| cells(line).is_none_or(|found| found != header));
    assert!(lines.next().is_some(), "no table with header {header:?}");
    lines.skip(1).map_while(cells).collect()
}

#[test]
fn the_constants_are_those_of_the_code() {
    let expected = [
        ("format version", FORMAT_VERSION.to_string()),
        ("file list version", FILE_LIST_VERSION.to_string()),
        ("digest algorithm of a repository where nobody chose", DigestAlgorithm::DEFAULT.name().to_owned()),
        ("the other digest algorithm", DigestAlgorithm::Blake3.name().to_owned()),
        ("envelope field of the descriptor", EnvelopeKind::Descriptor.name().to_owned()),
        ("envelope field of a manifest", EnvelopeKind::Manifest.name().to_owned()),
        ("envelope field of an intent", EnvelopeKind::Intent.name().to_owned()),
        ("envelope field of marks", EnvelopeKind::Marks.name().to_owned()),
        ("envelope field of waits", EnvelopeKind::Waits.name().to_owned()),
        ("envelope field of a fence", EnvelopeKind::Fence.name().to_owned()),
        ("envelope field of a record of a verification", EnvelopeKind::Verification.name().to_owned()),
        ("feature of located files", LOCATED_FILES.to_owned()),
        ("feature of deletions", DELETIONS.to_owned()),
        ("feature of initial values", INITIAL_VALUES.to_owned()),
        ("feature of buckets of partitions", PARTITION_BUCKETS.to_owned()),
        ("feature of steps in lists", LIST_STEPS.to_owned()),
        ("feature of external catalogs", EXTERNAL_CATALOGS.to_owned()),
        ("feature of marks", MARKS.to_owned()),
        ("Parquet metadata key of the file list's version", FILE_LIST_VERSION_KEY.to_owned()),
        ("Parquet metadata key of a bundle's version", BUNDLE_VERSION_KEY.to_owned()),
        ("bundle version", BUNDLE_VERSION.to_string()),
        ("`created_by` of file lists", FILE_LIST_CREATED_BY.to_owned()),
        ("`created_by` of data files", CREATED_BY.to_owned()),
        ("rows of a row group of a data file, at most", ROW_GROUP_ROWS.to_string()),
        ("bytes of a text or binary bound, at most", MAX_BOUND_BYTES.to_string()),
        ("lifetime of an intent where nobody chose, in milliseconds", INTENT_LIFETIME_MS.to_string()),
        ("bytes of a fence whose checksum is xxh3", Fence::length(DigestAlgorithm::Xxh3).to_string()),
        ("bytes of a fence whose checksum is blake3", Fence::length(DigestAlgorithm::Blake3).to_string()),
        ("objects of one object of marks, at most", MAX_MARKED_OBJECTS.to_string()),
        ("bytes of a label in a key, at most", MAX_LABEL_KEY_BYTES.to_string()),
    ];
    let expected: Vec<_> =
        expected.map(|(name, value)| vec![name.trim_matches('`').to_owned(), value]).into();
    assert_eq!(table(FORMAT, &["constant", "value"]), expected);
}

#[test]
fn the_features_are_those_of_the_code() {
    let rows = table(FORMAT, &["feature", "lists", "what must be understood"]);
    let of = |list: &str| {
        let rows =
            rows.iter().filter(|row| row[1].contains(&format!("`{list}`")) || row[1].starts_with(list));
        rows.map(|row| row[0].as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("read_features"), SUPPORTED_READ_FEATURES);
    assert_eq!(of("write_features"), SUPPORTED_WRITE_FEATURES);
    assert_eq!(of("gc_features"), SUPPORTED_GC_FEATURES);
}

#[test]
fn the_keys_are_those_of_the_code() {
    let ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let digest = Digest::of(b"");
    let name = ObjectName::new(digest, IntentId::parse(ulid).unwrap());
    let label = SnapshotLabel::parse("a/ü").unwrap();
    let timestamp = SnapshotTimestamp::parse("2013-12-31-23-59-59-999").unwrap();
    let expected = [
        ("descriptor", ObjectKey::Descriptor),
        ("manifest", ObjectKey::Snapshot { label: label.clone(), timestamp }),
        ("file list", ObjectKey::FileList(name)),
        ("data file", ObjectKey::Data(name)),
        ("intent", ObjectKey::Intent(IntentId::parse(ulid).unwrap())),
        ("marks of a collection", ObjectKey::Trash(TrashId::parse(ulid).unwrap())),
        ("waits of these marks", ObjectKey::Waits(TrashId::parse(ulid).unwrap())),
        ("record of a verification", ObjectKey::Verified(VerificationId::parse(ulid).unwrap())),
    ];
    let examples: Vec<_> =
        expected.iter().map(|(name, key)| vec![(*name).to_owned(), key.render()]).collect();
    assert_eq!(table(REPOSITORY, &["object", "example"]), examples);
    let filled: Vec<_> = table(REPOSITORY, &["object", "key"])
        .into_iter()
        .map(|row| {
            let key = row[1]
                .replace("<first two hexadecimal digits of the digest's value>", "99")
                .replace("<name>", &name.to_string())
                .replace("<label>", ObjectKey::label_prefix(&label).rsplit('/').next().unwrap())
                .replace("<timestamp>", &timestamp.to_string())
                .replace("<ulid>", ulid);
            vec![row[0].clone(), key]
        })
        .collect();
    assert_eq!(filled, examples);
}

/// The schema of a data file that is written for a table of one such column.
fn written_schema(column_type: &ColumnType) -> SchemaDescPtr {
    let column =
        Column::new(FieldId::try_new(1).unwrap(), ColumnName::parse("c").unwrap(), column_type.clone());
    let table = TableDefinition {
        name: TableName::parse("t").unwrap(),
        columns: vec![column],
        key_model: KeyModel::Duplicate,
        key_columns: 0,
        sort_key: None,
        automatic_buckets: false,
        partitioning: Partitioning::Unpartitioned,
        distribution: Distribution::Random { buckets: 1 },
        comment: None,
        indexes: Vec::new(),
        rollups: Vec::new(),
        materialized_view: None,
        properties: std::collections::BTreeMap::new(),
        next_field_id: 2,
    };
    let options = writer_options(&table).unwrap();
    let writer = ArrowWriter::try_new_with_options(Vec::new(), table.arrow_schema(), options).unwrap();
    let bytes = bytes::Bytes::from(writer.into_inner().unwrap());
    let read = ParquetMetaDataReader::new().parse_and_finish(&bytes).unwrap();
    assert_eq!(read.file_metadata().schema().get_fields()[0].get_basic_info().id(), 1);
    read.file_metadata().schema_descr_ptr()
}

#[test]
fn the_types_are_those_of_the_code() {
    let rows = table(FORMAT, &["type", "Arrow", "Parquet"]);
    for row in &rows {
        let column_type = ColumnType::parse(&row[0]).unwrap();
        assert_eq!(column_type.to_string(), row[0]);
        let arrow = column_type.arrow_type();
        assert_eq!(arrow.to_string(), row[1], "{}", row[0]);
        let parquet = written_schema(&column_type);
        let column = parquet.column(0);
        let physical = match column.physical_type() {
            Type::FIXED_LEN_BYTE_ARRAY => format!("FIXED_LEN_BYTE_ARRAY({})", column.type_length()),
            other => other.to_string(),
        };
        let logical = match column.logical_type_ref() {
            None => String::new(),
            Some(LogicalType::Integer(int)) => format!(" INTEGER({},{})", int.bit_width, int.is_signed),
            Some(LogicalType::Decimal(decimal)) => {
                format!(" DECIMAL({},{})", decimal.precision, decimal.scale)
            }
            Some(LogicalType::Date) => " DATE".to_owned(),
            Some(LogicalType::String) => " STRING".to_owned(),
            Some(LogicalType::Json) => " JSON".to_owned(),
            Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::MICROS => {
                format!(" TIMESTAMP(MICROS,{})", time.is_adjusted_to_u_t_c)
            }
            Some(other) => panic!("{other:?}"),
        };
        assert_eq!(format!("{physical}{logical}"), row[2], "{}", row[0]);
    }
    assert_eq!(rows.len(), 22);
}

#[test]
fn the_nested_types_are_those_of_the_code() {
    let rows = table(FORMAT, &["nested type", "Parquet"]);
    assert_eq!(rows.len(), 3);
    for row in &rows {
        let column_type = ColumnType::parse(row[0].trim_matches('`')).unwrap();
        let parquet = written_schema(&column_type);
        let mut printed = Vec::new();
        parquet::schema::printer::print_schema(&mut printed, &parquet.root_schema().get_fields()[0]);
        let printed = String::from_utf8(printed).unwrap();
        let printed = printed.replace(" [1]", "").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(printed.to_lowercase(), row[1].to_lowercase(), "{}", row[0]);
    }
}
