//! What the statuses of pods and Jobs say of their course.
//!
//! A pod starts with its first container, init containers too, and is over when its phase says so, or when every container
//! has terminated and none will be restarted. A crashing container that waits for its restart is terminated as well, so
//! the latter counts only of the last observation; that is the [lifecycle](crate::lifecycle)'s judgement.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Object};
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

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus<'a> {
    #[serde(borrow)]
    phase: Option<Cow<'a, str>>,
    #[serde(borrow)]
    container_statuses: Option<Vec<Object<ContainerStatus<'a>>>>,
    #[serde(borrow)]
    init_container_statuses: Option<Vec<Object<ContainerStatus<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus<'a> {
    #[serde(borrow)]
    state: Option<Object<ContainerState<'a>>>,
    #[serde(borrow)]
    last_state: Option<Object<ContainerState<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerState<'a> {
    #[serde(borrow)]
    running: Option<Object<Run<'a>>>,
    #[serde(borrow)]
    terminated: Option<Object<Run<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Run<'a> {
    #[serde(borrow)]
    started_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    finished_at: Option<Cow<'a, str>>,
    exit_code: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodSpec<'a> {
    #[serde(borrow)]
    restart_policy: Option<Cow<'a, str>>,
    #[serde(borrow)]
    containers: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Conditions<'a> {
    #[serde(borrow)]
    conditions: Option<Vec<Object<Condition<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_transition_time: Option<Cow<'a, str>>,
}

/// Seconds of a time that a kubelet wrote. Of a container whose start is unknown it writes the zero time (year 1) or the
/// epoch: neither is one.
fn seconds(text: &Option<Cow<'_, str>>) -> Option<i64> {
    text.as_deref().and_then(Timestamp::parse_rfc3339).map(Timestamp::seconds).filter(|seconds| *seconds > 0)
}

fn unwrapped<T>(list: Option<Vec<Object<T>>>) -> Vec<T> {
    list.unwrap_or_default().into_iter().map(|Object(element)| element).collect()
}

impl ContainerStatus<'_> {
    fn states(&self) -> impl Iterator<Item = &ContainerState<'_>> {
        self.state.iter().chain(&self.last_state).map(|Object(state)| state)
    }

    fn runs(&self) -> impl Iterator<Item = &Run<'_>> {
        self.states().flat_map(|state| state.running.iter().chain(&state.terminated)).map(|Object(run)| run)
    }

    fn exit(&self) -> Option<&Run<'_>> {
        self.state.as_ref().and_then(|Object(state)| state.terminated.as_ref()).map(|Object(run)| run)
    }
}

/// Reads what a pod's body tells. `deleting`: its deletion has begun, so that nothing is restarted.
///
/// # Errors
/// A status that has not the types of the API.
pub fn facts(
    status: Option<&RawValue>,
    spec: Option<&RawValue>,
    deleting: bool,
) -> Result<PodFacts, serde_json::Error> {
    let restarts = spec.map(restarts).transpose()?;
    let unknown = PodFacts { restarts, deleting, ..PodFacts::default() };
    let Some(status) = status.filter(|raw| raw.get() != "null") else { return Ok(unknown) };
    let Object(status): Object<PodStatus<'_>> = serde_json::from_str(status.get())?;
    Ok(PodFacts {
        phase_over: status.phase.as_deref().map(|phase| matches!(phase, "Succeeded" | "Failed")),
        main: status.container_statuses.map(runs),
        init: status.init_container_statuses.map(runs),
        ..unknown
    })
}

fn runs(statuses: Vec<Object<ContainerStatus<'_>>>) -> Runs {
    let statuses: Vec<ContainerStatus<'_>> = statuses.into_iter().map(|Object(status)| status).collect();
    let all = || statuses.iter().flat_map(ContainerStatus::runs);
    Runs {
        count: statuses.len(),
        started: all().filter_map(|run| seconds(&run.started_at)).min(),
        finished: all().filter_map(|run| seconds(&run.finished_at)).max(),
        exited: statuses.iter().all(|status| status.exit().is_some()),
        succeeded: statuses.iter().filter_map(ContainerStatus::exit).all(|exit| exit.exit_code == 0),
    }
}

fn restarts(spec: &RawValue) -> Result<Restarts, serde_json::Error> {
    let spec: Option<Object<PodSpec<'_>>> = serde_json::from_str(spec.get())?;
    let Object(spec) = spec.unwrap_or_default();
    let policy = match spec.restart_policy.as_deref() {
        Some("Never") => RestartPolicy::Never,
        Some("OnFailure") => RestartPolicy::OnFailure,
        _ => RestartPolicy::Always,
    };
    Ok(Restarts { policy, containers: spec.containers.map_or(0, |containers| containers.len()) })
}

/// Whether a pod that is deleted is given time to end: one that was bound to a node, and is not over; with the grace that
/// was asked for, in seconds, else its own (kubernetes `pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`).
pub fn has_grace(spec: Option<&RawValue>, status: Option<&RawValue>, asked: Option<i64>) -> bool {
    let member = |raw: Option<&RawValue>, name: &str| -> Option<String> {
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
pub fn job_facts(status: &RawValue) -> Result<JobFacts, serde_json::Error> {
    let status: Option<Object<Conditions<'_>>> = serde_json::from_str(status.get())?;
    let conditions = unwrapped(status.and_then(|Object(status)| status.conditions));
    let over = conditions.iter().find(|condition| {
        matches!(condition.kind.as_deref(), Some("Complete" | "Failed")) && condition.status.as_deref() == Some("True")
    });
    Ok(JobFacts { over: over.is_some(), over_at: over.and_then(|condition| seconds(&condition.last_transition_time)) })
}

/// The latest time that a status of any kind tells: transitions of conditions, starts and finishes of containers.
pub fn latest_time(whole: &RawValue) -> Option<Timestamp> {
    let time = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let Object(status): Object<Conditions<'_>> = serde_json::from_str(whole.get()).unwrap_or_default();
    let conditions = unwrapped(status.conditions);
    let Object(pod): Object<PodStatus<'_>> = serde_json::from_str(whole.get()).unwrap_or_default();
    let (main, init) = (unwrapped(pod.container_statuses), unwrapped(pod.init_container_statuses));
    let runs = init.iter().chain(&main).flat_map(ContainerStatus::runs);
    let runs = runs.flat_map(|run| [time(&run.started_at), time(&run.finished_at)]);
    conditions.iter().map(|condition| time(&condition.last_transition_time)).chain(runs).flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: &str, spec: &str, deleting: bool) -> PodFacts {
        let raw = |text| serde_json::from_str::<&RawValue>(text).unwrap();
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
        let over = |text: &str| job_facts(serde_json::from_str(text).unwrap()).unwrap();
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
