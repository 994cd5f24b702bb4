//! A trace as text: what it would start.

use std::io::{self, Write};

use super::Page;
use crate::decode::audit::qualified;
use crate::inspection::replay::{OwnerOfTrace, TraceFacts};
use crate::inspection::schema::KindCount;
use crate::inspection::words::{bytes, count, number, span};
use crate::inspection::workload::Asked;
use crate::output::Table;

impl<W: Write> Page<'_, W> {
    /// What is in a trace.
    pub(super) fn trace(&mut self, trace: &TraceFacts) -> io::Result<()> {
        let mut table = Table::new(Vec::<String>::new());
        let path = self.inspection.inputs.first().map(|input| input.path.clone()).unwrap_or_default();
        let facts = [
            ("trace", path),
            ("length", span(trace.seconds.saturating_mul(1_000_000))),
            ("events", number(trace.events)),
            ("objects", objects(trace)),
            ("pods", pods(trace)),
            ("lifecycles", lifecycles(trace)),
            ("size", self.size(trace)),
            ("tracked", trace.tracked.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        ];
        facts.into_iter().for_each(|(name, fact)| table.row([name.to_owned(), fact]));
        writeln!(self.out)?;
        table.write(self.out, self.look.width, self.look.styles)?;
        self.kinds_of_trace(trace)?;
        let row = |of: &OwnerOfTrace| {
            let pods = of.pods.map_or_else(|| "?".to_owned(), number);
            vec![of.owner.shown(), pods, number(of.lifecycles)]
        };
        let rows = trace.owners.iter().map(row).collect();
        self.table(Table::new(["OWNER OF PODS", "PODS", "LIFECYCLES"]).right([1, 2]), rows, "owners")
    }

    fn size(&self, trace: &TraceFacts) -> String {
        let stored = self.inspection.inputs.first().and_then(|input| input.bytes);
        let stored = stored.map(|stored| format!("{} as stored, ", bytes(stored))).unwrap_or_default();
        let largest = trace.largest.as_ref();
        let largest = largest.map(|of| format!(", the largest {} ({})", bytes(of.bytes), of.object.shown()));
        format!("{stored}{} of objects{}", bytes(trace.bytes), largest.unwrap_or_default())
    }

    fn kinds_of_trace(&mut self, trace: &TraceFacts) -> io::Result<()> {
        let row = |of: &KindCount| {
            let kind = trace.kinds.iter().find(|kind| kind.kind == of.kind && kind.group == of.group);
            let asked = kind.and_then(|kind| kind.pods);
            let pods = |number_of: fn(&Asked) -> u64| {
                asked.as_ref().map_or_else(|| "?".to_owned(), |asked| number(number_of(asked)))
            };
            let numbers = [of.objects, of.at_start, of.changes.created, of.changes.changed, of.changes.deleted];
            let name = std::iter::once(qualified(&of.group, &of.kind));
            name.chain(numbers.map(number)).chain([pods(|asked| asked.at_start), pods(|asked| asked.at_most)]).collect()
        };
        let rows = self.inspection.kinds.iter().map(row).collect();
        let header = ["KIND", "OBJECTS", "AT START", "CREATED", "CHANGED", "DELETED", "PODS AT START", "AT MOST"];
        self.table(Table::new(header).right(1..=7), rows, "kinds")
    }
}

fn objects(trace: &TraceFacts) -> String {
    let [at_start, applied, deleted] = [trace.at_start, trace.applied, trace.deleted].map(number);
    format!("{at_start} at the start, {applied} applied later, {deleted} deleted")
}

fn pods(trace: &TraceFacts) -> String {
    let [at_start, at_most] = [trace.pods.at_start, trace.pods.at_most].map(number);
    let peak = trace.peak.as_deref().map(|at| format!(" (at {at})")).unwrap_or_default();
    let untold = trace.kinds.iter().filter(|kind| kind.pods.is_none()).count() as u64;
    let besides = match untold {
        0 => String::new(),
        1 => ", besides those of 1 kind that does not tell".to_owned(),
        _ => format!(", besides those of {} that do not tell", count(untold, "kind")),
    };
    format!("{at_start} asked for at the start, {at_most} at most{peak}{besides}")
}

fn lifecycles(trace: &TraceFacts) -> String {
    let lives = &trace.lifecycles;
    let lengths = lives.seconds.map(|lengths| lengths.map(|seconds| span(seconds.saturating_mul(1_000_000))));
    let lengths = lengths.map(|[shortest, median, longest]| format!(": {shortest} to {longest}, the median {median}"));
    format!("{}, {} of them with an end{}", number(lives.all), number(lives.finished), lengths.unwrap_or_default())
}
