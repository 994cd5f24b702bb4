//! JSON Patch (RFC 6902) as API servers read it, which is as `evanphx/json-patch` v4 does with its defaults (`applyJSPatch` in
//! apiserver's `endpoints/handlers/patch.go`).
//!
//! From the RFC it differs so: `replace` may name a key that a map lacks, and sets it; indices of lists may be negative, and
//! count from the end then. There is no leniency for what is missing otherwise: `remove` of a missing key fails, and `add`
//! makes no parents.

use serde_json::Value;

use super::{PatchError, SET_BY_SERVER};

/// What a server takes at most (`maxJSONPatchOperations` in `patch.go`).
const MAX_OPERATIONS: usize = 10_000;
/// How many bytes all `copy` operations of a patch may copy (`JSONPatchMaxCopyBytes` in apiserver's `server/config.go`): each
/// can double what is there.
const MAX_COPIED: usize = 3 << 20;
/// How deep a patched value may be: what `serde_json` reads again.
const MAX_DEPTH: usize = 127;

/// Applies the operations of a patch in their order. On an error the value is as the operations before left it.
///
/// `test` operations are passed over: the write succeeded, so they held, and they may ask for what is not kept here. So are
/// operations on what only the server writes.
pub(super) fn apply(value: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let Value::Array(operations) = patch else {
        return Err(PatchError::field("", "a JSON patch is a list of operations"));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(PatchError::field("", "more operations than a server takes"));
    }
    let mut document = Document { copied: 0, depth: depth(value), value };
    for (at, operation) in operations.iter().enumerate() {
        document.operate(operation).map_err(|reason| PatchError::Operation {
            number: at + 1,
            operation: ["op", "path"].map(|key| operation[key].as_str().unwrap_or("?")).join(" "),
            reason,
        })?;
    }
    Ok(())
}

struct Document<'v> {
    value: &'v mut Value,
    copied: usize,
    /// No less than the depth of the value.
    depth: usize,
}

type Outcome<T = ()> = Result<T, &'static str>;

const MISSING: &str = "there is no such path";

impl Document<'_> {
    fn operate(&mut self, operation: &Value) -> Outcome {
        let text = |key| operation.get(key).and_then(Value::as_str);
        let name = text("op").ok_or("no `op`")?;
        let path = pointer(text("path").ok_or("no `path`")?)?;
        if name == "test" || is_set_by_server(&path) {
            return Ok(());
        }
        let from = || pointer(text("from").ok_or("no `from`")?);
        let value = || operation.get("value").ok_or("no `value`");
        match name {
            "add" => {
                self.deepen(path.len() + depth(value()?))?;
                self.add(&path, value()?.clone())
            }
            "replace" => {
                self.deepen(path.len() + depth(value()?))?;
                self.replace(&path, value()?.clone())
            }
            "remove" => self.remove(&path).map(drop),
            "move" => {
                let from = from()?;
                if path.starts_with(&from) && path != from {
                    return Err("a value cannot be moved into itself");
                }
                self.deepen(self.depth + path.len().saturating_sub(from.len()))?;
                let value = self.remove(&from)?;
                self.add(&path, value)
            }
            "copy" => {
                let from = from()?;
                let value = self.at(&from).ok_or(MISSING)?.clone();
                self.copied = self.copied.saturating_add(size(&value));
                if self.copied > MAX_COPIED {
                    return Err("more is copied than a server copies");
                }
                self.deepen(path.len() + depth(&value))?;
                self.add(&path, value)
            }
            _ => Err("no such operation"),
        }
    }

    fn deepen(&mut self, depth: usize) -> Outcome {
        self.depth = self.depth.max(depth);
        if self.depth > MAX_DEPTH { Err("it nests too deeply") } else { Ok(()) }
    }

    fn at(&mut self, path: &[String]) -> Option<&mut Value> {
        path.iter().try_fold(&mut *self.value, |value, token| match value {
            Value::Object(map) => map.get_mut(token),
            Value::Array(list) => {
                let at = index(token, list.len())?;
                list.get_mut(at)
            }
            _ => None,
        })
    }

    fn add(&mut self, path: &[String], value: Value) -> Outcome {
        let Some((last, parent)) = path.split_last() else {
            *self.value = value;
            return Ok(());
        };
        match self.at(parent).ok_or(MISSING)? {
            Value::Object(map) => {
                map.insert(last.clone(), value);
            }
            Value::Array(list) if last == "-" => list.push(value),
            Value::Array(list) => {
                // One past the end is an index here: -1 appends.
                let at = index(last, list.len() + 1).ok_or(MISSING)?;
                list.insert(at, value);
            }
            _ => return Err(MISSING),
        }
        Ok(())
    }

    fn replace(&mut self, path: &[String], value: Value) -> Outcome {
        if let Some((last, parent)) = path.split_last()
            && let Some(Value::Object(map)) = self.at(parent)
        {
            map.insert(last.clone(), value);
            return Ok(());
        }
        *self.at(path).ok_or(MISSING)? = value;
        Ok(())
    }

    fn remove(&mut self, path: &[String]) -> Outcome<Value> {
        let (last, parent) = path.split_last().ok_or("the whole document cannot be removed")?;
        match self.at(parent).ok_or(MISSING)? {
            Value::Object(map) => map.remove(last).ok_or(MISSING),
            Value::Array(list) => {
                let at = index(last, list.len()).ok_or(MISSING)?;
                Ok(list.remove(at))
            }
            _ => Err(MISSING),
        }
    }
}

