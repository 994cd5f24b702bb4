//! `tracer config`: a tracer config from what the logs contain.

use super::account::{self, Accounting};
use super::reading::{self, Wanted};
use super::{ExitStatus, summary};
use crate::cli::ConfigOptions;
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::output::{Content, Messages, Output};
use crate::proposal::{Logs, Proposal};
use crate::store::focus::Focus;

/// Runs the command.
pub fn run(options: &ConfigOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let sources = reading::sources(&options.common)?;
    let given = reading::config(&options.common, &sources, messages)?;
    let mut out = Output::open(options.output.as_deref(), Content::Text)?;
    let accounting = Accounting::open(&options.common)?;
    let wanted = Wanted {
        interest: Interest::contents(),
        focus: Focus::none(),
        infer_owners: options.infer_owners,
        config: given.clone(),
    };
    let mut past = reading::past(&options.common, &sources, wanted, messages)?;
    let given = given.or_else(|| past.archive.trace_config.take());
    let span = reading::span(&past.archive, &past.history);
    let tracked = account::tracked(given.as_ref().unwrap_or(&TracerConfig::default()));
    let account = account::of_past(&mut past, &tracked, account::whole(span))?;

    let proposal = Proposal::new(&Logs {
        history: &past.history,
        graph: &past.graph,
        filters: &options.filters,
        given: &given.unwrap_or_else(TracerConfig::empty),
        records: account.contents.records,
        span,
    });
    summary::of_reading(&account, span, messages);
    let refused = accounting.refuses(
        &account,
        "the config may be for something else than what was there, see above; it was not written",
        messages,
    );
    if !refused {
        proposal.write(&mut out).map_err(|error| out.blame(error))?;
        if proposal.is_empty() {
            messages.warning("nothing is tracked: the logs show no pods, nor what could have any");
        } else if proposal.doubts() > 0 {
            messages.warning("not everything could be told for sure: see the comments of the config");
        }
    }
    accounting.close(&account, refused, out)
}
