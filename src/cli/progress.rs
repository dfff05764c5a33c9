//! A progress bar on a terminal; nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that shows files, bytes, rate and time left. Cleared when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
}

const BAR: &str =
    "{msg} [{bar:24}] {decimal_bytes}/{decimal_total_bytes} {prefix} {decimal_bytes_per_sec} {eta} left";
const SPINNER: &str = "{spinner} {msg}";

impl Progress {
    /// A bar for `what`, drawn only where `draws`.
    pub(crate) fn new(what: String, draws: bool) -> Self {
        let target = if draws { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(SPINNER) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar }
    }

    /// The transfer is so far. Until the totals are known there are none of them, and nothing but the name is shown.
    pub(crate) fn set(&self, files: u64, files_total: u64, bytes: u64, bytes_total: u64) {
        if bytes_total > 0 {
            if self.bar.length() != Some(bytes_total) {
                self.bar.set_length(bytes_total);
                if let Ok(style) = ProgressStyle::with_template(BAR) {
                    self.bar.set_style(style.progress_chars("=> "));
                }
            }
            self.bar.set_prefix(format!("{files}/{files_total} files"));
            // Shared objects make a total an estimate: a bar never runs over.
            self.bar.set_position(bytes.min(bytes_total));
        }
        self.bar.tick();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
