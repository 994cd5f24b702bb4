//! The order of a list that was merged, and numbers for merge keys, so that a list of any length is gone through once.

use std::collections::HashMap;
use std::hash::Hash;

use serde_json::Value;

/// Numbers keys in the order in which they are first seen.
pub(super) struct Numbers<K>(HashMap<K, usize>);

impl<K: Hash + Eq> Numbers<K> {
    pub(super) fn new() -> Self {
        Numbers(HashMap::new())
    }

    /// The number of a key.
    pub(super) fn of(&mut self, key: K) -> usize {
        let next = self.0.len();
        *self.0.entry(key).or_insert(next)
    }
}

/// What an element of a list is known by: a map by a key of it, a scalar by itself.
pub(super) fn identity<'v>(element: &'v Value, key: Option<&str>) -> &'v Value {
    const NOTHING: &Value = &Value::Null;
    key.map_or(element, |key| element.get(key).unwrap_or(NOTHING))
}

/// Puts a merged list into order (`normalizeElementOrder` in apimachinery's `strategicpatch`): what the patch names stands as
/// `wanted` has it, what only the server has as `server` had it, and of the two sequences, where both are at something that
/// the server had, what it had first goes first; else what the patch names.
///
/// `wanted` and `server` are identities of elements.
pub(super) fn arrange<'v>(
    merged: Vec<Value>,
    key: Option<&str>,
    wanted: impl IntoIterator<Item = &'v Value>,
    server: impl IntoIterator<Item = &'v Value>,
) -> Vec<Value> {
    let (wanted, server): (Vec<_>, Vec<_>) = (wanted.into_iter().collect(), server.into_iter().collect());
    let mut numbers = Numbers::new();
    let wanted: Vec<usize> = wanted.into_iter().map(|identity| numbers.of(identity)).collect();
    let server: Vec<usize> = server.into_iter().map(|identity| numbers.of(identity)).collect();
    let own: Vec<usize> = merged.iter().map(|element| numbers.of(identity(element, key))).collect();
    let (wanted, server) = (ranks(&wanted, numbers.0.len()), ranks(&server, numbers.0.len()));

    let numbered = own.into_iter().zip(merged);
    let (mut named, mut kept): (Vec<_>, Vec<_>) = numbered.partition(|(number, _)| wanted[*number].is_some());
    named.sort_by_key(|(number, _)| wanted[*number]);
    kept.sort_by_key(|(number, _)| server[*number].unwrap_or(usize::MAX));

    let mut out = Vec::with_capacity(named.len() + kept.len());
    let (mut named, mut kept) = (named.into_iter().peekable(), kept.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (kept.peek(), named.peek()) {
        let first = matches!((server[*a], server[*b]), (Some(a), Some(b)) if a < b);
        out.extend(if first { kept.next() } else { named.next() });
    }
    out.extend(named.chain(kept));
    out.into_iter().map(|(_, element)| element).collect()
}

/// Where each number first stands in a sequence.
fn ranks(sequence: &[usize], numbers: usize) -> Vec<Option<usize>> {
    let mut ranks = vec![None; numbers];
    for (place, number) in sequence.iter().enumerate() {
        ranks[*number].get_or_insert(place);
    }
    ranks
}
