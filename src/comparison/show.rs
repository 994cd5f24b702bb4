//! What differs, for people: first in numbers, then object by object.
//!
//! `-` is what only the first has, `+` what only the second has, `~` what both have and differs. Nothing is written where
//! nothing differs.

use std::io::{self, Write};

use super::instants::{self, Change};
use super::lifecycles::LifecycleDifference;
use super::order::Operation;
use super::traces::{Comparison, ObjectDifference, Summary};
use super::{Action, Fields, Moment, StepDifference};
use crate::difference;
use crate::model::Timestamp;
use crate::output::{Harmless, Styles, Table};
use crate::trace::Lifecycle;

/// So many differences of one object are shown; JSON has all.
const MAX_STEPS: usize = 20;
/// So many moments of an object that only one trace has.
const MAX_MOMENTS: usize = 6;

/// Where to, and how.
pub struct Page<'o, W> {
    out: &'o mut W,
    styles: Styles,
    width: Option<usize>,
}

impl<'o, W: Write> Page<'o, W> {
    /// A page with these looks; tables are cut to `width` columns.
    pub fn new(out: &'o mut W, styles: Styles, width: Option<usize>) -> Self {
        Page { out, styles, width }
    }

    /// What differs between two traces.
    ///
    /// # Errors
    /// Of the writer.
    pub fn traces(&mut self, comparison: &Comparison) -> io::Result<()> {
        if comparison.same {
            return Ok(());
        }
        self.numbers(comparison)?;
        for end in &comparison.span {
            let time = |ts: Option<i64>| ts.map_or_else(|| "never".to_owned(), moment);
            let ends = |summary: &Summary| time(if *end == "from" { summary.from } else { summary.to });
            let verb = if *end == "from" { "begins" } else { "ends" };
            self.changed(&format!("the trace {verb} {} → {}", ends(&comparison.a), ends(&comparison.b)))?;
        }
        comparison.objects.iter().try_for_each(|object| self.object(object))?;
        comparison.lifecycles.iter().try_for_each(|owner| self.lifecycles(owner))?;
        for order in &comparison.order {
            let head = format!(
                "the order of {} operations at {}, from number {} on:",
                order.operations,
                moment(order.ts),
                order.position
            );
            self.changed(&head)?;
            self.aside_line(&format!("A {}, B {}", deed(&order.a), deed(&order.b)))?;
        }
        for owner in &comparison.deal {
            self.changed(&format!("the order in which the lifecycles of {owner} are dealt out"))?;
        }
        for entry in &comparison.index {
            let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "not there".to_owned());
            let (a, b) = (hash(&entry.a), hash(&entry.b));
            self.changed(&format!("index of {}: {a} → {b}", entry.name))?;
        }
        self.config(&comparison.config)
    }

    fn numbers(&mut self, comparison: &Comparison) -> io::Result<()> {
        let mut traces = Table::new(["", "TRACE", "FROM", "TO", "EVENTS", "OBJECTS", "LIFECYCLES"]).right([4, 5, 6]);
        for (name, summary) in [("A", &comparison.a), ("B", &comparison.b)] {
            let Summary { path, from, to, events, objects, lifecycles } = summary;
            let time = |ts: &Option<i64>| ts.map_or_else(|| "-".to_owned(), moment);
            let numbers = [events, objects, lifecycles].map(u64::to_string);
            traces.row([name.to_owned(), path.clone(), time(from), time(to)].into_iter().chain(numbers));
        }
        traces.write(self.out, self.width, self.styles)?;
        let objects: Vec<Option<char>> = comparison.objects.iter().map(|object| object.only_in).collect();
        let owners: Vec<Option<char>> = comparison.lifecycles.iter().map(|owner| owner.only_in).collect();
        let mut counts = Table::new(["", "ONLY IN A", "ONLY IN B", "DIFFERENT"]).right([1, 2, 3]);
        for (name, only_in) in [("objects", objects), ("owners of pods", owners)] {
            let count = |of: Option<char>| only_in.iter().filter(|only_in| **only_in == of).count().to_string();
            counts.row([name.to_owned(), count(Some('A')), count(Some('B')), count(None)]);
        }
        writeln!(self.out)?;
        counts.write(self.out, self.width, self.styles)?;
        writeln!(self.out)
    }

    fn object(&mut self, object: &ObjectDifference) -> io::Result<()> {
        let name = &object.name;
        if let Some(only_in) = object.only_in {
            let moments = object.steps.iter().filter_map(|step| step.a.or(step.b));
            let mut told: Vec<String> = moments.take(MAX_MOMENTS).map(done).collect();
            if object.steps.len() > MAX_MOMENTS {
                told.push(format!("and {} times more", object.steps.len() - MAX_MOMENTS));
            }
            return self.only_in(only_in, &format!("{name}: {}", told.join(", ")));
        }
        self.changed(&name.to_string())?;
        let mut last: Option<&Fields> = None;
        for step in object.steps.iter().take(MAX_STEPS) {
            self.step(step, last)?;
            last = step.a.and(step.b).and(step.fields.as_ref()).or(last);
        }
        match object.steps.len().saturating_sub(MAX_STEPS) {
            0 => Ok(()),
            more => self.aside_line(&format!("… and {more} more (-o json has all)")),
        }
    }

    fn step(&mut self, step: &StepDifference, last: Option<&Fields>) -> io::Result<()> {
        let StepDifference { a, b, fields } = step;
        let head = match (a, b) {
            (Some(a), None) => self.styles.removed(&format!("- {}", done(*a))),
            (None, Some(b)) => self.styles.added(&format!("+ {}", done(*b))),
            (Some(a), Some(b)) if a.ts == b.ts && a.action == b.action => self.marked(&done(*a)),
            (Some(a), Some(b)) => self.marked(&format!("{} → {}", done(*a), done(*b))),
            (None, None) => return Ok(()),
        };
        match fields {
            // What differs at first goes on to differ at every change.
            Some(fields) if a.is_some() && b.is_some() && last.is_some_and(|last| fields.differ_as(last)) => {
                writeln!(self.out, "    {head}, {}", self.styles.aside("different as before"))
            }
            Some(fields) => {
                writeln!(self.out, "    {head}")?;
                self.fields(fields, "        ")
            }
            None => writeln!(self.out, "    {head}"),
        }
    }

    fn lifecycles(&mut self, difference: &LifecycleDifference) -> io::Result<()> {
        let LifecycleDifference { owner, only_in, only_in_a, only_in_b, changed, hashes } = difference;
        match only_in {
            Some(only_in) => self.only_in(*only_in, &format!("lifecycles of {owner}:"))?,
            None => self.changed(&format!("lifecycles of {owner}:"))?,
        }
        let changed = changed.iter().map(|(a, b)| self.marked(&format!("{} → {}", life(*a), life(*b))));
        let gone = only_in_a.iter().map(|a| self.styles.removed(&format!("- {}", life(*a))));
        let came = only_in_b.iter().map(|b| self.styles.added(&format!("+ {}", life(*b))));
        let mut lines: Vec<String> = changed.chain(gone).chain(came).collect();
        if let Some((a, b)) = hashes {
            lines.push(self.marked(&format!("pod-spec hashes: {} → {}", a.join(", "), b.join(", "))));
        }
        lines.iter().take(MAX_STEPS).try_for_each(|line| writeln!(self.out, "    {line}"))?;
        match lines.len().saturating_sub(MAX_STEPS) {
            0 => Ok(()),
            more => self.aside_line(&format!("… and {more} more (-o json has all)")),
        }
    }

    fn config(&mut self, config: &Fields) -> io::Result<()> {
        if config.before == config.after {
            return Ok(());
        }
        self.changed("config")?;
        self.fields(config, "    ")
    }

    /// What differs between two instants.
    ///
    /// # Errors
    /// Of the writer.
    pub fn instants(&mut self, comparison: &instants::Comparison) -> io::Result<()> {
        if comparison.same {
            return Ok(());
        }
        let count = |change: Change| comparison.objects.iter().filter(|object| object.change == change).count();
        let changed = count(Change::Changed) + count(Change::Replaced);
        // In between are those that came and went.
        let mut table = Table::new(["FROM", "TO", "OBJECTS", "WENT", "CAME", "CHANGED", "IN BETWEEN"]);
        table.row([
            comparison.from.to_string(),
            comparison.to.to_string(),
            format!("{} → {}", comparison.objects_then, comparison.objects_after),
            count(Change::Went).to_string(),
            count(Change::Came).to_string(),
            changed.to_string(),
            comparison.in_between.to_string(),
        ]);
        table.write(self.out, self.width, self.styles)?;
        writeln!(self.out)?;
        comparison.objects.iter().try_for_each(|object| self.instant(object))
    }

    fn instant(&mut self, object: &instants::ObjectDifference) -> io::Result<()> {
        let instants::ObjectDifference { kind, namespace, name, change, at, content_unknown, fields } = object;
        let slash = if namespace.is_empty() { "" } else { "/" };
        let name = Harmless(&format!("{kind} {namespace}{slash}{name}")).to_string();
        let (head, when) = match change {
            Change::Went => (self.styles.removed(&format!("- {name}")), "deleted"),
            Change::Came => (self.styles.added(&format!("+ {name}")), "created"),
            Change::Changed => (self.marked(&name), "last written"),
            Change::Replaced => (self.marked(&name), "deleted and created anew"),
        };
        let at = Timestamp::from_seconds(at.seconds());
        let unknown = if *content_unknown { "; no record shows all its content" } else { "" };
        writeln!(self.out, "{head} {}", self.styles.aside(&format!("({when} {at}{unknown})")))?;
        fields.as_ref().map_or(Ok(()), |fields| self.fields(fields, "    "))
    }

    fn fields(&mut self, fields: &Fields, indent: &str) -> io::Result<()> {
        fields.with(|changes| difference::write(changes, self.out, indent, self.styles))
    }

    fn only_in(&mut self, only_in: char, text: &str) -> io::Result<()> {
        let text = Harmless(text).to_string();
        let line = match only_in {
            'A' => self.styles.removed(&format!("- {text}")),
            _ => self.styles.added(&format!("+ {text}")),
        };
        writeln!(self.out, "{line}")
    }

    fn changed(&mut self, text: &str) -> io::Result<()> {
        let line = self.marked(&Harmless(text).to_string());
        writeln!(self.out, "{line}")
    }

    fn marked(&self, text: &str) -> String {
        format!("{} {text}", self.styles.changed("~"))
    }

    fn aside_line(&mut self, text: &str) -> io::Result<()> {
        let text = self.styles.aside(&Harmless(text).to_string());
        writeln!(self.out, "    {text}")
    }
}

fn moment(ts: i64) -> String {
    Timestamp::from_seconds(ts).to_string()
}

fn done(Moment { ts, action }: Moment) -> String {
    let action = match action {
        Action::Applied => "applied",
        Action::Changed => "changed",
        Action::Deleted => "deleted",
    };
    format!("{action} {}", moment(ts))
}

fn deed(operation: &Operation) -> String {
    let what = if operation.applies { "applies" } else { "deletes" };
    format!("{what} {}", operation.name)
}

fn life(life: Lifecycle) -> String {
    match life {
        Lifecycle::Empty => "never started".to_owned(),
        Lifecycle::Running(start) => format!("{} and still running", moment(start)),
        Lifecycle::Finished(start, end) => format!("{} to {}", moment(start), moment(end)),
    }
}
