//! Fingerprints of texts, and the uids of objects as numbers.
//!
//! A fingerprint stands for its text: equal ones are taken for equal texts without a look at them. So it has 128 bits, and a
//! key that is drawn anew in every run, which no log can be written to collide under. One pass of SipHash-1-3 gives all of
//! them; two of std's 64-bit hasher cost twice that.

use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::num::NonZeroU128;

use siphasher::sip128::{Hasher128, SipHasher13};

/// The key of a run.
#[derive(Clone, Copy)]
pub struct Fingerprints {
    hasher: SipHasher13,
}

impl Default for Fingerprints {
    /// Draws a key.
    fn default() -> Self {
        // std draws its keys from the system, gives none away, and hashes different words to unrelated ones.
        let random = RandomState::new();
        Fingerprints { hasher: SipHasher13::new_with_keys(random.hash_one(0_u64), random.hash_one(1_u64)) }
    }
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints")
    }
}

impl Fingerprints {
    /// The fingerprint of a text.
    pub fn of(&self, text: &[u8]) -> u128 {
        self.hasher.hash(text).as_u128()
    }

    /// The fingerprint of some texts in their order.
    pub fn of_texts<'t>(&self, texts: impl Iterator<Item = &'t str>) -> u128 {
        // No text holds this byte.
        const END: u8 = 0xff;
        let mut hasher = self.hasher;
        // Most are short, and a hasher takes one long text faster than many short ones.
        let (mut gathered, mut length) = ([0; 256], 0);
        for text in texts.map(str::as_bytes) {
            if length + text.len() >= gathered.len() {
                hasher.write(&gathered[..length]);
                length = 0;
            }
            if text.len() < gathered.len() {
                gathered[length..length + text.len()].copy_from_slice(text);
                length += text.len();
            } else {
                hasher.write(text);
            }
            gathered[length] = END;
            length += 1;
        }
        hasher.write(&gathered[..length]);
        hasher.finish128().as_u128()
    }

    /// A hash of anything, under the same key.
    pub(crate) fn hash(&self, value: &impl Hash) -> u64 {
        let mut hasher = self.hasher;
        value.hash(&mut hasher);
        hasher.finish()
    }

    /// The uid that a text is.
    pub fn uid(&self, text: &str) -> Uid {
        let uuid = uuid(text).filter(|bits| bits.get() & Uid::VERSION != Uid::NO_UUID);
        Uid(uuid.unwrap_or_else(|| NonZeroU128::MIN | (self.of(text.as_bytes()) & !Uid::VERSION | Uid::NO_UUID)))
    }
}

/// The uid of an object.
///
/// Kubernetes makes them UUIDs, whose bits this is. Whatever else a log may have in their place is hashed, and set apart by
/// a version that no UUID has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(NonZeroU128);

impl Uid {
    /// Where a UUID has its version.
    const VERSION: u128 = 0xf << 76;
    /// The version that RFC 9562 gives to no UUID.
    const NO_UUID: u128 = 0xf << 76;

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn numbered(number: u128) -> Self {
        Uid(NonZeroU128::new(number).unwrap())
    }
}

/// The bits of a UUID in its canonical form: lower case, in groups of 8, 4, 4, 4 and 12 digits.
fn uuid(text: &str) -> Option<NonZeroU128> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    if [text[8], text[13], text[18], text[23]] != [b'-'; 4] {
        return None;
    }
    let mut wrong = 0;
    let mut number = |digits: [&[u8]; 3]| {
        digits.into_iter().flatten().fold(0_u64, |bits, byte| {
            let digit = DIGITS[usize::from(*byte)];
            wrong |= digit;
            (bits << 4) | u64::from(digit)
        })
    };
    let (high, low) = (number([&text[..8], &text[9..13], &text[14..18]]), number([&text[19..23], &text[24..], &[]]));
    let bits = (u128::from(high) << 64) | u128::from(low);
    NonZeroU128::new(bits).filter(|_| wrong < NO_DIGIT)
}

/// Stands for what is no hexadecimal digit.
const NO_DIGIT: u8 = 0x80;

/// The lower-case hexadecimal digits by the bytes that they are written as.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};

/// Hashes what is a fingerprint already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hashed(u64);

/// For maps whose keys are fingerprints.
pub(crate) type ByFingerprint = BuildHasherDefault<Hashed>;

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }

    fn write_u128(&mut self, fingerprint: u128) {
        self.0 = fingerprint as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_its_bits() {
        let fingerprints = Fingerprints::default();
        let uid = fingerprints.uid("00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(uid, Uid::numbered(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff));
    }

    #[test]
    fn what_is_no_uuid_is_never_one() {
        let fingerprints = Fingerprints::default();
        let texts = [
            "",
            "web-1",
            "00000000-0000-0000-0000-000000000000",
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "00112233-4455-f677-8899-aabbccddeeff",
            "0011223344556677-8899-aabbccddeeff00-",
            "00112233x4455-6677-8899-aabbccddeeff",
        ];
        for (i, text) in texts.iter().enumerate() {
            let uid = fingerprints.uid(text);
            assert_eq!(uid.0.get() & Uid::VERSION, Uid::NO_UUID, "{text}");
            assert!(texts[..i].iter().all(|other| fingerprints.uid(other) != uid), "{text}");
            assert_eq!(uid, fingerprints.uid(text), "{text}");
        }
    }

    #[test]
    fn no_two_runs_have_one_key() {
        assert_ne!(Fingerprints::default().of(b"x"), Fingerprints::default().of(b"x"));
    }
}
