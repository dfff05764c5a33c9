//! Where a repository is.

use std::fmt;
use std::path::{Path, PathBuf};

use object_store::path::Path as KeyPath;
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::shown::without_secrets;

/// The place of a repository: a directory of this machine, or a prefix in an object store.
///
/// Invariants: a directory's path is absolute; nothing ends in `/`; nothing in it is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    place: Place,
}

/// What holds the objects of a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LocationKind {
    /// A directory of this machine.
    Directory,
    /// A bucket of S3, or of what speaks as S3 does.
    S3,
    /// A bucket of Google Cloud Storage.
    Gcs,
    /// A container of Azure Blob Storage.
    Azure,
    /// A folder of an HTTP or `WebDAV` server, read only.
    Http,
    /// The memory of this process, for tests.
    Memory,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Directory(PathBuf),
    /// What comes before the prefix is a bucket's name, or the name of a shared memory.
    Bucket {
        kind: LocationKind,
        scheme: Box<str>,
        bucket: Box<str>,
        prefix: Box<str>,
    },
    Azure {
        scheme: Box<str>,
        container: Box<str>,
        host: Box<str>,
        prefix: Box<str>,
    },
    Http {
        /// Of the whole location.
        url: Url,
        prefix: Box<str>,
    },
}

/// Schemes of stores that have another face which works.
const S3_FACES: [&str; 5] = ["cosn", "obs", "ks3", "tos", "bos"];
const KNOWN: &str = "file:///absolute/path or a plain path, s3://, s3a://, s3n://, oss://, gs://, \
                     abfs[s]://, wasb[s]://, http[s]:// (read only)";

impl Location {
    /// Reads a location. A plain path is made absolute here and now. `spec/locations.md` lists the schemes.
    ///
    /// # Errors
    /// `Unsupported` for any other scheme; `InvalidInput` for what is no location, or the path of a file. The message
    /// holds no user names, passwords or queries of a URL.
    pub fn parse(text: &str) -> Result<Self> {
        let place = match text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            None => Place::Directory(directory(text, Path::new(text))?),
            Some((scheme, rest)) => {
                let parser = Parser { text, scheme: scheme.to_ascii_lowercase(), rest };
                parser.place()?
            }
        };
        let location = Self { place };
        location.check_directory()?;
        Ok(location)
    }

    /// What holds its objects.
    pub fn kind(&self) -> LocationKind {
        match &self.place {
            Place::Directory(_) => LocationKind::Directory,
            Place::Bucket { kind, .. } => *kind,
            Place::Azure { .. } => LocationKind::Azure,
            Place::Http { .. } => LocationKind::Http,
        }
    }

    /// The directory, of a location that is one.
    pub fn directory(&self) -> Option<&Path> {
        match &self.place {
            Place::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// The bucket, the container or the shared memory's name; empty for what has none.
    pub(crate) fn bucket(&self) -> &str {
        match &self.place {
            Place::Bucket { bucket, .. } => bucket,
            Place::Azure { container, .. } => container,
            Place::Directory(_) | Place::Http { .. } => "",
        }
    }

    /// The host of an Azure location: `<account>.<service>.<domain>`.
    pub(crate) fn azure_host(&self) -> Option<&str> {
        match &self.place {
            Place::Azure { host, .. } => Some(host),
            _ => None,
        }
    }

    /// Whether it is written as a bucket of Aliyun OSS.
    pub(crate) fn is_oss(&self) -> bool {
        matches!(&self.place, Place::Bucket { scheme, .. } if &**scheme == "oss")
    }

    /// The URL of the server of an HTTP location.
    pub(crate) fn http_server(&self) -> Option<Url> {
        match &self.place {
            Place::Http { url, .. } => {
                let mut server = url.clone();
                server.set_path("");
                Some(server)
            }
            _ => None,
        }
    }

    /// What comes before every key inside the bucket or on the server; empty for none.
    pub(crate) fn prefix(&self) -> &str {
        match &self.place {
            Place::Bucket { prefix, .. } | Place::Azure { prefix, .. } | Place::Http { prefix, .. } => prefix,
            Place::Directory(_) => "",
        }
    }

    fn check_directory(&self) -> Result<()> {
        if self.directory().is_some_and(|path| path.exists() && !path.is_dir()) {
            let message =
                format!("location '{self}' is a file: give a directory, or a path where there is nothing");
            return Err(Error::invalid(message));
        }
        Ok(())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixed = |f: &mut fmt::Formatter<'_>, prefix: &str| match prefix {
            "" => Ok(()),
            prefix => write!(f, "/{prefix}"),
        };
        match &self.place {
            Place::Directory(path) => match Url::from_file_path(path) {
                Ok(url) => f.write_str(url.as_str()),
                Err(()) => path.display().fmt(f),
            },
            Place::Bucket { scheme, bucket, prefix, .. } => {
                write!(f, "{scheme}://{bucket}")?;
                prefixed(f, prefix)
            }
            Place::Azure { scheme, container, host, prefix } => {
                write!(f, "{scheme}://{container}@{host}")?;
                prefixed(f, prefix)
            }
            Place::Http { url, .. } => f.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

impl fmt::Display for LocationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::S3 => "S3",
            Self::Gcs => "Google Cloud Storage",
            Self::Azure => "Azure Blob Storage",
            Self::Http => "an HTTP server",
            Self::Memory => "memory",
        })
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In lower case.
    scheme: String,
    rest: &'a str,
}

