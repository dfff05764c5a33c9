//! The properties of a repository that are not its storage's.

use std::collections::BTreeMap;

use cairn_format::{DigestAlgorithm, Retention};

use crate::error::{Error, Result};

/// The property that says what names new objects.
pub const DIGEST: &str = "digest";
/// The property that says which snapshots are kept when the repository is collected.
pub const RETENTION: &str = "retention";
/// The property that says how large objects of small files are made.
pub const BUNDLE_SIZE: &str = "bundle_size";

/// The largest bundle: every worker has one in memory.
const MAX_BUNDLE_BYTES: u64 = 256 << 20;

/// Checks those of a repository's properties that are not its storage's.
///
/// # Errors
/// `InvalidInput`, naming the property, for a value that it does not have.
pub fn check_own_properties(properties: &BTreeMap<String, String>) -> Result<()> {
    OwnProperties::of(properties).map(|_| ())
}

/// A repository's properties, read.
pub(crate) struct OwnProperties {
    pub(crate) digest: Option<DigestAlgorithm>,
    pub(crate) bundle_bytes: Option<u64>,
    /// Those that concern storage.
    pub(crate) of_store: BTreeMap<String, String>,
}

impl OwnProperties {
    /// Reads them.
    ///
    /// # Errors
    /// `InvalidInput`, naming the property, for a value that it does not have.
    pub(crate) fn of(properties: &BTreeMap<String, String>) -> Result<Self> {
        let mut of_store = properties.clone();
        let digest = match of_store.remove(DIGEST) {
            Some(name) => Some(DigestAlgorithm::from_name(&name.to_ascii_lowercase()).ok_or_else(|| {
                Error::invalid(format!(
                    "property '{DIGEST}': '{name}' is none; use xxh3, or blake3 where names must be tamper-evident"
                ))
            })?),
            None => None,
        };
        if let Some(text) = of_store.remove(RETENTION) {
            Retention::parse(&text)
                .map_err(|error| Error::from(error).about(format_args!("property '{RETENTION}'")))?;
        }
        let bundle_bytes = of_store.remove(BUNDLE_SIZE).map(|text| parse_bundle_size(&text)).transpose()?;
        Ok(Self { digest, bundle_bytes, of_store })
    }
}

/// Reads a number of bytes such as `8MiB`; 0 makes no bundles.
fn parse_bundle_size(text: &str) -> Result<u64> {
    let trimmed = text.trim();
    let digits = trimmed.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match trimmed[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "k" | "kib" => 1 << 10,
        "mb" => 1_000_000,
        "m" | "mib" => 1 << 20,
        _ => 0,
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match bytes {
        Some(bytes) if unit > 0 && bytes <= MAX_BUNDLE_BYTES => Ok(bytes),
        _ => Err(Error::invalid(format!(
            "property '{BUNDLE_SIZE}': '{text}' is no size; give bytes such as \"8MiB\", at most 256MiB, or \"0\" for no bundles"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, value: &str) -> Result<OwnProperties> {
        OwnProperties::of(&BTreeMap::from([(key.to_owned(), value.to_owned())]))
    }

    #[test]
    fn properties_are_told_from_those_of_storage() {
        assert_eq!(of("digest", "BLAKE3").unwrap().digest, Some(DigestAlgorithm::Blake3));
        assert_eq!(of("bundle_size", "8 MiB").unwrap().bundle_bytes, Some(8 << 20));
        assert_eq!(of("bundle_size", "0").unwrap().bundle_bytes, Some(0));
        assert_eq!(of("aws.s3.region", "x").unwrap().of_store.len(), 1);
        assert!(of("retention", "last=3").unwrap().of_store.is_empty());
        for (key, value) in [
            ("digest", "md5"),
            ("retention", "for ever"),
            ("bundle_size", "much"),
            ("bundle_size", "257MiB"),
            ("bundle_size", "-1"),
            ("retention", "last=0"),
        ] {
            assert!(of(key, value).is_err(), "{key} {value}");
        }
    }
}
