//! Labels, and what selects by them.

use serde_json::Value;

use super::view::{NONE, list, text};

/// Labels as `a=b,c=d`.
pub(super) fn labels(value: &Value) -> String {
    let pairs = value.as_object().into_iter().flatten();
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    if pairs.is_empty() { NONE.to_owned() } else { pairs.join(",") }
}

/// A selector with `matchLabels` and `matchExpressions`, its requirements by the names of the labels.
pub(super) fn selector(value: &Value) -> String {
    let equal = value.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut all: Vec<(&str, String)> =
        equal.map(|(name, value)| (name.as_str(), format!("{name}={}", value.as_str().unwrap_or_default()))).collect();
    all.extend(list(value, "/matchExpressions").iter().map(requirement));
    all.sort_by(|a, b| a.0.cmp(b.0));
    let all: Vec<String> = all.into_iter().map(|(_, requirement)| requirement).collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(",") }
}

fn requirement(expression: &Value) -> (&str, String) {
    let key = text(expression, "/key");
    let mut values: Vec<&str> = list(expression, "/values").iter().filter_map(Value::as_str).collect();
    values.sort_unstable();
    let values = values.join(",");
    let shown = match text(expression, "/operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    };
    (key, shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requirements_are_in_the_order_of_their_labels() {
        let value = json!({
            "matchLabels": {"b": "1"},
            "matchExpressions": [
                {"key": "c", "operator": "Exists"},
                {"key": "a", "operator": "In", "values": ["y", "x"]},
                {"key": "d", "operator": "DoesNotExist"},
                {"key": "e", "operator": "NotIn", "values": ["z"]},
            ],
        });
        assert_eq!(selector(&value), "a in (x,y),b=1,c,!d,e notin (z)");
        assert_eq!((selector(&json!(null)), labels(&json!({}))), (NONE.to_owned(), NONE.to_owned()));
        assert_eq!(labels(&json!({"b": "2", "a": ""})), "a=,b=2");
    }
}
