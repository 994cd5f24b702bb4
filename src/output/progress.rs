//! The progress bar: bytes read of the compressed input, rate, time left.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Verbosity;

/// Redraws a second; more would only cost.
const HZ: u8 = 8;
const BAR: &str = "{bar:30} {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left";
const SPINNER: &str = "{spinner} {binary_bytes}, {binary_bytes_per_sec}, {elapsed}";

/// Shows how far reading has come. Shared by threads; counting costs an atomic addition.
#[derive(Clone, Debug)]
pub struct Progress {
    /// `None` where nobody watches.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar on stderr where that is a terminal and the user did not ask for quiet; else one that is never seen. The total is
    /// that of the compressed bytes, where all inputs are files.
    pub fn new(total: Option<u64>, verbosity: Verbosity) -> Self {
        if verbosity == Verbosity::Quiet || !io::stderr().is_terminal() {
            return Progress::hidden();
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(HZ));
        let template = if total.is_some() { BAR } else { SPINNER };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar: Some(bar) }
    }

    /// A bar that is never seen.
    pub fn hidden() -> Self {
        Progress { bar: None }
    }

    /// So many bytes more were read.
    pub fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        for template in [BAR, SPINNER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_hidden_bar_is_no_trouble() {
        let progress = Progress::hidden();
        progress.advance(10);
        progress.finish();
    }
}
