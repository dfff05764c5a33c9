//! Plain copying of files by several threads: the limit for whoever copies immutable files.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::Fallible;
use super::measure::Reported;

/// Threads of the copy: as many as move files in a backup.
const COPIERS: usize = 4;
const BLOCK_BYTES: usize = 1 << 20;

/// How a copy is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synced {
    /// Every file, then the directory.
    EachFile,
    /// The file system, once.
    Together,
}

/// Copies files into a directory of `directory`, and removes it again.
pub(crate) fn time_copy(files: &[PathBuf], directory: &Path, synced: Synced) -> Fallible<Reported> {
    let target = directory.join("copy");
    let begun = Instant::now();
    copy_all(files, &target, synced)?;
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&target)?;
    Ok(Reported { seconds, ..Reported::default() })
}

fn copy_all(files: &[PathBuf], target: &Path, synced: Synced) -> Fallible<()> {
    std::fs::create_dir(target)?;
    let next = AtomicUsize::new(0);
    let copy_some = || -> std::io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { return Ok(()) };
            let mut from = File::open(file)?;
            let mut to = File::create_new(target.join(number.to_string()))?;
            loop {
                match from.read(&mut block)? {
                    0 => break,
                    read => to.write_all(&block[..read])?,
                }
            }
            if synced == Synced::EachFile {
                to.sync_all()?;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..COPIERS).map(|_| scope.spawn(copy_some)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(std::io::Error::other("panic"))))
    })?;
    match synced {
        Synced::EachFile => File::open(target)?.sync_all()?,
        Synced::Together => sync_file_system(target)?,
    }
    Ok(())
}

/// Makes everything on the file system of `directory` durable.
pub(crate) fn sync_file_system(directory: &Path) -> Fallible<()> {
    Ok(rustix::fs::syncfs(File::open(directory)?)?)
}
