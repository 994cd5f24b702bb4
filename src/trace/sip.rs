//! SipHash-1-3 with zero keys: the one hash function of a trace.
//!
//! SimKube hashes with `std::collections::hash_map::DefaultHasher`, whose algorithm std leaves open, while the hashes stand in
//! files and are compared with those that another program computes. So the function is pinned here: the bytes that std
//! feeds to it on a 64-bit little-endian machine, the algorithm that it runs today. Tests compare both with std.

/// The state of one hash. Feeding it in one piece or in many gives the same hash.
pub(super) struct Sip13 {
    v: [u64; 4],
    /// The bytes that do not fill a word yet, the first of them lowest.
    tail: u64,
    /// How many bytes were fed.
    length: u64,
}

impl Sip13 {
    /// A hash of nothing yet, keys zero.
    pub(super) const fn new() -> Self {
        let v = [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573];
        Sip13 { v, tail: 0, length: 0 }
    }

    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        d = d.rotate_left(21) ^ a;
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.v = [a, b, c, d];
    }

    fn word(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.v[0] ^= word;
    }

    fn byte(&mut self, byte: u8) {
        let place = self.length % 8;
        self.tail |= u64::from(byte) << (8 * place);
        self.length = self.length.wrapping_add(1);
        if place == 7 {
            self.word(self.tail);
            self.tail = 0;
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|bytes| self.eight(u64::from_le_bytes(*bytes)));
        rest.iter().for_each(|&byte| self.byte(byte));
    }

    /// Feeds eight bytes, the first of them lowest: as much of them as has room in the tail makes a word with it, the others are
    /// the next tail.
    fn eight(&mut self, bytes: u64) {
        let filled = 8 * (self.length % 8) as u32;
        self.word(self.tail | (bytes << filled));
        self.tail = bytes.checked_shr(64 - filled).unwrap_or(0);
        self.length = self.length.wrapping_add(8);
    }

    /// Feeds what std feeds for a `bool`: one byte.
    pub(super) fn bool(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    /// Feeds what std feeds for a `u64`, an `i64` and (as bits) a discriminant: eight bytes, the lowest first.
    pub(super) fn u64(&mut self, value: u64) {
        self.eight(value);
    }

    /// Feeds what std feeds for a `str`: its bytes, and one that no UTF-8 contains.
    pub(super) fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.byte(0xff);
    }

    /// The hash of all that was fed.
    pub(super) fn finish(mut self) -> u64 {
        let last = (self.length << 56) | self.tail;
        self.word(last);
        self.v[2] ^= 0xff;
        (0..3).for_each(|_| self.round());
        self.v.iter().fold(0, |hash, v| hash ^ v)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;
    use std::hash::{Hash, Hasher};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hash_of_nothing_is_known() {
        assert_eq!(Sip13::new().finish(), 0xd1fb_a762_150c_532c);
    }

    proptest! {
        #[test]
        fn it_is_the_hash_of_std(texts: Vec<String>, numbers: Vec<u64>, flags: Vec<bool>) {
            let (mut ours, mut std) = (Sip13::new(), DefaultHasher::new());
            for text in &texts {
                ours.str(text);
                text.as_str().hash(&mut std);
            }
            for &flag in &flags {
                ours.bool(flag);
                flag.hash(&mut std);
            }
            for &number in &numbers {
                ours.u64(number);
                number.hash(&mut std);
            }
            prop_assert_eq!(ours.finish(), std.finish());
        }
    }
}
