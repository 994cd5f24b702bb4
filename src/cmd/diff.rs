//! `tracer diff`: what differs between two traces, or two instants of a log.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::account::{self, Accounting};
use super::instant::Told;
use super::reading::{self, Wanted};
use super::{ExitStatus, report, summary};
use crate::cli::{Common, DiffFormat, DiffOptions, UsageError};
use crate::comparison::show::Page;
use crate::comparison::{Recorded, instants, traces};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::input::{self, Source};
use crate::output::{self, Content, Messages, Output};
use crate::store::focus::Focus;

/// Runs the command. It ends as diff(1) does, when it fails too.
pub fn run(options: &DiffOptions, messages: &Messages) -> ExitStatus {
    match compare(options, messages) {
        Ok(status) => status,
        Err(error) => match report(&error, "tracer diff", messages) {
            ExitStatus::Failure => ExitStatus::Trouble,
            status => status,
        },
    }
}

fn compare(options: &DiffOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let inputs = options.common.inputs(output::stdin_is_terminal())?;
    match two_traces(&inputs, options)? {
        Some([a, b]) => compare_traces(options, a, b, messages),
        None => compare_instants(options, messages),
    }
}

/// What an input is taken for.
#[derive(Clone, Copy, PartialEq)]
enum Looks {
    Trace,
    /// It can be read once, so what it holds shows only then.
    Pipe,
    Log,
}

impl Looks {
    fn of(path: &Path) -> anyhow::Result<Looks> {
        if path == Path::new("-") {
            return Ok(Looks::Pipe);
        }
        Ok(match path.metadata() {
            Ok(metadata) if metadata.is_dir() => Looks::Log,
            Ok(metadata) if !metadata.is_file() => Looks::Pipe,
            // What cannot be opened is told in the same words.
            _ => input::stream_of_trace(&Source::File(path.to_owned()))?.map_or(Looks::Log, |_| Looks::Trace),
        })
    }
}

/// The two traces that are to be compared; `None` where it is instants of a log that are.
fn two_traces<'p>(inputs: &'p [PathBuf], options: &DiffOptions) -> anyhow::Result<Option<[&'p Path; 2]>> {
    if options.instants.are_given() {
        return Ok(None);
    }
    let looks: Vec<Looks> = inputs.iter().map(|path| Looks::of(path)).collect::<Result<_, _>>()?;
    let usage = |message: String| Err(UsageError::new(message).into());
    let instants = "give --from or --to to compare two instants of what is read";
    match (inputs, looks.as_slice()) {
        ([a, b], [Looks::Trace | Looks::Pipe, Looks::Trace | Looks::Pipe]) => Ok(Some([a, b])),
        ([only], [Looks::Trace]) => usage(format!(
            "{} is one trace: name another, or compare two instants of it with --from and --to",
            only.display()
        )),
        ([a, b], [Looks::Trace, Looks::Log] | [Looks::Log, Looks::Trace]) => {
            let (trace, log) = if looks[0] == Looks::Trace { (a, b) } else { (b, a) };
            let (trace, log) = (trace.display(), log.display());
            usage(format!(
                "{trace} is a trace and {log} is none: make one of it (tracer export {log} -o FILE), or {instants}"
            ))
        }
        (_, looks) if looks.contains(&Looks::Trace) => {
            usage(format!("two traces are compared, and {} inputs are given: name two, or {instants}", inputs.len()))
        }
        _ if options.tolerance.is_some() => {
            usage("--tolerance is for two traces, and these inputs are none".to_owned())
        }
        _ => Ok(None),
    }
}

/// What says nothing of traces, which are compared as they are.
fn refuse_what_is_for_logs(common: &Common) -> Result<(), UsageError> {
    let given = [
        ("--baseline", common.baseline.is_some()),
        ("--time-field", common.time_field.is_some()),
        ("--skip-invalid", common.skip_invalid),
        ("--threads", common.threads.is_some()),
        ("--strict", common.strict),
        ("--report", common.report.is_some()),
    ];
    let refused = |(flag, _): (&str, bool)| {
        UsageError::new(format!(
            "{flag} is for logs, and two traces are compared as they are: leave it out, or give --from or --to"
        ))
    };
    given.into_iter().find(|(_, given)| *given).map_or(Ok(()), |flag| Err(refused(flag)))
}

