//! A histogram as bars over time.

use super::hours::{Histogram, LENGTHS};
use super::words;
use crate::model::Timestamp;

/// So many lines high.
const HEIGHT: u64 = 6;
/// The eighths of a character, from none to all.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A bar is at most so many characters wide.
const WIDEST: usize = 3;
/// Between the beginnings of two labels of the time.
const APART: usize = 14;

/// How many columns of a width are left for the bars, of which the highest stands for this number.
pub fn columns(width: usize, highest: u64) -> usize {
    width.saturating_sub(gutter(highest)).max(1)
}

fn gutter(highest: u64) -> usize {
    words::number(highest).chars().count() + 2
}

/// The lines of a chart of changes, in so many columns.
pub fn lines(histogram: &Histogram, columns: usize) -> Vec<String> {
    let values: Vec<u64> = histogram.spans.iter().map(|span| span.changes.all()).collect();
    let highest = values.iter().copied().max().unwrap_or(0);
    let wide = (columns / values.len().max(1)).clamp(1, WIDEST);
    let margin = gutter(highest) - 2;
    let mut lines = Vec::new();
    for row in (0..HEIGHT).rev() {
        let label = if row + 1 == HEIGHT { words::number(highest) } else { String::new() };
        let bars: String = values.iter().flat_map(|value| vec![part(*value, highest, row); wide]).collect();
        lines.push(format!("{label:>margin$} │{}", bars.trim_end()));
    }
    let ticks = ticks(histogram, wide);
    let mut axis = vec!['─'; values.len() * wide];
    ticks.iter().for_each(|(column, _)| axis[*column] = '┬');
    lines.push(format!("{:>margin$} └{}", 0, axis.into_iter().collect::<String>()));
    let mut times = String::new();
    for (column, label) in ticks {
        let gap = column.saturating_sub(times.chars().count());
        times.push_str(&" ".repeat(gap));
        times.push_str(&label);
    }
    lines.push(format!("{:margin$}  {times}", ""));
    lines
}

/// What a value shows in a row: nothing, all, or some eighths. No value but 0 shows nothing in the lowest row.
fn part(value: u64, highest: u64, row: u64) -> char {
    let eighths = u128::from(value) * u128::from(HEIGHT * 8) / u128::from(highest.max(1));
    let eighths = (eighths as u64).max(u64::from(value > 0));
    EIGHTHS[eighths.saturating_sub(row * 8).min(8) as usize]
}

/// Where times stand below the axis, and how they are written.
fn ticks(histogram: &Histogram, wide: usize) -> Vec<(usize, String)> {
    let Histogram { length, from, ref spans } = *histogram;
    let per_tick = (APART as i64).div_euclid(wide as i64) * length;
    let step = LENGTHS.into_iter().find(|step| *step >= per_tick && step % length == 0).unwrap_or(per_tick);
    let columns = spans.len() * wide;
    let mut ticks = Vec::new();
    for index in 0..spans.len() {
        let at = from.saturating_add(length.saturating_mul(index as i64));
        let column = index * wide;
        let label = label(at, step);
        let fits = column + label.chars().count() <= columns.max(label.chars().count());
        if at.rem_euclid(step) == 0 && fits {
            ticks.push((column, label));
        }
    }
    if ticks.is_empty() {
        ticks.push((0, label(from, step)));
    }
    ticks
}

/// As much of a moment as tells it from the next one.
fn label(second: i64, step: i64) -> String {
    let text = Timestamp::from_seconds(second).to_string();
    let at = |range: std::ops::Range<usize>| text.get(range).unwrap_or(&text).to_owned();
    match step {
        // Years of more than four digits have no usual places.
        _ if text.len() != "2026-11-23T15:26:36Z".len() => text,
        ..60 => at(11..19),
        60..86_400 if second.rem_euclid(86_400) == 0 => at(5..10),
        60..86_400 => at(11..16),
        _ => at(0..10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::changes::Changes;
    use crate::inspection::tally::Moment;

    fn chart(length: i64, from: i64, values: &[u64], columns: usize) -> String {
        let moment = |changed: &u64| Moment { changes: Changes { changed: *changed, ..Changes::default() }, pods: 0 };
        let histogram = Histogram { length, from, spans: values.iter().map(moment).collect() };
        lines(&histogram, columns).join("\n")
    }

    #[test]
    fn bars_stand_for_numbers() {
        let shown = chart(60, 0, &[48, 24, 1, 0, 0, 47, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48], 20);
        let expected = "\
48 │█    ▇             █
   │█    █             █
   │█    █             █
   │██   █             █
   │██   █             █
   │██▁  █▁            █
 0 └┬──────────────┬────
    01-01          00:15";
        assert_eq!(shown, expected);
    }

    #[test]
    fn nothing_is_no_bar_and_a_wide_chart_has_wide_bars() {
        let shown = chart(1, 0, &[0, 0], 80);
        assert!(shown.lines().next().unwrap().starts_with("0 │"), "{shown}");
        assert!(shown.ends_with("0 └┬─────\n   00:00:00"), "{shown}");
    }

    #[test]
    fn labels_tell_what_the_step_needs() {
        assert_eq!(label(36_061, 15), "10:01:01");
        assert_eq!(label(36_060, 300), "10:01");
        assert_eq!(label(86_400, 21_600), "01-02");
        assert_eq!(label(86_400, 86_400), "1970-01-02");
        assert_eq!(label(i64::MAX / 2_000_000, 60), Timestamp::from_seconds(i64::MAX / 2_000_000).to_string());
    }
}
