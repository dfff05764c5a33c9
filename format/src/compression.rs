//! How the pages of a data file are compressed.

use std::fmt;
use std::str::FromStr;

use parquet::basic::{Compression as Codec, ZstdLevel};

use crate::error::{Error, Result};

/// The levels that zstd has.
const ZSTD_LEVELS: std::ops::RangeInclusive<i32> = 1..=22;
/// The level of `zstd` without one.
const ZSTD_DEFAULT_LEVEL: i32 = 3;

/// A choice of compression.
///
/// Its text is `none`, `snappy`, `lz4` or `zstd(level)`; the words are read in any case, and `zstd` alone is level 3.
/// Invariant: the level is one that zstd has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compression(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    None,
    Snappy,
    Lz4,
    Zstd(i32),
}

impl Compression {
    /// What segments are compressed by when their table does not say otherwise.
    pub const DEFAULT: Self = Self(Kind::Zstd(1));

    /// Reads a choice.
    ///
    /// # Errors
    /// `InvalidInput` for any other text, saying which there are.
    pub fn parse(text: &str) -> Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let kind = match lower.as_str() {
            "none" => Kind::None,
            "snappy" => Kind::Snappy,
            "lz4" => Kind::Lz4,
            "zstd" => Kind::Zstd(ZSTD_DEFAULT_LEVEL),
            _ => {
                let level = lower.strip_prefix("zstd(").and_then(|rest| rest.strip_suffix(')'));
                let level = level.and_then(|level| level.trim().parse().ok()).ok_or_else(|| {
                    Error::invalid(format!(
                        "unknown compression '{}': use lz4, zstd, zstd(level), snappy or none",
                        text.escape_debug()
                    ))
                })?;
                if !ZSTD_LEVELS.contains(&level) {
                    return Err(Error::invalid(format!("zstd level {level} is out of range: use 1 to 22")));
                }
                Kind::Zstd(level)
            }
        };
        Ok(Self(kind))
    }

    /// Parquet's codec.
    pub(crate) fn codec(self) -> Result<Codec> {
        Ok(match self.0 {
            Kind::None => Codec::UNCOMPRESSED,
            Kind::Snappy => Codec::SNAPPY,
            Kind::Lz4 => Codec::LZ4_RAW,
            Kind::Zstd(level) => Codec::ZSTD(ZstdLevel::try_new(level).map_err(|source| {
                Error::invalid(format!("zstd level {level} is out of range: use 1 to 22")).with_source(source)
            })?),
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::None => f.write_str("none"),
            Kind::Snappy => f.write_str("snappy"),
            Kind::Lz4 => f.write_str("lz4"),
            Kind::Zstd(level) => write!(f, "zstd({level})"),
        }
    }
}

impl FromStr for Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_survive_their_texts() {
        for (text, canonical) in [
            ("NONE", "none"),
            ("snappy", "snappy"),
            ("LZ4", "lz4"),
            ("ZSTD", "zstd(3)"),
            ("zstd( 19 )", "zstd(19)"),
            (" zstd(1) ", "zstd(1)"),
        ] {
            let choice = Compression::parse(text).unwrap();
            assert_eq!(choice.to_string(), canonical);
            assert_eq!(Compression::parse(canonical).unwrap(), choice);
            assert!(choice.codec().is_ok());
        }
        for wrong in ["", "gzip", "zstd(0)", "zstd(23)", "zstd()", "zstd(3", "zstd(99999999999)"] {
            assert!(Compression::parse(wrong).is_err(), "{wrong}");
        }
    }
}
