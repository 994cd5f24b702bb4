//! What to say of an object that cannot be shown.

use std::collections::BTreeSet;

use crate::archive::Past;
use crate::cli::ObjectArg;
use crate::filter::Near;
use crate::model::{GroupKind, ObjectKey};
use crate::owners::{NodeId, Ties};

use super::tree::life;

/// So many lives are named.
const FEW: usize = 8;

/// Why no object is shown where one was asked for, and what may have been meant.
pub(super) fn error(
    object: &ObjectArg,
    past: &Past,
    ties: &Ties<'_>,
    is_meant: &dyn Fn(&ObjectKey) -> bool,
) -> anyhow::Error {
    let meant: Vec<NodeId> = (0..ties.count()).filter(|node| is_meant(ties.key(*node))).take(FEW).collect();
    let text = &object.text;
    if let Some(node) = meant.iter().find(|node| ties.is_present(**node)) {
        return anyhow::anyhow!("{} is in the log, but the filters leave it out", ties.key(*node));
    }
    if !meant.is_empty() {
        let lives = meant.iter().filter_map(|node| Some(format!("{} ({})", ties.key(*node), life(ties, *node)?)));
        return anyhow::anyhow!("`{text}` is not there at that time: {}", lives.collect::<Vec<_>>().join(", "));
    }
    let of_kind = |key: &&ObjectKey| object.kind.matches(&key.kind);
    let keys = || past.history.objects.iter().map(|object| &object.key).chain(past.graph.unseen.iter().map(|u| &u.key));
    if keys().any(|key| of_kind(&key)) {
        let near = Near::names(object.name(), keys().filter(of_kind).map(|key| (key.name.as_str(), key.ns_name())));
        return anyhow::anyhow!("no object of the log is `{text}`; {near}");
    }
    let kinds: BTreeSet<&GroupKind> = keys().map(|key| &key.kind).collect();
    let near = Near::kinds(&object.kind, kinds);
    anyhow::anyhow!("the log has no object of the kind {}, and no file is named `{text}`; {near}", object.kind)
}
