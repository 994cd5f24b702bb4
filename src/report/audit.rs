//! What audit logs can tell and what they cannot: a part of the account.

use serde::Serialize;

/// The part of the account that is about audit logs; absent when none was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AuditAccount {
    /// Events, each once, of any verb and stage.
    pub events: u64,
    /// Records that tell once more of an event: files that overlap or were copied, the second log of an aggregated API.
    pub copies: u64,
    /// Dry runs among the events.
    pub dry_runs: u64,
    /// Requests among them that the server refused.
    pub refused: u64,
    /// Writes among them of which nobody knows whether they were done.
    pub outcome_unknown: u64,
    /// What was recorded of the writes of each tracked resource and subresource, sorted.
    pub resources: Vec<ResourceAccount>,
    /// What was recorded of those of every other resource, sorted; no part of what `--report` writes.
    #[serde(skip)]
    pub others: Vec<ResourceAccount>,
    /// Writes of all other resources.
    pub untracked_writes: u64,
    /// How many of those were recorded with their results.
    pub untracked_with_result: u64,
    /// The API servers that wrote the logs, by name.
    pub servers: Vec<ServerAccount>,
    /// How far the clocks of two servers are apart, for each pair.
    pub clocks: Vec<ClockAccount>,
    /// The rule of an audit policy (an item of `rules`, as YAML) that keeps what is missing; `None` when nothing is.
    pub policy: Option<String>,
}

impl AuditAccount {
    /// Writes of tracked resources, and how many of them have their results.
    pub fn writes(&self) -> (u64, u64) {
        self.resources.iter().fold((0, 0), |(all, known), r| (all + r.writes, known + r.with_result))
    }
}

/// What was recorded of the writes of one resource or subresource. `writes` is the sum of the four numbers after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ResourceAccount {
    /// API group, empty for the core group.
    pub group: String,
    /// The resource: lower case, plural.
    pub resource: String,
    /// The subresource; empty for the resource itself.
    pub subresource: String,
    /// Creations, updates and patches that were done.
    pub writes: u64,
    /// Those with the object that came of them.
    pub with_result: u64,
    /// Those with the body of the request alone.
    pub request_only: u64,
    /// Those without their result since a body was too large.
    pub truncated: u64,
    /// Those without any body.
    pub without_bodies: u64,
    /// The percentage of `with_result`, rounded down to a tenth; `None` without writes.
    pub percent_with_result: Option<f64>,
    /// Deletions, of collections too, and evictions: they can be told without bodies.
    pub deletions: u64,
}

/// One API server's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServerAccount {
    /// What the carrier of the log calls it; else its directory or file.
    pub name: String,
    /// How many files hold something of it.
    pub files: u64,
    /// Its events, each once.
    pub events: u64,
    /// The time of its first event.
    pub first: Option<String>,
    /// The time of its last event.
    pub last: Option<String>,
    /// Where its log should have events and has none.
    pub silences: Vec<Silence>,
}

/// A span in which a server's log is silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// The last event before it.
    pub from: String,
    /// The first event after it; where there is none, the last of the other servers.
    pub to: String,
}

/// How far the clocks of two servers are apart, as far as the writes of both prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockAccount {
    /// One server.
    pub a: String,
    /// The other.
    pub b: String,
    /// The least by which `a` is ahead of `b`, in microseconds; negative when it may be behind. `None` where nothing proves it.
    pub a_ahead_at_least_us: Option<i64>,
    /// The most by which `a` is ahead of `b`, in microseconds. Less than the least when no one difference fits: a clock was set.
    pub a_ahead_at_most_us: Option<i64>,
}
