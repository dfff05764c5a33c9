//! The digests of parts of an object, while the object streams by.

use cairn_format::{Digest, DigestHasher};

/// A data file that is a part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) digest: Digest,
}

/// Parts that are being hashed.
pub(super) struct PartHashers<'a> {
    /// Parts that have not begun, in the order of their offsets.
    waiting: &'a [Part],
    /// Parts that have begun and not ended.
    open: Vec<(Part, DigestHasher)>,
    position: u64,
    wrong: Option<Part>,
}

impl<'a> PartHashers<'a> {
    /// Hashers of `parts`, which are in the order of their offsets.
    pub(super) fn new(parts: &'a [Part]) -> Self {
        Self { waiting: parts, open: Vec::new(), position: 0, wrong: None }
    }

    /// Takes the object's next bytes in.
    pub(super) fn update(&mut self, block: &[u8]) {
        let end = self.position + block.len() as u64;
        while let [next, rest @ ..] = self.waiting {
            if next.offset >= end {
                break;
            }
            self.open.push((*next, DigestHasher::with_algorithm(next.digest.algorithm())));
            self.waiting = rest;
        }
        let position = self.position;
        let wrong = &mut self.wrong;
        self.open.retain_mut(|(part, hasher)| {
            let part_end = part.offset + part.length;
            let from = part.offset.max(position) - position;
            let to = part_end.min(end).saturating_sub(position).max(from);
            let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(block.len());
            hasher.update(&block[within(from)..within(to)]);
            if part_end > end {
                return true;
            }
            if hasher.digest() != part.digest {
                wrong.get_or_insert(*part);
            }
            false
        });
        self.position = end;
    }

    /// The first part whose bytes are not what they should be, after the whole object went by.
    pub(super) fn finish(self) -> Option<Part> {
        let empty = |part: &&Part| part.length > 0 || Digest::by(part.digest.algorithm(), &[]) != part.digest;
        self.wrong
            .or_else(|| self.open.first().map(|(part, _)| *part))
            .or_else(|| self.waiting.iter().find(empty).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(bytes: &[u8], range: std::ops::Range<usize>) -> Part {
        let (offset, length) = (range.start as u64, (range.end - range.start) as u64);
        Part { offset, length, digest: Digest::of(&bytes[range]) }
    }

    #[test]
    fn parts_are_hashed_whatever_the_blocks() {
        let bytes: Vec<u8> = (0..200).collect();
        let parts = [part(&bytes, 0..10), part(&bytes, 10..10), part(&bytes, 10..100), part(&bytes, 50..200)];
        for size in 1..=200 {
            let mut hashers = PartHashers::new(&parts);
            bytes.chunks(size).for_each(|block| hashers.update(block));
            assert_eq!(hashers.finish(), None, "{size}");
            for at in 0..200_usize {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                let mut hashers = PartHashers::new(&parts);
                changed.chunks(size).for_each(|block| hashers.update(block));
                let first = parts
                    .iter()
                    .filter(|part| part.length > 0)
                    .find(|part| (part.offset..part.offset + part.length).contains(&(at as u64)));
                assert_eq!(hashers.finish().as_ref(), first, "{size} {at}");
            }
        }
    }

    #[test]
    fn parts_that_never_came_are_wrong() {
        let bytes = [1, 2, 3];
        let cut = [Part { offset: 1, length: 5, digest: Digest::of(b"") }];
        let mut hashers = PartHashers::new(&cut);
        hashers.update(&bytes);
        assert!(hashers.finish().is_some());
        let later = [Part { offset: 9, length: 5, digest: Digest::of(b"") }];
        assert!(PartHashers::new(&later).finish().is_some());
    }
}