/// The tokens of a JSON pointer (RFC 6901).
fn pointer(path: &str) -> Outcome<Vec<String>> {
    let mut tokens = path.split('/');
    if tokens.next() != Some("") {
        return Err("a path starts with a slash");
    }
    // In this order: `~01` is `~1`.
    Ok(tokens.map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

/// Which of a number of places an index names, if any: no leading zeros (RFC 6901, section 4), negative ones from the end.
fn index(token: &str, places: usize) -> Option<usize> {
    let digits = token.strip_prefix('-').unwrap_or(token);
    let plain = digits == "0" || !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: usize = digits.parse().ok().filter(|_| plain)?;
    let at = if digits.len() < token.len() && number > 0 { places.checked_sub(number)? } else { number };
    (at < places).then_some(at)
}

fn is_set_by_server(path: &[String]) -> bool {
    matches!(path, [metadata, field, ..] if metadata == "metadata" && SET_BY_SERVER.contains(&field.as_str()))
}

/// How many levels of lists and maps a value has.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// About how many bytes a value is when written.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(|value| 1 + size(value)).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>() + 2,
        Value::String(text) => text.len() + 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each row: before, operations, and after; `None` where they fail.
    #[test]
    fn operations() {
        let op = |name: &str, path: &str| json!({"op": name, "path": path});
        let with = |name: &str, path: &str, value: Value| json!({"op": name, "path": path, "value": value});
        let from = |name: &str, from: &str, path: &str| json!({"op": name, "from": from, "path": path});
        let list = || json!({"a": [1, 2]});
        let rows = [
            (list(), with("add", "/a/0", json!(0)), Some(json!({"a": [0, 1, 2]}))),
            (list(), with("add", "/a/2", json!(3)), Some(json!({"a": [1, 2, 3]}))),
            (list(), with("add", "/a/-", json!(3)), Some(json!({"a": [1, 2, 3]}))),
            (list(), with("add", "/a/-1", json!(3)), Some(json!({"a": [1, 2, 3]}))),
            (list(), with("add", "/a/-3", json!(0)), Some(json!({"a": [0, 1, 2]}))),
            (list(), with("add", "/a/-4", json!(0)), None),
            (list(), with("add", "/a/3", json!(3)), None),
            (list(), with("add", "/a/01", json!(3)), None),
            (list(), with("add", "/a/+1", json!(3)), None),
            (list(), with("add", "/a/", json!(3)), None),
            (list(), with("add", "/a/99999999999999999999999", json!(3)), None),
            (list(), with("add", "/b", json!({})), Some(json!({"a": [1, 2], "b": {}}))),
            (list(), with("add", "/b/c", json!(1)), None),
            (list(), with("add", "/a/0/c", json!(1)), None),
            (list(), with("add", "", json!({"b": 1})), Some(json!({"b": 1}))),
            (list(), op("add", "/b"), None),
            (list(), with("replace", "", json!({"b": 1})), Some(json!({"b": 1}))),
            (list(), with("replace", "/a", json!(1)), Some(json!({"a": 1}))),
            (list(), with("replace", "/a/1", json!(3)), Some(json!({"a": [1, 3]}))),
            (list(), with("replace", "/a/2", json!(3)), None),
            (list(), with("replace", "/a/-", json!(3)), None),
            (list(), with("replace", "/b", json!(1)), Some(json!({"a": [1, 2], "b": 1}))),
            (list(), with("replace", "/b/c", json!(1)), None),
            (list(), op("remove", "/a"), Some(json!({}))),
            (list(), op("remove", "/a/-1"), Some(json!({"a": [1]}))),
            (list(), op("remove", "/a/-0"), Some(json!({"a": [2]}))),
            (list(), op("remove", "/a/2"), None),
            (list(), op("remove", "/b"), None),
            (list(), op("remove", ""), None),
            (list(), op("remove", "a"), None),
            (list(), from("move", "/a/0", "/a/1"), Some(json!({"a": [2, 1]}))),
            (list(), from("move", "/a", "/b"), Some(json!({"b": [1, 2]}))),
            (list(), from("move", "/a", "/a"), Some(json!({"a": [1, 2]}))),
            (list(), from("move", "/a", "/a/0"), None),
            (list(), from("move", "/c", "/b"), None),
            (list(), from("copy", "/a", "/b"), Some(json!({"a": [1, 2], "b": [1, 2]}))),
            (list(), from("copy", "/a", "/a/0"), Some(json!({"a": [[1, 2], 1, 2]}))),
            (list(), from("copy", "/c", "/b"), None),
            (list(), with("test", "/a/0", json!("not so")), Some(list())),
            (list(), op("test", "/nowhere"), Some(list())),
            (list(), op("merge", "/a"), None),
            (list(), json!({"path": "/a"}), None),
            (list(), json!({"op": "remove"}), None),
            (list(), json!("remove"), None),
            (json!({"a/b": 1, "~1": 2}), op("remove", "/a~1b"), Some(json!({"~1": 2}))),
            (json!({"a/b": 1, "~1": 2}), op("remove", "/~01"), Some(json!({"a/b": 1}))),
            (json!({"": {"": 1}}), op("remove", "//"), Some(json!({"": {}}))),
            // What only the server writes is not here, and not looked for.
            (json!({}), with("replace", "/metadata/resourceVersion", json!("7")), Some(json!({}))),
            (json!({}), op("remove", "/metadata/managedFields/0"), Some(json!({}))),
            (json!({}), op("remove", "/metadata/labels/a"), None),
            (json!(null), with("add", "/a", json!(1)), None),
        ];
        for (row, (before, operation, after)) in rows.into_iter().enumerate() {
            let mut value = before;
            let outcome = apply(&mut value, &json!([operation]));
            assert_eq!(outcome.map(|()| value).ok(), after, "row {row}: {operation}");
        }
    }

    #[test]
    fn errors_say_which_operation() {
        let patch = json!([{"op": "test", "path": "/a"}, {"op": "remove", "path": "/spec/replicas"}]);
        let error = apply(&mut json!({"spec": {}}), &patch).unwrap_err();
        assert_eq!(error.to_string(), "operation 2 of the patch (remove /spec/replicas): there is no such path");
        assert!(apply(&mut json!({}), &json!({})).is_err());
    }

    #[test]
    fn patches_that_grow_what_they_copy_end() {
        let doubling = vec![json!({"op": "copy", "from": "", "path": "/a"}); 200];
        assert!(apply(&mut json!({}), &Value::Array(doubling)).is_err());
        let doubling = vec![json!({"op": "copy", "from": "/a", "path": "/a/-"}); 100];
        assert!(apply(&mut json!({"a": ["x".repeat(1000)]}), &Value::Array(doubling)).is_err());
        let nesting = (0..5000).map(|n| json!({"op": "add", "path": "/a".repeat(n + 1), "value": {}})).collect();
        assert!(apply(&mut json!({}), &Value::Array(nesting)).is_err());
        let into_each_other = |n| json!({"op": "move", "from": format!("/{n}"), "path": format!("/{}/a", n + 1)});
        let mut value: Value = (0..5000).map(|n| (n.to_string(), json!({}))).collect();
        assert!(apply(&mut value, &(0..4000).map(into_each_other).collect()).is_err());
        let many = vec![json!({"op": "test", "path": ""}); MAX_OPERATIONS + 1];
        assert!(apply(&mut json!({}), &Value::Array(many)).is_err());
    }
}
