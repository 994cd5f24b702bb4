//! Strategic merge patch: a merge patch in which some lists are merged, as the types say, and in which directives say what a
//! merge cannot. The rules are those of `StrategicMergeMapPatch` in apimachinery's `util/strategicpatch/patch.go`, version
//! 1.34, followed by the decoding into a type, which drops nulls and unknown keys.
//!
//! No directive is left in what comes out, at any depth, if none was in the object.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::PatchError;
use super::dialect::{DELETE_FROM_PRIMITIVE_LIST, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, is_directive};
use super::order::{arrange, identity};
use super::schema::{Strategy, Type};

/// Applies a patch to an object of a type. On an error the value may be anything.
pub(super) fn apply(value: &mut Value, patch: &Value, of: &Type) -> Result<(), PatchError> {
    let Value::Object(patch) = patch else {
        return Err(PatchError::field("", "a strategic merge patch is a map"));
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
    if let Some(directive) = patch.get(PATCH) {
        *map = match directive.as_str() {
            Some("replace") => without_directives(patch),
            Some("delete") => Map::new(),
            // `merge` is documented, and refused by every server.
            _ => return Err(PatchError::field(PATCH, "of a map it is replace or delete")),
        };
        return Ok(());
    }
    retain_keys(map, patch)?;
    let mut ordered = BTreeSet::new();
    for (key, order) in patch {
        if let Some(field) = key.strip_prefix(SET_ELEMENT_ORDER) {
            merge_in_order(map, patch, field, order, of)?;
            ordered.insert(field);
        }
    }
    for (key, patch) in patch {
        if !is_directive(key) && !ordered.contains(key.as_str()) {
            merge_field(map, key, patch, of)?;
        }
    }
    // A server takes keys in no particular order; what is both added and deleted in one patch is gone here.
    for (key, gone) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM_PRIMITIVE_LIST) {
            delete_from_primitive_list(map, field, gone)?;
        }
    }
    Ok(())
}

/// Removes the keys that `$retainKeys` does not name (`applyRetainKeysDirective`).
fn retain_keys(map: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), PatchError> {
    let Some(retained) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let Value::Array(retained) = retained else {
        return Err(PatchError::field(RETAIN_KEYS, "it is a list of keys"));
    };
    let retained: HashSet<&str> = retained.iter().filter_map(Value::as_str).collect();
    let sets = |(key, value): (&String, &Value)| !value.is_null() && !is_directive(key);
    if let Some((key, _)) = patch.iter().find(|(key, value)| sets((key, value)) && !retained.contains(key.as_str())) {
        return Err(PatchError::field(key, "$retainKeys does not name it"));
    }
    map.retain(|key, _| retained.contains(key.as_str()));
    Ok(())
}

fn merge_field(map: &mut Map<String, Value>, key: &str, patch: &Value, of: &Type) -> Result<(), PatchError> {
    let field = of.field(key);
    match (map.get_mut(key), patch) {
        (_, Value::Null) => {
            map.remove(key);
        }
        (Some(Value::Object(value)), Value::Object(patch)) => match field.strategic {
            Strategy::Replace => *value = without_directives(patch),
            _ => merge_map(value, patch, field.of)?,
        },
        (Some(Value::Array(list)), Value::Array(patch)) => {
            *list = match field.strategic {
                Strategy::Keyed(by) => merge_by_key(std::mem::take(list), patch, key, by, field.of)?,
                Strategy::Set => unite(std::mem::take(list), patch),
                Strategy::Plain | Strategy::Replace => elements_without_directives(patch),
            };
        }
        _ => match cleaned(patch) {
            Some(value) => {
                map.insert(key.to_owned(), value);
            }
            None => {
                map.remove(key);
            }
        },
    }
    Ok(())
}

/// Merges a list by a key of its elements (`mergeSliceWithSpecialElements`, `mergeSliceWithoutSpecialElements`). Of elements
/// with the same key the first is merged with: a server does the same with the ports of a service that serves one by TCP and UDP.
fn merge_by_key(
    mut list: Vec<Value>,
    patch: &[Value],
    field: &str,
    by: &str,
    of: &Type,
) -> Result<Vec<Value>, PatchError> {
    let (mut gone, mut plain, mut replaces) = (HashSet::new(), Vec::new(), false);
    for element in patch {
        let key = key_of(element, field, by);
        match element.get(PATCH) {
            None => plain.push((key?, element)),
            Some(Value::String(directive)) if directive == "delete" => drop(gone.insert(key?)),
            Some(Value::String(directive)) if directive == "replace" => replaces = true,
            Some(_) => return Err(PatchError::field(field, "$patch of an element is replace or delete")),
        }
    }
    if replaces {
        return Ok(plain.iter().filter_map(|(_, element)| cleaned(element)).collect());
    }
    let mut keys = Vec::with_capacity(list.len());
    for element in &list {
        keys.push(key_of(element, field, by)?.clone());
    }
    let mut at: HashMap<&Value, usize> = HashMap::with_capacity(list.len());
    let mut kept = keys.iter().map(|key| !gone.contains(key));
    list.retain(|_| kept.next().unwrap_or(true));
    keys.retain(|key| !gone.contains(key));
    for (place, key) in keys.iter().enumerate() {
        at.entry(key).or_insert(place);
    }
    for (key, element) in &plain {
        match at.get(key).and_then(|place| list.get_mut(*place)) {
            Some(Value::Object(value)) => element.as_object().map_or(Ok(()), |patch| merge_map(value, patch, of))?,
            _ => {
                at.insert(key, list.len());
                list.extend(cleaned(element));
            }
        }
    }
    Ok(arrange(list, Some(by), plain.iter().map(|(key, _)| *key), &keys))
}

