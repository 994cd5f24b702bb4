//! What the statuses of pods and Jobs say of their course.
//!
//! A pod starts with its first container, init containers too, and is over when its phase says so, or when every container
//! has terminated and none will be restarted. A crashing container that waits for its restart is terminated as well, so
//! the latter counts only of the last observation; that is the [lifecycle](crate::lifecycle)'s judgement.

mod statuses;

use std::borrow::Cow;

use self::statuses::{Condition, ContainerStatus, is_null, optional, seconds};
use crate::json::{self, Raw, Walk};
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

/// What is looked at of a pod's spec.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spec<'a> {
    /// How many containers it has.
    containers: usize,
    restart_policy: Option<Raw<'a>>,
}

/// What is looked at of a pod's status.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status<'a> {
    phase: Option<Raw<'a>>,
    init: Option<Raw<'a>>,
    main: Option<Raw<'a>>,
}

impl<'a> Spec<'a> {
    /// Members as servers write them behind the volumes; all but two are only here so that those are found at once.
    const FIELDS: [&'static str; 11] = [
        "containers",
        "restartPolicy",
        "terminationGracePeriodSeconds",
        "dnsPolicy",
        "serviceAccountName",
        "serviceAccount",
        "nodeName",
        "securityContext",
        "schedulerName",
        "tolerations",
        "priority",
    ];

    /// Of the spec that begins here, which is passed over.
    ///
    /// # Errors
    /// Where none does, or it is not sound; and where it must be looked at closely.
    pub fn pass(walk: &mut Walk<'a>) -> Result<Self, json::Error> {
        let mut spec = Spec::default();
        let named = |place: usize, walk: &mut Walk<'a>| {
            match place {
                0 => spec.containers = walk.count()?,
                1 => spec.restart_policy = Some(walk.value()?),
                _ => drop(walk.value()?),
            }
            Ok(())
        };
        walk.members(&Self::FIELDS, named, |key, walk| walk.value().and_then(|_| key.check()))?;
        Ok(spec)
    }

    fn restarts(self) -> Result<Restarts, json::Error> {
        let policy = match optional(self.restart_policy, json::text)?.as_deref() {
            Some("Never") => RestartPolicy::Never,
            Some("OnFailure") => RestartPolicy::OnFailure,
            _ => RestartPolicy::Always,
        };
        Ok(Restarts { policy, containers: self.containers })
    }
}

impl<'a> Status<'a> {
    /// As those of a spec.
    const FIELDS: [&'static str; 11] = [
        "observedGeneration",
        "phase",
        "conditions",
        "hostIP",
        "hostIPs",
        "podIP",
        "podIPs",
        "startTime",
        "initContainerStatuses",
        "containerStatuses",
        "qosClass",
    ];

    /// Of the status that begins here, which is passed over.
    ///
    /// # Errors
    /// Where none does, or it is not sound.
    pub fn pass(walk: &mut Walk<'a>) -> Result<Self, json::Error> {
        walk.fields(&Self::FIELDS).map(Self::of)
    }

    fn of([_, phase, _, _, _, _, _, _, init, main, _]: [Option<Raw<'a>>; Status::FIELDS.len()]) -> Self {
        Status { phase, init, main }
    }
}

/// Reads what a pod's body tells: its status and its spec, with what was looked at as they were passed over, if that was
/// done. `deleting`: its deletion has begun, so that nothing is restarted.
///
/// # Errors
/// A status that has not the types of the API.
pub fn facts<'a>(
    status: Option<(Raw<'a>, Option<Status<'a>>)>,
    spec: Option<(Raw<'a>, Option<Spec<'a>>)>,
    deleting: bool,
) -> Result<PodFacts, json::Error> {
    let restarts = spec.map(|(text, spec)| spec.map_or_else(|| restarts(text), Spec::restarts)).transpose()?;
    let unknown = PodFacts { restarts, deleting, ..PodFacts::default() };
    let Some((text, status)) = status.filter(|(text, _)| !is_null(*text)) else { return Ok(unknown) };
    let look = || json::some_members(text, &Status::FIELDS).map(Status::of);
    let Status { phase, init, main } = status.map_or_else(look, Ok)?;
    let phase = optional(phase, json::text)?;
    Ok(PodFacts {
        phase_over: phase.as_deref().map(|phase| matches!(phase, "Succeeded" | "Failed")),
        main: ContainerStatus::all(main)?.map(|statuses| runs(&statuses)),
        init: ContainerStatus::all(init)?.map(|statuses| runs(&statuses)),
        ..unknown
    })
}

/// What a spec says of restarts.
fn restarts(spec: Raw<'_>) -> Result<Restarts, json::Error> {
    if is_null(spec) {
        return Spec::default().restarts();
    }
    let [containers, restart_policy] = json::some_members(spec, &["containers", "restartPolicy"])?;
    let restarts = Spec { containers: 0, restart_policy }.restarts()?;
    Ok(Restarts { containers: optional(containers, json::count)?.unwrap_or_default(), ..restarts })
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

/// Whether a pod that is deleted is given time to end: one that was bound to a node, and is not over; with the grace that
/// was asked for, in seconds, else its own (kubernetes `pkg/registry/core/pod/strategy.go`, `CheckGracefulDelete`).
pub fn has_grace(spec: Option<Raw<'_>>, status: Option<Raw<'_>>, asked: Option<i64>) -> bool {
    let of_spec = spec.and_then(|raw| json::fields(raw.get(), &["terminationGracePeriodSeconds", "nodeName"]).ok());
    let [own, node] = of_spec.unwrap_or_default();
    let [phase] = status.and_then(|raw| json::fields(raw.get(), &["phase"]).ok()).unwrap_or_default();
    let bound = node.is_some_and(|name| name.get().len() > 2);
    let over = phase.is_some_and(|phase| matches!(phase.get(), "\"Succeeded\"" | "\"Failed\""));
    bound && !over && asked.or_else(|| json::integer(own?)).unwrap_or(30) > 0
}

/// Reads a Job's status.
///
/// # Errors
/// A status that has not the types of the API.
pub fn job_facts(status: Raw<'_>) -> Result<JobFacts, json::Error> {
    if is_null(status) {
        return Ok(JobFacts::default());
    }
    let [conditions] = json::some_members(status, &["conditions"])?;
    let conditions = Condition::all(conditions)?;
    let over = conditions.iter().find(|condition| {
        matches!(condition.kind.as_deref(), Some("Complete" | "Failed")) && condition.status.as_deref() == Some("True")
    });
    Ok(JobFacts { over: over.is_some(), over_at: over.and_then(|condition| seconds(&condition.since)) })
}

/// The latest time that a status of any kind tells: transitions of conditions, starts and finishes of containers.
pub fn latest_time(whole: Raw<'_>) -> Option<Timestamp> {
    let time = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let names = &["conditions", "initContainerStatuses", "containerStatuses"];
    let [conditions, init, main] = json::some_members(whole, names).ok()?;
    let conditions = Condition::all(conditions).unwrap_or_default();
    let of = |statuses| ContainerStatus::all(statuses).ok().flatten().unwrap_or_default();
    let (init, main) = (of(init), of(main));
    let runs = init.iter().chain(&main).flat_map(ContainerStatus::runs);
    let runs = runs.flat_map(|run| [time(&run.started), time(&run.finished)]);
    conditions.iter().map(|condition| time(&condition.since)).chain(runs).flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: &str, spec: &str, deleting: bool) -> PodFacts {
        let raw = |text| Raw::of(text).unwrap();
        facts(Some((raw(status), None)), Some((raw(spec), None)), deleting).unwrap()
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
