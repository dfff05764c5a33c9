//! What is fetched by one request.

use std::collections::BTreeMap;
use std::ops::Range;

use cairn_format::ObjectName;

use super::FetchFile;

/// The most bytes of a range of several files: what one worker has in memory.
const MAX_RANGE: u64 = 8 << 20;
/// Bytes between two files that are rather read in vain than asked for around.
const MAX_GAP: u64 = 64 << 10;

/// What one worker fetches at a time.
pub(super) enum Piece<'a> {
    /// A file that is fetched by itself, block by block.
    Object(&'a FetchFile),
    /// Files of one object that lie near each other.
    Range {
        /// The bytes of the object in which they all lie.
        range: Range<u64>,
        /// The files, in the order of their offsets.
        files: Vec<&'a FetchFile>,
    },
}

impl Piece<'_> {
    fn length(&self) -> u64 {
        match self {
            Self::Object(file) => file.length,
            Self::Range { range, .. } => range.end - range.start,
        }
    }
}

/// The pieces of a fetch, the largest first so that no long one is left for last.
pub(super) fn plan<'a>(files: &[&'a FetchFile]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut parts: BTreeMap<ObjectName, Vec<&FetchFile>> = BTreeMap::new();
    for file in files {
        if file.location.is_whole(file.length) {
            pieces.push(Piece::Object(file));
        } else {
            parts.entry(file.location.object).or_default().push(file);
        }
    }
    for mut files in parts.into_values() {
        files.sort_by_key(|file| (file.location.offset, file.length));
        let mut run: Vec<&FetchFile> = Vec::new();
        let mut range = 0..0;
        for file in files {
            let (start, end) = (file.location.offset, file.location.offset + file.length);
            let joins = start <= range.end + MAX_GAP && end.max(range.end) - range.start <= MAX_RANGE;
            if !run.is_empty() && !joins {
                pieces.push(Piece::Range { range: range.clone(), files: std::mem::take(&mut run) });
            }
            if run.is_empty() {
                range = start..end;
            }
            range.end = range.end.max(end);
            run.push(file);
        }
        if !run.is_empty() {
            pieces.push(Piece::Range { range, files: run });
        }
    }
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.length()));
    pieces
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use cairn_format::{Digest, FileLocation};

    use super::*;

    fn file(object: u8, offset: u64, length: u64) -> FetchFile {
        let object = ObjectName::of_digest(Digest::of(&[object]));
        let location = FileLocation { object, object_length: 100 << 20, offset };
        FetchFile { digest: Digest::of(b""), length, location, path: PathBuf::new() }
    }

    #[test]
    fn neighbours_are_fetched_together_within_bounds() {
        let files = [
            file(1, 10, 10),
            file(1, 0, 10),
            file(1, 20 + MAX_GAP, 5),
            file(1, 26 + 2 * MAX_GAP, 5),
            file(2, 0, 5 << 20),
            file(2, 5 << 20, 5 << 20),
            file(3, 0, 30 << 20),
        ];
        let pieces = plan(&files.iter().collect::<Vec<_>>());
        let mut found: Vec<_> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Range { range, files } => (range.end - range.start, files.len()),
                Piece::Object(_) => (0, 0),
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, [(5, 1), (25 + MAX_GAP, 3), (5 << 20, 1), (5 << 20, 1), (30 << 20, 1)]);
    }
}