fn key_of<'v>(element: &'v Value, field: &str, by: &str) -> Result<&'v Value, PatchError> {
    let Value::Object(element) = element else {
        return Err(PatchError::field(field, "its elements are merged by key, and one is no map"));
    };
    element.get(by).ok_or_else(|| PatchError::field(field, "an element lacks its merge key"))
}

/// Unites lists of scalars, each once.
fn unite(mut list: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    let server = list.clone();
    list.extend(elements_without_directives(patch));
    let mut seen = HashSet::new();
    let first: Vec<bool> = list.iter().map(|element| seen.insert(element)).collect();
    let mut first = first.into_iter();
    list.retain(|_| first.next().unwrap_or(true));
    arrange(list, None, patch, &server)
}

/// Merges a list whose order the patch tells (`mergePatchIntoOriginal`).
fn merge_in_order(
    map: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    field: &str,
    order: &Value,
    of: &Type,
) -> Result<(), PatchError> {
    let Value::Array(order) = order else {
        return Err(PatchError::field(field, "$setElementOrder is a list"));
    };
    let by = match of.field(field).strategic {
        Strategy::Keyed(by) => Some(by),
        _ => None,
    };
    if let Some(by) = by {
        order.iter().try_for_each(|element| key_of(element, field, by).map(drop))?;
    }
    let mut server: Vec<Value> = match map.get(field) {
        Some(Value::Array(list)) => list.iter().map(|element| identity(element, by).clone()).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(PatchError::field(field, "it has an order, and is no list")),
    };
    if let (Some(by), Some(Value::Array(elements))) = (by, patch.get(field)) {
        take_places_of_deleted(&mut server, elements, by);
    }
    match patch.get(field) {
        Some(Value::Array(elements)) => {
            check_order(elements, order, field, by)?;
            merge_field(map, field, &patch[field], of)?;
        }
        Some(_) => return Err(PatchError::field(field, "it has an order, and is no list")),
        None => (),
    }
    if let Some(Value::Array(list)) = map.get_mut(field) {
        if let Some(by) = by {
            list.iter().try_for_each(|element| key_of(element, field, by).map(drop))?;
        }
        let wanted = order.iter().map(|element| identity(element, by));
        *list = arrange(std::mem::take(list), by, wanted, &server);
    }
    Ok(())
}

/// What a server takes for its own order when a patch deletes elements of a list and adds others: the first of those added
/// stand at its end, in the places that the deletions left. That comes of a Go slice that two variables share
/// (`originalFieldValue` in `mergePatchIntoOriginal`), and it is seen in the order of containers that were renamed.
fn take_places_of_deleted(server: &mut Vec<Value>, patch: &[Value], by: &str) {
    let (gone, added): (Vec<&Value>, Vec<&Value>) = patch.iter().partition(|element| element.get(PATCH).is_some());
    let gone: HashSet<&Value> = gone.into_iter().map(|element| identity(element, Some(by))).collect();
    let places = server.len();
    server.retain(|key| !gone.contains(key));
    let mut seen: HashSet<Value> = server.iter().cloned().collect();
    let added = added.into_iter().map(|element| identity(element, Some(by)));
    let free = places - server.len();
    server.extend(added.filter(|key| seen.insert((*key).clone())).take(free).cloned());
}

/// What a patch has of a list stands in the order that it tells (`validatePatchWithSetOrderList`).
fn check_order(elements: &[Value], order: &[Value], field: &str, by: Option<&str>) -> Result<(), PatchError> {
    let mut order = order.iter().map(|element| identity(element, by));
    if order.len() == 0 {
        return Ok(());
    }
    for element in elements.iter().filter(|element| element.get(PATCH).is_none()) {
        if !order.any(|wanted| wanted == identity(element, by)) {
            return Err(PatchError::field(field, "its elements stand in another order than $setElementOrder"));
        }
    }
    Ok(())
}

fn delete_from_primitive_list(map: &mut Map<String, Value>, field: &str, gone: &Value) -> Result<(), PatchError> {
    match (map.get_mut(field), gone) {
        (_, Value::Null) => drop(map.remove(field)),
        (Some(Value::Array(list)), Value::Array(gone)) => {
            let gone: HashSet<&Value> = gone.iter().collect();
            list.retain(|element| !gone.contains(element));
        }
        (_, Value::Array(_)) => (),
        _ => return Err(PatchError::field(field, "$deleteFromPrimitiveList is a list")),
    }
    Ok(())
}

/// What a patch sets where nothing was (`removeDirectives`, `discardNullValuesFromPatch`): without its nulls and directives;
/// what has a `$patch` of its own goes whole, as it asks for something to be done to what is not there. (In a new element of
/// a list a server keeps such a thing, without its `$patch`. No client asks for that.)
fn cleaned(patch: &Value) -> Option<Value> {
    Some(match patch {
        Value::Object(map) if map.contains_key(PATCH) => return None,
        Value::Object(map) => Value::Object(without_directives(map)),
        Value::Array(list) => Value::Array(elements_without_directives(list)),
        scalar => scalar.clone(),
    })
}

fn without_directives(patch: &Map<String, Value>) -> Map<String, Value> {
    let fields = patch.iter().filter(|(key, value)| !is_directive(key) && !value.is_null());
    fields.filter_map(|(key, value)| Some((key.clone(), cleaned(value)?))).collect()
}

fn elements_without_directives(patch: &[Value]) -> Vec<Value> {
    patch.iter().filter_map(cleaned).collect()
}
