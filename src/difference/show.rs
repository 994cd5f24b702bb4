//! Changes as people read them.
//!
//! ```text
//! ~ spec.replicas: 3 → 4
//! + metadata.labels.tier: front
//! - spec.template.spec.containers[sidecar]: {"image":"sidecar:1","name":"sidecar"}
//! ~ data["app.conf"]:
//!     …
//!       listen 80
//!     - workers 2
//!     + workers 4
//! ```
//!
//! What is too long for this is shortened, and how much there is of it is said beside it. Nothing of a value commands a terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::Value;

use super::Change;
use super::lines::{self, Line};
use crate::output::{Harmless, Styles};

/// A value of so many characters stands on the line of its path.
const ON_THE_LINE: usize = 100;
/// A line of a longer value is cut here.
const MAX_WIDTH: usize = 160;
/// So many lines are shown of one value.
const MAX_LINES: usize = 40;
/// So many lines that stayed are shown around those that did not.
const CONTEXT: usize = 2;
/// So much is shown of a text before and after what differs.
const AROUND: usize = 20;
/// Of a value that is longer, in bytes, only the start is looked at.
const LOOKED_AT: usize = 64 << 10;

/// Writes changes, each line after `indent`.
///
/// # Errors
/// Of the writer.
pub fn write(changes: &[Change<'_>], out: &mut impl Write, indent: &str, styles: Styles) -> io::Result<()> {
    let mut shown = Shown { out, indent, styles };
    changes.iter().try_for_each(|change| shown.change(change))
}

type Paint = fn(Styles, &str) -> String;

struct Shown<'o, W> {
    out: &'o mut W,
    indent: &'o str,
    styles: Styles,
}

impl<W: Write> Shown<'_, W> {
    fn change(&mut self, change: &Change<'_>) -> io::Result<()> {
        let path = Harmless(&change.path.to_string()).to_string();
        match (change.before.as_deref(), change.after.as_deref()) {
            (Some(before), Some(after)) => self.pair(&path, before, after),
            (None, Some(after)) => self.one(&path, '+', Styles::added, after),
            (Some(before), None) => self.one(&path, '-', Styles::removed, before),
            (None, None) => Ok(()),
        }
    }

    fn pair(&mut self, path: &str, before: &Value, after: &Value) -> io::Result<()> {
        let mark = self.styles.changed("~");
        if let (Some(before), Some(after)) = (on_the_line(before), on_the_line(after)) {
            return self.arrow(path, &before, &after, "");
        }
        if let (Value::String(before), Value::String(after)) = (before, after) {
            if !before.contains('\n') && !after.contains('\n') {
                let ([before_part, after_part], note) = differing_parts(before, after);
                return self.arrow(path, &before_part, &after_part, &note);
            }
            writeln!(self.out, "{}{mark} {path}:", self.indent)?;
            return self.texts(before, after);
        }
        writeln!(self.out, "{}{mark} {path}:", self.indent)?;
        self.block("    - ", Styles::removed, before)?;
        self.block("    + ", Styles::added, after)
    }

    fn arrow(&mut self, path: &str, before: &str, after: &str, note: &str) -> io::Result<()> {
        let Shown { indent, styles, .. } = *self;
        let (mark, before, after) = (styles.changed("~"), styles.removed(before), styles.added(after));
        let note = if note.is_empty() { String::new() } else { format!(" {}", styles.aside(note)) };
        writeln!(self.out, "{indent}{mark} {path}: {before} → {after}{note}")
    }

    fn one(&mut self, path: &str, mark: char, paint: Paint, value: &Value) -> io::Result<()> {
        if let Some(text) = on_the_line(value) {
            return writeln!(self.out, "{}{}", self.indent, paint(self.styles, &format!("{mark} {path}: {text}")));
        }
        writeln!(self.out, "{}{}", self.indent, paint(self.styles, &format!("{mark} {path}:")))?;
        self.block(&format!("{mark}   "), paint, value)
    }

    /// The lines of a value.
    fn block(&mut self, head: &str, paint: Paint, value: &Value) -> io::Result<()> {
        let (text, whole) = match value {
            Value::String(text) => (Cow::Borrowed(text.strip_suffix('\n').unwrap_or(text)), true),
            _ => yaml(value),
        };
        let mut lines = text.lines();
        for line in lines.by_ref().take(MAX_LINES) {
            self.line(head, paint, line)?;
        }
        match (lines.count(), whole) {
            (0, true) => Ok(()),
            (more, true) => self.aside(head.len(), &format!("… {more} more {}", plural(more, "line"))),
            (_, false) => self.aside(head.len(), "… and more"),
        }
    }

    /// The lines that two texts differ in, and some around them.
    fn texts(&mut self, before: &str, after: &str) -> io::Result<()> {
        // The end of the last line is no empty line; that one text lacks it is.
        let ends = before.strip_suffix('\n').zip(after.strip_suffix('\n'));
        let (before, after) = ends.unwrap_or((before, after));
        let lines = lines::between(before, after);
        let (mut written, mut left_out, mut shown_to) = (0, 0, 0);
        let changed = |line: &Line<'_>| !matches!(line, Line::Same(_));
        for at in (0..lines.len()).filter(|at| changed(&lines[*at])) {
            let from = at.saturating_sub(CONTEXT).max(shown_to);
            // Up to the next changed line or what goes around this one.
            let to = (at + 1..lines.len().min(at + 1 + CONTEXT)).find(|i| changed(&lines[*i]));
            let to = to.unwrap_or(lines.len().min(at + 1 + CONTEXT));
            if left_out > 0 || written + (to - from) > MAX_LINES {
                left_out += 1;
                continue;
            }
            if from > shown_to {
                self.aside(4, "…")?;
            }
            for line in &lines[from..to] {
                match line {
                    Line::Same(text) => self.line("      ", |_, text| text.to_owned(), text)?,
                    Line::Went(text) => self.line("    - ", Styles::removed, text)?,
                    Line::Came(text) => self.line("    + ", Styles::added, text)?,
                }
            }
            written += to - from;
            shown_to = to;
        }
        if left_out > 0 {
            return self.aside(4, &format!("… {left_out} more changed {}", plural(left_out, "line")));
        }
        if shown_to < lines.len() { self.aside(4, "…") } else { Ok(()) }
    }

    fn line(&mut self, head: &str, paint: Paint, text: &str) -> io::Result<()> {
        let line = format!("{head}{}", Harmless(&cut(text, MAX_WIDTH)));
        writeln!(self.out, "{}{}", self.indent, paint(self.styles, line.trim_end()))
    }

    fn aside(&mut self, spaces: usize, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}{}{}", self.indent, " ".repeat(spaces), self.styles.aside(text))
    }
}

