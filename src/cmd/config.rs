//! `tracer config`: a tracer config from what the logs contain.

use super::ExitStatus;
use super::looked::{self, Looked};
use super::reading::{self, Wanted};
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
    let report_out = looked::report_output(&options.common)?;
    let wanted = Wanted {
        interest: Interest::contents(),
        focus: Focus::none(),
        infer_owners: options.infer_owners,
        config: given.clone(),
    };
    let mut past = reading::past(&options.common, &sources, wanted, messages)?;
    let given = given.or_else(|| past.archive.trace_config.take());
    let span = reading::span(&past.archive, &past.history);
    let window = span.map_or((i64::MIN, i64::MAX), |(first, last)| (first.seconds(), last.seconds().saturating_add(1)));
    let config = given.clone().unwrap_or_default();
    let looked = Looked::new(&options.common, &mut past, &config, window, report_out)?;

    let proposal = Proposal::new(&Logs {
        history: &past.history,
        graph: &past.graph,
        filters: &options.filters,
        given: &given.unwrap_or_else(TracerConfig::empty),
        records: looked.records(),
        span,
    });
    let refused = looked.say(span, messages);
    if !refused {
        proposal.write(&mut out).map_err(|error| out.blame(error))?;
        if proposal.is_empty() {
            messages.warning("nothing is tracked: the logs show no pods, nor what could have any");
        } else if proposal.doubts() > 0 {
            messages.warning("not everything could be told for sure: see the comments of the config");
        }
    }
    looked.write()?;
    if refused {
        return Ok(ExitStatus::Strict);
    }
    out.commit()?;
    Ok(ExitStatus::Success)
}
