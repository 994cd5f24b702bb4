//! `tracer` turns recorded Kubernetes logs into traces that SimKube replays.
//!
//! Bytes flow one way, and imports with them:
//!
//! ```text
//! input → decode → store (by archive) → owners, lifecycle → window (+ config, filter) → trace → output
//! ```
//!
//! | room | what it holds |
//! |---|---|
//! | [`model`] | moments, kinds, object keys, places: the words of all others |
//! | [`json`], `uri` | walking JSON text without building a tree; the query of a request's path |
//! | [`fingerprint`], [`blobs`] | what stands for a text; bodies, each kept once |
//! | [`input`] | files and stdin → decompressed → records with source and line |
//! | [`decode`] | a record → observations of objects |
//! | [`patch`] | what a server makes of an object and the body of a PATCH |
//! | [`archive`] | everything that was named, read into a store |
//! | [`events`] | what was read, told again as one stream of lines |
//! | [`store`] | observations → for each object, its versions in order |
//! | [`coverage`], `sorted` | what audit logs can tell and what they cannot; sorting with bounded memory |
//! | [`owners`], [`lifecycle`] | who owns whom; how long pods ran |
//! | [`config`], [`filter`] | what is tracked; what the user wants of it |
//! | [`window`] | the events of a span of time |
//! | [`trace`] | SimKube's file: hashes, sanitising, reading, writing |
//! | [`report`] | what could make the trace differ from what happened |
//! | [`output`] | stdout or a file that is replaced whole; progress |
//! | [`cli`], [`cmd`] | arguments; one command per file |

pub mod archive;
pub mod blobs;
pub mod cli;
pub mod cmd;
pub mod config;
pub mod coverage;
pub mod decode;
pub mod events;
pub mod filter;
pub mod fingerprint;
pub mod input;
pub mod json;
pub mod lifecycle;
pub mod model;
pub mod output;
pub mod owners;
pub mod patch;
pub mod report;
mod sorted;
pub mod store;
pub mod trace;
mod uri;
pub mod window;
