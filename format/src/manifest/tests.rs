use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::digest::Digest;
use crate::error::ErrorKind;
use crate::name::{CatalogName, ColumnName, PartitionName, TableName};
use crate::object_name::ObjectName;
use crate::schema::{
    Column, ColumnType, Distribution, FieldId, KeyModel, PartitionRows, Partitioning, QueryPiece, ViewColumn,
    ViewQuery,
};

fn table(name: &str) -> TableEntry {
    let (id, column_name) = (FieldId::try_new(1).unwrap(), ColumnName::parse("id").unwrap());
    let column = Column { nullable: false, ..Column::new(id, column_name, ColumnType::BigInt) };
    let definition = TableDefinition {
        name: TableName::parse(name).unwrap(),
        columns: vec![column],
        key_model: KeyModel::Duplicate,
        key_columns: 1,
        automatic_buckets: false,
        sort_key: None,
        rollups: Vec::new(),
        materialized_view: None,
        indexes: Vec::new(),
        partitioning: Partitioning::Unpartitioned,
        distribution: Distribution::Random { buckets: 2 },
        comment: Some("a \"comment\"\u{1f600}".into()),
        properties: BTreeMap::from([("compression".into(), "LZ4".into())]),
        next_field_id: 2,
    };
    let partition = PartitionDefinition::new(PartitionName::parse(name).unwrap(), PartitionRows::All);
    TableEntry {
        definition,
        partitions: vec![PartitionEntry { definition: partition, rows: 5, bytes: 50 }],
        ddl: "CREATE TABLE …".into(),
        files: FileListRef {
            object: ObjectName::of_digest(Digest::of(name.as_bytes())),
            length: 9,
            files: 1,
            rows: 5,
            bytes: 50,
        },
        auto_increment: (name == "a").then_some(100_001),
    }
}

fn manifest() -> Manifest {
    let tables = vec![table("b"), table("a")];
    Manifest {
        label: SnapshotLabel::parse("nightly").unwrap(),
        timestamp: SnapshotTimestamp::parse("2013-12-31-23-59-59-999").unwrap(),
        database: Some(DatabaseName::parse("flights").unwrap()),
        store: Some(StoreId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap()),
        part: Some("a, b (p1)".into()),
        created_at_ms: 1,
        finished_at_ms: Some(2),
        ttl: Some("7 DAY".into()),
        expires_at_ms: Some(3),
        sent: Some(Sent { files: 1, bytes: 50, objects: 1 }),
        intent: Some(IntentId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap()),
        writer: "cairn 0.1.0".into(),
        read_features: FeatureSet::new(),
        totals: Totals::of(&tables).unwrap(),
        tables,
        views: vec![view("v"), view("w")],
        catalogs: Vec::new(),
    }
}

fn view(name: &str) -> ViewDefinition {
    let column =
        ViewColumn { name: "k".into(), source: "a + 1".into(), type_text: "BIGINT".into(), comment: None };
    let relation = |database: Option<&str>, name| QueryPiece::Relation {
        database: database.map(|name| DatabaseName::parse(name).unwrap()),
        name: TableName::parse(name).unwrap(),
    };
    let pieces = [
        QueryPiece::Text("SELECT a + 1 FROM ".into()),
        relation(None, "a"),
        QueryPiece::Text(", ".into()),
        relation(Some("other"), "b"),
    ];
    ViewDefinition {
        name: TableName::parse(name).unwrap(),
        columns: vec![column],
        comment: Some("of a".into()),
        query: ViewQuery(pieces.into()),
    }
}

#[test]
fn views_have_names_of_their_own_and_columns() {
    let check = |views| Manifest { views, ..manifest() }.check().map_err(|error| error.to_string());
    assert!(check(vec![view("v")]).is_ok());
    assert!(check(vec![view("v"), view("v")]).unwrap_err().contains("view 'v'"));
    assert!(check(vec![view("a")]).unwrap_err().contains("view 'a'"));
    assert!(check(vec![ViewDefinition { columns: Vec::new(), ..view("v") }]).is_err());
}

fn of_catalogs(names: &[&str]) -> Manifest {
    let catalog = |name: &&str| ExternalCatalog {
        name: CatalogName::parse(name).unwrap(),
        comment: Some("c".into()),
        properties: BTreeMap::from([("type".into(), "hive".into())]),
        withheld: BTreeSet::from(["password".into()]),
    };
    let catalogs = names.iter().map(catalog).collect();
    let (tables, views) = (Vec::new(), Vec::new());
    let (totals, read_features) = (Totals::default(), [EXTERNAL_CATALOGS].into_iter().collect());
    Manifest { database: None, tables, views, catalogs, totals, read_features, ..manifest() }
}

