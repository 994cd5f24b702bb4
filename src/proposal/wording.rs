//! What the comments of a config say.

use super::fitting::Fitting;
use super::placing::{Count, Placing, Untracked};
use super::{Logs, MOST_PATHS, is_mostly_owned};
use crate::config::TrackedObject;
use crate::model::{GroupKind, Timestamp};

/// So many paths are named in a comment.
const FEW: usize = 8;

/// What the config is for.
pub(super) fn of_what(logs: &Logs<'_>) -> String {
    let objects = logs.history.objects.len() as u64;
    let second = |at: Timestamp| Timestamp::from_seconds(at.seconds());
    let span = logs.span.map(|(first, last)| format!(", {} to {}", second(first), second(last))).unwrap_or_default();
    format!("A tracer config for what {} of {} hold{span}.", count(logs.records, "record"), count(objects, "object"))
}

/// What is to be known of a kind that is tracked, a line each.
pub(super) fn notes(kind: &GroupKind, tracked: &TrackedObject, placing: &Placing<'_>) -> Vec<String> {
    let none = Count::default();
    let counted = placing.counts.get(kind).unwrap_or(&none);
    let pods = if counted.pods == 0 { "no pods".to_owned() } else { count(counted.pods, "pod") };
    let of_pods = kind.is("", "Pod");
    let what =
        if of_pods { count(counted.objects, "pod") } else { format!("{}, {pods}", count(counted.objects, "object")) };
    let mut notes = vec![what];
    if counted.orphans > 0 {
        notes.push(format!(
            "{} only for the time when nothing owned it; pods count with the owner before",
            count(counted.orphans, "object")
        ));
    }
    if counted.owned && tracked.skip_owned {
        notes.push("some are owned by what is not tracked, and skipOwned leaves them out".to_owned());
    } else if counted.owned && is_mostly_owned(kind) {
        notes.push("some are owned by what is not tracked, so skipOwned is left out".to_owned());
    }
    if counted.pods > 0 && !tracked.track_lifecycle {
        notes.push("without trackLifecycle its pods never end in a replay".to_owned());
    }
    let others = placing.kinds.others(kind);
    if others > 0 {
        notes.push(format!("seen at other versions alone, and not tracked: {}", count(others, "object")));
    }
    if let Some(fitting) = placing.fittings.get(kind).filter(|_| !placing.kinds.knows_paths(kind)) {
        notes.extend(of_paths(fitting, counted));
        notes.extend(of_fitting(fitting));
    }
    notes
}

fn of_paths(fitting: &Fitting, counted: &Count) -> Vec<String> {
    let mut notes = vec!["pod templates: where its objects have the containers that its pods have".to_owned()];
    for (path, pods) in fitting.paths.iter().take(FEW) {
        let lacking = counted.lacking.get(path).copied().unwrap_or_default();
        let lacking = match lacking {
            0 => String::new(),
            lacking => format!("; it leads nowhere in {lacking} of {}", count(counted.objects, "object")),
        };
        notes.push(format!("{}: {}{lacking}", shown(path), count(*pods, "pod")));
    }
    if fitting.paths.len() > MOST_PATHS {
        notes.push(format!("{} paths fit, and the {MOST_PATHS} with most pods are listed", fitting.paths.len()));
    }
    notes
}

/// What may be other than it seems.
fn of_fitting(fitting: &Fitting) -> Vec<String> {
    let mut notes = Vec::new();
    let mut say = |number: u64, text: &str| {
        if number > 0 {
            notes.push(format!("{text}: {}", count(number, "pod")));
        }
    };
    say(fitting.several, "fit at several of the paths alike");
    say(fitting.other_commands, "fit but for the commands of their containers");
    say(fitting.more_containers, "have more containers than what they fit, so something adds them to pods");
    say(fitting.none, "fit nothing that it holds");
    say(fitting.unknown, "could not be compared, since no log shows their content");
    for (path, pods) in fitting.unnamed.iter().take(FEW) {
        say(*pods, &format!("fit at {}, which no path can name since the last part is not `spec`", shown(path)));
    }
    if fitting.cut > 0 {
        notes.push(format!("too large to be looked through: {}", count(fitting.cut, "object")));
    }
    let idle: Vec<String> =
        fitting.idle.iter().filter(|path| !fitting.is_used(path)).take(FEW).map(|p| shown(p)).collect();
    if !idle.is_empty() {
        notes.push(format!("it has containers that no pod has, too; is there a template? {}", idle.join(", ")));
    }
    notes
}

/// What is to be known besides, a line each; and how much of it is a doubt.
pub(super) fn general(placing: &Placing<'_>) -> (Vec<String>, usize) {
    let mut lines = Vec::new();
    let (sets, pods) = (placing.daemon_sets.0.len() as u64, placing.daemon_sets.1);
    if sets > 0 {
        let of = format!("{} of {}", count(pods, "pod"), count(sets, "DaemonSet"));
        lines.push(format!("Not tracked: {of}. No trace has them, since the nodes of a replay are others."));
    }
    if placing.of_nodes > 0 {
        let pods = count(placing.of_nodes, "pod");
        lines.push(format!("Not tracked: {pods} of nodes themselves, unless v1.Pod lacks skipOwned."));
    }
    let sure = lines.len();
    if placing.unknown > 0 {
        let pods = count(placing.unknown, "pod");
        lines.push(format!("Not tracked: {pods}, of which no log shows the content."));
    }
    for ((kind, why), pods) in &placing.alone {
        let owner = match why {
            Untracked::Unseen => format!("a {kind} that no log shows"),
            Untracked::ClusterScoped => format!("a {kind}, which is cluster-scoped"),
            Untracked::NoContent => format!("a {kind} of which no log shows the content"),
            Untracked::NoTemplate => format!("a {kind} in which no pod template was found"),
        };
        lines.push(format!("Tracked by themselves: {} below {owner}.", count(*pods, "pod")));
    }
    let doubts = lines.len() - sure;
    for (kind, fitting) in placing.fittings.iter().filter(|(_, fitting)| fitting.paths.is_empty()) {
        lines.push(format!("{kind}, compared with what is below it, {}:", count(fitting.pods(), "pod")));
        lines.extend(of_fitting(fitting).into_iter().map(|note| format!("  {note}")));
    }
    (lines, doubts)
}

/// A path as people may read it; the empty one would not be seen.
fn shown(path: &str) -> String {
    format!("`{path}`")
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
