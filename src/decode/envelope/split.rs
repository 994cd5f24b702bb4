//! Puts together what Cloud Logging split.
//!
//! An entry that is too large becomes several, each with all of it but for the bodies, which are spread over them (Cloud
//! Logging's guide "Split audit log entries"): an object has some members here and some there, a list is continued at the
//! positions where it was left, with something empty in the place of what came before, and a text is continued by a text at
//! the same place. So of two parts objects are united, lists united by position, and texts joined.

use serde_json::{Map, Value};

/// The entry that these were, in their order; `None` where they are no entries.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut parts = parts.into_iter();
    let mut entry: Value = serde_json::from_str(parts.next()?).ok()?;
    for part in parts {
        let mut part: Value = serde_json::from_str(part).ok()?;
        for body in ["request", "response"] {
            if let Some(more) = payload(&mut part).and_then(|payload| payload.remove(body)) {
                unite(payload(&mut entry)?.entry(body).or_insert(Value::Null), more);
            }
        }
    }
    entry.as_object_mut()?.remove("split");
    Some(entry.to_string())
}

fn payload(entry: &mut Value) -> Option<&mut Map<String, Value>> {
    entry.get_mut("protoPayload")?.as_object_mut()
}

/// Both come from parsed texts, so they are nested no deeper than the parser allows.
fn unite(value: &mut Value, more: Value) {
    match (value, more) {
        (Value::Object(members), Value::Object(more)) => {
            for (key, more) in more {
                unite(members.entry(key).or_insert(Value::Null), more);
            }
        }
        (Value::Array(elements), Value::Array(more)) => {
            elements.resize(elements.len().max(more.len()), Value::Null);
            elements.iter_mut().zip(more).for_each(|(element, more)| unite(element, more));
        }
        (Value::String(text), Value::String(more)) => text.push_str(&more),
        (value @ Value::Null, more) => *value = more,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_lists_and_texts_are_continued_where_they_were_left() {
        let part = |index: u64, request: Value, response: Value| {
            let payload = json!({"methodName": "m", "request": request, "response": response});
            json!({"insertId": "x", "protoPayload": payload, "split": {"uid": "u", "index": index, "totalSplits": 2}})
                .to_string()
        };
        let parts = [
            part(0, json!({"a": {"b": "on", "n": 7}, "l": ["foo", "ba"]}), json!({"x": 1})),
            part(1, json!({"a": {"b": "e", "c": true}, "l": ["", "r", "baz"]}), json!({"y": [{"z": "ü"}]})),
        ];
        let joined: Value = serde_json::from_str(&join(parts.iter().map(String::as_str)).unwrap()).unwrap();
        let payload = json!({
            "methodName": "m",
            "request": {"a": {"b": "one", "n": 7, "c": true}, "l": ["foo", "bar", "baz"]},
            "response": {"x": 1, "y": [{"z": "ü"}]},
        });
        assert_eq!(joined, json!({"insertId": "x", "protoPayload": payload}));
    }

    #[test]
    fn what_is_no_entry_is_not_joined() {
        assert_eq!(join([]), None);
        assert_eq!(join(["{", "{}"]), None);
        assert_eq!(join(["7", "{\"protoPayload\":{\"request\":1}}"]), None);
    }
}
