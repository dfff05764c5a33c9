//! A step of the protocol is left out, without touching the code that takes it: the store lies to whoever takes the step.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cairn_format::{JOBS_PREFIX, SNAPSHOTS_PREFIX, TRASH_PREFIX};

use super::hooked::{CallKind, Verdict};

/// A step that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Omission {
    /// A writer does not look for marks: it finds none.
    MarksUnseen,
    /// A collection does not wait for backups: it finds no intents.
    IntentsUnseen,
    /// A collection does not read the manifests again: it finds those of its first reading.
    ReadOnce,
    /// A collection believes to have put a fence, and there is none.
    NoFence,
    /// A writer puts no intent.
    NoIntent,
    /// A backup that is begun again after it had put its manifest goes on with the intent it had.
    NewIntent,
}

impl Omission {
    pub(crate) const ALL: [Self; 6] = [
        Self::MarksUnseen,
        Self::IntentsUnseen,
        Self::ReadOnce,
        Self::NoFence,
        Self::NoIntent,
        Self::NewIntent,
    ];

    fn is_of_writers(self) -> bool {
        matches!(self, Self::MarksUnseen | Self::NoIntent)
    }
}

/// The lies that one process is told.
pub(crate) struct Lies {
    omission: Option<Omission>,
    seen: Mutex<HashMap<String, usize>>,
}

impl Lies {
    /// Those of a writer or of a collector; an omission of the other's steps tells this one no lies.
    pub(crate) fn new(omission: Option<Omission>, is_writer: bool) -> Self {
        let omission = omission.filter(|omission| omission.is_of_writers() == is_writer);
        Self { omission, seen: Mutex::default() }
    }

    pub(crate) fn verdict(&self, kind: CallKind, subject: &str) -> Verdict {
        let folder = subject.split('/').next().unwrap_or(subject);
        let pretended = match self.omission {
            Some(Omission::MarksUnseen) => Some((CallKind::List, TRASH_PREFIX)),
            Some(Omission::IntentsUnseen) => Some((CallKind::List, JOBS_PREFIX)),
            Some(Omission::NoFence) => Some((CallKind::Put, SNAPSHOTS_PREFIX)),
            Some(Omission::NoIntent) => Some((CallKind::Put, JOBS_PREFIX)),
            _ => None,
        };
        match (self.omission, kind) {
            _ if pretended == Some((kind, folder)) => Verdict::Pretend,
            (Some(Omission::ReadOnce), CallKind::List) if folder == SNAPSHOTS_PREFIX => {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                let seen = seen.entry(subject.to_owned()).or_default();
                *seen += 1;
                if *seen > 1 { Verdict::Stale } else { Verdict::Pass }
            }
            _ => Verdict::Pass,
        }
    }
}
