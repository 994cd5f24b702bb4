//! What two traces do to one object, step by step.

use serde::Serialize;

use super::recorded::Step;
use super::{Fields, Text};

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is applied where it is not there.
    Applied,
    /// It is applied, and there already.
    Changed,
    /// It is deleted.
    Deleted,
}

/// What a trace does, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Unix seconds.
    pub ts: i64,
    /// What.
    pub action: Action,
}

/// A step that two traces do not share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepDifference {
    /// What the one trace does; `None` where only the other does something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Moment>,
    /// What the other does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Moment>,
    /// Where both apply the object, what differs from A to B, unless it is the time alone; where one changes it, what it changes.
    #[serde(rename = "changes", skip_serializing_if = "Option::is_none")]
    pub fields: Option<Fields>,
}

/// The steps of one trace, and which is next.
struct Walk<'s> {
    steps: &'s [Step],
    next: usize,
}

impl<'s> Walk<'s> {
    fn peek(&self) -> Option<&'s Step> {
        self.steps.get(self.next)
    }

    fn after_next(&self) -> Option<&'s Step> {
        self.steps.get(self.next + 1)
    }

    /// The text before the next step.
    fn text_before(&self) -> Option<&'s Text> {
        self.steps.get(self.next.checked_sub(1)?)?.text.as_ref()
    }

    /// Goes one step on; gives what it does, and how it changes the object, if it does.
    fn step(&mut self) -> Option<(Moment, Option<Fields>)> {
        let (step, before) = (self.peek()?, self.text_before());
        self.next += 1;
        let action = match (before, &step.text) {
            (_, None) => Action::Deleted,
            (None, Some(_)) => Action::Applied,
            (Some(_), Some(_)) => Action::Changed,
        };
        let fields = before.zip(step.text.as_ref());
        let fields = fields.map(|(before, after)| Fields { before: before.clone(), after: after.clone() });
        Some((Moment { ts: step.ts, action }, fields))
    }
}

/// What differs: step by step, as the same where both do the same within a tolerance in seconds.
pub(super) fn compare(a: &[Step], b: &[Step], tolerance: i64) -> Vec<StepDifference> {
    let (mut a, mut b) = (Walk { steps: a, next: 0 }, Walk { steps: b, next: 0 });
    let mut differences = Vec::new();
    let near = |a: &Step, b: &Step| i64::try_from(a.ts.abs_diff(b.ts)).is_ok_and(|apart| apart <= tolerance);
    let same = |a: &Step, b: &Step| a.text == b.text;
    loop {
        let (in_a, in_b) = match (a.peek(), b.peek()) {
            (None, None) => return differences,
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(now_a), Some(now_b)) if same(now_a, now_b) && near(now_a, now_b) => {
                (a.next, b.next) = (a.next + 1, b.next + 1);
                continue;
            }
            (Some(now_a), Some(now_b)) => {
                let fits = |one: &Step, other: Option<&Step>| other.is_some_and(|o| same(one, o) && near(one, o));
                if fits(now_b, a.after_next()) {
                    (true, false)
                } else if fits(now_a, b.after_next()) {
                    (false, true)
                } else if same(now_a, now_b) || (near(now_a, now_b) && now_a.text.is_some() && now_b.text.is_some()) {
                    (true, true)
                } else {
                    (now_a.ts <= now_b.ts, now_a.ts > now_b.ts)
                }
            }
        };
        let texts = (a.peek().and_then(|step| step.text.clone()), b.peek().and_then(|step| step.text.clone()));
        let (of_a, of_b) = (if in_a { a.step() } else { None }, if in_b { b.step() } else { None });
        differences.push(difference(of_a, of_b, texts));
    }
}

fn difference(
    a: Option<(Moment, Option<Fields>)>,
    b: Option<(Moment, Option<Fields>)>,
    texts: (Option<Text>, Option<Text>),
) -> StepDifference {
    match (a, b) {
        (Some((a, _)), Some((b, _))) => {
            let fields = texts.0.zip(texts.1).filter(|(a, b)| a != b).map(|(before, after)| Fields { before, after });
            StepDifference { a: Some(a), b: Some(b), fields }
        }
        (a, b) => {
            let (a, fields_a) = a.unzip();
            let (b, fields_b) = b.unzip();
            StepDifference { a, b, fields: fields_a.or(fields_b).flatten() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps as `10:x`, a deletion as `10:`.
    fn steps(text: &str) -> Vec<Step> {
        let step = |step: &str| {
            let (ts, content) = step.split_once(':').unwrap();
            let text = (!content.is_empty()).then(|| format!("{{\"v\":\"{content}\"}}").into_bytes().into());
            Step { ts: ts.parse().unwrap(), text }
        };
        text.split_whitespace().map(step).collect()
    }

    /// Differences as `10+ 10~` (A applies and B changes), `12-|` (A alone deletes); with a `*` where fields are told.
    fn compared(a: &str, b: &str, tolerance: i64) -> String {
        let moment = |moment: Option<Moment>| {
            moment.map_or(String::new(), |Moment { ts, action }| {
                let mark = match action {
                    Action::Applied => '+',
                    Action::Changed => '~',
                    Action::Deleted => '-',
                };
                format!("{ts}{mark}")
            })
        };
        let line = |step: StepDifference| {
            format!("{}|{}{}", moment(step.a), moment(step.b), if step.fields.is_some() { "*" } else { "" })
        };
        compare(&steps(a), &steps(b), tolerance).into_iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_are_the_same_by_content_and_time() {
        for (a, b, tolerance, expected) in [
            ("1:x 5:y 9:", "1:x 5:y 9:", 0, ""),
            ("1:x 5:y", "1:x 6:y", 1, ""),
            ("1:x 5:y", "1:x 6:y", 0, "5~|6~"),
            ("1:x 9:", "1:x 5:y 9:", 0, "|5~*"),
            ("1:x 5:y 9:z", "1:x 9:z", 0, "5~|*"),
            ("1:x 5:y", "1:x 5:z", 0, "5~|5~*"),
            ("1:x 5:y", "1:y", 0, "1+|1+* 5~|*"),
            ("1:x", "1:x 5: 5:x", 0, "|5- |5+"),
            ("1:x 5:", "1:x 5:y", 0, "5-| |5~*"),
            ("", "1:x", 0, "|1+"),
            ("7:", "", 0, "7-|"),
            ("1:x 5:y 5:z", "1:x 5:z", 0, "5~|*"),
        ] {
            assert_eq!(compared(a, b, tolerance), expected, "{a} | {b} within {tolerance}");
        }
    }

    #[test]
    fn times_at_the_ends_of_their_range_are_far_apart() {
        assert_eq!(compared(&format!("{}:x", i64::MIN), &format!("{}:x", i64::MAX), 5).matches('+').count(), 2);
    }
}
