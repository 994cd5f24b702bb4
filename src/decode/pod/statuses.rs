//! What statuses tell of conditions, and of the runs of containers.

use std::borrow::Cow;

use crate::json::{self, Raw};
use crate::model::Timestamp;

/// A condition of a status, as far as it is looked at.
pub(super) struct Condition<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) status: Option<Cow<'a, str>>,
    pub(super) since: Option<Cow<'a, str>>,
}

/// One run of a container.
pub(super) struct Run<'a> {
    pub(super) started: Option<Cow<'a, str>>,
    pub(super) finished: Option<Cow<'a, str>>,
    pub(super) exit_code: i64,
}

/// The runs that the status of a container tells of.
pub(super) struct ContainerStatus<'a> {
    /// The run that is under way, or was the last one.
    state: State<'a>,
    /// The one before.
    last: State<'a>,
}

#[derive(Default)]
struct State<'a> {
    running: Option<Run<'a>>,
    terminated: Option<Run<'a>>,
}

/// What a member is read as; nothing where it is absent or `null`.
pub(super) fn optional<'a, T>(
    member: Option<Raw<'a>>,
    read: impl FnOnce(Raw<'a>) -> Result<T, json::Error>,
) -> Result<Option<T>, json::Error> {
    member.filter(|raw| !is_null(*raw)).map(read).transpose()
}

impl<'a> Condition<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let [kind, status, since] = json::some_members(raw, &["type", "status", "lastTransitionTime"])?;
        let text = |member| optional(member, json::text);
        Ok(Condition { kind: text(kind)?, status: text(status)?, since: text(since)? })
    }

    pub(super) fn all(conditions: Option<Raw<'a>>) -> Result<Vec<Self>, json::Error> {
        Ok(optional(conditions, |raw| list(raw, Self::read))?.unwrap_or_default())
    }
}

impl<'a> Run<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let [exit_code, started, finished] = json::some_members(raw, &["exitCode", "startedAt", "finishedAt"])?;
        let time = |member| optional(member, json::text);
        let code = |raw: Raw<'_>| json::integer(raw).ok_or(json::Error::of_type(raw));
        let exit_code = optional(exit_code, code)?.unwrap_or_default();
        Ok(Run { started: time(started)?, finished: time(finished)?, exit_code })
    }
}

impl<'a> State<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let [running, terminated] = json::some_members(raw, &["running", "terminated"])?;
        Ok(State { running: optional(running, Run::read)?, terminated: optional(terminated, Run::read)? })
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.running.iter().chain(&self.terminated)
    }
}

impl<'a> ContainerStatus<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let [state, last] = json::some_members(raw, &["state", "lastState"])?;
        let read = |member| optional(member, State::read).map(Option::unwrap_or_default);
        Ok(ContainerStatus { state: read(state)?, last: read(last)? })
    }

    pub(super) fn all(statuses: Option<Raw<'a>>) -> Result<Option<Vec<Self>>, json::Error> {
        optional(statuses, |raw| list(raw, Self::read))
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.state.runs().chain(self.last.runs())
    }

    pub(super) fn exit(&self) -> Option<&Run<'a>> {
        self.state.terminated.as_ref()
    }
}

fn list<'a, T>(raw: Raw<'a>, read: fn(Raw<'a>) -> Result<T, json::Error>) -> Result<Vec<T>, json::Error> {
    json::elements(raw)?.into_iter().map(read).collect()
}

/// Seconds of a time that a kubelet wrote. Of a container whose start is unknown it writes the zero time (year 1) or the
/// epoch: neither is one.
pub(super) fn seconds(text: &Option<Cow<'_, str>>) -> Option<i64> {
    text.as_deref().and_then(Timestamp::parse_rfc3339).map(Timestamp::seconds).filter(|seconds| *seconds > 0)
}

pub(super) fn is_null(raw: Raw<'_>) -> bool {
    raw.get() == "null"
}
