//! The options of `FILES(…)`.

use crate::error::{Error, Result};

/// What `FILES(…)` is to read.
#[derive(Debug)]
pub(super) struct FilesOptions {
    pub(super) path: String,
    pub(super) format: Format,
}

#[derive(Debug)]
pub(super) enum Format {
    Parquet,
    Csv(CsvFormat),
}

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsvFormat {
    pub(super) column_separator: u8,
    pub(super) row_delimiter: u8,
    /// Lines at the start of each file that are no rows.
    pub(super) skip_header: usize,
    pub(super) enclose: Option<u8>,
    pub(super) escape: Option<u8>,
    pub(super) trim_space: bool,
    /// Whether types are guessed from a sample; every column is text otherwise.
    pub(super) detect_types: bool,
    /// The rows of the sample.
    pub(super) sample_rows: usize,
}

/// StarRocks' size of a sample.
const SAMPLE_ROWS: usize = 500;

impl Default for CsvFormat {
    fn default() -> Self {
        Self {
            column_separator: b'\t',
            row_delimiter: b'\n',
            skip_header: 0,
            enclose: None,
            escape: None,
            trim_space: false,
            detect_types: true,
            sample_rows: SAMPLE_ROWS,
        }
    }
}

const KNOWN: &str = "path, format, csv.column_separator, csv.row_delimiter, csv.skip_header, csv.enclose, csv.escape, \
                     csv.trim_space, auto_detect_types, auto_detect_sample_rows, auto_detect_sample_files";
/// What the keys of credentials and remote storage start with.
const REMOTE: &[&str] =
    &["aws.", "azure.", "gcp.", "fs.", "hadoop.", "dfs.", "broker", "username", "password"];

impl FilesOptions {
    pub(super) fn parse(options: &[(String, String)]) -> Result<Self> {
        let (mut path, mut format, mut csv) = (None, None, CsvFormat::default());
        let mut csv_keys = Vec::new();
        let mut seen = Vec::new();
        for (key, value) in options {
            if seen.contains(&key) {
                return Err(Error::analysis(format!("FILES: \"{key}\" is given twice")));
            }
            seen.push(key);
            if key.starts_with("csv.") {
                csv_keys.push(key.as_str());
            }
            match key.as_str() {
                "path" => path = Some(value.clone()),
                "format" => format = Some(value.to_ascii_lowercase()),
                "csv.column_separator" => csv.column_separator = one_byte(key, value)?,
                "csv.row_delimiter" if value == "\r\n" || value == "\\r\\n" => csv.row_delimiter = b'\n',
                "csv.row_delimiter" => csv.row_delimiter = one_byte(key, value)?,
                "csv.skip_header" => csv.skip_header = number(key, value)?,
                "csv.enclose" => csv.enclose = Some(one_byte(key, value)?),
                "csv.escape" => csv.escape = Some(one_byte(key, value)?),
                "csv.trim_space" => csv.trim_space = boolean(key, value)?,
                "auto_detect_types" => csv.detect_types = boolean(key, value)?,
                "auto_detect_sample_rows" => csv.sample_rows = number(key, value)?.max(1),
                // Files are read in turn until the sample is full.
                "auto_detect_sample_files" => drop(number(key, value)?),
                key if REMOTE.iter().any(|prefix| key.starts_with(prefix)) => {
                    return Err(Error::not_supported(format_args!(
                        "FILES: \"{key}\": reading from remote storage"
                    )));
                }
                key => {
                    return Err(Error::analysis(format!(
                        "FILES: unknown option \"{key}\"; the known ones are {KNOWN}"
                    )));
                }
            }
        }
        let path = path.filter(|path| !path.trim().is_empty());
        let path = path.ok_or_else(|| Error::analysis("FILES: \"path\" is missing"))?;
        let format = match format.as_deref() {
            Some("csv") => Format::Csv(csv),
            Some("parquet") if csv_keys.is_empty() => Format::Parquet,
            Some("parquet") => {
                return Err(Error::analysis(format!(
                    "FILES: {} does not apply to \"format\" = \"parquet\"",
                    csv_keys.join(", ")
                )));
            }
            Some(other) => {
                return Err(Error::analysis(format!(
                    "FILES: format '{other}' is not supported yet; use parquet or csv"
                )));
            }
            None => return Err(Error::analysis("FILES: \"format\" is missing; use parquet or csv")),
        };
        Ok(Self { path, format })
    }
}

/// A separator: a character of one byte, or its escape such as `\t` or `\x01`.
fn one_byte(key: &str, value: &str) -> Result<u8> {
    match value.as_bytes() {
        [byte] => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        b"\\n" => Ok(b'\n'),
        b"\\r" => Ok(b'\r'),
        b"\\\\" => Ok(b'\\'),
        _ => {
            let hex = value.strip_prefix("\\x").or_else(|| value.strip_prefix("0x"));
            hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).ok_or_else(|| {
                Error::not_supported(format_args!(
                    "FILES: \"{key}\" = \"{}\": a separator of more or less than one byte",
                    value.escape_debug()
                ))
            })
        }
    }
}

fn number(key: &str, value: &str) -> Result<usize> {
    value.trim().parse().map_err(|_| {
        Error::analysis(format!("FILES: \"{key}\" = \"{value}\" is not a whole number, at least 0"))
    })
}

fn boolean(key: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::analysis(format!("FILES: \"{key}\" = \"{value}\" is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<FilesOptions> {
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        FilesOptions::parse(&pairs)
    }

    #[test]
    fn csv_options_are_read() {
        let options = parse(&[
            ("path", "/a.csv"),
            ("format", "CSV"),
            ("csv.column_separator", "\\x01"),
            ("csv.row_delimiter", "\r\n"),
            ("csv.skip_header", "2"),
            ("csv.enclose", "\""),
            ("csv.escape", "\\"),
            ("csv.trim_space", "true"),
            ("auto_detect_types", "false"),
        ]);
        let Format::Csv(format) = options.unwrap().format else { panic!() };
        assert_eq!((format.column_separator, format.row_delimiter, format.skip_header), (1, b'\n', 2));
        assert_eq!((format.enclose, format.escape), (Some(b'"'), Some(b'\\')));
        assert!(format.trim_space && !format.detect_types);
    }

    #[test]
    fn wrong_options_are_named() {
        let path = ("path", "/a");
        let cases: [(&[(&str, &str)], &str); 9] = [
            (&[], "\"path\" is missing"),
            (&[path], "\"format\" is missing"),
            (&[path, ("format", "orc")], "format 'orc' is not supported yet"),
            (&[path, ("Path", "x")], "unknown option \"Path\""),
            (&[path, path], "given twice"),
            (&[path, ("aws.s3.access_key", "x")], "remote storage is not supported yet"),
            (&[path, ("format", "parquet"), ("csv.escape", "x")], "does not apply"),
            (&[path, ("csv.column_separator", "||")], "one byte"),
            (&[path, ("csv.skip_header", "-1")], "not a whole number"),
        ];
        for (pairs, expected) in cases {
            let error = parse(pairs).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
