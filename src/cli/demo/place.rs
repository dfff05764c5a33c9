//! Where the demo works.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::failure::Failure;
use super::super::units;

/// A directory with room for the data, two stores and a repository.
pub(super) struct Place {
    root: PathBuf,
    /// Removes a temporary directory when the demo is over.
    temporary: Option<TempDir>,
}

impl Place {
    /// A temporary directory, or `keep`, which must be empty or not there.
    pub(super) fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        let Some(keep) = keep else {
            let temporary = tempfile::Builder::new().prefix("cairn-demo-").tempdir();
            let temporary = temporary
                .map_err(|error| Failure::ours(format_args!("cannot make a temporary directory: {error}")))?;
            return Ok(Self { root: temporary.path().to_owned(), temporary: Some(temporary) });
        };
        let unusable = |why: String| {
            Failure::users(format_args!(
                "cannot work in {}: {why}; give a directory that is empty",
                keep.display()
            ))
        };
        std::fs::create_dir_all(keep).map_err(|error| unusable(error.to_string()))?;
        let mut entries = std::fs::read_dir(keep).map_err(|error| unusable(error.to_string()))?;
        if entries.next().is_some() {
            return Err(unusable("there is something in it".to_owned()));
        }
        let root = keep.canonicalize().map_err(|error| unusable(error.to_string()))?;
        Ok(Self { root, temporary: None })
    }

    pub(super) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn first(&self) -> PathBuf {
        self.root.join("first")
    }

    pub(super) fn second(&self) -> PathBuf {
        self.root.join("second")
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.root.join("repository")
    }
}

/// Data files that a listing shows.
const SHOWN: usize = 3;

/// What lies in a repository: every file by its path, of the many data files the first few.
pub(super) fn listing(repository: &Path) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    collect(repository, repository, &mut files)
        .map_err(|error| Failure::ours(format_args!("cannot list {}: {error}", repository.display())))?;
    // What is being written lies in a directory of its own, which is no part of the repository.
    files.retain(|(path, _)| !path.starts_with(".tmp"));
    files.sort();
    let (data, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| path.starts_with("data"));
    let line = |(path, length): &(PathBuf, u64)| format!("{:>9}  {}", units::bytes(*length), path.display());
    let mut lines: Vec<_> = others.iter().chain(data.iter().take(SHOWN)).map(line).collect();
    if let Some(rest) = data.get(SHOWN..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().map(|(_, length)| length).sum();
        lines.push(format!("{:>9}  and {} more data files", units::bytes(length), rest.len()));
    }
    Ok(lines)
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(PathBuf, u64)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push((path.strip_prefix(root).unwrap_or(&path).to_owned(), entry.metadata()?.len()));
        }
    }
    Ok(())
}
