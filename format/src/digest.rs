//! Digests: what bytes are called, and how anybody can tell that they are still the same bytes.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::error::{Error, ErrorKind};

/// How a digest is computed.
///
/// The algorithm is part of every digest's text, so a repository may hold objects named by different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// XXH3 with 128 bits: finds every accidental change, at memory speed. It does not resist a forger.
    Xxh3,
}

impl DigestAlgorithm {
    /// The algorithm new objects are named by.
    pub const DEFAULT: Self = Self::Xxh3;

    /// The algorithm's name as digests and descriptors spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xxh3 => "xxh3",
        }
    }

    /// Reads an algorithm's name; `None` when this program does not know it.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Self::Xxh3.name()).then_some(Self::Xxh3)
    }
}

/// The digest of some bytes: an algorithm and 128 bits.
///
/// Its text is `<algorithm>-<32 lowercase hexadecimal digits>`, and no other text is read as a digest: equal
/// digests have equal texts, which makes the text fit to be an object's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    value: u128,
}

impl Digest {
    /// The digest of `bytes` by the default algorithm.
    pub fn of(bytes: &[u8]) -> Self {
        Self { algorithm: DigestAlgorithm::Xxh3, value: xxh3_128(bytes) }
    }

    /// Reads a digest's text.
    ///
    /// # Errors
    /// `Corrupt` for any text that [`Digest`]'s `Display` does not write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::from_text(text).ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                format!(
                    "'{}' is not a digest: expected xxh3- and 32 lowercase hexadecimal digits",
                    clip(text)
                ),
            )
        })
    }

    /// How the digest was computed.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The first two hexadecimal digits of the value: the folder that a data object lies in.
    pub fn shard(&self) -> String {
        format!("{:02x}", self.value >> 120)
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once('-')?;
        let algorithm = DigestAlgorithm::from_name(name)?;
        let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return None;
        }
        Some(Self { algorithm, value: u128::from_str_radix(hex, 16).ok()? })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:032x}", self.algorithm.name(), self.value)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Computes a digest of bytes that arrive in pieces.
pub struct DigestHasher {
    state: Box<Xxh3>,
}

impl DigestHasher {
    /// A hasher of the default algorithm that has seen nothing.
    pub fn new() -> Self {
        Self { state: Box::new(Xxh3::new()) }
    }

    /// A hasher that computes digests by `algorithm`.
    pub fn with_algorithm(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Xxh3 => Self::new(),
        }
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The digest of everything taken in so far.
    pub fn digest(&self) -> Digest {
        Digest { algorithm: DigestAlgorithm::Xxh3, value: self.state.digest128() }
    }
}

impl Default for DigestHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DigestHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestHasher").finish_non_exhaustive()
    }
}

/// The first characters of a text from outside, short enough for an error message.
pub(crate) fn clip(text: &str) -> String {
    const SHOWN: usize = 64;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        assert_eq!(Digest::of(b"").to_string(), "xxh3-99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn pieces_and_whole_agree() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        let mut hasher = DigestHasher::new();
        bytes.chunks(777).for_each(|piece| hasher.update(piece));
        assert_eq!(hasher.digest(), Digest::of(&bytes));
    }

    #[test]
    fn only_the_canonical_text_is_a_digest() {
        let text = Digest::of(b"cairn").to_string();
        assert_eq!(Digest::parse(&text).unwrap(), Digest::of(b"cairn"));
        assert_eq!(Digest::of(b"cairn").shard(), text[5..7]);
        for broken in [
            text.to_uppercase(),
            text.replacen("xxh3-", "blake3-", 1),
            text[..text.len() - 1].to_owned(),
            format!("{text}0"),
            format!(" {text}"),
            format!("xxh3-+{}", &text[6..]),
            String::new(),
        ] {
            assert!(Digest::parse(&broken).is_err(), "{broken}");
        }
    }
}
