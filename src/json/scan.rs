//! Skips JSON values by their structure alone.
//!
//! Most of a log is skipped: of an object that is recorded again and again only a few members are looked at. So skipping is
//! what reading costs. It goes by blocks of 64 bytes: sixteen are compared at a time, and what matters (quotes, backslashes,
//! brackets) becomes a bit each. Within a block, strings are told from what stands between them by a running exclusive or
//! over the quotes; brackets are counted, and only in the block in which the value can end are they looked at one by one.
//!
//! What is skipped so is known to be balanced and its strings to have ends; numbers, literals and the punctuation within it
//! are not looked at. Whoever looks into it finds them out; what nobody looks into does not matter.

use wide::u8x16;

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Where the bytes of a block are that matter, a bit each, the first one lowest.
#[derive(Clone, Copy)]
struct Bits {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Bits {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut bits = Bits { quotes: 0, backslashes: 0, opening: 0, closing: 0 };
        let (parts, _) = block.as_chunks::<16>();
        let mut escapes = u8x16::splat(0);
        for (i, part) in parts.iter().enumerate() {
            let bytes = u8x16::new(*part);
            // `[` and `]` become `{` and `}`, and nothing else does.
            let folded = bytes | u8x16::splat(0x20);
            bits.quotes |= mask(bytes, b'"', i);
            bits.opening |= mask(folded, b'{', i);
            bits.closing |= mask(folded, b'}', i);
            escapes |= bytes.simd_eq(u8x16::splat(b'\\'));
        }
        // Most blocks have none.
        if escapes.to_bitmask() != 0 {
            for (i, part) in parts.iter().enumerate() {
                bits.backslashes |= mask(u8x16::new(*part), b'\\', i);
            }
        }
        bits
    }
}

/// A bit for each byte of a part that is `byte`, at the place of the part.
#[inline(always)]
fn mask(part: u8x16, byte: u8, i: usize) -> u64 {
    u64::from(part.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * i)
}

/// What a block must know of the one before.
#[derive(Clone, Copy, Default)]
struct Carry {
    /// All ones within a string.
    in_string: u64,
    /// 1 when the first byte is escaped.
    escaped: u64,
}

impl Carry {
    /// The quotes that are not escaped.
    #[inline(always)]
    fn quotes(&mut self, bits: Bits) -> u64 {
        if bits.backslashes == 0 {
            return bits.quotes & !std::mem::take(&mut self.escaped);
        }
        bits.quotes & !self.escapes(bits.backslashes)
    }

    /// The bytes that a backslash before them escapes: of a run of backslashes every second one is escaped itself.
    fn escapes(&mut self, backslashes: u64) -> u64 {
        let (mut escaped, mut rest) = (self.escaped, backslashes & !self.escaped);
        self.escaped = 0;
        while rest != 0 {
            let at = rest.trailing_zeros();
            if at == 63 {
                self.escaped = 1;
                break;
            }
            escaped |= 2 << at;
            rest &= !(3 << at);
        }
        escaped
    }

    /// The bytes within strings, the opening quotes included.
    #[inline(always)]
    fn strings(&mut self, quotes: u64) -> u64 {
        let mut mask = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            mask ^= mask << shift;
        }
        mask ^= self.in_string;
        // The last bit tells how the block ends, in all bits.
        self.in_string = ((mask as i64) >> 63) as u64;
        mask
    }
}

/// The bytes of a block from `at` on; beyond the end of the text there are spaces.
#[inline(always)]
fn block(text: &[u8], at: usize) -> [u8; BLOCK] {
    match text[at..].first_chunk::<BLOCK>() {
        Some(block) => *block,
        None => {
            let mut block = [b' '; BLOCK];
            block[..text.len() - at].copy_from_slice(&text[at..]);
            block
        }
    }
}

/// Where the object or array that begins at `at` ends: the first byte behind it.
fn container(text: &[u8], at: usize) -> Option<usize> {
    let (mut from, mut depth, mut carry) = (at, 0_u64, Carry::default());
    while from < text.len() {
        let bits = Bits::of(&block(text, from));
        let quotes = carry.quotes(bits);
        let strings = carry.strings(quotes);
        let (mut opening, mut closing) = (bits.opening & !strings, bits.closing & !strings);
        if closing == 0 {
            depth += u64::from(opening.count_ones());
            from += BLOCK;
            continue;
        }
        let closed = u64::from(closing.count_ones());
        if closed < depth {
            depth += u64::from(opening.count_ones());
            depth -= closed;
            from += BLOCK;
            continue;
        }
        while closing != 0 {
            let end = closing.trailing_zeros();
            let before = (1_u64 << end) - 1;
            depth += u64::from((opening & before).count_ones());
            opening &= !before;
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(from + end as usize + 1);
            }
            closing &= closing - 1;
        }
        depth += u64::from(opening.count_ones());
        from += BLOCK;
    }
    None
}

