//! What the statuses of pods and Jobs say of their course.
//!
//! A pod starts with its first container, init containers too, and is over when its phase says so, or when every container
//! has terminated and none will be restarted. A crashing container that waits for its restart is terminated as well, so
//! the latter counts only of the last observation; that is the [lifecycle](crate::lifecycle)'s judgement.

use std::borrow::Cow;

use crate::json::{self, Members, Raw};
use crate::model::Timestamp;

/// What one observation of a pod says of its course, part by part: a patch of a status tells only some of them, and the
/// others stay as they were. Times in Unix seconds, as kubelets write them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodFacts {
    /// Whether the phase is Succeeded or Failed, for ever; `None` where the body has no phase.
    pub phase_over: Option<bool>,
    /// The containers, where their statuses are told.
    main: Option<Runs>,
    /// The init containers, likewise.
    init: Option<Runs>,
    /// What the spec says of restarts; `None` where the body has no spec.
    restarts: Option<Restarts>,
    /// Whether its deletion has begun, so that nothing is restarted.
    deleting: bool,
}

/// The runs of some containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Runs {
    /// How many containers there are.
    count: usize,
    /// The earliest start that their statuses still tell of.
    started: Option<i64>,
    /// The latest finish that they tell of.
    finished: Option<i64>,
    /// Whether all have terminated, and with success.
    exited: bool,
    succeeded: bool,
}

/// When a pod's containers are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Restarts {
    policy: RestartPolicy,
    /// How many containers the spec has.
    containers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

impl PodFacts {
    /// The earliest start of a container that this body still tells of.
    pub fn started(&self) -> Option<i64> {
        [self.main, self.init].into_iter().flatten().filter_map(|runs| runs.started).min()
    }

    /// The latest finish of a container that this body tells of.
    pub fn finished(&self) -> Option<i64> {
        [self.main, self.init].into_iter().flatten().filter_map(|runs| runs.finished).max()
    }

    /// Whether every container has terminated and is not to be restarted.
    pub fn stopped(&self) -> bool {
        let Some(main) = self.main.filter(|main| main.count > 0 && main.exited) else { return false };
        let all_there = self.restarts.is_none_or(|restarts| restarts.containers <= main.count);
        all_there
            && match self.restarts.map_or(RestartPolicy::Always, |restarts| restarts.policy) {
                _ if self.deleting => true,
                RestartPolicy::Never => true,
                RestartPolicy::OnFailure => main.succeeded,
                RestartPolicy::Always => false,
            }
    }

    /// What holds after this was told, where earlier facts held before. Lists of container statuses are replaced whole, by
    /// every kind of patch.
    #[must_use]
    pub fn over(self, earlier: PodFacts) -> PodFacts {
        PodFacts {
            phase_over: self.phase_over.or(earlier.phase_over),
            main: self.main.or(earlier.main),
            init: self.init.or(earlier.init),
            restarts: self.restarts.or(earlier.restarts),
            deleting: self.deleting || earlier.deleting,
        }
    }
}

/// Whether a Job is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// Whether it completed or failed.
    pub over: bool,
    /// When, in Unix seconds, as its condition says.
    pub over_at: Option<i64>,
}

/// A condition of a status, as far as it is looked at.
struct Condition<'a> {
    kind: Option<Cow<'a, str>>,
    status: Option<Cow<'a, str>>,
    since: Option<Cow<'a, str>>,
}

/// One run of a container.
struct Run<'a> {
    started: Option<Cow<'a, str>>,
    finished: Option<Cow<'a, str>>,
    exit_code: i64,
}

/// The runs that the status of a container tells of.
struct ContainerStatus<'a> {
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

impl<'a> Condition<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let members = json::members(raw)?;
        let text = |name: &str| members.optional(name, json::text);
        Ok(Condition { kind: text("type")?, status: text("status")?, since: text("lastTransitionTime")? })
    }

    fn all(status: &Members<'a>) -> Result<Vec<Self>, json::Error> {
        Ok(status.optional("conditions", |raw| list(raw, Self::read))?.unwrap_or_default())
    }
}

impl<'a> Run<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let members = json::members(raw)?;
        let time = |name: &str| members.optional(name, json::text);
        let code = |raw: Raw<'_>| json::integer(raw).ok_or(json::Error::of_type(raw));
        let exit_code = members.optional("exitCode", code)?.unwrap_or_default();
        Ok(Run { started: time("startedAt")?, finished: time("finishedAt")?, exit_code })
    }
}

