//! `trash/<ulid>.json`: what a collection found unused and is going to delete, or a verification found damaged, so that
//! no backup begins to use it.

mod v1;

use crate::digest::DigestAlgorithm;
use crate::envelope::{self, EnvelopeKind};
use crate::error::Error;
use crate::key::ObjectKey;
use crate::ulid::TrashId;

/// The most objects of one object of marks. More of them are several objects.
pub const MAX_MARKED_OBJECTS: usize = 10_000;

/// Marks of one collection or verification.
///
/// Invariant: every object is a data file or a file list; at most [`MAX_MARKED_OBJECTS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Which marks; the object's name says the same.
    pub id: TrashId,
    /// When they were made: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
    /// Name and version of the program that made them.
    pub writer: String,
    /// Whether the objects were found damaged: the marks then stay for as long as some snapshot uses one of them.
    pub damaged: bool,
    /// The objects that are going to be deleted unless some snapshot turns out to use them.
    pub objects: Vec<ObjectKey>,
}

impl Marks {
    /// The bytes of the marks' object.
    ///
    /// # Errors
    /// `InvalidInput` when the marks break their invariant.
    pub fn encode(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>, Error> {
        self.check()?;
        envelope::seal(EnvelopeKind::Marks, algorithm, &v1::MarksV1::from(self))
    }

    /// Reads the bytes of the marks' object.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are damaged or name anything but data files and file lists.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let document: v1::MarksV1 = envelope::open(EnvelopeKind::Marks, bytes)?;
        let read = Self::try_from(document).and_then(|marks| marks.check().map(|()| marks));
        read.map_err(envelope::as_corrupt("the marks of a collection"))
    }

    fn check(&self) -> Result<(), Error> {
        if self.objects.len() > MAX_MARKED_OBJECTS {
            let message =
                format!("marks {} name more than {MAX_MARKED_OBJECTS} objects: make several", self.id);
            return Err(Error::invalid(message));
        }
        let is_markable = |key: &ObjectKey| matches!(key, ObjectKey::Data(_) | ObjectKey::FileList(_));
        match self.objects.iter().find(|key| !is_markable(key)) {
            Some(other) => Err(Error::invalid(format!(
                "marks {} name '{other}', which is neither a data file nor a file list",
                self.id
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::error::ErrorKind;
    use crate::object_name::ObjectName;
    use crate::ulid::IntentId;

    const ULID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn marks(objects: Vec<ObjectKey>) -> Marks {
        Marks {
            id: TrashId::parse(ULID).unwrap(),
            created_at_ms: 7,
            writer: "cairn 0.1.0".into(),
            damaged: false,
            objects,
        }
    }

    #[test]
    fn marks_survive_their_bytes() {
        let name = ObjectName::new(Digest::of(b"x"), IntentId::parse(ULID).unwrap());
        let marks = marks(vec![ObjectKey::Data(name), ObjectKey::FileList(name)]);
        for algorithm in DigestAlgorithm::ALL {
            for damaged in [false, true] {
                let marks = Marks { damaged, ..marks.clone() };
                assert_eq!(Marks::decode(&marks.encode(algorithm).unwrap()).unwrap(), marks);
            }
        }
    }

    #[test]
    fn only_data_files_and_file_lists_are_marked() {
        let wrong = marks(vec![ObjectKey::Descriptor]);
        assert_eq!(wrong.encode(DigestAlgorithm::DEFAULT).unwrap_err().kind(), ErrorKind::InvalidInput);
        let body = serde_json::json!({
            "id": ULID, "created_at_ms": 7, "writer": "w", "objects": ["cairn.json"]
        });
        for objects in [serde_json::json!(["cairn.json"]), serde_json::json!(["data/x"])] {
            let mut body = body.clone();
            body["objects"] = objects;
            let sealed = envelope::seal(EnvelopeKind::Marks, DigestAlgorithm::DEFAULT, &body).unwrap();
            assert_eq!(Marks::decode(&sealed).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }
}
