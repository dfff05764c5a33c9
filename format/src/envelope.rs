//! The envelope that every JSON object of a repository travels in.
//!
//! ```text
//! {"checksum":"<digest>","<kind>":<body>}\n
//! ```
//!
//! The checksum is the digest of the body's exact bytes, and everything around the body is fixed byte by byte.
//! So a changed, missing or added bit anywhere in the object is found: in the body by the checksum, in the
//! checksum by the body, and in the frame because no other frame is read.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::digest::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind};

const HEAD: &str = r#"{"checksum":""#;
const TAIL: &str = "}\n";

/// What an envelope says it holds. The kind is the name of the body's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeKind {
    /// `cairn.json`.
    Descriptor,
    /// The manifest of one snapshot.
    Manifest,
    /// The intent of a running backup.
    Intent,
    /// What a collection has marked.
    Marks,
    /// Which backups some marks wait for.
    Waits,
    /// What stands in the place of a manifest that is not to come any more.
    Fence,
    /// What a verification has read and found right.
    Verification,
}

impl EnvelopeKind {
    /// The name of the body's field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Descriptor => "repository",
            Self::Manifest => "snapshot",
            Self::Intent => "intent",
            Self::Marks => "marks",
            Self::Waits => "waits",
            Self::Fence => "fence",
            Self::Verification => "verification",
        }
    }
}

/// Puts `body` into an envelope of `kind` whose checksum is by `algorithm`. Equal bodies give equal bytes.
pub(crate) fn seal<T: Serialize>(
    kind: EnvelopeKind,
    algorithm: DigestAlgorithm,
    body: &T,
) -> Result<Vec<u8>, Error> {
    let body = serde_json::to_vec_pretty(body).map_err(|source| {
        Error::new(ErrorKind::InvalidInput, format!("cannot write the {} document", kind.name()))
            .with_source(source)
    })?;
    let mut sealed = frame(kind, &Digest::by(algorithm, &body)).into_bytes();
    sealed.extend_from_slice(&body);
    sealed.extend_from_slice(TAIL.as_bytes());
    Ok(sealed)
}

/// Takes the body out of an envelope of `kind`.
///
/// # Errors
/// `Corrupt` when a single bit differs from what was sealed, or when the body is not what the kind promises.
pub(crate) fn open<T: DeserializeOwned>(kind: EnvelopeKind, sealed: &[u8]) -> Result<T, Error> {
    let body = checked_body(kind, sealed)?;
    serde_json::from_slice(body).map_err(|source| {
        Error::new(ErrorKind::Corrupt, format!("the {} document is malformed", kind.name()))
            .with_source(source)
    })
}

fn checked_body(kind: EnvelopeKind, sealed: &[u8]) -> Result<&[u8], Error> {
    let malformed =
        |what: &str| Error::new(ErrorKind::Corrupt, format!("the {} document {what}", kind.name()));
    let digest_at = |algorithm: DigestAlgorithm| {
        let text = sealed.get(HEAD.len()..HEAD.len() + algorithm.text_bytes())?;
        std::str::from_utf8(text).ok().and_then(Digest::from_text)
    };
    let digest = DigestAlgorithm::ALL
        .into_iter()
        .find_map(digest_at)
        .ok_or_else(|| malformed("does not start with a checksum"))?;
    let body = sealed
        .strip_prefix(frame(kind, &digest).as_bytes())
        .ok_or_else(|| malformed("is of another kind or its frame is damaged"))?
        .strip_suffix(TAIL.as_bytes())
        .ok_or_else(|| malformed("has been cut short or its end is damaged"))?;
    let found = Digest::by(digest.algorithm(), body);
    if found != digest {
        return Err(malformed(&format!("does not match its checksum: expected {digest}, found {found}")));
    }
    Ok(body)
}

/// What a caller may not give is damage when it is read from storage. `subject` says which stored thing.
pub(crate) fn as_corrupt(subject: impl fmt::Display) -> impl FnOnce(Error) -> Error {
    move |error| match error.kind() {
        ErrorKind::InvalidInput => Error::corrupt(format!("{subject} breaks a rule")).with_source(error),
        _ => error.about(subject),
    }
}

/// Everything that stands before the body.
fn frame(kind: EnvelopeKind, digest: &Digest) -> String {
    format!("{HEAD}{digest}\",\"{}\":", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens() {
        for algorithm in DigestAlgorithm::ALL {
            let sealed = seal(EnvelopeKind::Intent, algorithm, &vec![1, 2, 3]).unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&sealed).is_ok());
            assert_eq!(open::<Vec<i32>>(EnvelopeKind::Intent, &sealed).unwrap(), [1, 2, 3]);
        }
    }

    #[test]
    fn another_kind_is_refused() {
        let sealed = seal(EnvelopeKind::Intent, DigestAlgorithm::DEFAULT, &vec![1]).unwrap();
        assert!(open::<Vec<i32>>(EnvelopeKind::Manifest, &sealed).is_err());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        for algorithm in DigestAlgorithm::ALL {
            let sealed = seal(EnvelopeKind::Manifest, algorithm, &vec!["a", "longer body"]).unwrap();
            for at in 0..sealed.len() {
                for bit in 0..8 {
                    let mut changed = sealed.clone();
                    changed[at] ^= 1 << bit;
                    assert!(
                        open::<Vec<String>>(EnvelopeKind::Manifest, &changed).is_err(),
                        "byte {at} bit {bit}"
                    );
                }
                assert!(open::<Vec<String>>(EnvelopeKind::Manifest, &sealed[..at]).is_err(), "cut at {at}");
            }
            let longer = [sealed.as_slice(), b"\n"].concat();
            assert!(open::<Vec<String>>(EnvelopeKind::Manifest, &longer).is_err());
        }
    }
}