impl<'a> State<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let members = json::members(raw)?;
        let run = |name: &str| members.optional(name, Run::read);
        Ok(State { running: run("running")?, terminated: run("terminated")? })
    }

    fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.running.iter().chain(&self.terminated)
    }
}

impl<'a> ContainerStatus<'a> {
    fn read(raw: Raw<'a>) -> Result<Self, json::Error> {
        let members = json::members(raw)?;
        let state = |name: &str| members.optional(name, State::read);
        Ok(ContainerStatus {
            state: state("state")?.unwrap_or_default(),
            last: state("lastState")?.unwrap_or_default(),
        })
    }

    fn all(status: &Members<'a>, name: &str) -> Result<Option<Vec<Self>>, json::Error> {
        status.optional(name, |raw| list(raw, Self::read))
    }

    fn runs(&self) -> impl Iterator<Item = &Run<'a>> {
        self.state.runs().chain(self.last.runs())
    }

    fn exit(&self) -> Option<&Run<'a>> {
        self.state.terminated.as_ref()
    }
}

fn list<'a, T>(raw: Raw<'a>, read: fn(Raw<'a>) -> Result<T, json::Error>) -> Result<Vec<T>, json::Error> {
    json::elements(raw)?.into_iter().map(read).collect()
}

/// Seconds of a time that a kubelet wrote. Of a container whose start is unknown it writes the zero time (year 1) or the
/// epoch: neither is one.
fn seconds(text: &Option<Cow<'_, str>>) -> Option<i64> {
    text.as_deref().and_then(Timestamp::parse_rfc3339).map(Timestamp::seconds).filter(|seconds| *seconds > 0)
}

fn is_null(raw: Raw<'_>) -> bool {
    raw.get() == "null"
}

/// Reads what a pod's body tells. `deleting`: its deletion has begun, so that nothing is restarted.
///
/// # Errors
/// A status that has not the types of the API.
pub fn facts(status: Option<Raw<'_>>, spec: Option<Raw<'_>>, deleting: bool) -> Result<PodFacts, json::Error> {
    let restarts = spec.map(restarts).transpose()?;
    let unknown = PodFacts { restarts, deleting, ..PodFacts::default() };
    let Some(status) = status.filter(|raw| !is_null(*raw)) else { return Ok(unknown) };
    let status = json::members(status)?;
    let phase = status.optional("phase", json::text)?;
    Ok(PodFacts {
        phase_over: phase.as_deref().map(|phase| matches!(phase, "Succeeded" | "Failed")),
        main: ContainerStatus::all(&status, "containerStatuses")?.map(|statuses| runs(&statuses)),
        init: ContainerStatus::all(&status, "initContainerStatuses")?.map(|statuses| runs(&statuses)),
        ..unknown
    })
}

fn runs(statuses: &[ContainerStatus<'_>]) -> Runs {
    let all = || statuses.iter().flat_map(ContainerStatus::runs);
    Runs {
        count: statuses.len(),
        started: all().filter_map(|run| seconds(&run.started)).min(),
        finished: all().filter_map(|run| seconds(&run.finished)).max(),
        exited: statuses.iter().all(|status| status.exit().is_some()),
        succeeded: statuses.iter().filter_map(ContainerStatus::exit).all(|exit| exit.exit_code == 0),
    }
}

fn restarts(spec: Raw<'_>) -> Result<Restarts, json::Error> {
    let spec = if is_null(spec) { Members::default() } else { json::members(spec)? };
    let policy = match spec.optional("restartPolicy", json::text)?.as_deref() {
        Some("Never") => RestartPolicy::Never,
        Some("OnFailure") => RestartPolicy::OnFailure,
        _ => RestartPolicy::Always,
    };
    let containers = spec.optional("containers", json::elements)?.map_or(0, |containers| containers.len());
    Ok(Restarts { policy, containers })
}

/// Whether a pod that is deleted is given time to end: one that was bound to a node, and is not over; with the grace that
/// was asked for, in seconds, else its own (kubernetes `pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`).
pub fn has_grace(spec: Option<Raw<'_>>, status: Option<Raw<'_>>, asked: Option<i64>) -> bool {
    let member = |raw: Option<Raw<'_>>, name: &str| -> Option<String> {
        Some(json::members(raw?).ok()?.get(name)?.get().to_owned())
    };
    let own = || member(spec, "terminationGracePeriodSeconds").and_then(|text| text.parse().ok());
    let bound = member(spec, "nodeName").is_some_and(|name| name.len() > 2);
    let over = member(status, "phase").is_some_and(|phase| matches!(&*phase, "\"Succeeded\"" | "\"Failed\""));
    bound && !over && asked.or_else(own).unwrap_or(30) > 0
}

