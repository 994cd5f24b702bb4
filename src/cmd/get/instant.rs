//! At which instant: as it was asked for, held against what the log spans.

use anyhow::bail;

use crate::archive::Archive;
use crate::cli::{GetOptions, TimeArg};
use crate::model::Timestamp;
use crate::store::History;
use crate::store::focus::Focus;

/// What of the log may be forgotten: nothing, where the instant depends on its end, and where all of it is shown.
pub(super) fn focus(options: &GetOptions) -> Focus {
    match options.at {
        Some(TimeArg::At(at)) if !options.history => Focus::new(Some(at), Some(at), Focus::MARGIN),
        _ => Focus::none(),
    }
}

/// The instant. `span`: from when to when the log runs.
pub(super) fn resolve(
    options: &GetOptions,
    archive: &Archive,
    history: &History,
    span: Option<(Timestamp, Timestamp)>,
) -> anyhow::Result<Timestamp> {
    let Some((first, last)) = span else {
        match options.at {
            Some(TimeArg::At(at)) => return Ok(at),
            _ => bail!("the input holds no record with a time, so no instant is known: give --at, or other inputs"),
        }
    };
    let at = match options.at {
        None => last,
        Some(TimeArg::At(at)) => at,
        Some(TimeArg::Before(micros)) => last.plus_micros(-micros),
        Some(TimeArg::After(micros)) => first.plus_micros(micros),
    };
    // Of a state alone, as a list is, nothing tells that it has changed since.
    let ends = archive.span.is_some() || history.changes_estimated.is_some();
    // A state from before the log is known too.
    let earlier = [options.common.baseline_at, history.states_estimated].into_iter().flatten();
    let begins = earlier.fold(first, Timestamp::min);
    let what = match (at.seconds() < begins.seconds(), ends && at.seconds() > last.seconds()) {
        (true, _) => "before the log begins",
        (_, true) => "after the log ends",
        _ => return Ok(at),
    };
    bail!("{at} is {what}: it runs from {begins} to {last}; give --at a time in that span, or leave it out for the end")
}
