//! The account that a command gives of what it read: `--report` and `--strict`, for all alike.

use std::collections::BTreeSet;

use crate::archive::{Archive, Past};
use crate::cli::Common;
use crate::config::TracerConfig;
use crate::coverage::{Known, SpillError};
use crate::model::GroupKind;
use crate::output::{Content, Messages, Output};
use crate::report::{Account, AuditAccount, Contents, Report, SourceSummary, Window};
use crate::store::History;

use super::ExitStatus;
use super::reading::Span;

/// What was asked for of the account.
pub(super) struct Accounting {
    out: Option<Output>,
    strict: bool,
}

impl Accounting {
    /// Opens what `--report` names, before the long work.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn open(common: &Common) -> anyhow::Result<Self> {
        let out = common.report.as_deref().map(|path| Output::open(Some(path), Content::Text)).transpose()?;
        Ok(Accounting { out, strict: common.strict })
    }

    /// Whether `--strict` refuses the result, which is said. `doubt`: what may be otherwise, and what becomes of it.
    pub fn refuses(&self, account: &Account, doubt: &str, messages: &Messages) -> bool {
        let refuses = self.strict && account.gaps_in_window() > 0;
        if refuses {
            messages.error(format_args!("--strict: {doubt}"));
        }
        refuses
    }

    /// Writes the report, once the result is written.
    ///
    /// # Errors
    /// Of the file.
    pub fn write(self, account: &Account) -> anyhow::Result<()> {
        let Some(mut out) = self.out else { return Ok(()) };
        account.write_json(&mut out).map_err(|error| out.blame(error))?;
        Ok(out.commit()?)
    }

    /// Ends the run: writes the report, and has the result take its place unless it is refused. Nothing takes its place before
    /// all is written.
    ///
    /// # Errors
    /// Of either file.
    pub fn close(self, account: &Account, refused: bool, result: Output) -> anyhow::Result<ExitStatus> {
        self.write(account)?;
        if refused {
            return Ok(ExitStatus::Strict);
        }
        result.commit()?;
        Ok(ExitStatus::Success)
    }
}

/// Of what was read of objects. `window`: in Unix seconds, what the result tells of.
pub(super) fn of(
    archive: &mut Archive,
    history: &History,
    audit: Option<AuditAccount>,
    report: &Report,
    window: (i64, i64),
) -> Account {
    let objects_seen = history.objects.len() as u64 + history.graves.count();
    let account = of_sources(std::mem::take(&mut archive.sources), report, window);
    let contents = Contents { records: archive.records, objects_seen, ..account.contents };
    Account { contents, audit, ..account }
}

/// Of what was read where nothing more is noted of it.
///
/// # Errors
/// A temporary file that cannot be written or read.
pub(super) fn of_past(
    past: &mut Past,
    tracked: &BTreeSet<GroupKind>,
    window: (i64, i64),
) -> Result<Account, SpillError> {
    let (archive, history) = (&mut past.archive, &past.history);
    let mut report = std::mem::take(&mut archive.report);
    let audit = audit(archive, history, tracked, &mut report)?;
    Ok(of(archive, history, audit, &report, window))
}

/// Of what was read without a look at objects.
pub(super) fn of_sources(sources: Vec<SourceSummary>, report: &Report, window: (i64, i64)) -> Account {
    Account {
        version: 1,
        window: Window { from: window.0, to: window.1 },
        contents: Contents { records: sources.iter().map(|source| source.records).sum(), ..Contents::default() },
        sources,
        audit: None,
        gaps: report.gaps(window),
    }
}

/// The kinds of which the audit logs have to tell: what is tracked, and pods.
pub(super) fn tracked(config: &TracerConfig) -> BTreeSet<GroupKind> {
    let pods = std::iter::once(GroupKind::new("", "Pod"));
    config.iter().map(|(gvk, _)| gvk.group_kind()).chain(pods).collect()
}

/// What the audit logs can tell of these kinds and what they cannot.
///
/// # Errors
/// A temporary file that cannot be written or read.
pub(super) fn audit(
    archive: &mut Archive,
    history: &History,
    tracked: &BTreeSet<GroupKind>,
    report: &mut Report,
) -> Result<Option<AuditAccount>, SpillError> {
    let paths: Vec<String> = archive.sources.iter().map(|source| source.path.clone()).collect();
    let known = Known { tracked, kinds: &history.kinds, paths: &paths };
    std::mem::take(&mut archive.coverage).finish(&known, report)
}

/// All that was read in Unix seconds, to the second after the last; from the beginning to the end of time where nothing has one.
pub(super) fn whole(span: Span) -> (i64, i64) {
    span.map_or((i64::MIN, i64::MAX), |(first, last)| (first.seconds(), last.seconds().saturating_add(1)))
}
