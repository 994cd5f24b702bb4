//! What differs between two texts, line by line.

/// A line of either text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the one before.
    Went(&'a str),
    /// In the one after.
    Came(&'a str),
}

/// So many pairs of lines are looked at. Of texts with more in between, all that lies between what both begin and end with
/// counts as changed.
const MAX_PAIRS: usize = 1 << 20;

/// The lines of both texts in order, as few of them changed as can be.
pub(super) fn between<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let start = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    let (head, before, after) = (&before[..start], &before[start..], &after[start..]);
    let end = before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
    let (before, tail) = before.split_at(before.len() - end);
    let after = &after[..after.len() - end];

    let mut lines: Vec<Line<'_>> = head.iter().map(|line| Line::Same(line)).collect();
    if before.len().saturating_mul(after.len()) <= MAX_PAIRS {
        middle(before, after, &mut lines);
    } else {
        lines.extend(before.iter().map(|line| Line::Went(line)));
        lines.extend(after.iter().map(|line| Line::Came(line)));
    }
    lines.extend(tail.iter().map(|line| Line::Same(line)));
    lines
}

/// By the longest common subsequence.
fn middle<'a>(before: &[&'a str], after: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = after.len() + 1;
    // How much the two have in common from a pair of lines on.
    let mut common = vec![0_u32; (before.len() + 1) * width];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i * width + j] = if before[i] == after[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < before.len() && j < after.len() {
        if before[i] == after[j] {
            lines.push(Line::Same(before[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
            lines.push(Line::Went(before[i]));
            i += 1;
        } else {
            lines.push(Line::Came(after[j]));
            j += 1;
        }
    }
    lines.extend(before[i..].iter().map(|line| Line::Went(line)));
    lines.extend(after[j..].iter().map(|line| Line::Came(line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let line = |line: Line<'_>| match line {
            Line::Same(text) => format!(" {text}\n"),
            Line::Went(text) => format!("-{text}\n"),
            Line::Came(text) => format!("+{text}\n"),
        };
        between(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_in_both_stays() {
        assert_eq!(shown("a\nb\nc\nd\ne", "a\nx\nc\ne\nf"), " a\n-b\n+x\n c\n-d\n e\n+f\n");
        assert_eq!(shown("a\nb", "a\nb"), " a\n b\n");
        assert_eq!(shown("", "a\n"), "+a\n \n");
    }

    #[test]
    fn a_last_line_without_an_end_is_another() {
        assert_eq!(shown("a\nb\n", "a\nb"), " a\n b\n-\n");
    }

    #[test]
    fn long_texts_cost_no_more_than_their_length() {
        let text = |word: &str| (0..200_000).map(|i| format!("{word}{i}\n")).collect::<String>();
        let (before, after) = (format!("head\n{}tail", text("a")), format!("head\n{}tail", text("b")));
        let lines = between(&before, &after);
        assert_eq!((lines.len(), lines[0], lines[lines.len() - 1]), (400_002, Line::Same("head"), Line::Same("tail")));
    }
}
