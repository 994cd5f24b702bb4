//! `tracer get`: what was there at an instant, or how it came to be.

mod kinds;
mod names;
mod past;
mod show;

use std::collections::BTreeSet;
use std::io;

use super::account::{self, Accounting};
use super::instant::{self, Told};
use super::reading::{self, Span, Wanted};
use super::{ExitStatus, summary};
use crate::archive::{Archive, Past};
use crate::cli::GetOptions;
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::model::GroupKind;
use crate::output::{Content, Messages, Output, Verbosity};
use crate::report::{Account, Reason, Report};
use crate::state::State;
use crate::store::focus::Focus;
use crate::store::{History, Object};

use kinds::Selection;

/// Runs the command.
pub fn run(options: GetOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let sources = reading::sources(&options.common)?;
    let config = reading::config(&options.common, &sources, messages)?;
    let mut out = Output::open(None, Content::Text)?;
    let accounting = Accounting::open(&options.common)?;
    let wanted = Wanted {
        interest: interest(&options, config.as_ref()),
        focus: if options.history { Focus::none() } else { instant::focus(options.at) },
        infer_owners: false,
        config,
    };
    let Past { mut archive, history, .. } = reading::past(&options.common, &sources, wanted, messages)?;
    let span = reading::span(&archive, &history);
    let selection = Selection::of(&options.what, &history.known_kinds)?;
    let view = View::of(&options, &selection, &archive, &history)?;

    let account = account(&mut archive, &history, &view, &selection, span)?;
    summarise(&account, span, &view, messages);
    if view.is_empty() {
        messages.plain(nothing(&options, &selection));
    }
    let refused = accounting.refuses(&account, "it may have been otherwise, see above; it is not shown", messages);
    if !refused {
        view.write(&options, &selection, &mut out).map_err(|error| out.blame(error))?;
    }
    accounting.close(&account, refused, out)
}

/// Bodies are needed of what is asked for. A config names the kinds of custom resources that only requests tell of.
fn interest(options: &GetOptions, config: Option<&TracerConfig>) -> Interest {
    let kinds = options.what.kinds.iter().map(|asked| asked.kind.clone()).collect();
    let named = config.into_iter().flat_map(TracerConfig::iter).map(|(gvk, _)| gvk.clone());
    let interest = Interest::whole_objects().versions_apart().only(kinds).naming(named);
    if options.history { interest.with_writers() } else { interest }
}

/// What is shown.
enum View<'h> {
    /// What was there at an instant.
    State(State<'h>),
    /// Every version of these.
    Past(&'h History, Vec<&'h Object>),
}

impl<'h> View<'h> {
    fn of(
        options: &GetOptions,
        selection: &Selection,
        archive: &Archive,
        history: &'h History,
    ) -> anyhow::Result<Self> {
        if options.history {
            let objects = past::objects(options, selection, history);
            names::check(&options.what, &objects, None, history)?;
            return Ok(View::Past(history, objects));
        }
        let told = Told::of(&options.common, archive, history)?;
        let at = options.at.map_or(Ok(told.last), |at| told.at(at))?;
        let state = State::of(history, at, &options.filters, |key| selection.wants(key));
        let objects: Vec<&Object> = state.objects.iter().map(|present| present.object).collect();
        names::check(&options.what, &objects, Some(at), history)?;
        Ok(View::State(state))
    }

    fn count(&self) -> usize {
        match self {
            View::State(state) => state.objects.len(),
            View::Past(_, objects) => objects.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn note(&self, report: &mut Report) {
        match self {
            View::State(state) => state.note(report),
            View::Past(_, objects) => past::note(objects, report),
        }
    }

    /// The seconds on which it depends: of an instant its own.
    fn window(&self, span: Span) -> (i64, i64) {
        match self {
            View::State(state) => account::whole(Some((state.at, state.at))),
            View::Past(..) => account::whole(span),
        }
    }

    fn write(&self, options: &GetOptions, selection: &Selection, out: &mut Output) -> io::Result<()> {
        match self {
            View::State(state) => show::write(options, selection, state, out),
            View::Past(history, objects) => past::write(options, history, objects, out),
        }
    }
}

/// What could make it other than it was.
fn account(
    archive: &mut Archive,
    history: &History,
    view: &View<'_>,
    selection: &Selection,
    span: Span,
) -> anyhow::Result<Account> {
    let mut report = std::mem::take(&mut archive.report);
    view.note(&mut report);
    let tracked: BTreeSet<GroupKind> = selection.kinds().cloned().collect();
    let audit = account::audit(archive, history, &tracked, &mut report)?;
    let mut account = account::of(archive, history, audit, &report, view.window(span));
    account.contents.objects = view.count() as u64;
    // Who owns an object is nothing that is shown here.
    account
        .gaps
        .retain(|gap| !matches!(gap.reason, Reason::OwnerMalformed | Reason::OwnerUnseen | Reason::OwnerInferred));
    Ok(account)
}

/// Says what was read and what is shown, and warns of what bears upon it; with `-v` of all.
fn summarise(account: &Account, span: Span, view: &View<'_>, messages: &Messages) {
    summary::read(account, span, messages);
    let shown = summary::count(account.contents.objects, "object");
    match view {
        View::State(state) => messages.plain(format_args!("state: {}, {shown}", state.at)),
        View::Past(_, objects) => {
            let versions = objects.iter().map(|object| object.versions.len() as u64).sum();
            messages.plain(format_args!("history: {shown}, {}", summary::count(versions, "version")));
        }
    }
    let mut advised = BTreeSet::new();
    let all = messages.verbosity() == Verbosity::Verbose;
    let shown = account.gaps.iter().filter(|gap| all || gap.in_window > 0);
    shown.for_each(|gap| summary::warn(gap, "at that time", &mut advised, messages));
}

/// That nothing is shown, and why.
fn nothing(options: &GetOptions, selection: &Selection) -> String {
    let kept = if options.filters.is_empty() { "" } else { " that the filters keep" };
    format!("there was no {}{kept}", selection.words())
}
