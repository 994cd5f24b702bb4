//! A state, as it is shown.

use std::io::{self, Write};

use crate::cli::{GetOptions, Order, Shown};
use crate::columns::{self, View};
use crate::manifest::{self, Form};
use crate::model::{GroupKind, Timestamp};
use crate::output::{Harmless, Output, Styles, Table};
use crate::state::{Present, State};

use super::kinds::Selection;

/// Writes it.
///
/// # Errors
/// Of the writer.
pub(super) fn write(
    options: &GetOptions,
    selection: &Selection,
    state: &State<'_>,
    out: &mut Output,
) -> io::Result<()> {
    let groups: Vec<(&GroupKind, Vec<Present<'_>>)> =
        selection.kinds().map(|kind| (kind, sorted(state.of_kind(kind), options.order))).collect();
    let all = || groups.iter().flat_map(|(_, objects)| objects);
    match options.shown {
        Shown::Table | Shown::Wide => {
            let (width, styles) = (out.width(), out.styles(options.common.color));
            tables(options, state, &groups, (width, styles), out)
        }
        Shown::Name => all().try_for_each(|present| writeln!(out, "{}", Harmless(&qualified(present)))),
        Shown::Yaml => objects(options, Form::Yaml, all(), out),
        Shown::Json => objects(options, Form::Json, all(), out),
    }
}

fn sorted<'h>(objects: &[Present<'h>], order: Option<Order>) -> Vec<Present<'h>> {
    let mut sorted = objects.to_vec();
    match order {
        None => {}
        Some(Order::Name) => sorted.sort_by(|a, b| a.object.key.name.cmp(&b.object.key.name)),
        Some(Order::Age) => sorted.sort_by_key(|present| present.object.created.unwrap_or(present.object.born)),
    }
    sorted
}

/// `kind.group/name`.
fn qualified(present: &Present<'_>) -> String {
    let key = &present.object.key;
    format!("{}/{}", key.kind.to_string().to_ascii_lowercase(), key.name)
}

/// One that was asked for by its name stands by itself, as long as it is one.
fn objects<'p, 'h: 'p>(
    options: &GetOptions,
    form: Form,
    mut objects: impl Iterator<Item = &'p Present<'h>> + Clone,
    out: &mut impl Write,
) -> io::Result<()> {
    let by_name = |name: &crate::filter::Glob| name.is_literal();
    let one = matches!(options.what.kinds.as_slice(), [one] if one.name.as_ref().is_some_and(by_name));
    if one && objects.clone().count() == 1 {
        return objects.try_for_each(|present| manifest::write(form, &present.whole(), out));
    }
    manifest::write_list(form, objects.map(Present::whole), out)
}

/// A table for each kind that has objects, with a line between.
fn tables(
    options: &GetOptions,
    state: &State<'_>,
    groups: &[(&GroupKind, Vec<Present<'_>>)],
    (width, styles): (Option<usize>, Styles),
    out: &mut impl Write,
) -> io::Result<()> {
    let mut there = groups.iter().filter(|(_, objects)| !objects.is_empty());
    if let Some((kind, objects)) = there.next() {
        table(options, state, kind, objects).write(out, width, styles)?;
    }
    there.try_for_each(|(kind, objects)| {
        writeln!(out)?;
        table(options, state, kind, objects).write(out, width, styles)
    })
}

fn table(options: &GetOptions, state: &State<'_>, kind: &GroupKind, objects: &[Present<'_>]) -> Table {
    let (sheet, wide) = (columns::sheet(kind), options.shown == Shown::Wide);
    let is_namespaced = objects.iter().any(|present| !present.object.key.namespace.is_empty());
    let with_namespace = options.show_namespaces && is_namespaced;
    let mut header: Vec<&str> = Vec::new();
    header.extend(with_namespace.then_some("NAMESPACE"));
    header.extend(sheet.named.then_some("NAME"));
    header.extend(sheet.header(wide));
    header.extend(options.show_labels.then_some("LABELS"));
    let mut table = Table::new(header);
    for present in objects {
        let object = present.object;
        let body = present.whole();
        // A server writes whole seconds.
        let born = (!object.from_trace).then_some(Timestamp::from_seconds(object.born.seconds()));
        let view = View::new(&body, state.at, object.created.or(born));
        let name = if options.what.several { qualified(present) } else { object.key.name.clone() };
        let mut cells: Vec<String> = Vec::new();
        cells.extend(with_namespace.then(|| object.key.namespace.clone()));
        cells.extend(sheet.named.then_some(name));
        let is_known = present.version.content.is_some();
        cells.extend(if is_known { sheet.cells(&view, wide) } else { sheet.unknown(&view, wide) });
        cells.extend(options.show_labels.then(|| columns::shown_labels(&view)));
        table.row(cells);
    }
    table
}
