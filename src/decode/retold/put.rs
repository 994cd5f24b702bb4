//! JSON as it stands in a log, written on one line.

use std::fmt::Write as _;

use crate::decode::object::TypeMeta;
use crate::json::{self, Raw};
use crate::model::Timestamp;

/// Appends a value without the white space between its parts.
pub(super) fn value(raw: Raw<'_>, out: &mut String) {
    let text = raw.get();
    let (mut from, mut in_string, mut escaped) = (0, false, false);
    for (i, byte) in text.bytes().enumerate() {
        let passed_over = match byte {
            // None can stand in a string; but what is no JSON may have one there, and it would end the line.
            b'\n' | b'\r' => true,
            _ if escaped => {
                escaped = false;
                false
            }
            b'\\' => {
                escaped = in_string;
                false
            }
            b'"' => {
                in_string = !in_string;
                false
            }
            b' ' | b'\t' => !in_string,
            _ => false,
        };
        if passed_over {
            out.push_str(&text[from..i]);
            from = i + 1;
        }
    }
    out.push_str(&text[from..]);
}

/// Appends a text as a JSON string.
pub(super) fn text(text: &str, out: &mut String) {
    match serde_json::to_string(text) {
        Ok(quoted) => out.push_str(&quoted),
        Err(_) => out.push_str("\"\""),
    }
}

/// Appends members of an object, with commas between them.
pub(super) struct Members<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Members<'o> {
    /// Opens an object.
    pub fn open(out: &'o mut String) -> Self {
        out.push('{');
        Members { out, empty: true }
    }

    /// Goes on behind another member.
    pub fn behind(out: &'o mut String) -> Self {
        Members { out, empty: false }
    }

    /// Closes the object.
    pub fn close(self) {
        self.out.push('}');
    }

    /// Where the value of a member is to be written.
    pub fn key(&mut self, name: &str) -> &mut String {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(',');
        }
        text(name, self.out);
        self.out.push(':');
        self.out
    }

    /// A text.
    pub fn text(&mut self, name: &str, value: &str) {
        text(value, self.key(name));
    }

    /// A text, unless it is empty.
    pub fn filled(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.text(name, value);
        }
    }

    /// A number, or whatever is written as JSON has it.
    pub fn plain(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string does not fail.
        let _ = write!(self.key(name), "{value}");
    }

    /// A flag, if it is set.
    pub fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.plain(name, true);
        }
    }

    /// A value as it stands in a log.
    pub fn raw(&mut self, name: &str, raw: Raw<'_>) {
        value(raw, self.key(name));
    }

    /// A moment: a text of one length where it has one, else microseconds.
    pub fn moment(&mut self, name: &str, at: Timestamp) {
        match at.fixed_width() {
            Some(fixed) => self.text(name, &fixed),
            None => self.plain(name, at.micros()),
        }
    }
}

/// What is done to objects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trim<'t, 'a> {
    /// Whether `managedFields` stay: where a record has no time they tell when it was written.
    pub keep_managed: bool,
    /// The type, where the object has none.
    pub types: Option<&'t TypeMeta<'a>>,
}

/// Appends an object; what is none stays as it is.
pub(super) fn object(raw: Raw<'_>, trim: Trim<'_, '_>, out: &mut String) {
    let start = out.len();
    let mut members = Members::open(out);
    let (mut has_kind, mut has_version) = (false, false);
    let says_nothing = |value: Raw<'_>| trim.types.is_some() && json::string(value).is_none_or(|text| text.is_empty());
    let result = json::each(raw, |key, value| match &*key {
        "kind" | "apiVersion" if says_nothing(value) => {}
        name => {
            has_kind |= name == "kind";
            has_version |= name == "apiVersion";
            match name {
                "metadata" if !trim.keep_managed => metadata(value, members.key(name)),
                _ => members.raw(name, value),
            }
        }
    });
    if let Some(types) = trim.types {
        if !has_kind {
            members.text("kind", &types.kind);
        }
        if !has_version {
            members.text("apiVersion", &types.api_version());
        }
    }
    members.close();
    if result.is_err() {
        out.truncate(start);
        value(raw, out);
    }
}

/// Appends `metadata` without `managedFields`.
fn metadata(raw: Raw<'_>, out: &mut String) {
    let start = out.len();
    let mut members = Members::open(out);
    let result = json::each(raw, |key, value| {
        if key != "managedFields" {
            members.raw(&key, value);
        }
    });
    members.close();
    if result.is_err() {
        out.truncate(start);
        value(raw, out);
    }
}

/// Appends the body of a request or an answer: an object, or a list of them.
pub(super) fn body(raw: Raw<'_>, trim: Trim<'_, '_>, out: &mut String) {
    let items = json::fields(raw.get(), &["items"]).ok().and_then(|[items]| json::elements(items?).ok());
    let Some(items) = items else { return object(raw, trim, out) };
    let mut members = Members::open(out);
    // It was read as an object before.
    let _ = json::each(raw, |key, value| match &*key {
        "items" => list(&items, trim, members.key("items")),
        name => members.raw(name, value),
    });
    members.close();
}

fn list(items: &[Raw<'_>], trim: Trim<'_, '_>, out: &mut String) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        object(*item, trim, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str, write: impl Fn(Raw<'_>, &mut String)) -> String {
        let mut out = String::new();
        write(Raw::of(text).unwrap(), &mut out);
        out
    }

    #[test]
    fn white_space_stays_in_strings_alone() {
        assert_eq!(put("{ \"a b\" :\t[1, \"c \\\" , d\"\n] }", value), r#"{"a b":[1,"c \" , d"]}"#);
        assert_eq!(put(r#"["\\", "x"]"#, value), r#"["\\","x"]"#);
    }

    #[test]
    fn managed_fields_go_where_they_tell_nothing() {
        let text = r#"{"metadata": {"name": "a", "managedFields": [{}]}, "spec": {"managedFields": 1}}"#;
        let trimmed = r#"{"metadata":{"name":"a"},"spec":{"managedFields":1}}"#;
        assert_eq!(put(text, |raw, out| object(raw, Trim::default(), out)), trimmed);
        let keep = Trim { keep_managed: true, types: None };
        assert_eq!(put(text, |raw, out| object(raw, keep, out)), text.replace(": ", ":").replace(", ", ","));
        for odd in [r#"{"metadata":7}"#, "[7]", "7"] {
            assert_eq!(put(odd, |raw, out| object(raw, Trim::default(), out)), odd);
        }
        let listed =
            put(&format!(r#"{{"kind":"L","items":[{text}, {text}]}}"#), |raw, out| body(raw, Trim::default(), out));
        assert_eq!(listed, format!(r#"{{"kind":"L","items":[{trimmed},{trimmed}]}}"#));
    }

    #[test]
    fn what_has_no_type_gets_that_of_its_list() {
        let types = TypeMeta { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
        let trim = Trim { keep_managed: false, types: Some(&types) };
        let typed = r#"{"spec":1,"kind":"Deployment","apiVersion":"apps/v1"}"#;
        assert_eq!(put(r#"{"spec":1}"#, |raw, out| object(raw, trim, out)), typed);
        assert_eq!(put(r#"{"kind":"","spec":1}"#, |raw, out| object(raw, trim, out)), typed);
        let own = r#"{"kind":"Scale","apiVersion":"autoscaling/v1"}"#;
        assert_eq!(put(own, |raw, out| object(raw, trim, out)), own);
    }
}
