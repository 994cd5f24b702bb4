//! JSON Merge Patch (RFC 7386).

use serde_json::{Map, Value};

use crate::json::compose::{Composer, raw, verbatim};
use crate::json::{self, Raw};

/// Lays a patch over a value: maps are merged, `null` takes a key away, anything else replaces what was there. No patch fails.
pub(super) fn apply(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { return };
    for (key, patch) in patch {
        if patch.is_null() {
            map.remove(key);
        } else if let Some(value) = map.get_mut(key) {
            apply(value, patch);
        } else {
            let mut value = Value::Null;
            apply(&mut value, patch);
            map.insert(key.clone(), value);
        }
    }
}

/// As [`apply`], of the canonical text of an object: what the patch does not name is copied. Appends the canonical text of what
/// comes out; `None`, and some of it, where the text is of no object.
pub(super) fn merge(text: &[u8], patch: &Map<String, Value>, out: &mut Vec<u8>) -> Option<()> {
    members(raw(text)?, patch, out)
}

fn members(object: Raw<'_>, patch: &Map<String, Value>, out: &mut Vec<u8>) -> Option<()> {
    let mut composer = Composer::begin(out);
    // Both in the order of their keys.
    let mut patches = patch.iter().peekable();
    json::each(object, |key, value| {
        while let Some((key, patch)) = patches.next_if(|(patched, _)| ***patched < *key) {
            composer.member(key, |out| patched(None, patch, out));
        }
        match patches.next_if(|(patched, _)| ***patched == *key) {
            Some((key, patch)) => composer.member(key, |out| patched(Some(value), patch, out)),
            None => composer.member(&key, |out| verbatim(value, out)),
        }
    })
    .ok()?;
    patches.for_each(|(key, patch)| composer.member(key, |out| patched(None, patch, out)));
    composer.end();
    Some(())
}

/// Appends what a patch makes of a member, if it leaves any.
fn patched(value: Option<Raw<'_>>, patch: &Value, out: &mut Vec<u8>) -> Option<()> {
    const NONE: &[u8] = b"{}";
    match patch {
        Value::Null => None,
        Value::Object(patch) => members(value.filter(|value| value.get().starts_with('{')).or(raw(NONE))?, patch, out),
        _ => serde_json::to_writer(out, patch).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::json::tests::any_json;

    /// The examples of RFC 7386, appendix A: before, patch, after.
    #[test]
    fn the_examples_of_the_rfc() {
        let rows = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (before, patch, after) in rows {
            let mut value = before.clone();
            apply(&mut value, &patch);
            assert_eq!(value, after, "{before} with {patch}");
        }
    }

    /// Such as have keys in common, and are no fractions.
    fn like(value: &Value) -> BoxedStrategy<Value> {
        let other = || any_json().prop_filter("fractions", |value| !value.to_string().contains('.'));
        match value {
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| (Just(key.clone()), prop::option::of(like(value)));
                let own: Vec<_> = members.iter().map(member).collect();
                let object = (own, prop::collection::btree_map("[a-c]", other(), 0..3)).prop_map(|(own, more)| {
                    let own = own.into_iter().filter_map(|(key, value)| Some((key, value?)));
                    Value::Object(own.chain(more).collect())
                });
                prop_oneof![4 => object, 1 => other(), 1 => Just(Value::Null)].boxed()
            }
            _ => prop_oneof![3 => other(), 1 => Just(Value::Null)].boxed(),
        }
    }

    proptest! {
        #[test]
        fn of_a_text_comes_what_comes_of_the_tree(
            (before, patch) in any_json().prop_flat_map(|value| (Just(json!({"a": value, "b": {"c": value}})), like(&json!({"a": value, "b": {"c": value}})))),
        ) {
            let text = before.to_string();
            prop_assume!(!text.contains('.'));
            let Value::Object(patch) = patch else { return Ok(()) };
            let mut out = Vec::new();
            merge(text.as_bytes(), &patch, &mut out).unwrap();
            let mut tree = before;
            apply(&mut tree, &Value::Object(patch));
            prop_assert_eq!(String::from_utf8(out).unwrap(), tree.to_string());
        }
    }
}
