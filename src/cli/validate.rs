//! The arguments of `tracer validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::common::verbosity;
use super::{UsageError, parse_size};
use crate::output::{Color, Messages, Verbosity};

pub(super) const LONG: &str = "\
Tell whether SimKube will replay a trace, and what is wrong with it.

A trace is held against every rule on which SimKube's reader, its driver or its validator would break, and against what an API \
server refuses. An error is what SimKube does not read, what ends a replay early, or what has it go another way than was \
recorded; a warning is what is lost in a replay, or depends on the cluster. Each rule has a code; E0001 to E0005 and W0000 are \
those of `skctl validate`, and mean the same.";

pub(super) const AFTER: &str = "\
Exit codes:
  0  valid, maybe with warnings; with --fix: what was written is
  1  there are errors, or a trace could not be read
  2  wrong usage

Examples:
  tracer export watch/ --deps include | tracer validate
  tracer export watch/ --sanitize simkube | tracer validate --fix good.sktrace
  tracer export watch/ | tracer validate -o json";

/// The arguments of `validate`, unvalidated.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Traces to look at; directories are walked; `-`, or none at all, is stdin
    ///
    /// Each may be compressed (gzip, zstd, bzip2, xz).
    #[arg(value_name = "TRACE", value_hint = ValueHint::AnyPath)]
    traces: Vec<PathBuf>,

    /// Write the trace to FILE without what can be put right at no loss, and say what that is; needs one trace
    ///
    /// FILE is replaced when all is done, and may be the trace itself. Taken out are: what servers set, ignore or refuse;
    /// changes of pods that no update can make; deletions of what is not there; what one event applies twice;
    /// ReplicaSets from the config. The index is made anew.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    fix: Option<PathBuf>,

    /// The form of what is found
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: FindingsFormat,

    /// Refuse a trace with an object that is longer than SIZE: bytes, or with K, M or G (powers of 1024)
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    max_record: usize,

    /// Print nothing but why the command failed: the exit code tells
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Print all that breaks a rule, not the first ten of each
    #[arg(short, long)]
    verbose: bool,

    /// When to colour what is found, and the messages on stderr
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// The form of what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingsFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// The options of `validate`.
#[derive(Clone, Debug)]
pub struct ValidateOptions {
    /// What to look at, `-` being stdin.
    traces: Vec<PathBuf>,
    /// Where the trace goes that is put right.
    pub fix: Option<PathBuf>,
    /// The form of what is found.
    pub output: FindingsFormat,
    /// The longest object, in bytes; never 0.
    pub max_record: usize,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether it is coloured.
    pub color: Color,
}

impl ValidateArgs {
    pub(super) fn validate(self) -> Result<ValidateOptions, UsageError> {
        if self.fix.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            return Err(UsageError::new("--fix takes the name of a file: stdout has what was found"));
        }
        if self.fix.is_some() && self.traces.len() > 1 {
            return Err(UsageError::new("--fix writes one trace; name one"));
        }
        Ok(ValidateOptions {
            traces: self.traces,
            fix: self.fix,
            output: self.output,
            max_record: self.max_record,
            verbosity: verbosity(self.quiet, self.verbose),
            color: self.color,
        })
    }
}

impl ValidateOptions {
    /// What to look at, `-` being stdin. A terminal that was not asked for by `-` is a usage error.
    pub fn traces(&self, stdin_is_terminal: bool) -> Result<Vec<PathBuf>, UsageError> {
        if self.traces.is_empty() && stdin_is_terminal {
            return Err(UsageError::new("no trace: name files, or pipe a trace into stdin"));
        }
        Ok(self.traces.clone())
    }

    /// Where messages go.
    pub fn messages(&self) -> Messages {
        Messages::new(self.color, self.verbosity)
    }
}
