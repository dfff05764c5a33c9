//! Environment variables: read here and nowhere else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cairn::CREDENTIAL_VARIABLES;

/// Variables of object stores that are set: `AWS_…`, `AZURE_…` and `GOOGLE_…`.
pub(crate) fn credentials() -> BTreeMap<String, String> {
    let set = CREDENTIAL_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var_os(name)?.into_string().ok()?;
        Some(((*name).to_owned(), value))
    });
    set.collect()
}

/// The password of the user whose statements are run.
pub(crate) fn password() -> Option<String> {
    std::env::var_os("CAIRN_PASSWORD")?.into_string().ok()
}

/// Where the prompt keeps its history: below `XDG_STATE_HOME`, or `~/.local/state` without one. `None` when the
/// system names no home.
pub(crate) fn history_file() -> Option<PathBuf> {
    let state = directory("XDG_STATE_HOME").or_else(|| Some(directory("HOME")?.join(".local/state")))?;
    Some(state.join("cairn").join("history"))
}

/// A variable that holds an absolute path; relative ones count as not set, as the XDG rules want it.
fn directory(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}
