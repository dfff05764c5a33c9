//! From the `path` of `FILES(…)` to files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The files that `path` names, sorted: a file, a directory's files, or what matches a pattern; several paths are
/// separated by commas.
pub(super) fn expand(path: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let whole = local(path.trim())?;
    let parts: Vec<&str> = if whole.iter().any(|path| Path::new(path).exists()) || braces(path) {
        vec![path]
    } else {
        path.split(',').collect()
    };
    for part in parts {
        let mut files = Vec::new();
        for candidate in local(part.trim())? {
            files = expand_one(&candidate)?;
            if !files.is_empty() {
                break;
            }
        }
        if files.is_empty() {
            return Err(Error::analysis(format!("FILES: no file is at, or matches, '{}'", part.trim())));
        }
        found.extend(files);
    }
    found.iter().map(|path| path.canonicalize().map_err(|e| cannot("find", path, &e))).collect()
}

fn braces(path: &str) -> bool {
    path.find('{')
        .zip(path.rfind('}'))
        .is_some_and(|(open, close)| open < close && path[open..close].contains(','))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::analysis(format!("FILES: cannot {what} {}: {error}", path.display()))
}

/// What the text may mean as a path of this machine: a `file://` URL with its escapes resolved, or without.
fn local(path: &str) -> Result<Vec<String>> {
    let Some((scheme, rest)) = path.split_once("://") else { return Ok(vec![path.to_owned()]) };
    if !scheme.eq_ignore_ascii_case("file") {
        return Err(Error::not_supported(format_args!("FILES: '{path}': reading from {scheme}")));
    }
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    if !rest.starts_with('/') {
        return Err(Error::analysis(format!(
            "FILES: '{path}' has no absolute path; write file:///directory/file"
        )));
    }
    let mut meanings = vec![rest.to_owned()];
    if let Some(decoded) = percent_decoded(rest).filter(|decoded| decoded != rest) {
        meanings.insert(0, decoded);
    }
    Ok(meanings)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

fn expand_one(path: &str) -> Result<Vec<PathBuf>> {
    let literal = Path::new(path);
    if literal.is_dir() {
        return files_in(literal);
    }
    if literal.exists() {
        if !literal.is_file() {
            return Err(Error::analysis(format!(
                "FILES: '{path}' is neither a regular file nor a directory"
            )));
        }
        return Ok(vec![literal.to_owned()]);
    }
    let mut found = Vec::new();
    for pattern in without_braces(path) {
        let start = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
        let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        walk(start, &parts, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The files of a directory that are data: hidden ones and markers such as `_SUCCESS` are not.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (name, path) in entries(directory)? {
        if path.is_file() && !name.starts_with(['.', '_']) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn entries(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listed = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let mut entries = Vec::new();
    for entry in fs::read_dir(listed).map_err(|e| cannot("list", listed, &e))? {
        let name = entry.map_err(|e| cannot("list", listed, &e))?.file_name();
        // A name that is not UTF-8 cannot be written in SQL either.
        if let Some(name) = name.to_str() {
            entries.push((name.to_owned(), directory.join(name)));
        }
    }
    Ok(entries)
}

fn walk(base: PathBuf, parts: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    let [part, rest @ ..] = parts else {
        if base.is_file() {
            found.push(base);
        }
        return Ok(());
    };
    if !part.contains(['*', '?', '[']) {
        let next = base.join(part);
        return if next.exists() { walk(next, rest, found) } else { Ok(()) };
    }
    if !base.as_os_str().is_empty() && !base.is_dir() {
        return Ok(());
    }
    let pattern: Vec<char> = part.chars().collect();
    for (name, path) in entries(&base)? {
        let hidden = name.starts_with('.') && !part.starts_with('.');
        if !hidden && matches(&pattern, &name.chars().collect::<Vec<_>>()) {
            walk(path, rest, found)?;
        }
    }
    Ok(())
}

/// Every pattern that `{a,b}` stands for.
fn without_braces(pattern: &str) -> Vec<String> {
    let Some((head, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((choices, tail)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    choices.split(',').flat_map(|choice| without_braces(&format!("{head}{choice}{tail}"))).collect()
}

/// Whether a name matches a pattern of `*`, `?`, `[abc]` and `[a-z]`.
fn matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|taken| matches(rest, &name[taken..])),
        (['?', rest @ ..], [_, name @ ..]) => matches(rest, name),
        (['[', set @ ..], [c, tail @ ..]) => match set.iter().position(|c| *c == ']') {
            Some(end) => in_set(&set[..end], *c) && matches(&set[end + 1..], tail),
            None => *c == '[' && matches(set, tail),
        },
        ([expected, rest @ ..], [c, name @ ..]) => expected == c && matches(rest, name),
        _ => false,
    }
}

fn in_set(set: &[char], c: char) -> bool {
    match set {
        [low, '-', high, rest @ ..] => (*low..=*high).contains(&c) || in_set(rest, c),
        [one, rest @ ..] => *one == c || in_set(rest, c),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str) -> bool {
        matches(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a?c", "abc", true),
            ("a[0-9x]", "ax", true),
            ("a[0-9x]", "a5", true),
            ("a[0-9x]", "ab", false),
            ("**a*", "ba", true),
        ] {
            assert_eq!(check(pattern, name), expected, "{pattern} {name}");
        }
        assert_eq!(without_braces("a{b,c}{d,e}"), ["abd", "abe", "acd", "ace"]);
    }

    #[test]
    fn odd_directories_are_found() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a b%20#é,[x]");
        fs::create_dir(&directory).unwrap();
        for name in ["2.csv", "1.csv", "_SUCCESS", ".hidden"] {
            fs::write(directory.join(name), "1\n").unwrap();
        }
        let text = directory.to_str().unwrap();
        let names = |path: &str| -> Vec<String> {
            let files = expand(path).unwrap();
            files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(text), ["1.csv", "2.csv"]);
        assert_eq!(names(&format!("file://{text}")), ["1.csv", "2.csv"]);
        let plain = root.path().to_str().unwrap();
        assert_eq!(names(&format!("{plain}/*/2.csv,{plain}/*/1.csv")), ["2.csv", "1.csv"]);
        assert_eq!(names(&format!("{plain}/*/{{1,2}}.csv")), ["1.csv", "2.csv"]);
        assert!(expand(&format!("{plain}/none*")).unwrap_err().to_string().contains("none*"));
        // A device may have no end.
        assert!(expand("/dev/zero").unwrap_err().to_string().contains("neither a regular file"));
        assert!(expand("s3://b/x").unwrap_err().to_string().contains("not supported"));
    }
}
