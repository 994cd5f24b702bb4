//! Files and stdin → decompressed text → records, each with its source and line.
//!
//! What goes on here: [`Sources`] finds the files and orders them, [`compression`] looks through gzip, zstd, bzip2 and xz, [`tar`]
//! takes archives apart, [`chunks`] cuts the text into pieces that can be parsed on their own, [`records`] takes the pieces
//! apart, and [`read`] runs all of it on several threads and hands the results over in the order of the input. Nothing here
//! knows what a record means: that is the [`Consumer`]'s.
//!
//! Three promises, whatever the input holds: the results do not depend on the number of threads, nor on where the text was
//! cut; memory is bounded by the longest record allowed; nothing of a log reaches a terminal with its control characters.

mod boundary;
pub mod chunks;
pub mod compression;
mod error;
mod open;
pub(crate) mod own_line;
mod pipeline;
pub mod records;
mod scanner;
mod schedule;
mod source;
mod tar;

pub use error::InputError;
pub use open::{Stored, open_stream, open_trace, stored, stream_of_trace};
pub use pipeline::{Consumer, Options, Progress, read};
pub use records::{Content, Line, Record, Records};
pub use source::{Source, Sources};
