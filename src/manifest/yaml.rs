//! YAML in blocks, in the style of the library that kubectl has it from (go-yaml 2): lists are not indented below their key,
//! strings that another reading would take for something else are quoted, and long ones are folded.

mod plain;
mod scalar;

use std::cmp::Ordering;

use serde_json::{Map, Value};

use scalar::{Place, key, string};

const STEP: usize = 2;

/// The text of a value that is a document.
pub(super) fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => block(&mut out, members, 0, false),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0, false),
        other => {
            leaf(&mut out, other, Place { column: 0, indent: 0 });
            out.push('\n');
        }
    }
    out
}

/// The text of a value that is an item of a list in the first column.
pub(super) fn item(value: &Value) -> String {
    let mut out = String::new();
    sequence(&mut out, std::slice::from_ref(value), 0, false);
    out
}

/// Members, each in a line of its own. `begun`: the first one's line stands at their column already. As deep as this goes it
/// is bounded by what was read, which is nested 128 deep at most.
fn block(out: &mut String, members: &Map<String, Value>, indent: usize, begun: bool) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|a, b| in_order(a.0, b.0));
    for (number, (name, value)) in sorted.into_iter().enumerate() {
        if number > 0 || !begun {
            pad(out, indent);
        }
        let name = key(name, indent);
        out.push_str(&name);
        out.push(':');
        match value {
            Value::Object(members) if !members.is_empty() => {
                out.push('\n');
                block(out, members, indent + STEP, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                sequence(out, items, indent, false);
            }
            other => {
                out.push(' ');
                let column = indent + name.chars().count() + 2;
                leaf(out, other, Place { column, indent });
                out.push('\n');
            }
        }
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize, begun: bool) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 || !begun {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(members) if !members.is_empty() => block(out, members, indent + STEP, true),
            Value::Array(items) if !items.is_empty() => sequence(out, items, indent + STEP, true),
            other => {
                leaf(out, other, Place { column: indent + STEP, indent });
                out.push('\n');
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// What has no lines of its own.
fn leaf(out: &mut String, value: &Value, place: Place) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
        Value::Number(number) => {
            let text = number.to_string();
            out.push_str(text.strip_suffix(".0").unwrap_or(&text));
        }
        Value::String(text) => out.push_str(&string(text, place)),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// The order of keys: of two letters the lesser comes first, a letter after anything else, and numbers by what they are.
fn in_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => a[at].cmp(&b[at]),
        (false, true) => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, false) => by_number(&a, &b, at).then(a[at].cmp(&b[at])),
    }
}

/// Compares the numbers that two keys have at the place where they differ; what is no digit is 0.
fn by_number(a: &[char], b: &[char], at: usize) -> Ordering {
    let digits = |text: &[char]| text[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    let (long_a, long_b) = (digits(a), digits(b));
    // A zero in the midst of a number counts; one that begins it does not.
    let before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let inside = (a[at] == '0' || b[at] == '0') && before.into_iter().any(|c| *c != '0');
    let value = |text: &[char], long: usize| {
        let start = if inside { vec!['1'] } else { Vec::new() };
        let all: Vec<char> = start.into_iter().chain(text[at..at + long].iter().copied()).collect();
        let significant: String = all.into_iter().skip_while(|c| *c == '0').collect();
        (significant.len(), significant)
    };
    value(a, long_a).cmp(&value(b, long_b)).then(long_a.cmp(&long_b))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_are_as_kubectl_has_them() {
        let value = json!({
            "spec": {"containers": [{"args": ["-v", "3"], "env": [], "name": "main"}, {"name": "side"}], "nest": [[1, 2], []]},
            "kind": "Pod", "empty": {}, "none": null, "half": 0.5, "whole": 3.0, "on": true,
        });
        let expected = "\
empty: {}
half: 0.5
kind: Pod
none: null
\"on\": true
spec:
  containers:
  - args:
    - -v
    - \"3\"
    env: []
    name: main
  - name: side
  nest:
  - - 1
    - 2
  - []
whole: 3
";
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn keys_are_in_the_order_of_people() {
        let sorted = ["-", "1", "2", "10", "a", "a-1", "a.b", "a2", "a10", "aB", "ab", "b"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(in_order(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(in_order("a100", "a20"), Ordering::Greater);
        assert_eq!(in_order("a007", "a7"), Ordering::Greater);
    }
}
