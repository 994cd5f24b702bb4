//! `tracer validate`: whether SimKube will replay a trace, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::ExitStatus;
use crate::cli::{FindingsFormat, UsageError, ValidateOptions};
use crate::input::{self, Source, Sources};
use crate::output::{self, Content, Harmless, Messages, Output, Styles, Verbosity};
use crate::trace::{self, Format, ReadError, Trace};
use crate::validate::{Checked, Finding, Remedy, Rule, Severity, check, check_trace, fix};

/// So many findings of a rule are shown to people.
const SHOWN: usize = 10;

/// Runs the command.
pub fn run(options: ValidateOptions, _messages: &Messages) -> anyhow::Result<ExitStatus> {
    let sources = Sources::discover(&options.traces(output::stdin_is_terminal())?)?;
    if sources.is_empty() {
        return Err(UsageError::new("no file in the directories that were named").into());
    }
    if options.fix.is_some() && sources.len() > 1 {
        return Err(UsageError::new("--fix writes one trace; name one").into());
    }
    let mut out = Output::open(None, Content::Text)?;
    let fixed_out = options.fix.as_deref().map(|path| Output::open(Some(path), Content::Binary)).transpose()?;
    let mut reports = Vec::new();
    let mut written = None;
    for source in sources.iter() {
        let (report, fixed) = look_at(source, &options)?;
        reports.push(report);
        written = fixed;
    }
    let write_found = match (options.verbosity, options.output) {
        (Verbosity::Quiet, _) => Ok(()),
        (_, FindingsFormat::Json) => json(&reports, &mut out),
        (verbosity, FindingsFormat::Text) => {
            let styles = out.styles(options.color);
            let limit = if verbosity == Verbosity::Verbose { usize::MAX } else { SHOWN };
            let mut text = Text { out: &mut out, styles, limit };
            reports.iter().try_for_each(|report| text.report(report))
        }
    };
    write_found.map_err(|error| out.blame(error))?;
    // Nothing takes its place before all is written.
    if let (Some(mut fixed_out), Some(trace)) = (fixed_out, written) {
        trace::write(Format::Simkube, &trace, &mut fixed_out).map_err(|error| fixed_out.blame(error))?;
        fixed_out.commit()?;
    }
    out.commit()?;
    let valid = reports.iter().all(|report| report.left().next().is_none());
    Ok(if valid { ExitStatus::Success } else { ExitStatus::Failure })
}

/// What was found in one trace.
struct Report {
    path: String,
    checked: Checked,
    /// Where the trace was written that was put right, and what is wrong with that one.
    fixed: Option<(String, Checked)>,
}

impl Report {
    /// Whether a finding is one no more in the trace that was put right.
    fn is_fixed(&self, finding: &Finding) -> bool {
        let same = |other: &Finding| {
            (other.rule, &other.object, &other.detail) == (finding.rule, &finding.object, &finding.detail)
        };
        self.fixed.as_ref().is_some_and(|(_, left)| !left.findings.iter().any(same))
    }

    /// The errors that are left.
    fn left(&self) -> impl Iterator<Item = &Finding> {
        let findings = &self.fixed.as_ref().map_or(&self.checked, |(_, left)| left).findings;
        findings.iter().filter(|finding| finding.rule.severity() == Severity::Error)
    }
}

/// Looks at one trace; with `--fix` gives the one to be written.
fn look_at(source: &Source, options: &ValidateOptions) -> anyhow::Result<(Report, Option<Trace<serde_json::Value>>)> {
    let path = source.name().into_owned();
    let stream = input::open_stream(source)?;
    let broken = |error: io::Error| anyhow::anyhow!("{path}: {error}");
    let Some(to) = &options.fix else {
        let checked = check(stream, options.max_record as u64).map_err(broken)?;
        return Ok((Report { path, checked, fixed: None }, None));
    };
    let mut trace: Trace<serde_json::Value> = match trace::read_all(stream, options.max_record as u64) {
        Ok(trace) => trace,
        Err(ReadError::Io { source, .. }) => return Err(broken(source)),
        Err(error) => {
            return Ok((Report { path, checked: Checked::unreadable(&error), fixed: None }, None));
        }
    };
    let checked = check_trace(&trace);
    fix(&mut trace);
    let fixed = Some((to.display().to_string(), check_trace(&trace)));
    Ok((Report { path, checked, fixed }, Some(trace)))
}

/// What people read.
struct Text<'o> {
    out: &'o mut Output,
    styles: Styles,
    limit: usize,
}