/// Where the string that begins at `at` ends: the first byte behind it; and whether it has escapes.
#[inline]
pub(super) fn string(text: &[u8], at: usize) -> Option<(usize, bool)> {
    let (mut from, mut escapes) = (at + 1, false);
    loop {
        let (quote, backslash) = match text.get(from..)?.first_chunk::<16>() {
            Some(part) => {
                let bytes = u8x16::new(*part);
                let mask = |byte: u8| bytes.simd_eq(u8x16::splat(byte)).to_bitmask();
                (mask(b'"').trailing_zeros(), mask(b'\\').trailing_zeros())
            }
            None => {
                let rest = &text[from..];
                let find = |byte: u8| rest.iter().position(|b| *b == byte).map_or(32, |at| at as u32);
                let found = (find(b'"'), find(b'\\'));
                if found == (32, 32) {
                    return None;
                }
                found
            }
        };
        if backslash < quote {
            escapes = true;
            from += backslash as usize + 2;
        } else if quote < 32 {
            return Some((from + quote as usize + 1, escapes));
        } else {
            from += 16;
        }
    }
}

/// The first place from `at` on that is no white space.
#[inline]
pub(super) fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Where the value that begins at `at` ends: the first byte behind it; and whether it is a string with escapes. `None` where
/// none begins, or it has no end.
#[inline]
pub(super) fn value(text: &[u8], at: usize) -> Option<(usize, bool)> {
    match text.get(at)? {
        b'"' => string(text, at),
        b'{' | b'[' => container(text, at).map(|end| (end, false)),
        _ => scalar(text, at).map(|end| (end, false)),
    }
}

/// A number or a literal.
pub(super) fn scalar(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    if let Some(literal) = [&b"true"[..], b"false", b"null"].into_iter().find(|literal| rest.starts_with(literal)) {
        return Some(at + literal.len());
    }
    let (negative, digits) = rest.split_first().filter(|(first, _)| **first == b'-').map_or((0, rest), |(_, r)| (1, r));
    let count = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = count(digits);
    if whole == 0 || (whole > 1 && digits[0] == b'0') {
        return None;
    }
    let mut end = whole;
    if digits.get(end) == Some(&b'.') {
        let part = count(&digits[end + 1..]);
        end += 1 + (part > 0).then_some(part)?;
    }
    if let Some(b'e' | b'E') = digits.get(end) {
        let sign = usize::from(matches!(digits.get(end + 1), Some(b'+' | b'-')));
        let part = count(&digits[end + 1 + sign..]);
        end += 1 + sign + (part > 0).then_some(part)?;
    }
    Some(at + negative + end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::json::tests::any_json;

    fn end_of(text: &[u8], at: usize) -> Option<usize> {
        value(text, at).map(|(end, _)| end)
    }

    /// What a parser finds.
    fn by_serde(text: &[u8]) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        values.next()?.ok()?;
        Some(values.byte_offset())
    }

    #[test]
    fn values_end_where_they_end() {
        for (text, end) in [
            (r#"{"a":"}\"]"} x"#, Some(12)),
            (r#"[[],{},"\\"]]"#, Some(12)),
            (r#""a\\\"b" "#, Some(8)),
            ("true,", Some(4)),
            ("-1.5e+3]", Some(7)),
            ("01", None),
            ("1.", None),
            ("-", None),
            ("nul", None),
            ("{", None),
            (r#""\"#, None),
            (r#"{"a":"}"#, None),
            ("}", None),
            ("", None),
        ] {
            assert_eq!(end_of(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn nesting_is_only_counted() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(end_of(deep.as_bytes(), 0), Some(2_000_000));
    }

    proptest! {
        #[test]
        fn a_value_ends_where_a_parser_says(value_ in any_json(), pretty in any::<bool>(), before in 0usize..70, behind in "[ ,\\]}]{0,3}") {
            let json = if pretty { serde_json::to_string_pretty(&value_) } else { serde_json::to_string(&value_) }.unwrap();
            let text = format!("{}{json}{}{behind}", " ".repeat(before), if json.ends_with(|c: char| c.is_ascii_digit()) { " " } else { "" });
            prop_assert_eq!(end_of(text.as_bytes(), before), by_serde(text.as_bytes()));
        }

        #[test]
        fn what_breaks_off_has_no_end(value_ in any_json(), cut in any::<prop::sample::Index>()) {
            let json = serde_json::to_string(&value_).unwrap();
            let text = &json.as_bytes()[..cut.index(json.len())];
            if json.starts_with(['{', '[', '"']) {
                prop_assert_eq!(end_of(text, 0), None);
            }
        }

        #[test]
        fn nothing_makes_it_fail(text in prop::collection::vec(prop::sample::select(b"{}[]\"\\,:a1-.e \xff".to_vec()), 0..200), at in 0usize..200) {
            let _ = end_of(&text, at);
            if let Some(end) = by_serde(&text[at.min(text.len())..]).filter(|_| !matches!(text.get(at), Some(b' '))) {
                prop_assert_eq!(end_of(&text, at), Some(at + end));
            }
        }
    }
}
