//! What the statuses of pods and Jobs say of their course.
//!
//! A pod starts with its first container, init containers too, and is over when its phase says so, or when every container
//! has terminated and none will be restarted. A crashing container that waits for its restart is terminated as well, so
//! the latter counts only of the last observation; that is the [lifecycle](crate::lifecycle)'s judgement.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::JobFacts;
use crate::json::Object;
use crate::model::Timestamp;

/// What one observation of a pod says of its course. Times in Unix seconds, as kubelets write them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodFacts {
    /// The earliest start of a container that this body still tells of.
    pub started: Option<i64>,
    /// The latest finish of a container that this body tells of.
    pub finished: Option<i64>,
    /// Phase Succeeded or Failed: for ever.
    pub phase_over: bool,
    /// Every container has terminated and is not to be restarted.
    pub stopped: bool,
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

/// Reads a pod's status. `deleting`: its deletion has begun, so that nothing is restarted.
///
/// # Errors
/// A status that has not the types of the API.
pub fn facts(
    status: Option<&RawValue>,
    spec: Option<&RawValue>,
    deleting: bool,
) -> Result<PodFacts, serde_json::Error> {
    let Some(status) = status.filter(|raw| raw.get() != "null") else { return Ok(PodFacts::default()) };
    let Object(status): Object<PodStatus<'_>> = serde_json::from_str(status.get())?;
    let main = unwrapped(status.container_statuses);
    let init = unwrapped(status.init_container_statuses);
    let runs = || init.iter().chain(&main).flat_map(ContainerStatus::runs);
    Ok(PodFacts {
        started: runs().filter_map(|run| seconds(&run.started_at)).min(),
        finished: runs().filter_map(|run| seconds(&run.finished_at)).max(),
        phase_over: matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")),
        stopped: !main.is_empty() && main.iter().all(|c| c.exit().is_some()) && stays_stopped(&main, spec, deleting)?,
    })
}

fn stays_stopped(
    main: &[ContainerStatus<'_>],
    spec: Option<&RawValue>,
    deleting: bool,
) -> Result<bool, serde_json::Error> {
    let spec: Option<Object<PodSpec<'_>>> = spec.map(|raw| serde_json::from_str(raw.get())).transpose()?;
    let Object(spec) = spec.unwrap_or_default();
    if spec.containers.is_some_and(|containers| containers.len() > main.len()) {
        return Ok(false);
    }
    Ok(deleting
        || match spec.restart_policy.as_deref() {
            Some("Never") => true,
            Some("OnFailure") => main.iter().filter_map(ContainerStatus::exit).all(|exit| exit.exit_code == 0),
            _ => false,
        })
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
        assert_eq!((facts.started, facts.finished), (Some(80), Some(110)));
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
            assert_eq!(pod(EXITED, spec, deleting).stopped, stopped, "{spec} {deleting}");
        }
    }

    #[test]
    fn zero_times_are_no_times() {
        let status = r#"{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"startedAt":null,"finishedAt":"0001-01-01T00:00:00Z"}}}]}"#;
        let facts = pod(status, "{}", false);
        assert_eq!((facts.started, facts.finished, facts.phase_over), (None, None, true));
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