impl Text<'_> {
    fn report(&mut self, report: &Report) -> io::Result<()> {
        let Checked { events, objects, .. } = report.checked;
        let of = format!("{} on {}", count(events, "event"), count(objects, "object"));
        writeln!(self.out, "{}: {}, in {of}", report.path, verdict(&report.checked))?;
        let rules: BTreeSet<(Severity, Rule)> =
            report.checked.findings.iter().map(|finding| (finding.rule.severity(), finding.rule)).collect();
        for (_, rule) in rules {
            let of_rule = report.checked.findings.iter().filter(|finding| finding.rule == rule);
            self.rule(report, rule, &of_rule.collect::<Vec<_>>())?;
        }
        self.remedies(report)?;
        if let Some((path, left)) = &report.fixed {
            let fixed = report.checked.findings.iter().filter(|finding| report.is_fixed(finding)).count();
            let all = report.checked.findings.len();
            writeln!(self.out, "{}: {fixed} of {all} fixed; {}", Harmless(path), verdict(left))?;
        }
        Ok(())
    }

    /// What to do about what was found and not put right.
    fn remedies(&mut self, report: &Report) -> io::Result<()> {
        let open = report.checked.findings.iter().filter(|finding| !report.is_fixed(finding));
        let mut codes: BTreeMap<Remedy, BTreeSet<&str>> = BTreeMap::new();
        for finding in open {
            if let Some(remedy) = finding.rule.remedy() {
                codes.entry(remedy).or_default().insert(finding.rule.code());
            }
        }
        for (remedy, codes) in codes {
            let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
            let how = match remedy {
                Remedy::Fix => "tracer validate --fix FILE",
                Remedy::Deps => "tracer export --deps include, or --deps strip,",
            };
            writeln!(self.out, "{}", self.styles.aside(&format!("{how} writes a trace without {codes}")))?;
        }
        Ok(())
    }

    fn rule(&mut self, report: &Report, rule: Rule, findings: &[&Finding]) -> io::Result<()> {
        let severity = rule.severity().name();
        let severity = match rule.severity() {
            Severity::Error => self.styles.error(severity),
            Severity::Warning => self.styles.warning(severity),
        };
        let name = self.styles.heading(&format!("{} {}", rule.code(), rule.name()));
        writeln!(self.out, "{severity} {name}: {}", rule.explanation())?;
        for finding in findings.iter().take(self.limit) {
            let fixed = if report.is_fixed(finding) { " (fixed)" } else { "" };
            writeln!(self.out, "  {}{fixed}", Harmless(&line(finding)))?;
        }
        if findings.len() > self.limit {
            let more = self.styles.aside(&format!("and {} more: -v shows them", findings.len() - self.limit));
            writeln!(self.out, "  {more}")?;
        }
        Ok(())
    }
}

/// `event 3 at 2026-…: Deployment.apps shop/web: ServiceAccount robot (2 times)`.
fn line(finding: &Finding) -> String {
    let event = finding.place.map(|(number, _)| format!("event {number} at {}", finding.at().unwrap_or_default()));
    let detail = (!finding.detail.is_empty()).then(|| finding.detail.clone());
    let parts: Vec<String> = event.into_iter().chain(finding.object.clone()).chain(detail).collect();
    let line = if parts.is_empty() { "the trace".to_owned() } else { parts.join(": ") };
    if finding.count > 1 { format!("{line} ({} times)", finding.count) } else { line }
}

fn verdict(checked: &Checked) -> String {
    let (errors, warnings) = (checked.count(Severity::Error) as u64, checked.count(Severity::Warning) as u64);
    match (errors, warnings) {
        (0, 0) => "valid".to_owned(),
        (0, warnings) => format!("valid, {}", count(warnings, "warning")),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// The schema of `-o json`.
#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    traces: Vec<TraceDocument<'r>>,
}

#[derive(Serialize)]
struct TraceDocument<'r> {
    path: &'r str,
    valid: bool,
    errors: usize,
    warnings: usize,
    events: u64,
    objects: u64,
    findings: Vec<FindingDocument<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<FixedDocument<'r>>,
}

#[derive(Serialize)]
struct FindingDocument<'r> {
    code: &'static str,
    rule: &'static str,
    severity: Severity,
    event: Option<u64>,
    ts: Option<i64>,
    object: Option<&'r str>,
    detail: &'r str,
    count: u64,
    explanation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<bool>,
}

#[derive(Serialize)]
struct FixedDocument<'r> {
    path: &'r str,
    valid: bool,
    errors: usize,
    warnings: usize,
}

fn json(reports: &[Report], out: &mut Output) -> io::Result<()> {
    let document = Document { version: 1, traces: reports.iter().map(trace_document).collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn trace_document(report: &Report) -> TraceDocument<'_> {
    let finding = |finding| finding_document(report, finding);
    let counted =
        |checked: &Checked| (checked.is_valid(), checked.count(Severity::Error), checked.count(Severity::Warning));
    let (valid, errors, warnings) = counted(&report.checked);
    let fixed = report.fixed.as_ref().map(|(path, left)| {
        let (valid, errors, warnings) = counted(left);
        FixedDocument { path, valid, errors, warnings }
    });
    TraceDocument {
        path: &report.path,
        valid,
        errors,
        warnings,
        events: report.checked.events,
        objects: report.checked.objects,
        findings: report.checked.findings.iter().map(finding).collect(),
        fixed,
    }
}

fn finding_document<'r>(report: &Report, finding: &'r Finding) -> FindingDocument<'r> {
    let Finding { rule, place, object, detail, count } = finding;
    FindingDocument {
        code: rule.code(),
        rule: rule.name(),
        severity: rule.severity(),
        event: place.map(|(number, _)| number),
        ts: place.map(|(_, ts)| ts),
        object: object.as_deref(),
        detail,
        count: *count,
        explanation: rule.explanation(),
        fixed: report.fixed.is_some().then(|| report.is_fixed(finding)),
    }
}
