//! Server-side apply (KEP-555): the fields that a manager applies, merged into the object as structured-merge-diff does
//! (`typed/merge.go`).
//!
//! A server then removes what the manager applied before and no longer does. Whose fields are whose is told by
//! `metadata.managedFields`, which is not kept, so nothing is removed here: an element that was left out of an applied list
//! stays, if the list is merged by key.
//!
//! Of custom resources maps are merged and lists replaced, but for those of their metadata: `x-kubernetes-list-type` is atomic
//! where a definition does not say otherwise, and definitions are not in an audit log.

use serde_json::{Map, Value};

use super::PatchError;
use super::order::Numbers;
use super::schema::{Applied, Field, Type};

/// Applies a patch to an object of a type. On an error the value may be anything.
pub(super) fn apply(value: &mut Value, patch: &Value, of: &Type) -> Result<(), PatchError> {
    let Value::Object(patch) = patch else {
        return Err(PatchError::field("", "what is applied is a map"));
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => merge_map(map, patch, of),
        _ => Ok(()),
    }
}

fn merge_map(map: &mut Map<String, Value>, patch: &Map<String, Value>, of: &Type) -> Result<(), PatchError> {
    for (key, patch) in patch {
        let field = of.field(key);
        match (map.get_mut(key), patch) {
            // Where a map or list is merged null has nothing to add; else it unsets.
            (Some(Value::Object(_)), Value::Null) if !field.of.atomic => (),
            (Some(Value::Array(_)), Value::Null) if !matches!(field.applied, Applied::Atomic) => (),
            (_, Value::Null) => drop(map.remove(key)),
            (Some(value), patch) => merge_value(value, patch, field)?,
            (None, patch) => drop(map.insert(key.clone(), without_nulls(patch))),
        }
    }
    Ok(())
}

fn merge_value(value: &mut Value, patch: &Value, field: &Field) -> Result<(), PatchError> {
    match (value, patch, field.applied) {
        (Value::Object(value), Value::Object(patch), _) if !field.of.atomic => merge_map(value, patch, field.of),
        (Value::Array(list), Value::Array(patch), Applied::Keyed(by)) => {
            let (own, applied) = (keys_of(list, by, field)?, keys_of(patch, by, field)?);
            *list = interleave(std::mem::take(list), patch, own, applied, field)?;
            Ok(())
        }
        (Value::Array(list), Value::Array(patch), Applied::Set) => {
            let own = list.iter().map(|element| vec![Some(element.clone())]).collect();
            let applied = patch.iter().map(|element| vec![Some(element.clone())]).collect();
            *list = interleave(std::mem::take(list), patch, own, applied, field)?;
            Ok(())
        }
        (value, patch, _) => {
            *value = without_nulls(patch);
            Ok(())
        }
    }
}

type Key = Vec<Option<Value>>;

/// The keys of the elements of a list. One of several may be absent (`keyedAssociativeListItemToPathElement`).
fn keys_of(list: &[Value], by: &[(&str, Option<&str>)], field: &Field) -> Result<Vec<Key>, PatchError> {
    let key_of = |element: &Value| {
        let key = |(name, default): &(&str, Option<&str>)| element.get(*name).cloned().or(default.map(Value::from));
        let key: Key = by.iter().map(key).collect();
        let known = element.is_object() && key.iter().any(Option::is_some);
        known.then_some(key).ok_or_else(|| field.error("an element lacks the keys that it is merged by"))
    };
    list.iter().map(key_of).collect()
}

/// Merges two lists by the keys of their elements, and puts them into order as `visitListItems` does: what both have stands as
/// the patch has it, what only the object has stays behind what it stood behind.
fn interleave(
    list: Vec<Value>,
    patch: &[Value],
    own: Vec<Key>,
    applied: Vec<Key>,
    field: &Field,
) -> Result<Vec<Value>, PatchError> {
    let mut numbers = Numbers::new();
    // Each new key gets the next number, so an element of the patch has that of its place, and what only the object has a
    // greater one.
    if applied.into_iter().enumerate().any(|(place, key)| numbers.of(key) != place) {
        return Err(field.error("two of the applied elements have the same keys"));
    }
    let own: Vec<usize> = own.into_iter().map(|key| numbers.of(key)).collect();
    let mut list: Vec<Option<Value>> = list.into_iter().map(Some).collect();
    let mut merged = merge_elements(&mut list, &own, patch, field)?;

    let mut out = Vec::with_capacity(list.len() + patch.len());
    let mut is_shared = vec![false; patch.len()];
    own.iter().filter(|number| **number < patch.len()).for_each(|number| is_shared[*number] = true);
    let mut shared = (0..patch.len()).filter(|place| is_shared[*place]).peekable();
    let mut left = own.iter().zip(list).peekable();
    let mut next = 0;
    loop {
        let number = left.peek().map(|(number, _)| **number);
        match number {
            Some(number) if number >= patch.len() => out.extend(left.next().and_then(|(_, element)| element)),
            // In both, and already written, or further on in the patch than what both have next.
            Some(number) if number < next || shared.peek().is_some_and(|shared| *shared != number) => drop(left.next()),
            None if next == patch.len() => return Ok(out),
            _ => {
                out.extend(merged[next].take());
                left.next_if(|(number, _)| **number == next);
                shared.next_if_eq(&next);
                next += 1;
            }
        }
    }
}

/// The elements of the patch, each merged into that of the object with its number. Of several in the object with one number
/// none counts.
fn merge_elements(
    list: &mut [Option<Value>],
    own: &[usize],
    patch: &[Value],
    field: &Field,
) -> Result<Vec<Option<Value>>, PatchError> {
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); patch.len()];
    for (place, number) in own.iter().enumerate() {
        if let Some(places) = places.get_mut(*number) {
            places.push(place);
        }
    }
    let merge = |(element, places): (&Value, Vec<usize>)| {
        let mine = if let [place] = places[..] { list[place].take() } else { None };
        match (mine, element) {
            (Some(Value::Object(mut mine)), Value::Object(element)) if !field.of.atomic => {
                merge_map(&mut mine, element, field.of)?;
                Ok(Some(Value::Object(mine)))
            }
            _ => Ok(Some(without_nulls(element))),
        }
    };
    patch.iter().zip(places).map(merge).collect()
}

fn without_nulls(patch: &Value) -> Value {
    match patch {
        Value::Object(map) => {
            let fields = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        scalar => scalar.clone(),
    }
}
