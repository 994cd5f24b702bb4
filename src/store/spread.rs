//! A map of fingerprints that grows in parts.
//!
//! A hash map that is full moves to one of twice the size, and for that time there are both. Of many small ones only one moves
//! at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::fingerprint::ByFingerprint;

/// The parts: so many that one of them is little beside the others.
const PARTS: usize = 64;

/// Values by fingerprints.
pub(super) struct Spread<V> {
    parts: Vec<HashMap<u64, V, ByFingerprint>>,
}

impl<V> Default for Spread<V> {
    fn default() -> Self {
        Spread { parts: (0..PARTS).map(|_| HashMap::default()).collect() }
    }
}

impl<V> Spread<V> {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(HashMap::is_empty)
    }

    /// The value of a fingerprint.
    pub fn get(&self, fingerprint: u64) -> Option<&V> {
        self.parts[part(fingerprint)].get(&fingerprint)
    }

    /// The value of a fingerprint, to be changed.
    pub fn get_mut(&mut self, fingerprint: u64) -> Option<&mut V> {
        self.parts[part(fingerprint)].get_mut(&fingerprint)
    }

    /// The place of a fingerprint.
    pub fn entry(&mut self, fingerprint: u64) -> Entry<'_, u64, V> {
        self.parts[part(fingerprint)].entry(fingerprint)
    }
}

/// By bits that the maps themselves make no use of: they place by the lowest, and tell apart by the highest seven.
fn part(fingerprint: u64) -> usize {
    (fingerprint >> 40) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_again() {
        let mut spread = Spread::default();
        assert!(spread.is_empty());
        let fingerprints = (0..1000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for (i, fingerprint) in fingerprints.clone().enumerate() {
            spread.entry(fingerprint).or_insert(i);
        }
        assert!(fingerprints.clone().enumerate().all(|(i, fingerprint)| spread.get(fingerprint) == Some(&i)));
        assert!(spread.parts.iter().all(|part| (1..100).contains(&part.len())));
        *spread.get_mut(0).unwrap() = 7;
        assert_eq!((spread.get(0), spread.get(1)), (Some(&7), None));
    }
}
