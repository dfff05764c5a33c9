use serde_json::json;

use super::*;

fn document(changes: &[(&str, serde_json::Value)]) -> Vec<u8> {
    let mut body = json!({
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "format_version": 1, "read_features": [], "write_features": [],
        "gc_features": [], "digest": "xxh3", "writer": "cairn 0.1.0", "created_at_ms": 7
    });
    for (name, value) in changes {
        body[*name] = value.clone();
    }
    envelope::seal(EnvelopeKind::Descriptor, DigestAlgorithm::DEFAULT, &body).unwrap()
}

#[test]
fn a_descriptor_survives_its_bytes() {
    for algorithm in DigestAlgorithm::ALL {
        let id = RepositoryId::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let descriptor = Descriptor::new(id, algorithm, "cairn 0.1.0", 42);
        let bytes = descriptor.encode().unwrap();
        assert_eq!(Descriptor::decode(&bytes).unwrap(), descriptor);
        assert_eq!(Descriptor::decode(&bytes).unwrap().encode().unwrap(), bytes);
        assert!(descriptor.check_write().is_ok() && descriptor.check_gc().is_ok());
    }
}

#[test]
fn nothing_is_deleted_where_old_writers_may_be() {
    let old = Descriptor::decode(&document(&[])).unwrap();
    assert!(old.check_write().is_ok());
    assert_eq!(old.check_gc().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn unknown_fields_are_written_back() {
    let bytes = document(&[("retention", json!({"days": 30}))]);
    let again = Descriptor::decode(&bytes).unwrap().encode().unwrap();
    let body: serde_json::Value = envelope::open(EnvelopeKind::Descriptor, &again).unwrap();
    assert_eq!(body["retention"]["days"], 30);
}

#[test]
fn what_is_newer_is_refused_by_name() {
    let refused = |field, value| Descriptor::decode(&document(&[(field, value)])).unwrap_err();
    for (field, value, named) in [
        ("format_version", json!(2), "version 2"),
        ("digest", json!("sha256"), "'sha256'"),
        ("read_features", json!(["bundles"]), "'bundles'"),
    ] {
        let error = refused(field, value);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(named) && error.to_string().contains("upgrade"), "{error}");
    }
    let descriptor =
        Descriptor::decode(&document(&[("write_features", json!(["w"])), ("gc_features", json!(["g"]))]))
            .unwrap();
    assert!(descriptor.check_write().unwrap_err().to_string().contains("'w'"));
    assert!(descriptor.check_gc().unwrap_err().to_string().contains("'g'"));
}

#[test]
fn a_newer_version_may_have_other_fields() {
    let bytes =
        envelope::seal(EnvelopeKind::Descriptor, DigestAlgorithm::DEFAULT, &json!({"format_version": 9}))
            .unwrap();
    assert_eq!(Descriptor::decode(&bytes).unwrap_err().kind(), ErrorKind::Unsupported);
}