fn compare_traces(options: &DiffOptions, a: &Path, b: &Path, messages: &Messages) -> anyhow::Result<ExitStatus> {
    refuse_what_is_for_logs(&options.common)?;
    let config = chosen(&options.common, messages)?;
    let view = traces::View {
        with_status: options.with_status,
        filters: options.filters.clone(),
        kinds: config.map(|config| config.iter().map(|(gvk, _)| gvk.clone()).collect()),
    };
    let read = |path: &Path| -> anyhow::Result<(String, Recorded)> {
        let source = if path == Path::new("-") { Source::Stdin } else { Source::File(path.to_owned()) };
        let name = source.name().into_owned();
        let Some(stream) = input::stream_of_trace(&source)? else {
            let message = "no SimKube trace; give --from or --to to compare two instants of logs";
            return Err(UsageError::new(format!("{name}: {message}")).into());
        };
        let recorded = Recorded::read(stream, options.common.max_record as u64, &view).with_context(|| name.clone())?;
        Ok((name, recorded))
    };
    let ((name_a, a), (name_b, b)) = (read(a)?, read(b)?);
    let tolerance = options.tolerance.unwrap_or(0);
    let comparison = traces::Comparison::of((&name_a, a), (&name_b, b), &view, tolerance);
    write(options, comparison.same, &comparison, |page| page.traces(&comparison))
}

/// The config that the user named, which says what is compared.
fn chosen(common: &Common, messages: &Messages) -> anyhow::Result<Option<TracerConfig>> {
    let Some(path) = &common.config else { return Ok(None) };
    let loaded = TracerConfig::load(path)?;
    loaded.warnings.iter().for_each(|warning| messages.warning(warning));
    Ok(Some(loaded.config))
}

fn compare_instants(options: &DiffOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let common = &options.common;
    let sources = reading::sources(common)?;
    let config = reading::config(common, &sources, messages)?;
    let accounting = Accounting::open(common)?;
    // The config of a trace among the inputs says nothing of what the user wants to see.
    let kinds = config.as_ref().filter(|_| common.config.is_some());
    let kinds = kinds.map(|config| config.iter().map(|(gvk, _)| gvk.group_kind()).collect());
    let (from, to) = options.instants.known();
    let wanted = Wanted {
        interest: Interest::whole_objects(),
        focus: Focus::new(from, to, Focus::MARGIN),
        infer_owners: false,
        config,
    };
    let mut past = reading::past(common, &sources, wanted, messages)?;
    let span = reading::span(&past.archive, &past.history);
    let told = Told::of(common, &past.archive, &past.history)?;
    let (from, to) = options.instants.resolve(told.first, told.last)?;
    told.check("--from", from)?;
    told.check("--to", to)?;

    let view = instants::View { with_status: options.with_status, filters: options.filters.clone(), kinds };
    let comparison = instants::Comparison::of(&past.history, from, to, &view);
    let compared = comparison.objects.iter().map(|object| object.kind.clone()).collect();
    let mut account = account::of_past(&mut past, &compared, account::whole(Some((from, to))))?;
    account.contents.objects = comparison.objects.len() as u64;
    summary::of_reading(&account, span, messages);
    if comparison.left_out > 0 {
        messages.plain(format_args!(
            "left out: {} Leases and Events that differ too (-k lease,event shows them alone)",
            comparison.left_out
        ));
    }
    let doubt = "the states may be others than they were, see above; they are not shown";
    let refused = accounting.refuses(&account, doubt, messages);
    accounting.write(&account)?;
    if refused {
        return Ok(ExitStatus::Strict);
    }
    write(options, comparison.same, &comparison, |page| page.instants(&comparison))
}

/// Writes what differs, and ends as diff(1) does.
fn write(
    options: &DiffOptions,
    same: bool,
    comparison: &impl serde::Serialize,
    page: impl FnOnce(&mut Page<'_, Output>) -> std::io::Result<()>,
) -> anyhow::Result<ExitStatus> {
    let mut out = Output::open(None, Content::Text)?;
    let (styles, width) = (out.styles(options.common.color), out.width());
    let written = match options.format {
        DiffFormat::Text => page(&mut Page::new(&mut out, styles, width)).map_err(anyhow::Error::from),
        DiffFormat::Json => serde_json::to_writer_pretty(&mut out, comparison)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(out.write_all(b"\n")?)),
    };
    written.map_err(|error| out.blame(error))?;
    out.commit()?;
    Ok(if same { ExitStatus::Success } else { ExitStatus::Different })
}