#[test]
fn a_snapshot_is_of_catalogs_or_of_a_database() {
    let whole = of_catalogs(&["hive", "lake"]);
    let bytes = whole.encode(DigestAlgorithm::DEFAULT).unwrap();
    assert_eq!(Manifest::decode(&bytes).unwrap(), whole);
    assert_eq!(whole.database_name(), "");
    for wrong in [
        of_catalogs(&[]),
        of_catalogs(&["hive", "hive"]),
        Manifest { database: manifest().database, ..of_catalogs(&["hive"]) },
        Manifest { views: manifest().views, ..of_catalogs(&["hive"]) },
        Manifest { read_features: FeatureSet::new(), ..of_catalogs(&["hive"]) },
        Manifest { database: None, ..manifest() },
        Manifest { catalogs: whole.catalogs.clone(), ..manifest() },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_manifest_survives_its_bytes() {
    let bytes = manifest().encode(DigestAlgorithm::DEFAULT).unwrap();
    assert_eq!(Manifest::decode(&bytes).unwrap(), manifest());
    assert_eq!(manifest().encode(DigestAlgorithm::DEFAULT).unwrap(), bytes);
    let without = Manifest { finished_at_ms: None, ..manifest() };
    assert_eq!(
        Manifest::decode(&without.encode(DigestAlgorithm::DEFAULT).unwrap()).unwrap().finished_at_ms,
        None
    );
}

#[test]
fn a_manifest_under_the_name_of_another_is_found() {
    let manifest = manifest();
    assert!(manifest.check_named(&manifest.label, manifest.timestamp).is_ok());
    let other = SnapshotLabel::parse("weekly").unwrap();
    assert_eq!(manifest.check_named(&other, manifest.timestamp).unwrap_err().kind(), ErrorKind::Corrupt);
    let later = SnapshotTimestamp::from_unix_ms(1).unwrap();
    assert!(manifest.check_named(&manifest.label, later).is_err());
}

/// The document with one value replaced, in a good envelope: what a buggy writer or a forger makes.
fn forged(pointer: &str, value: serde_json::Value) -> Vec<u8> {
    let mut body: serde_json::Value =
        envelope::open(EnvelopeKind::Manifest, &manifest().encode(DigestAlgorithm::DEFAULT).unwrap())
            .unwrap();
    // A field that is left out when it says nothing is added.
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}")) {
        serde_json::Value::Object(fields) => drop(fields.insert(field.to_owned(), value)),
        other => *other.pointer_mut(&format!("/{field}")).unwrap() = value,
    }
    envelope::seal(EnvelopeKind::Manifest, DigestAlgorithm::DEFAULT, &body).unwrap()
}

#[test]
fn contradictions_are_refused() {
    for (pointer, value) in [
        ("/totals/rows", json!(11)),
        ("/totals/files", json!(3)),
        ("/tables/0/files/rows", json!(6)),
        ("/tables/0/files/bytes", json!(u64::MAX)),
        ("/tables/0/partitions/0/rows", json!(4)),
        ("/tables/0/partitions", json!([])),
        ("/tables/0/definition/name", json!("a")),
        ("/tables/0/definition/columns", json!([])),
        ("/tables/0/files/digest", json!("xxh3-00")),
        ("/tables/0/files/object", json!("xxh3-99aa06d3014798d86001c324468d497f-01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        ("/tables/0/files/object", json!("x")),
        ("/label", json!("")),
        ("/timestamp", json!("2013-12-31")),
        ("/database", json!("1x")),
        ("/totals", json!(null)),
        ("/tables/0/files/rows", json!(-1)),
    ] {
        let error = Manifest::decode(&forged(pointer, value)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{pointer}: {error}");
    }
}

#[test]
fn unknown_fields_are_left_alone_and_unknown_features_are_not() {
    let extended = forged("/totals", json!({"files": 2, "rows": 10, "bytes": 100, "objects": 3}));
    assert_eq!(Manifest::decode(&extended).unwrap(), manifest());
    let mut body = json!({"read_features": ["deletion-vectors"], "anything": "else"});
    let error =
        Manifest::decode(&envelope::seal(EnvelopeKind::Manifest, DigestAlgorithm::DEFAULT, &body).unwrap())
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("'deletion-vectors'"), "{error}");
    body["read_features"] = json!([]);
    let error =
        Manifest::decode(&envelope::seal(EnvelopeKind::Manifest, DigestAlgorithm::DEFAULT, &body).unwrap())
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Manifest::decode(&bytes);
        let _ = crate::descriptor::Descriptor::decode(&bytes);
        let _ = crate::intent::Intent::decode(&bytes);
    }

    #[test]
    fn no_change_of_a_body_makes_the_decoder_panic(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let body: serde_json::Value = envelope::open(EnvelopeKind::Manifest, &manifest().encode(DigestAlgorithm::DEFAULT).unwrap()).unwrap();
        let mut body = serde_json::to_vec(&body).unwrap();
        let at = at.index(body.len());
        body[at] = to;
        if let Ok(body) = serde_json::from_slice::<serde_json::Value>(&body) {
            let _ = Manifest::decode(&envelope::seal(EnvelopeKind::Manifest, DigestAlgorithm::DEFAULT, &body).unwrap());
        }
    }
}
