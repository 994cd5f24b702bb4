//! Whether what was asked for by name was there; and what to look at if not.

use anyhow::bail;

use crate::cli::{Asked, AskedKind};
use crate::filter::Near;
use crate::model::Timestamp;
use crate::store::{History, Object};

/// Checks that every name fits one of the objects that were found, at an instant or in the whole log.
///
/// # Errors
/// One that fits none.
pub(super) fn check(asked: &Asked, found: &[&Object], at: Option<Timestamp>, history: &History) -> anyhow::Result<()> {
    for one in &asked.kinds {
        if one.name.is_some() && !found.iter().any(|object| fits(one, object)) {
            bail!(missing(one, at, history));
        }
    }
    Ok(())
}

fn fits(asked: &AskedKind, object: &Object) -> bool {
    asked.kind.matches(&object.key.kind) && asked.name.as_ref().is_none_or(|name| name.matches(&object.key.name))
}

fn missing(asked: &AskedKind, at: Option<Timestamp>, history: &History) -> String {
    let name = asked.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let is_there = |object: &Object| at.is_none_or(|at| object.alive_at(at));
    let then = at.map(|at| format!(" at {at}")).unwrap_or_default();
    let what = format!("there was no {} `{name}`", asked.kind);
    let mut of_name = history.objects.iter().filter(|object| fits(asked, object));
    if of_name.clone().any(is_there) {
        return format!("{what}{then} that the filters keep");
    }
    if let Some(other) = of_name.next() {
        let until = other.end.map_or(String::new(), |end| format!(" to {}", end.at));
        return format!("{what}{then}; {} was there from {}{until}", other.key, other.born);
    }
    let of_kind = history.objects.iter().filter(|object| asked.kind.matches(&object.key.kind) && is_there(object));
    let near = Near::names(&name, of_kind.map(|object| (object.key.name.as_str(), object.key.ns_name())));
    format!("{what}{then}; {near}")
}
