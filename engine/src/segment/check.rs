//! Making sure that a segment's file is what was written.

use std::fs::File;
use std::io::Read;

use cairn_format::DigestHasher;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::catalog::Segment;
use crate::error::{Error, Result};

/// Bytes read and hashed at a time.
const BLOCK_BYTES: usize = 1 << 20;

impl Segment {
    /// Makes sure that the file has the length and the digest that it was written with. It is read for this once in
    /// the life of a process, before anything else reads it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) naming the file when it is cut short, changed or gone.
    pub fn check(&self) -> Result<()> {
        if self.file.was_checked() {
            return Ok(());
        }
        let path = self.path();
        let damaged = |how: String| {
            Error::corrupt(format!(
                "segment {} is damaged: {how}; restore its table from a backup",
                path.display()
            ))
        };
        let failed = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => damaged("it is gone".to_owned()),
            _ => Error::disk("read", path, e),
        };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length != self.length {
            return Err(damaged(format!("it has {length} bytes instead of {}", self.length)));
        }
        let mut hasher = DigestHasher::with_algorithm(self.digest.algorithm());
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match file.read(&mut block).map_err(failed)? {
                0 => break,
                read => hasher.update(&block[..read]),
            }
        }
        let found = hasher.digest();
        if found != self.digest {
            return Err(damaged(format!("its digest is {found} instead of {}", self.digest)));
        }
        self.file.set_checked();
        Ok(())
    }
}

/// [Checks](Segment::check) segments in parallel.
pub fn check_segments<'s>(segments: impl IntoIterator<Item = &'s Segment>) -> Result<()> {
    let segments: Vec<&Segment> =
        segments.into_iter().filter(|segment| !segment.file.was_checked()).collect();
    segments.into_par_iter().try_for_each(Segment::check)
}
