//! Of which objects the owners leave something open, in a world.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::super::{Recording, Write};

fn key(body: &Value) -> String {
    crate::support::cases::key(body.to_string().as_bytes()).0
}

/// Objects that were let go, and what they own.
pub fn moved(log: &Recording) -> BTreeSet<String> {
    let mut owned: BTreeSet<String> = BTreeSet::new();
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
    for write in &log.writes {
        let uid = write.body["metadata"]["uid"].to_string();
        let owner = write.body.pointer("/metadata/ownerReferences/0/uid").map(Value::to_string);
        if owner.as_ref().map_or(owned.contains(&uid), |owner| moved.contains_key(owner)) {
            moved.insert(uid.clone(), key(&write.body));
        }
        owned.extend(owner.map(|_| uid));
    }
    moved.into_values().collect()
}

/// Objects of which a list does not tell whose they are: of an owner that is gone while the garbage collector is late; or that
/// was let go while its owner is still there, which it waits for.
pub fn adrift(log: &Recording, at: i64) -> BTreeSet<String> {
    let owner = |write: &Write| write.body.pointer("/metadata/ownerReferences/0/uid").cloned();
    let mut writes: Vec<&Write> = log.writes.iter().collect();
    writes.sort_by_key(|write| write.at);
    let gone: Vec<&Value> = writes
        .iter()
        .filter(|write| write.gone && write.at <= at)
        .map(|write| &write.body["metadata"]["uid"])
        .collect();
    let names = writes.iter().map(|write| (&write.body["metadata"]["uid"], key(&write.body)));
    let names: HashMap<&Value, String> = names.collect();
    let mut adrift: BTreeMap<String, String> = BTreeMap::new();
    let mut owners: BTreeMap<String, Value> = BTreeMap::new();
    for write in writes {
        let uid = write.body["metadata"]["uid"].to_string();
        let key = key(&write.body);
        let own = owner(write);
        if own.as_ref().is_some_and(|own| gone.contains(&own) || adrift.contains_key(&own.to_string())) {
            adrift.insert(uid.clone(), key.clone());
            // What runs on counts as its owner's.
            adrift.extend(own.iter().filter_map(|own| Some((own.to_string(), names.get(own)?.clone()))));
        }
        match (own, owners.get(&uid)) {
            (Some(own), _) => drop(owners.insert(uid, own)),
            (None, Some(former)) if write.at <= at && !gone.contains(&former) => drop(adrift.insert(uid, key)),
            _ => {}
        }
    }
    adrift.into_values().collect()
}
