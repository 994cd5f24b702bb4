//! An inspection as text: what there is first, and at the end, where a terminal shows it, when, and what to do.

mod trace;

use std::io::{self, Write};

use super::chart;
use super::hours::{Histogram, Window};
use super::schema::{
    BusySpan, FormCount, Input, Inspection, KindCount, LevelCount, NamespaceCount, OwnerCount, Silent,
};
use super::words::{bytes, count, number, percent, span};
use crate::decode::audit::{Resource, qualified};
use crate::model::Timestamp;
use crate::output::{Harmless, Styles, Table};
use crate::report::{ResourceAccount, ServerAccount};

/// So many rows of a table are shown; JSON has all.
const ROWS: usize = 15;
/// How wide a chart is that goes to no terminal.
const WIDTH: usize = 80;

/// How it is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The width of the terminal; `None` where there is none, and nothing is cut.
    pub width: Option<usize>,
    /// The looks.
    pub styles: Styles,
    /// Whether examples are shown of what is missing.
    pub examples: bool,
}

/// Writes it. `window`: what was looked at; `quarter`: what the command exports.
///
/// # Errors
/// Of the writer.
pub fn write_text(
    inspection: &Inspection,
    (window, quarter): (Option<Window>, Window),
    look: Look,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut page = Page { inspection, look, out };
    page.head(window)?;
    match &inspection.trace {
        Some(trace) => page.trace(trace)?,
        None => page.log()?,
    }
    if let Some(window) = window {
        page.chart(window)?;
        page.busiest()?;
        page.silences()?;
    }
    page.gaps()?;
    page.command(quarter)
}

/// The page in the making.
struct Page<'a, W> {
    inspection: &'a Inspection,
    look: Look,
    out: &'a mut W,
}

