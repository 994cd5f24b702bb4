//! Strings in YAML: without quotes, in single or double ones, or as a block of lines; and where long ones are folded.

use super::STEP;
use super::plain::is_something_else;

/// Beyond this column a line is folded at the next space.
const WIDTH: usize = 80;
/// A key that is longer is not written in one line with its value.
const LONGEST_KEY: usize = 128;

/// Where a string begins, and how far what it stands in is indented.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub column: usize,
    pub indent: usize,
}

/// A value.
pub(super) fn string(text: &str, place: Place) -> String {
    let look = Look::of(text);
    if text.contains('\n') && look.may_be_block {
        block(text, place)
    } else if text.contains('\n') || !look.may_be_quoted || (is_something_else(text)) {
        double_quoted(text, Some(place))
    } else if look.may_be_plain {
        folded(text, "", place, false)
    } else {
        folded(&text.replace('\'', "''"), "'", place, true)
    }
}

/// A key: it stays in its line, unless it is very long.
pub(super) fn key(text: &str, indent: usize) -> String {
    let look = Look::of(text);
    let key = if text.contains('\n') || !look.may_be_quoted || is_something_else(text) {
        double_quoted(text, None)
    } else if look.may_be_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    };
    if text.len() > LONGEST_KEY { format!("? {key}\n{}", " ".repeat(indent)) } else { key }
}

/// How a string may be written.
struct Look {
    may_be_plain: bool,
    /// In single quotes.
    may_be_quoted: bool,
    may_be_block: bool,
}

impl Look {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let is_blank = |at: usize| chars.get(at).is_none_or(|c| matches!(c, ' ' | '\t') || is_break(*c));
        let mut indicates = text.starts_with("---") || text.starts_with("...");
        for (at, c) in chars.iter().enumerate() {
            indicates |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if at == 0 =>
                {
                    true
                }
                '?' | '-' if at == 0 => is_blank(at + 1),
                ':' => is_blank(at + 1),
                '#' => is_blank(at - 1),
                _ => false,
            };
        }
        let special = chars.iter().any(|c| !is_printable(*c));
        let breaks = chars.iter().any(|c| is_break(*c));
        let before_break = chars.windows(2).any(|pair| pair[0] == ' ' && is_break(pair[1]));
        let after_break = chars.windows(2).any(|pair| is_break(pair[0]) && pair[1] == ' ');
        let at_an_end = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let trailing_space = chars.last() == Some(&' ');
        Look {
            may_be_plain: !(indicates || special || breaks || at_an_end(chars.first()) || at_an_end(chars.last())),
            may_be_quoted: !(special || before_break || after_break),
            may_be_block: !(special || before_break || trailing_space),
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the library takes for printable: of ASCII no tab, of the rest nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// A text in one kind of quotes, or none. `quoted`: the space must not be next to a quote.
fn folded(text: &str, quote: &str, place: Place, quoted: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = quote.to_owned();
    let mut column = place.column + quote.len();
    let mut after_space = false;
    for (at, c) in chars.iter().enumerate() {
        let next_is_space = chars.get(at + 1) == Some(&' ');
        let inside = !quoted || (at > 0 && at + 1 < chars.len());
        if *c == ' ' && !after_space && column > WIDTH && inside && !next_is_space {
            column = new_line(&mut out, place);
        } else {
            out.push(*c);
            column += 1;
        }
        after_space = *c == ' ';
    }
    out + quote
}

fn new_line(out: &mut String, place: Place) -> usize {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', place.indent + STEP));
    place.indent + STEP
}

/// A text with escapes; a key has no place to be folded in.
fn double_quoted(text: &str, place: Option<Place>) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::from('"');
    let mut column = place.map_or(0, |place| place.column + 1);
    let mut after_space = false;
    for (at, c) in chars.iter().enumerate() {
        let inside = at > 0 && at + 1 < chars.len();
        match place {
            Some(place) if *c == ' ' && !after_space && column > WIDTH && inside => {
                column = new_line(&mut out, place);
                if chars.get(at + 1) == Some(&' ') {
                    out.push('\\');
                    column += 1;
                }
                after_space = true;
                continue;
            }
            _ => {}
        }
        let length = out.len();
        escape(*c, &mut out);
        column += out[length..].chars().count();
        after_space = *c == ' ';
    }
    out.push('"');
    out
}

