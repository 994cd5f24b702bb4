//! Tables for people: columns padded with spaces, as kubectl prints them.

use std::io::{self, Write};

use super::{Harmless, Styles};

/// Between two columns, as kubectl has it.
const GAP: usize = 3;
/// Ends a line that was cut.
const CUT: char = '…';

/// Rows of cells. What a cell holds is shown with its control characters spelled out.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with a line of headers; without any, a table without that line.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Table { header: header.into_iter().map(Into::into).collect(), ..Table::default() }
    }

    /// Has these columns, counted from 0, end at one edge, as numbers should.
    #[must_use]
    pub fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        for column in columns {
            self.right.resize(self.right.len().max(column + 1), false);
            self.right[column] = true;
        }
        self
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let harmless = |cell: T| Harmless(&cell.into()).to_string();
        self.rows.push(cells.into_iter().map(harmless).collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it. Lines longer than `width`, in columns, are cut there; the header gets the looks of a heading.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write(&self, out: &mut impl Write, width: Option<usize>, styles: Styles) -> io::Result<()> {
        let widths = self.widths();
        if !self.header.is_empty() {
            writeln!(out, "{}", styles.heading(&self.line(&self.header, &widths, width)))?;
        }
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", self.line(row, &widths, width)))
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn line(&self, row: &[String], widths: &[usize], limit: Option<usize>) -> String {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            let to_the_right = self.right.get(column).is_some_and(|right| *right);
            let is_last = column + 1 == row.len();
            let (before, after) = if to_the_right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            if !is_last {
                line.push_str(after);
                line.push_str(&" ".repeat(GAP));
            }
        }
        cut(line, limit)
    }
}

fn cut(line: String, limit: Option<usize>) -> String {
    match limit {
        Some(limit) if line.chars().count() > limit => {
            line.chars().take(limit.saturating_sub(1)).chain([CUT]).collect()
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(table: &Table, width: Option<usize>) -> String {
        let mut out = Vec::new();
        table.write(&mut out, width, Styles::plain()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_the_last_is_not_padded() {
        let mut table = Table::new(["NAME", "READY", "AGE"]);
        table.row(["web-7d8c", "1/1", "5s"]);
        table.row(["é", "0/1", "10m"]);
        assert_eq!(shown(&table, None), "NAME       READY   AGE\nweb-7d8c   1/1     5s\né          0/1     10m\n");
    }

    #[test]
    fn numbers_end_at_one_edge() {
        let mut table = Table::new(["KIND", "OBJECTS"]).right([1]);
        table.row(["Pod", "1200"]);
        table.row(["Job", "7"]);
        assert_eq!(shown(&table, None), "KIND   OBJECTS\nPod       1200\nJob          7\n");
    }

    #[test]
    fn a_terminal_gets_what_fits_and_no_commands() {
        let mut table = Table::new(["NAME"]);
        table.row(["a\x1b[2Jb-and-more"]);
        assert_eq!(shown(&table, Some(10)), "NAME\na\\u{1b}[2…\n");
    }
}