impl<W: Write> Page<'_, W> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", Harmless(text))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", self.look.styles.heading(text))
    }

    /// A table after an empty line, with as many rows as are shown, and how many more there are. One without rows is left out.
    fn table(&mut self, table: Table, rows: Vec<Vec<String>>, others: &str) -> io::Result<()> {
        let (mut table, more) = (table, rows.len().saturating_sub(ROWS));
        // One more row tells as much as that there is one.
        let shown = if more == 1 { rows.len() } else { ROWS };
        rows.into_iter().take(shown).for_each(|row| table.row(row));
        if table.is_empty() {
            return Ok(());
        }
        if more > 1 {
            table.row([format!("and {} other {others}", number(more as u64))]);
        }
        writeln!(self.out)?;
        table.write(self.out, self.look.width, self.look.styles)
    }

    fn head(&mut self, window: Option<Window>) -> io::Result<()> {
        let Inspection { records, objects, changes, log, window: looked_at, inputs, .. } = self.inspection;
        let read = format!("{} from {}", count(*records, "record"), count(inputs.len() as u64, "input"));
        let Some((part, (log, (from, to)))) = looked_at.as_ref().zip(log.as_ref().zip(window)) else {
            return self.line(&if *records == 0 { read } else { format!("{read}, none with a time") });
        };
        let length = span(to.saturating_sub(from).saturating_mul(1_000_000));
        let [first, last] = [&log.from, &log.to].map(|at| Timestamp::parse_rfc3339(at).unwrap_or_default());
        let lasts = span(last.micros().saturating_sub(first.micros()));
        self.line(&format!("{read}, {} to {} ({lasts})", short(&log.from), short(&log.to)))?;
        let is_whole = (from, to) == (first.seconds(), last.seconds().saturating_add(1));
        let part = format!("{} to {} ({length}): ", part.from, part.to);
        self.line(&format!(
            "{}{}, {}: {} created, {} changed, {} deleted",
            if is_whole { "" } else { &part },
            count(*objects, "object"),
            count(changes.all(), "change"),
            number(changes.created),
            number(changes.changed),
            number(changes.deleted)
        ))
    }

    fn log(&mut self) -> io::Result<()> {
        self.inputs()?;
        self.forms()?;
        self.levels()?;
        self.resources()?;
        self.servers()?;
        self.kinds()?;
        self.namespaces()?;
        self.owners()
    }

    fn inputs(&mut self) -> io::Result<()> {
        let row = |input: &Input| {
            let members =
                if input.archive { format!("tar of {}", count(input.members, "file")) } else { String::new() };
            let stored = [input.bytes.map(bytes), input.compression.map(str::to_owned), Some(members)];
            let stored: Vec<String> = stored.into_iter().flatten().filter(|text| !text.is_empty()).collect();
            vec![
                input.path.clone(),
                if input.formats.is_empty() { "-".to_owned() } else { input.formats.join("+") },
                number(input.records),
                known(&input.first),
                known(&input.last),
                if stored.is_empty() { "-".to_owned() } else { stored.join(", ") },
            ]
        };
        let rows = self.inspection.inputs.iter().map(row).collect();
        let table = Table::new(["INPUT", "FORMAT", "RECORDS", "FIRST", "LAST", "STORED"]).right([2]);
        self.table(table, rows, "inputs")
    }

    fn forms(&mut self) -> io::Result<()> {
        let mut table = Table::new(["RECORDS", "COUNT", "SHARE"]).right([1, 2]);
        for FormCount { format, records, fates } in &self.inspection.forms {
            table.row([format.describe().to_owned(), number(*records)]);
            for fate in fates {
                let what = format!("  {}", fate.fate.describe());
                table.row([what, number(fate.records), percent(fate.records, *records)]);
            }
        }
        if table.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        table.write(self.out, self.look.width, self.look.styles)
    }

    fn levels(&mut self) -> io::Result<()> {
        let row = |level: &LevelCount| {
            let others = level.events - level.early - level.writes;
            let numbers = [level.events, level.early, level.writes, others].map(number);
            std::iter::once(level.level.to_owned()).chain(numbers).collect()
        };
        let rows = self.inspection.levels.iter().map(row).collect();
        let header = ["AUDIT LEVEL", "EVENTS", "EARLY STAGES", "WRITES", "READS AND OTHERS"];
        self.table(Table::new(header).right(1..=4), rows, "levels")
    }

    fn resources(&mut self) -> io::Result<()> {
        let row = |of: &ResourceAccount| {
            let ResourceAccount { group, resource, subresource, .. } = of.clone();
            let name = match (resource.is_empty(), group.is_empty()) {
                (true, _) => qualified(&group, "(none named)"),
                _ => Resource { group, resource, subresource }.to_string(),
            };
            let numbers = [of.request_only, of.truncated, of.without_bodies, of.deletions].map(number);
            [name, number(of.writes), percent(of.with_result, of.writes)].into_iter().chain(numbers).collect()
        };
        let rows = self.inspection.resources.iter().map(row).collect();
        let header = ["RESOURCE", "WRITES", "WITH RESULT", "REQUEST ONLY", "CUT", "WITHOUT BODY", "DELETIONS"];
        self.table(Table::new(header).right(1..=6), rows, "resources")
    }

    fn servers(&mut self) -> io::Result<()> {
        let row = |server: &ServerAccount| {
            vec![
                server.name.clone(),
                number(server.files),
                number(server.events),
                known(&server.first),
                known(&server.last),
            ]
        };
        let rows = self.inspection.servers.iter().map(row).collect();
        self.table(Table::new(["SERVER", "FILES", "EVENTS", "FIRST", "LAST"]).right([1, 2]), rows, "servers")
    }

    fn kinds(&mut self) -> io::Result<()> {
        let row = |of: &KindCount| {
            let numbers =
                [of.objects, of.at_start, of.at_end, of.changes.created, of.changes.changed, of.changes.deleted];
            let tracked = if of.tracked { "yes" } else { "" };
            let name = std::iter::once(qualified(&of.group, &of.kind));
            name.chain(numbers.map(number)).chain([tracked.to_owned()]).collect()
        };
        let rows = self.inspection.kinds.iter().map(row).collect();
        let header = ["KIND", "OBJECTS", "AT START", "AT END", "CREATED", "CHANGED", "DELETED", "TRACKED"];
        self.table(Table::new(header).right(1..=6), rows, "kinds")
    }

    fn namespaces(&mut self) -> io::Result<()> {
        let row = |of: &NamespaceCount| {
            let name = if of.namespace.is_empty() { "(cluster)".to_owned() } else { of.namespace.clone() };
            let numbers = [of.objects, of.pods, of.changes.created, of.changes.changed, of.changes.deleted];
            std::iter::once(name).chain(numbers.map(number)).collect()
        };
        let rows = self.inspection.namespaces.iter().map(row).collect();
        let header = ["NAMESPACE", "OBJECTS", "PODS", "CREATED", "CHANGED", "DELETED"];
        self.table(Table::new(header).right(1..=5), rows, "namespaces")
    }

    fn owners(&mut self) -> io::Result<()> {
        let row = |of: &OwnerCount| {
            let name = match &of.owner {
                None => "(nothing)".to_owned(),
                Some(owner) if of.seen => owner.shown(),
                Some(owner) => format!("{} (known by reference)", owner.shown()),
            };
            vec![name, number(of.pods), number(of.at_once)]
        };
        let rows = self.inspection.owners.iter().map(row).collect();
        self.table(Table::new(["OWNER OF PODS", "PODS", "AT ONCE"]).right([1, 2]), rows, "owners")
    }

    /// Bars over time, as wide as the terminal.
    fn chart(&mut self, window: Window) -> io::Result<()> {
        let seconds = &self.inspection.seconds;
        if seconds.is_empty() {
            return Ok(());
        }
        let width = self.look.width.unwrap_or(WIDTH);
        // The height of the highest bar takes columns from the others: no bar is higher than all together.
        let most = chart::columns(width, self.inspection.changes.all());
        let histogram = Histogram::of(seconds, window, most);
        let length = span(histogram.length.saturating_mul(1_000_000));
        let first = Timestamp::from_seconds(histogram.from);
        self.heading(&format!("CHANGES OVER TIME   every {length}, from {first}"))?;
        chart::lines(&histogram, most).into_iter().try_for_each(|line| self.line(line.trim_end()))
    }

    fn busiest(&mut self) -> io::Result<()> {
        let row = |of: &BusySpan| {
            let (from, to) = of.window;
            let length = span(to.saturating_sub(from).saturating_mul(1_000_000));
            let numbers = [of.changes.all(), of.changes.created, of.changes.changed, of.changes.deleted, of.pods];
            [of.from.clone(), of.to.clone(), length].into_iter().chain(numbers.map(number)).collect()
        };
        let rows = self.inspection.busiest.iter().map(row).collect();
        let header = ["BUSIEST", "UNTIL", "LENGTH", "CHANGES", "CREATED", "CHANGED", "DELETED", "NEW PODS"];
        self.table(Table::new(header).right(2..=7), rows, "spans")
    }

    fn silences(&mut self) -> io::Result<()> {
        let length = |seconds: f64| span((seconds * 1e6).round() as i64);
        let pause = |of: &Silent| vec![short(&of.from), short(&of.to), length(of.seconds), "all".to_owned()];
        let mut rows: Vec<Vec<String>> = self.inspection.pauses.iter().map(pause).collect();
        for server in &self.inspection.servers {
            for silence in &server.silences {
                let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap_or_default().micros();
                let micros = at(&silence.to).saturating_sub(at(&silence.from));
                let times = [short(&silence.from), short(&silence.to), span(micros)];
                rows.push(times.into_iter().chain([format!("server {}", server.name)]).collect());
            }
        }
        self.table(Table::new(["SILENT", "UNTIL", "LENGTH", "WHO"]).right([2]), rows, "spans")
    }

    fn gaps(&mut self) -> io::Result<()> {
        let mut table = Table::new(["GAPS", "IN SPAN", "FIRST", "LAST", "WHAT"]).right([0, 1]);
        for timed in &self.inspection.gaps {
            let gap = &timed.gap;
            let advice = if gap.advice.is_empty() { String::new() } else { format!(" ({})", gap.advice) };
            let meaning = format!("{}{advice}", gap.meaning);
            table.row([number(gap.count), number(gap.in_window), known(&timed.first), known(&timed.last), meaning]);
            for example in gap.examples.iter().filter(|_| self.look.examples) {
                table.row([String::new(), String::new(), String::new(), String::new(), format!("  {example}")]);
            }
        }
        if table.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        table.write(self.out, self.look.width, self.look.styles)
    }

    fn command(&mut self, (from, to): Window) -> io::Result<()> {
        let Some(command) = &self.inspection.export else { return Ok(()) };
        let length = span(to.saturating_sub(from).saturating_mul(1_000_000));
        let changes: u64 = self.inspection.seconds.range(from..to).map(|(_, moment)| moment.changes.all()).sum();
        self.heading(&format!("EXPORT   {length}, {}", count(changes, "change")))?;
        self.line(command)
    }
}

/// A moment without its fraction, where it is known.
fn known(at: &Option<String>) -> String {
    at.as_deref().map_or_else(|| "-".to_owned(), short)
}

/// A moment without its fraction.
fn short(at: &str) -> String {
    Timestamp::parse_rfc3339(at).map_or_else(|| at.to_owned(), super::words::second)
}
