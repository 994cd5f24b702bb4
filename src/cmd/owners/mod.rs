//! `tracer owners`: who owns whom.

use anyhow::Context;

use super::account::{self, Accounting};
use super::instant::{self, Told};
use super::reading::{self, Span, Wanted};
use super::{ExitStatus, summary};
use crate::archive::Past;
use crate::cli::{OwnersFormat, OwnersOptions};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::model::{GroupKind, Gvk, ObjectKey};
use crate::output::{Content, Messages, Output};
use crate::owners::{Forest, Moment, Shown, Ties, Wish};

mod drawing;
mod json;
mod missing;
mod tree;

use drawing::Language;
use json::Graph;
use tree::Tree;

/// Runs the command.
pub fn run(options: &OwnersOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let taken = || options.object.as_ref().map(|o| format!("`{}` is no file, and was taken for KIND/NAME", o.text));
    let sources = reading::sources(&options.common);
    let sources = match taken() {
        Some(taken) => sources.context(taken)?,
        None => sources?,
    };
    let given = reading::config(&options.common, &sources, messages)?;
    let mut out = Output::open(None, Content::Text)?;
    let accounting = Accounting::open(&options.common)?;
    let wanted = Wanted {
        interest: interest(given.as_ref().unwrap_or(&TracerConfig::default())),
        focus: instant::focus(options.at),
        infer_owners: options.infer_owners,
        config: given.clone(),
    };
    let mut past = reading::past(&options.common, &sources, wanted, messages)?;
    let config = given.or_else(|| past.archive.trace_config.take()).unwrap_or_default();
    let span = reading::span(&past.archive, &past.history);
    let moment = match options.at {
        Some(at) => Moment::At(Told::of(&options.common, &past.archive, &past.history)?.at(at)?),
        None => Moment::Ever,
    };
    let account = account::of_past(&mut past, &account::tracked(&config), window(moment, span))?;

    let ties = Ties::new(&past.history, &past.graph, moment);
    let shown = shown(options, &past, &ties, &config)?;
    let forest = Forest::new(&ties, &shown);
    summary::of_reading(&account, span, messages);
    let refused =
        accounting.refuses(&account, "the graph may be another than it was, see above; it is not shown", messages);
    if !refused {
        write(options, &ties, &forest, &shown, &mut out).map_err(|error| out.blame(error))?;
        said_of(&forest, &shown, messages);
    }
    accounting.close(&account, refused, out)
}

/// As `export`: the account is the same then. The graph itself needs no more than references, and what Deployments select.
fn interest(config: &TracerConfig) -> Interest {
    let tracked = config.iter().map(|(gvk, _)| gvk.clone());
    Interest::new(tracked, [Gvk::new("", "v1", "Pod"), Gvk::new("apps", "v1", "Deployment")], false)
}

fn window(moment: Moment, span: Span) -> (i64, i64) {
    match moment {
        Moment::At(at) => account::whole(Some((at, at))),
        Moment::Ever => account::whole(span),
    }
}

fn shown(options: &OwnersOptions, past: &Past, ties: &Ties<'_>, config: &TracerConfig) -> anyhow::Result<Shown> {
    let filters = &options.filters;
    let asked_for = !filters.kinds.is_empty() || !filters.names.is_empty();
    let alone = |kind: &GroupKind| asked_for || config.tracked_version(kind).is_some();
    let Some(object) = &options.object else {
        return Ok(Shown::new(ties, &Wish { filters, object: None, alone: &alone }));
    };
    let is_meant = |key: &ObjectKey| object.pattern.matches(&key.kind, &key.name);
    let shown = Shown::new(ties, &Wish { filters, object: Some(&is_meant), alone: &alone });
    if shown.named.contains(&true) {
        return Ok(shown);
    }
    Err(missing::error(object, past, ties, &is_meant))
}

fn write(
    options: &OwnersOptions,
    ties: &Ties<'_>,
    forest: &Forest<'_>,
    shown: &Shown,
    out: &mut Output,
) -> anyhow::Result<()> {
    let fold = options.fold;
    match options.format {
        OwnersFormat::Tree => {
            let (styles, width) = (out.styles(options.common.color), out.width());
            Tree { ties, forest, styles, width }.write(fold, out)?;
        }
        OwnersFormat::Dot => drawing::write(Language::Dot, ties, forest, fold, out)?,
        OwnersFormat::Mermaid => drawing::write(Language::Mermaid, ties, forest, fold, out)?,
        OwnersFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &Graph::new(ties, forest, &shown.alone))?;
            std::io::Write::write_all(out, b"\n")?;
        }
    }
    Ok(())
}

/// What the picture does not show.
fn said_of(forest: &Forest<'_>, shown: &Shown, messages: &Messages) {
    if forest.roots().is_empty() {
        messages.warning("no object is shown: look at the filters, and at what the logs hold");
    }
    if !shown.alone.is_empty() {
        let kinds: Vec<String> = shown.alone.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        messages.plain(format_args!(
            "not shown, since they own nothing and nothing owns them (-k shows them): {}",
            kinds.join(", ")
        ));
    }
}
