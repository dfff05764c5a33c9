//! Digests: what bytes are called, and how anybody can tell that they are still the same bytes.

use std::fmt;
use std::io::{self, Write};
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
    /// BLAKE3 with 256 bits: nobody can make other bytes of the same digest.
    Blake3,
}

impl DigestAlgorithm {
    /// The algorithm that objects are named by where nobody chose another.
    pub const DEFAULT: Self = Self::Xxh3;

    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::Xxh3, Self::Blake3];

    /// The algorithm's name as digests and descriptors spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xxh3 => "xxh3",
            Self::Blake3 => "blake3",
        }
    }

    /// Reads an algorithm's name; `None` when this program does not know it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Bytes of the algorithm's values.
    pub const fn value_bytes(self) -> usize {
        match self {
            Self::Xxh3 => 16,
            Self::Blake3 => 32,
        }
    }

    /// Bytes of the text of a digest.
    pub const fn text_bytes(self) -> usize {
        self.name().len() + 1 + 2 * self.value_bytes()
    }
}

/// The digest of some bytes: an algorithm and its value.
///
/// Its text is `<algorithm>-<value in lowercase hexadecimal digits>`, and no other text is read as a digest: equal
/// digests have equal texts, which makes the text fit to be part of an object's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    /// The value from its most significant byte; what the algorithm does not fill is 0.
    value: [u8; 32],
}

impl Digest {
    /// The digest of `bytes` by the default algorithm.
    pub fn of(bytes: &[u8]) -> Self {
        Self::by(DigestAlgorithm::DEFAULT, bytes)
    }

    /// The digest of `bytes` by `algorithm`.
    pub fn by(algorithm: DigestAlgorithm, bytes: &[u8]) -> Self {
        match algorithm {
            DigestAlgorithm::Xxh3 => Self::xxh3(xxh3_128(bytes)),
            DigestAlgorithm::Blake3 => Self { algorithm, value: *blake3::hash(bytes).as_bytes() },
        }
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
                    "'{}' is not a digest: expected xxh3- and 32, or blake3- and 64 lowercase hexadecimal digits",
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
        format!("{:02x}", self.value[0])
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once('-')?;
        let algorithm = DigestAlgorithm::from_name(name)?;
        let digits = hex.as_bytes();
        if digits.len() != 2 * algorithm.value_bytes() {
            return None;
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut value = [0; 32];
        for (byte, pair) in value.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self { algorithm, value })
    }

    fn xxh3(value: u128) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&value.to_be_bytes());
        Self { algorithm: DigestAlgorithm::Xxh3, value: bytes }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.algorithm.name())?;
        self.value[..self.algorithm.value_bytes()].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
    state: HasherState,
}

enum HasherState {
    Xxh3(Box<Xxh3>),
    Blake3(Box<blake3::Hasher>),
}

impl DigestHasher {
    /// A hasher of the default algorithm that has seen nothing.
    pub fn new() -> Self {
        Self::with_algorithm(DigestAlgorithm::DEFAULT)
    }

    /// A hasher that computes digests by `algorithm`.
    pub fn with_algorithm(algorithm: DigestAlgorithm) -> Self {
        let state = match algorithm {
            DigestAlgorithm::Xxh3 => HasherState::Xxh3(Box::new(Xxh3::new())),
            DigestAlgorithm::Blake3 => HasherState::Blake3(Box::new(blake3::Hasher::new())),
        };
        Self { state }
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            HasherState::Xxh3(state) => state.update(bytes),
            HasherState::Blake3(state) => {
                state.update(bytes);
            }
        }
    }

    /// The digest of everything taken in so far.
    pub fn digest(&self) -> Digest {
        match &self.state {
            HasherState::Xxh3(state) => Digest::xxh3(state.digest128()),
            HasherState::Blake3(state) => {
                Digest { algorithm: DigestAlgorithm::Blake3, value: *state.finalize().as_bytes() }
            }
        }
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

/// A writer that computes the digest of what goes through it.
#[derive(Debug)]
pub struct DigestWriter<W> {
    output: W,
    hasher: DigestHasher,
    length: u64,
}

impl<W: Write> DigestWriter<W> {
    /// Writes to `output`, and computes a digest by `algorithm`.
    pub fn new(output: W, algorithm: DigestAlgorithm) -> Self {
        Self { output, hasher: DigestHasher::with_algorithm(algorithm), length: 0 }
    }

    /// The output, the digest of what was written to it, and how many bytes that were.
    pub fn into_parts(self) -> (W, Digest, u64) {
        (self.output, self.hasher.digest(), self.length)
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
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
    fn the_digests_of_nothing_are_the_published_ones() {
        assert_eq!(Digest::of(b"").to_string(), "xxh3-99aa06d3014798d86001c324468d497f");
        assert_eq!(
            Digest::by(DigestAlgorithm::Blake3, b"").to_string(),
            "blake3-af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }

    #[test]
    fn pieces_and_whole_agree() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        for algorithm in DigestAlgorithm::ALL {
            let mut hasher = DigestHasher::with_algorithm(algorithm);
            bytes.chunks(777).for_each(|piece| hasher.update(piece));
            assert_eq!(hasher.digest(), Digest::by(algorithm, &bytes));
        }
    }

    #[test]
    fn only_the_canonical_text_is_a_digest() {
        for algorithm in DigestAlgorithm::ALL {
            let digest = Digest::by(algorithm, b"cairn");
            let text = digest.to_string();
            assert_eq!(text.len(), algorithm.text_bytes());
            assert_eq!(Digest::parse(&text).unwrap(), digest);
            let prefix = algorithm.name().len() + 1;
            assert_eq!(digest.shard(), text[prefix..prefix + 2]);
            for broken in [
                text.to_uppercase(),
                text.replacen(algorithm.name(), "sha256", 1),
                text.replacen(algorithm.name(), if text.starts_with('x') { "blake3" } else { "xxh3" }, 1),
                text[..text.len() - 1].to_owned(),
                format!("{text}0"),
                format!(" {text}"),
                text.replacen('-', "-+", 1),
                text.replacen('-', "-ü", 1),
                String::new(),
            ] {
                assert!(Digest::parse(&broken).is_err(), "{broken}");
            }
        }
    }
}
