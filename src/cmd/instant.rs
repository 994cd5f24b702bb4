//! An instant that was asked for, held against the log: what it tells nothing of is refused.

use anyhow::{anyhow, bail};

use super::reading;
use crate::archive::Archive;
use crate::cli::{Common, TimeArg};
use crate::model::Timestamp;
use crate::store::History;
use crate::store::focus::Focus;

/// What of the log may be forgotten where only this instant is looked at: nothing, where it depends on the ends of the log.
pub(super) fn focus(at: Option<TimeArg>) -> Focus {
    match at {
        Some(TimeArg::At(at)) => Focus::new(Some(at), Some(at), Focus::MARGIN),
        _ => Focus::none(),
    }
}

/// The time of which a log tells.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// Its first moment with a time.
    pub first: Timestamp,
    /// Its last one.
    pub last: Timestamp,
    /// A state from before the first moment is known too.
    begins: Timestamp,
    /// Of a state alone, as a list is, nothing tells that it has changed since.
    ends: bool,
}

impl Told {
    /// Of what was read.
    ///
    /// # Errors
    /// Nothing in it has a time.
    pub fn of(common: &Common, archive: &Archive, history: &History) -> anyhow::Result<Self> {
        let span = reading::span(archive, history).or(common.baseline_at.map(|at| (at, at)));
        let (first, last) = span.ok_or_else(|| {
            anyhow!("the input holds no record with a time, so nothing is known of any instant: give other inputs")
        })?;
        let states = [common.baseline_at, history.states_estimated].into_iter().flatten();
        let ends = archive.span.is_some() || history.changes_estimated.is_some();
        Ok(Told { first, last, begins: states.fold(first, Timestamp::min), ends })
    }

    /// The moment that `--at` names.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn at(&self, at: TimeArg) -> anyhow::Result<Timestamp> {
        let at = match at {
            TimeArg::At(at) => at,
            TimeArg::Before(micros) => self.last.plus_micros(-micros),
            TimeArg::After(micros) => self.first.plus_micros(micros),
        };
        self.check("--at", at)?;
        Ok(at)
    }

    /// Checks that the log tells of a moment, which `flag` gave. Moments are mostly given in seconds, so the first and the last
    /// second are taken whole.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, flag: &str, at: Timestamp) -> anyhow::Result<()> {
        let Told { begins, last, ends, .. } = self;
        let end = Timestamp::from_seconds(last.seconds().saturating_add(1));
        let what = match (at.seconds() < begins.seconds(), *ends && at > end) {
            (true, _) => "before the log begins",
            (_, true) => "after the log ends",
            _ => return Ok(()),
        };
        bail!("{flag} {at} is {what}: it runs from {begins} to {last}; give a time in that span");
    }
}