impl Parser<'_> {
    fn place(&self) -> Result<Place> {
        match self.scheme.as_str() {
            "file" => Ok(Place::Directory(directory(self.text, &self.path_of_url()?)?)),
            "s3" | "s3a" | "s3n" | "oss" => self.bucket(LocationKind::S3),
            "gs" => self.bucket(LocationKind::Gcs),
            "memory" => self.bucket(LocationKind::Memory),
            "abfs" | "abfss" | "wasb" | "wasbs" => self.azure(),
            "http" | "https" => self.http(),
            other => {
                let advice = if S3_FACES.contains(&other) {
                    "use the S3 face of that store: s3://bucket/path with the property \"aws.s3.endpoint\""
                        .to_owned()
                } else {
                    format!("use {KNOWN}")
                };
                let message =
                    format!("location '{}': scheme '{other}' is not supported; {advice}", self.shown());
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    fn bucket(&self, kind: LocationKind) -> Result<Place> {
        let (bucket, prefix) = self.split()?;
        if !is_bucket(bucket) {
            return Err(
                self.wrong(&format!("write {}://bucket/path, and a server in properties", self.scheme))
            );
        }
        Ok(Place::Bucket { kind, scheme: self.scheme.as_str().into(), bucket: bucket.into(), prefix })
    }

    fn azure(&self) -> Result<Place> {
        let (authority, prefix) = self.split()?;
        let service = if self.scheme.starts_with("abfs") { "dfs" } else { "blob" };
        let found = authority.split_once('@').filter(|(container, host)| {
            let mut labels = host.splitn(3, '.');
            let (account, face) = (labels.next().unwrap_or(""), labels.next().unwrap_or(""));
            is_bucket(container) && is_bucket(host) && !account.is_empty() && face == service
        });
        let Some((container, host)) = found else {
            return Err(self.wrong(&format!(
                "write {}://container@account.{service}.core.windows.net/path",
                self.scheme
            )));
        };
        let (container, host) = (container.into(), host.into());
        Ok(Place::Azure { scheme: self.scheme.as_str().into(), container, host, prefix })
    }

    fn http(&self) -> Result<Place> {
        let wrong = || self.wrong("write http[s]://host/path without user, query or fragment");
        let url = Url::parse(self.text.trim_end_matches('/')).map_err(|_| wrong())?;
        let plain = url.query().is_none() && url.fragment().is_none();
        if !plain || !url.username().is_empty() || url.password().is_some() || !url.has_host() {
            return Err(wrong());
        }
        let prefix = KeyPath::from_url_path(url.path()).map_err(|_| wrong())?;
        Ok(Place::Http { url, prefix: prefix.as_ref().into() })
    }

    fn path_of_url(&self) -> Result<PathBuf> {
        let wrong = || {
            let message =
                format!("location '{}' is not a local path: use file:///absolute/path", self.shown());
            Error::invalid(message)
        };
        let url = Url::parse(self.text).map_err(|source| wrong().with_source(source))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        url.to_file_path().map_err(|()| wrong())
    }

    /// What comes before the first `/`, and the prefix of keys that comes after it.
    fn split(&self) -> Result<(&str, Box<str>)> {
        let (authority, path) = self.rest.split_once('/').unwrap_or((self.rest, ""));
        if self.rest.contains(['?', '#']) {
            return Err(self.wrong("it must have neither query nor fragment"));
        }
        let prefix = KeyPath::parse(path.trim_matches('/')).map_err(|_| {
            self.wrong("its path must have no empty, '.' or '..' part and no control characters")
        })?;
        Ok((authority, prefix.as_ref().into()))
    }

    fn wrong(&self, advice: &str) -> Error {
        Error::invalid(format!("location '{}' cannot be used: {advice}", self.shown()))
    }

    /// The text without what may be a secret.
    fn shown(&self) -> String {
        without_secrets(&format!("{}://{}", self.scheme, self.rest))
    }
}

fn directory(text: &str, path: &Path) -> Result<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return Err(Error::invalid(format!("location '{}' is not a path", text.escape_debug())));
    }
    let absolute = std::path::absolute(path)
        .map_err(|source| Error::from_io(format!("location '{text}' cannot be made absolute"), source))?;
    // Components leave out trailing and double slashes.
    Ok(absolute.components().collect())
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn is_bucket(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
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
        let relative = Location::parse("backups").unwrap();
        assert!(relative.directory().is_some_and(Path::is_absolute));
    }

    #[test]
    fn every_scheme_is_its_kind_and_is_written_as_it_was_given() {
        use LocationKind::{Azure, Gcs, Http, Memory, S3};
        let cases = [
            ("s3://bucket", S3, "bucket", ""),
            ("s3a://my-bucket.x/a/b", S3, "my-bucket.x", "a/b"),
            ("s3n://bucket/a b/ü", S3, "bucket", "a b/ü"),
            ("oss://bucket/p", S3, "bucket", "p"),
            ("gs://bucket/p", Gcs, "bucket", "p"),
            ("abfss://c@account.dfs.core.windows.net/a/b", Azure, "c", "a/b"),
            ("abfs://c@account.dfs.core.windows.net", Azure, "c", ""),
            ("wasbs://c@account.blob.core.chinacloudapi.cn/p", Azure, "c", "p"),
            ("wasb://c@account.blob.core.windows.net/p", Azure, "c", "p"),
            ("https://host/a%20b/c", Http, "", "a b/c"),
            ("http://127.0.0.1:8080", Http, "", ""),
            ("memory://name/p", Memory, "name", "p"),
        ];
        for (text, kind, bucket, prefix) in cases {
            let location = Location::parse(text).unwrap();
            assert_eq!(
                (location.kind(), location.bucket(), location.prefix()),
                (kind, bucket, prefix),
                "{text}"
            );
            assert_eq!(location.to_string(), text);
            assert_eq!(location.directory(), None);
            assert_eq!(Location::parse(&format!("{text}//")).unwrap(), location, "{text}//");
        }
        assert_eq!(Location::parse("S3://bucket/P").unwrap().to_string(), "s3://bucket/P");
    }

    #[test]
    fn other_schemes_are_refused_with_what_works() {
        for (text, scheme, advice) in [
            ("hdfs://host:9000/x", "'hdfs'", "s3://"),
            ("viewfs://x/y", "'viewfs'", "file:///"),
            ("cosn://bucket/x", "'cosn'", "aws.s3.endpoint"),
            ("obs://bucket/x", "'obs'", "aws.s3.endpoint"),
        ] {
            let error = Location::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{text}");
            let message = error.to_string();
            assert!([scheme, advice, text].iter().all(|part| message.contains(part)), "{message}");
        }
    }

    #[test]
    fn what_is_no_location_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let wrong = [
            file.path().to_str().unwrap(),
            "",
            "a\0b",
            "file://host/x",
            "file:///x?y",
            "s3://",
            "s3:///path",
            "s3://host:9000/bucket",
            "s3://bucket/a//b",
            "s3://bucket/../b",
            "gs://bucket/x#y",
            "abfss://container/path",
            "abfss://c@account.blob.core.windows.net/x",
            "wasbs://c@account.dfs.core.windows.net/x",
            "wasbs://c@.blob.core.windows.net/x",
            "http://",
            "memory://",
        ];
        for wrong in wrong {
            let error = Location::parse(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong}: {error}");
        }
    }

    #[test]
    fn secrets_in_a_url_are_refused_and_not_repeated() {
        for text in [
            "s3://AKIA:hunter2@bucket/x",
            "https://me:hunter2@host/x",
            "https://host/x?sig=hunter2",
            "hdfs://me:hunter2@host/x",
            "wasbs://c@account.blob.core.windows.net/x?sig=hunter2",
            "abfss://c:hunter2@account.dfs.core.windows.net/x",
            "gs://bucket/x#hunter2",
            "s3://AKIA:x/hunter2@bucket/x",
            "hdfs://AKIA:?hunter2@host/x",
        ] {
            let message = Location::parse(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