/// `line` or `lines`.
fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// A value that is short enough for the line of its path; texts without quotes where they can be taken for nothing else.
fn on_the_line(value: &Value) -> Option<String> {
    if let Value::String(text) = value {
        return (text.len() <= ON_THE_LINE * 4 && text.chars().count() <= ON_THE_LINE && !text.contains('\n'))
            .then(|| inline(text));
    }
    let mut start = Start { bytes: Vec::new(), limit: ON_THE_LINE * 4 };
    serde_json::to_writer(&mut start, value).ok()?;
    let text = String::from_utf8(start.bytes).ok()?;
    (text.chars().count() <= ON_THE_LINE).then(|| Harmless(&text).to_string())
}

fn inline(text: &str) -> String {
    let is_other = serde_json::from_str::<Value>(text).is_ok();
    let is_odd = text.is_empty() || text.trim() != text || text.contains('→') || text.chars().any(char::is_control);
    let text = if is_other || is_odd { Value::from(text).to_string() } else { text.to_owned() };
    Harmless(&text).to_string()
}

/// The parts in which two texts of one line differ, with a little around them, and how long the texts are.
fn differing_parts(before: &str, after: &str) -> ([String; 2], String) {
    let start: usize = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let (before_rest, after_rest) = (&before[start..], &after[start..]);
    let same_end = before_rest.chars().rev().zip(after_rest.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = same_end.map(|(c, _)| c.len_utf8()).sum();
    let part = |text: &str| {
        let (head, middle, tail) = (&text[..start], &text[start..text.len() - end], &text[text.len() - end..]);
        let skipped = head.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
        let tail_cut: String = tail.chars().take(AROUND).collect();
        let begin = if skipped > 0 { "…" } else { "" };
        let rest = if tail_cut.len() < tail.len() { "…" } else { "" };
        let shown = format!("{begin}{}{}{tail_cut}{rest}", &head[skipped..], cut(middle, ON_THE_LINE));
        Harmless(&shown).to_string()
    };
    let note = format!("({} and {} characters)", before.chars().count(), after.chars().count());
    ([part(before), part(after)], note)
}

fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}… ({} characters)", &text[..at], text.chars().count())),
    }
}

/// A value as YAML, and whether that is all of it.
fn yaml(value: &Value) -> (Cow<'_, str>, bool) {
    let mut start = Start { bytes: Vec::new(), limit: LOOKED_AT };
    let whole = serde_yaml::to_writer(&mut start, value).is_ok();
    (Cow::Owned(String::from_utf8_lossy(&start.bytes).into_owned()), whole)
}

/// Keeps the start of what is written, and then fails.
struct Start {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Start {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit.saturating_sub(self.bytes.len());
        if room == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let taken = bytes.len().min(room);
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
