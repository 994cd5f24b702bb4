//! Why an input could not be read, and what to do about it.

use std::io;

/// An input that could not be read, or not to its end. The messages tell the cause, so it is no `source` too, which would be
/// printed again behind them.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path leads nowhere, or may not be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The source as shown to the user.
        path: String,
        /// What the system says.
        reason: io::Error,
    },
    /// Reading broke off; what stood before was delivered.
    #[error("{path}: reading broke off: {reason}; the records before that point were read")]
    BrokeOff {
        /// The source as shown to the user.
        path: String,
        /// What the system, or the decompressor, says.
        reason: io::Error,
    },
    /// A compressed stream or an archive that is cut or damaged; what could be read of it was delivered.
    #[error("{path}: damaged {format} data: {reason}; the records before the damage were read")]
    Damaged {
        /// The source as shown to the user.
        path: String,
        /// `gzip`, `zstd`, `bzip2`, `xz` or `tar`.
        format: &'static str,
        /// What the decompressor says, or the reader of archives.
        reason: io::Error,
    },
    /// A format that is recognised but not read.
    #[error("{path}: {format} is not read; convert it first: `{remedy}`")]
    Unsupported {
        /// The source as shown to the user.
        path: String,
        /// The name of the format.
        format: &'static str,
        /// A command that makes something readable of it.
        remedy: &'static str,
    },
}
