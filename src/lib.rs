//! `tracer` turns recorded Kubernetes logs into traces that SimKube replays.
//!
//! Bytes flow one way, and imports with them:
//!
//! ```text
//! input → decode → store (by archive) → owners, lifecycle → window (+ config, filter, dependencies) → trace → output
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
//! | [`store`] | observations → for each object, its versions in order |
//! | [`archive`] | everything that was named, read into a store |
//! | `scratch` | what is too much for memory: temporary files |
//! | [`events`] | what was read, told again as one stream of lines |
//! | [`coverage`] | what audit logs can tell and what they cannot |
//! | [`survey`] | what the records of a log are, and when there were any |
//! | [`owners`], [`lifecycle`] | who owns whom; how long pods ran |
//! | [`config`], [`filter`] | what is tracked; what the user wants of it |
//! | [`dependencies`] | what pods need beside themselves |
//! | [`proposal`] | a config that tracks what logs contain |
//! | [`window`] | the events of a span of time |
//! | [`state`] | the objects that are there at an instant, whole |
//! | [`columns`], [`manifest`] | how kubectl shows objects: in tables, as YAML and JSON |
//! | [`trace`] | SimKube's file: hashes, sanitising, reading, writing |
//! | [`difference`] | what changed from one value to another, field by field |
//! | [`comparison`] | two traces, or two instants of a log, held against each other |
//! | [`report`] | what could make the trace differ from what happened |
//! | [`inspection`] | what is in a log, and when |
//! | [`validate`] | whether a trace replays |
//! | [`output`] | stdout or a file that is replaced whole; progress |
//! | [`cli`], [`cmd`] | arguments; one command per file |

pub mod archive;
pub mod blobs;
pub mod cli;
pub mod cmd;
pub mod columns;
pub mod comparison;
pub mod config;
pub mod coverage;
pub mod decode;
pub mod dependencies;
pub mod difference;
pub mod events;
pub mod filter;
pub mod fingerprint;
pub mod input;
pub mod inspection;
pub mod json;
pub mod lifecycle;
pub mod manifest;
pub mod model;
pub mod output;
pub mod owners;
pub mod patch;
pub mod proposal;
pub mod report;
mod scratch;
pub mod state;
pub mod store;
pub mod survey;
pub mod trace;
mod uri;
pub mod validate;
pub mod window;
