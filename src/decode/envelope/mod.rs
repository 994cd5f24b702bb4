//! What carries records: the envelopes that collectors and clouds put around them.
//!
//! A record that is one by itself is told first ([`shape`]), and pays for nothing here. Any other is looked into: the formats
//! that say in other words what an audit event says have a file each ([`gke`], [`aks`], [`review`]); of all others it is
//! enough to know where in them something is carried ([`unwrap`]), as an object or as a text ([`text`]). Either is decoded as
//! if it stood alone, with what its carriers know of it ([`carrier`]): so it gives the same as the native line.
//!
//! What is carried in pieces is handed on in pieces ([`pieces`]): a worker sees one record, and the rest may be in another
//! worker's.

mod aks;
mod carrier;
mod foreign;
mod gke;
mod pieces;
mod review;
mod server;
mod shape;
mod split;
#[cfg(test)]
pub mod tests;
mod text;
mod unwrap;

pub use carrier::Carrier;
pub use foreign::{core_event, is_core_event, no_json};
pub use pieces::{Joined, Origin, Piece, Split, StreamId};
pub use shape::{Shape, WatchType, status_message};
pub use split::join;
pub use text::CUT;