fn escape(c: char, out: &mut String) {
    let short = match c {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        c if is_printable(c) => return out.push(c),
        _ => "",
    };
    match (short, u32::from(c)) {
        ("", code @ 0..=0xff) => out.push_str(&format!("\\x{code:02X}")),
        ("", code @ 0x100..=0xffff) => out.push_str(&format!("\\u{code:04X}")),
        ("", code) => out.push_str(&format!("\\U{code:08X}")),
        (short, _) => out.push_str(short),
    }
}

/// A text line by line. The head says what its indentation cannot: that it begins with a space, and how it ends.
fn block(text: &str, place: Place) -> String {
    let mut out = String::from("|");
    if text.starts_with([' ', '\n']) {
        out.push_str(&STEP.to_string());
    }
    let body = match text.strip_suffix('\n') {
        None => {
            out.push('-');
            text
        }
        Some(body) => {
            if body.is_empty() || body.ends_with('\n') {
                out.push('+');
            }
            body
        }
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', place.indent + STEP));
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::document;
    use super::*;

    fn shown(text: &str) -> String {
        string(text, Place { column: 3, indent: 0 })
    }

    #[test]
    fn strings_get_the_quotes_that_they_need() {
        for (text, expected) in [
            ("web", "web"),
            ("app:1", "app:1"),
            ("25%", "25%"),
            ("a, b", "a, b"),
            ("1", "\"1\""),
            ("", "\"\""),
            ("2026-11-23T15:25:59Z", "\"2026-11-23T15:25:59Z\""),
            ("a: b", "'a: b'"),
            ("a:", "'a:'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("*/5 * * * *", "'*/5 * * * *'"),
            ("it's: so", "'it''s: so'"),
            ("{}", "'{}'"),
            ("- a", "'- a'"),
            ("-v", "-v"),
            ("---", "'---'"),
            (" a", "' a'"),
            ("a\tb", "\"a\\tb\""),
            ("a\u{1b}[2J", "\"a\\e[2J\""),
            ("\u{9b}2J", "\"\\x9B2J\""),
            ("é", "é"),
            ("😀", "\"\\U0001F600\""),
            ("say \"x\"", "say \"x\""),
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            ("a\n\nb\n", "|\n  a\n\n  b"),
            (" a\nb\n", "|2\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("a\nb ", "\"a\\nb \""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        assert_eq!(key("on", 0), "\"on\"");
        assert_eq!(key("a\nb", 0), "\"a\\nb\"");
        assert_eq!(key(&"k".repeat(129), 2), format!("? {}\n  ", "k".repeat(129)));
    }

    #[test]
    fn long_lines_are_folded_behind_the_eightieth_column() {
        let words = "word ".repeat(30).trim_end().to_owned();
        let first = "word ".repeat(16).trim_end().to_owned();
        assert!(shown(&words).starts_with(&format!("{first}\n  word")), "{}", shown(&words));
        let quoted = shown(&format!("{words}: x"));
        assert!(quoted.starts_with(&format!("'{first}\n  word")) && quoted.ends_with(": x'"), "{quoted}");
        assert_eq!(shown(&"x".repeat(200)).lines().count(), 1);
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        let long = "some words: and 'more' of them, ".repeat(12);
        for text in [
            "",
            " ",
            "a",
            "on",
            "1e3",
            "a: b",
            "#",
            "a #b",
            "- x",
            "x\ny",
            "x\n",
            "\n",
            "\n\nx",
            "x\n\n\n",
            " x\ny",
            "x \ny",
            "tab\t",
            "\u{1b}[0m",
            "\u{85}",
            "😀 \u{fffe}",
            "?",
            "? x",
            "a\r\nb",
            "\"q\"",
            "'q'",
            "\\",
            &long,
            &long.replace(' ', "  "),
            &long.replace('\'', "\t"),
            &"word ".repeat(40),
            "{a}",
            "%x",
            "@",
            "`",
            "|",
            ">",
            "!t",
            "&a",
            "...",
            "--- x",
            ":",
            "x:\ty",
            "key: |\n  text\n",
            "12:30:45",
            "0o7",
            "~",
        ] {
            for value in [
                json!({"a": text, text: 1}),
                json!({"a": {"b": [text, {"c": text}, [text]]}}),
                json!([[{"x": text}], text]),
            ] {
                let written = document(&value);
                let read: Value = serde_yaml::from_str(&written).unwrap_or_else(|e| panic!("{e}: {text:?}\n{written}"));
                assert_eq!(read, value, "{text:?}\n{written}");
            }
        }
    }
}
