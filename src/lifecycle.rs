//! How long a pod ran.
//!
//! Taken over all observations of one pod uid, so that restarts, and the momentary "all terminated" of a crashing pod, are
//! not mistaken for its end, and a re-created pod of the same name is another pod.

use crate::decode::{Facts, PodFacts};
use crate::store::{Object, Version};

/// The course of one pod, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// The earliest start of one of its containers, init containers too. `None`: it never started.
    pub started: Option<i64>,
    /// When it was over; `None` while it runs.
    pub ended: Option<i64>,
}

impl Course {
    /// Whether it was over before a second.
    pub fn over_before(&self, second: i64) -> bool {
        self.ended.is_some_and(|ended| ended < second)
    }
}

fn pod_facts(facts: Facts) -> Option<PodFacts> {
    if let Facts::Pod(facts) = facts { Some(facts) } else { None }
}

/// The course of a pod. It is over when its phase says so, or when in its last observation every container has terminated
/// and is not to be restarted: from its latest container finish. Otherwise it is over with its deletion, or still runs.
pub fn course(pod: &Object) -> Course {
    let facts = || pod.facts().filter_map(|(at, facts)| Some((at, pod_facts(facts)?)));
    let started = facts().filter_map(|(_, facts)| facts.started()).min();
    let finished = facts().filter_map(|(_, facts)| facts.finished()).max();
    let phase_over = facts().find(|(_, facts)| facts.phase_over == Some(true)).map(|(at, _)| at.seconds());
    let stopped = facts().last().filter(|(_, facts)| facts.stopped()).map(|(at, _)| at.seconds());
    let deleted = pod.end.map(|end| end.at.seconds());
    let over = phase_over.or(stopped);
    let ended = match over {
        Some(seen) => Some(finished.unwrap_or(seen)),
        None => deleted,
    };
    Course { started, ended: ended.map(|ended| ended.max(started.unwrap_or(ended))) }
}

/// The version in which a pod was first seen running (or having run): its spec names the lifecycle.
pub fn first_running(pod: &Object) -> &Version {
    let started = |version: &&Version| pod_facts(version.facts.get()).is_some_and(|facts| facts.started().is_some());
    pod.versions.iter().find(started).or(pod.versions.last()).unwrap_or(&pod.versions[0])
}

/// When a Job completed or failed, in Unix seconds.
pub fn job_over(job: &Object) -> Option<i64> {
    let over = job.facts().filter_map(|(at, facts)| match facts {
        Facts::Job(facts) if facts.over => Some(facts.over_at.unwrap_or(at.seconds())),
        _ => None,
    });
    over.min()
}
