//! JSON as Go's encoder writes it: keys sorted, four spaces deep, and of what HTML gives a meaning nothing as it is.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

const INDENT: &str = "    ";

/// The text of a value that begins in a line so many levels deep.
pub(super) fn text(value: &Value, level: usize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(INDENT.as_bytes()));
    // A tree of values can be written, and memory takes it.
    let _ = value.serialize(&mut serializer);
    let mut out = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(&bytes).chars() {
        match c {
            '\n' => {
                out.push('\n');
                out.extend(std::iter::repeat_n(INDENT, level));
            }
            // These stand inside of strings alone.
            '<' | '>' | '&' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_for_a_browser_or_a_terminal() {
        let value = json!({"b": {}, "a": [1, "<&>\u{9b}2J\u{1b}"], "c": []});
        let expected = "{\n    \"a\": [\n        1,\n        \"\\u003c\\u0026\\u003e\\u009b2J\\u001b\"\n    ],\n    \
                        \"b\": {},\n    \"c\": []\n}";
        assert_eq!(text(&value, 0), expected);
        assert_eq!(text(&json!({"a": 1}), 1), "{\n        \"a\": 1\n    }");
    }
}