/// Reads a Job's status.
///
/// # Errors
/// A status that has not the types of the API.
pub fn job_facts(status: Raw<'_>) -> Result<JobFacts, json::Error> {
    if is_null(status) {
        return Ok(JobFacts::default());
    }
    let conditions = Condition::all(&json::members(status)?)?;
    let over = conditions.iter().find(|condition| {
        matches!(condition.kind.as_deref(), Some("Complete" | "Failed")) && condition.status.as_deref() == Some("True")
    });
    Ok(JobFacts { over: over.is_some(), over_at: over.and_then(|condition| seconds(&condition.since)) })
}

/// The latest time that a status of any kind tells: transitions of conditions, starts and finishes of containers.
pub fn latest_time(whole: Raw<'_>) -> Option<Timestamp> {
    let time = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let status = json::members(whole).ok()?;
    let conditions = Condition::all(&status).unwrap_or_default();
    let of = |name: &str| ContainerStatus::all(&status, name).ok().flatten().unwrap_or_default();
    let (init, main) = (of("initContainerStatuses"), of("containerStatuses"));
    let runs = init.iter().chain(&main).flat_map(ContainerStatus::runs);
    let runs = runs.flat_map(|run| [time(&run.started), time(&run.finished)]);
    conditions.iter().map(|condition| time(&condition.since)).chain(runs).flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: &str, spec: &str, deleting: bool) -> PodFacts {
        let raw = |text| Raw::of(text).unwrap();
        facts(Some(raw(status)), Some(raw(spec)), deleting).unwrap()
    }

    const EXITED: &str = r#"{"phase":"Running","containerStatuses":[{"state":{"terminated":{"exitCode":1,
        "startedAt":"1970-01-01T00:01:40Z","finishedAt":"1970-01-01T00:01:50Z"}},
        "lastState":{"terminated":{"startedAt":"1970-01-01T00:01:20Z","finishedAt":"1970-01-01T00:01:30Z"}}}]}"#;

    #[test]
    fn a_restarted_container_tells_of_its_first_start_and_its_last_finish() {
        let facts = pod(EXITED, r#"{"restartPolicy":"Always","containers":[{}]}"#, false);
        assert_eq!((facts.started(), facts.finished()), (Some(80), Some(110)));
    }

    #[test]
    fn a_terminated_container_stops_the_pod_only_when_it_is_not_to_be_restarted() {
        for (spec, deleting, stopped) in [
            (r#"{"restartPolicy":"Always","containers":[{}]}"#, false, false),
            (r#"{"restartPolicy":"Always","containers":[{}]}"#, true, true),
            (r#"{"restartPolicy":"Never","containers":[{}]}"#, false, true),
            (r#"{"restartPolicy":"Never","containers":[{},{}]}"#, false, false),
            (r#"{"restartPolicy":"OnFailure","containers":[{}]}"#, false, false),
        ] {
            assert_eq!(pod(EXITED, spec, deleting).stopped(), stopped, "{spec} {deleting}");
        }
    }

    #[test]
    fn zero_times_are_no_times() {
        let status = r#"{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"startedAt":null,"finishedAt":"0001-01-01T00:00:00Z"}}}]}"#;
        let facts = pod(status, "{}", false);
        assert_eq!((facts.started(), facts.finished(), facts.phase_over), (None, None, Some(true)));
    }

    #[test]
    fn a_job_is_over_when_a_condition_says_so() {
        let over = |text: &str| job_facts(Raw::of(text).unwrap()).unwrap();
        let condition = |status: &str| {
            let time = "1970-01-01T00:01:40Z";
            over(&format!(
                r#"{{"conditions":[{{"type":"Complete","status":"{status}","lastTransitionTime":"{time}"}}]}}"#
            ))
        };
        assert_eq!(condition("True"), JobFacts { over: true, over_at: Some(100) });
        assert_eq!(condition("False"), JobFacts::default());
        assert_eq!(over("{}"), JobFacts::default());
    }
}
