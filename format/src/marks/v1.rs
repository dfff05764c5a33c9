//! Version 1 of the document of marks.

use serde::{Deserialize, Serialize};

use super::Marks;
use crate::digest::clip;
use crate::error::Error;
use crate::key::ObjectKey;
use crate::ulid::TrashId;

#[derive(Serialize, Deserialize)]
pub(super) struct MarksV1 {
    id: String,
    created_at_ms: i64,
    writer: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    damaged: bool,
    objects: Vec<String>,
}

impl From<&Marks> for MarksV1 {
    fn from(marks: &Marks) -> Self {
        Self {
            id: marks.id.to_string(),
            created_at_ms: marks.created_at_ms,
            writer: marks.writer.clone(),
            damaged: marks.damaged,
            objects: marks.objects.iter().map(ObjectKey::render).collect(),
        }
    }
}

impl TryFrom<MarksV1> for Marks {
    type Error = Error;

    fn try_from(document: MarksV1) -> Result<Self, Error> {
        let key = |text: &String| {
            ObjectKey::parse(text)
                .ok_or_else(|| Error::corrupt(format!("'{}' is no key of an object", clip(text))))
        };
        Ok(Self {
            id: TrashId::parse(&document.id)?,
            created_at_ms: document.created_at_ms,
            writer: document.writer,
            damaged: document.damaged,
            objects: document.objects.iter().map(key).collect::<Result<_, _>>()?,
        })
    }
}
