//! What to say of an object that cannot be shown.

use std::collections::BTreeSet;

use crate::archive::Past;
use crate::cli::ObjectArg;
use crate::filter::nearest;
use crate::model::{GroupKind, ObjectKey};
use crate::owners::{NodeId, Ties};

use super::tree::life;

/// So many kinds, or lives, are named.
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
        let near = nearest(object.name(), keys().filter(of_kind).map(|key| key.name.as_str()));
        return anyhow::anyhow!("no object of the log is `{text}`{}", or_near(&near));
    }
    let kinds: BTreeSet<&GroupKind> = keys().map(|key| &key.kind).collect();
    let near = nearest(&object.kind.to_string(), kinds.iter().map(|kind| kind.kind.as_str()));
    let there = match near.is_empty() {
        true => format!("; there are: {}", some(&kinds)),
        false => or_near(&near),
    };
    anyhow::anyhow!("the log has no object of the kind {}, and no file is named `{text}`{there}", object.kind)
}

fn or_near(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) }
}

fn some(kinds: &BTreeSet<&GroupKind>) -> String {
    let mut text = kinds.iter().take(FEW).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if kinds.len() > FEW {
        text += &format!(" and {} more", kinds.len() - FEW);
    }
    if text.is_empty() { "none at all".to_owned() } else { text }
}
