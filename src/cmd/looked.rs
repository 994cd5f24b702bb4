//! The account of commands that look at logs and write no trace.

use super::summary;
use crate::archive::Past;
use crate::cli::Common;
use crate::config::TracerConfig;
use crate::coverage::Known;
use crate::model::{GroupKind, Timestamp};
use crate::output::{Content, Messages, Output};
use crate::report::{Account, Contents, Window};

/// From when to when a log runs.
pub(super) type Span = Option<(Timestamp, Timestamp)>;

/// The account of what was read, which is to be written once the result is.
pub(super) struct Looked {
    account: Account,
    out: Option<Output>,
    strict: bool,
}

/// Opens what `--report` names, before the long work.
pub(super) fn report_output(common: &Common) -> anyhow::Result<Option<Output>> {
    Ok(common.report.as_deref().map(|path| Output::open(Some(path), Content::Text)).transpose()?)
}

impl Looked {
    /// Of what was read. `window`: in Unix seconds, what the result tells of.
    pub fn new(
        common: &Common,
        past: &mut Past,
        config: &TracerConfig,
        window: (i64, i64),
        out: Option<Output>,
    ) -> anyhow::Result<Self> {
        let (archive, history) = (&mut past.archive, &past.history);
        let mut report = std::mem::take(&mut archive.report);
        let pods = std::iter::once(GroupKind::new("", "Pod"));
        let tracked = config.iter().map(|(gvk, _)| gvk.group_kind()).chain(pods).collect();
        let paths: Vec<String> = archive.sources.iter().map(|source| source.path.clone()).collect();
        let known = Known { tracked: &tracked, kinds: &history.kinds, paths: &paths };
        let audit = std::mem::take(&mut archive.coverage).finish(&known, &mut report)?;
        let objects_seen = history.objects.len() as u64 + history.graves.count();
        let account = Account {
            version: 1,
            window: Window { from: window.0, to: window.1 },
            contents: Contents { records: archive.records, objects_seen, ..Contents::default() },
            sources: std::mem::take(&mut archive.sources),
            audit,
            gaps: report.gaps(window),
        };
        Ok(Looked { account, out, strict: common.strict })
    }

    /// Records read.
    pub fn records(&self) -> u64 {
        self.account.contents.records
    }

    /// Says it; gives whether the result is refused, since `--strict` was given.
    pub fn say(&self, span: Span, messages: &Messages) -> bool {
        summary::of_reading(&self.account, span, messages);
        let refused = self.strict && self.account.gaps_in_window() > 0;
        if refused {
            messages.error("--strict: this may differ from what happened, see above; it was not written");
        }
        refused
    }

    /// Writes the report.
    pub fn write(self) -> anyhow::Result<()> {
        let Some(mut out) = self.out else { return Ok(()) };
        self.account.write_json(&mut out).map_err(|error| out.blame(error))?;
        Ok(out.commit()?)
    }
}
