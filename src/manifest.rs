//! Objects as text, written as kubectl writes them: the same bytes for the same objects, so that a file of its can be held
//! against ours.
//!
//! Both forms are safe to print: control characters are escaped in them.

mod json;
mod yaml;

use std::io::{self, Write};

use serde_json::{Value, json};

/// A form of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON, four spaces deep.
    Json,
    /// YAML.
    Yaml,
}

/// Writes one object.
///
/// # Errors
/// Of the writer.
pub fn write(form: Form, object: &Value, out: &mut impl Write) -> io::Result<()> {
    match form {
        Form::Json => writeln!(out, "{}", json::text(object, 0)),
        Form::Yaml => out.write_all(yaml::document(object).as_bytes()),
    }
}

/// Writes a `v1.List` of objects, each made when its turn comes.
///
/// # Errors
/// Of the writer.
pub fn write_list(form: Form, objects: impl Iterator<Item = Value>, out: &mut impl Write) -> io::Result<()> {
    let mut objects = objects.peekable();
    if objects.peek().is_none() {
        return write(form, &json!({"apiVersion": "v1", "items": [], "kind": "List", "metadata": end()}), out);
    }
    match form {
        Form::Json => {
            write!(out, "{{\n    \"apiVersion\": \"v1\",\n    \"items\": [")?;
            let mut comma = "";
            for object in objects {
                write!(out, "{comma}\n        {}", json::text(&object, 2))?;
                comma = ",";
            }
            writeln!(out, "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {}\n}}", json::text(&end(), 1))
        }
        Form::Yaml => {
            write!(out, "apiVersion: v1\nitems:\n")?;
            for object in objects {
                out.write_all(yaml::item(&object).as_bytes())?;
            }
            out.write_all(yaml::document(&json!({"kind": "List", "metadata": end()})).as_bytes())
        }
    }
}

/// The metadata of a list that is of no one moment of a server.
fn end() -> Value {
    json!({"resourceVersion": ""})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(form: Form, objects: &[Value]) -> String {
        let mut out = Vec::new();
        write_list(form, objects.iter().cloned(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lists_are_those_of_their_trees() {
        let objects = [json!({"kind": "A", "b": [1, {}]}), json!({"kind": "B"})];
        for count in 0..=objects.len() {
            let tree = json!({"apiVersion": "v1", "items": objects[..count], "kind": "List", "metadata": end()});
            for form in [Form::Json, Form::Yaml] {
                let mut whole = Vec::new();
                write(form, &tree, &mut whole).unwrap();
                assert_eq!(list(form, &objects[..count]), String::from_utf8(whole).unwrap());
            }
        }
    }
}
