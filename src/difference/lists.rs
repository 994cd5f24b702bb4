//! Which elements of two lists belong together.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::path::{Ident, Path, Step};
use super::{Changes, is_leaf};

/// The fields by which Kubernetes tells the elements of its lists apart: `name` mostly, and the merge keys of the lists whose
/// elements have none, or not one each.
const KEYS: [&str; 12] = [
    "name",
    "uid",
    "type",
    "mountPath",
    "devicePath",
    "containerPort",
    "port",
    "topologyKey",
    "key",
    "ip",
    "host",
    "path",
];

/// Lists of scalars that are no longer than this are clearest as a whole.
const SHORT: usize = 10;

type List<'a> = (&'a Value, &'a [Value]);

pub(super) fn compare<'a>(
    changes: &mut Changes<'a>,
    path: &Path<'a>,
    before: (&'a Value, &'a Vec<Value>),
    after: (&'a Value, &'a Vec<Value>),
) {
    let (before, after): (List<'a>, List<'a>) = ((before.0, before.1), (after.0, after.1));
    if let Some((key, befores, afters)) = keyed(before.1, after.1) {
        by_key(changes, path, key, (&befores, before.1), (&afters, after.1));
    } else if is_short(before.1) && is_short(after.1) {
        short(changes, path, before, after);
    } else {
        by_position(changes, path, before.1, after.1);
    }
}

/// The field that tells the elements of both lists apart, with what each has there; `None` if there is none.
fn keyed<'a>(before: &'a [Value], after: &'a [Value]) -> Option<(&'static str, Idents<'a>, Idents<'a>)> {
    if before.is_empty() && after.is_empty() {
        return None;
    }
    KEYS.into_iter().find_map(|key| Some((key, Idents::of(before, key)?, Idents::of(after, key)?)))
}

/// What each element of a list has in a field.
struct Idents<'a> {
    in_order: Vec<Ident<'a>>,
    positions: HashMap<Ident<'a>, usize>,
}

impl<'a> Idents<'a> {
    /// `None` where an element has none, or two have the same.
    fn of(list: &'a [Value], key: &str) -> Option<Self> {
        let of_element = |element: &'a Value| element.as_object()?.get(key).and_then(Ident::of);
        let in_order: Vec<Ident<'a>> = list.iter().map(of_element).collect::<Option<_>>()?;
        let positions: HashMap<_, _> = in_order.iter().enumerate().map(|(i, ident)| (*ident, i)).collect();
        (positions.len() == in_order.len()).then_some(Idents { in_order, positions })
    }

    /// Those that another list has too.
    fn in_common<'o>(&'o self, other: &'o Idents<'a>) -> impl Iterator<Item = Ident<'a>> + 'o {
        self.in_order.iter().copied().filter(|ident| other.positions.contains_key(ident))
    }
}

/// First what was there, changed or gone, then what came, then how the order changed of what stayed.
fn by_key<'a>(
    changes: &mut Changes<'a>,
    path: &Path<'a>,
    key: &'static str,
    (befores, before): (&Idents<'a>, &'a [Value]),
    (afters, after): (&Idents<'a>, &'a [Value]),
) {
    for (ident, element) in befores.in_order.iter().zip(before) {
        let path = path.with(Step::Element(key, *ident));
        match afters.positions.get(ident) {
            Some(position) => changes.values(&path, element, &after[*position]),
            None => changes.went(path, element),
        }
    }
    for (ident, element) in afters.in_order.iter().zip(after) {
        if !befores.positions.contains_key(ident) {
            changes.came(path.with(Step::Element(key, *ident)), element);
        }
    }
    order(changes, path, befores, afters);
}

/// The order counts where what stayed is turned round.
fn order<'a>(changes: &mut Changes<'a>, path: &Path<'a>, befores: &Idents<'a>, afters: &Idents<'a>) {
    if befores.in_common(afters).eq(afters.in_common(befores)) {
        return;
    }
    let names = |idents: &Idents<'_>| Cow::Owned(idents.in_order.iter().map(|ident| ident.value()).collect());
    changes.changed(path.with(Step::Order), names(befores), names(afters));
}

fn is_short(list: &[Value]) -> bool {
    list.len() <= SHORT && list.iter().all(is_leaf)
}

/// By its position where one scalar changed, else as a whole.
fn short<'a>(changes: &mut Changes<'a>, path: &Path<'a>, before: List<'a>, after: List<'a>) {
    let different = before.1.iter().zip(after.1).filter(|(before, after)| before != after).count();
    if before.1.len() == after.1.len() && before.1.len() > 1 && different <= 1 {
        by_position(changes, path, before.1, after.1);
    } else {
        changes.wholes(path, before.0, after.0);
    }
}

/// What stands between what both begin and end with: pairs where it is as many, else what went and what came.
fn by_position<'a>(changes: &mut Changes<'a>, path: &Path<'a>, before: &'a [Value], after: &'a [Value]) {
    let start = before.iter().zip(after).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[start..], &after[start..]);
    let end = before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
    let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
    let at = |i: usize| path.with(Step::Index(start + i));
    if before.len() == after.len() {
        let pairs = before.iter().zip(after).enumerate();
        pairs.for_each(|(i, (before, after))| changes.values(&at(i), before, after));
    } else {
        before.iter().enumerate().for_each(|(i, element)| changes.went(at(i), element));
        after.iter().enumerate().for_each(|(i, element)| changes.came(at(i), element));
    }
}
