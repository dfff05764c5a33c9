//! Where a repository is.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// The place of a repository: for now always a directory of this machine.
///
/// Invariant: the path is absolute and has no trailing `/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    directory: PathBuf,
}

impl Location {
    /// Reads a location: `file:///absolute/path`, or a path, which is made absolute here and now.
    ///
    /// # Errors
    /// `Unsupported` for any other scheme; `InvalidInput` for what is no path, or the path of a file.
    pub fn parse(text: &str) -> Result<Self> {
        let directory = match scheme(text) {
            Some("file") => path_of_url(text)?,
            Some(other) => {
                let message = format!(
                    "location '{text}': scheme '{other}' is not supported; use file:///absolute/path or a plain path"
                );
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            None => PathBuf::from(text),
        };
        if text.is_empty() || text.contains('\0') {
            return Err(Error::invalid(format!("location '{}' is not a path", text.escape_debug())));
        }
        let absolute = std::path::absolute(&directory)
            .map_err(|source| Error::from_io(format!("location '{text}' cannot be made absolute"), source))?;
        // Components leave out trailing and double slashes.
        let location = Self { directory: absolute.components().collect() };
        location.check_directory()?;
        Ok(location)
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn check_directory(&self) -> Result<()> {
        if self.directory.exists() && !self.directory.is_dir() {
            let message =
                format!("location '{self}' is a file: give a directory, or a path where there is nothing");
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Url::from_file_path(&self.directory) {
            Ok(url) => f.write_str(url.as_str()),
            Err(()) => self.directory.display().fmt(f),
        }
    }
}

fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some(scheme)
}

fn path_of_url(text: &str) -> Result<PathBuf> {
    let wrong =
        || Error::invalid(format!("location '{text}' is not a local path: use file:///absolute/path"));
    let url = Url::parse(text).map_err(|source| wrong().with_source(source))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    url.to_file_path().map_err(|()| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_one_place() {
        let location = Location::parse("/tmp/no-such-cairn/a b").unwrap();
        assert_eq!(location.to_string(), "file:///tmp/no-such-cairn/a%20b");
        for same in [
            "/tmp/no-such-cairn//a b/",
            "file:///tmp/no-such-cairn/a%20b",
            "file:///tmp/no-such-cairn/a%20b//",
        ] {
            assert_eq!(Location::parse(same).unwrap(), location, "{same}");
        }
        assert!(Location::parse("backups").unwrap().directory().is_absolute());
    }

    #[test]
    fn other_schemes_and_files_are_refused() {
        let error = Location::parse("s3://bucket/x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("'s3'") && error.to_string().contains("file://"), "{error}");
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(
            Location::parse(file.path().to_str().unwrap()).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        for wrong in ["", "file://host/x", "file:///x?y", "a\0b"] {
            assert_eq!(Location::parse(wrong).unwrap_err().kind(), ErrorKind::InvalidInput, "{wrong}");
        }
    }
}
