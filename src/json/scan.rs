//! Skips JSON values by their structure alone.
//!
//! Most of a log is skipped: of an object that is recorded again and again only a few members are looked at. So skipping is
//! what reading costs. It goes by blocks of 64 bytes: as many are compared at a time as the processor can, and what matters
//! (quotes, backslashes, brackets) becomes a bit each. Within a block, strings are told from what stands between them by a
//! running exclusive or over the quotes; brackets are counted, and only in the block in which the value can end are they looked
//! at one by one.
//!
//! What is skipped so is known to be balanced and its strings to have ends; numbers, literals and the punctuation within it
//! are not looked at. Whoever looks into it finds them out; what nobody looks into does not matter.

use std::sync::LazyLock;

use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x16, u8x64};

/// What the processor can.
static LEVEL: LazyLock<Level> = LazyLock::new(Level::new);

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
    fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        // `[` and `]` become `{` and `}`, and nothing else does.
        let folded = bytes | u8x64::splat(simd, 0x20);
        Bits {
            quotes: bytes.simd_eq(u8x64::splat(simd, b'"')).to_bitmask(),
            backslashes: bytes.simd_eq(u8x64::splat(simd, b'\\')).to_bitmask(),
            opening: folded.simd_eq(u8x64::splat(simd, b'{')).to_bitmask(),
            closing: folded.simd_eq(u8x64::splat(simd, b'}')).to_bitmask(),
        }
    }
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

/// A walk over the blocks of an object or array.
#[derive(Default)]
struct Blocks {
    depth: u64,
    carry: Carry,
}

impl Blocks {
    /// Takes the next block; gives where in it the value ends: the first byte behind it.
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, block: &[u8; BLOCK]) -> Option<usize> {
        let bits = Bits::of(simd, block);
        let quotes = self.carry.quotes(bits);
        let strings = self.carry.strings(quotes);
        let (opening, closing) = (bits.opening & !strings, bits.closing & !strings);
        if closing != 0 {
            let closed = u64::from(closing.count_ones());
            if closed >= self.depth {
                return self.end(opening, closing);
            }
            self.depth -= closed;
        }
        self.depth += u64::from(opening.count_ones());
        None
    }

    /// Looks at the brackets of a block one by one.
    #[inline]
    fn end(&mut self, opening: u64, closing: u64) -> Option<usize> {
        let mut brackets = opening | closing;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            brackets ^= bracket;
            if opening & bracket != 0 {
                self.depth += 1;
            } else if self.depth == 1 {
                return Some(bracket.trailing_zeros() as usize + 1);
            } else {
                self.depth -= 1;
            }
        }
        None
    }
}

/// Where the object or array that begins at `at` ends: the first byte behind it.
fn container(text: &[u8], at: usize) -> Option<usize> {
    dispatch!(*LEVEL, simd => container_by(simd, text, at))
}

#[inline(always)]
fn container_by<S: Simd>(simd: S, text: &[u8], at: usize) -> Option<usize> {
    let mut walk = Blocks::default();
    let (blocks, rest) = text[at..].as_chunks::<BLOCK>();
    for (i, block) in blocks.iter().enumerate() {
        if let Some(end) = walk.take(simd, block) {
            return Some(at + i * BLOCK + end);
        }
    }
    // Beyond the end of the text there are spaces.
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    walk.take(simd, &last).map(|end| text.len() - rest.len() + end)
}

/// Where the string that begins at `at` ends: the first byte behind it; and whether it has escapes.
#[inline]
pub(super) fn string(text: &[u8], at: usize) -> Option<(usize, bool)> {
    // Most are short: for such it does not pay to ask what the processor can.
    dispatch!(Level::baseline(), simd => string_by(simd, text, at))
}

#[inline(always)]
fn string_by<S: Simd>(simd: S, text: &[u8], at: usize) -> Option<(usize, bool)> {
    let (mut from, mut escapes) = (at + 1, false);
    let (quote, backslash) = (u8x16::splat(simd, b'"'), u8x16::splat(simd, b'\\'));
    loop {
        let rest = text.get(from..)?;
        let found = match rest.first_chunk::<16>() {
            Some(part) => {
                let bytes = u8x16::from_slice(simd, part);
                let found = (bytes.simd_eq(quote) | bytes.simd_eq(backslash)).to_bitmask() as u32;
                if found == 0 {
                    from += 16;
                    continue;
                }
                found.trailing_zeros() as usize
            }
            None => rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?,
        };
        if rest[found] == b'"' {
            return Some((from + found + 1, escapes));
        }
        escapes = true;
        from += found + 2;
    }
}

/// The first place from `at` on that is no white space.
#[inline(always)]
pub(super) fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Where the value that begins at `at` ends: the first byte behind it; and whether it is a string with escapes. `None` where
/// none begins, or it has no end.
#[inline(always)]
pub(super) fn value(text: &[u8], at: usize) -> Option<(usize, bool)> {
    match text.get(at)? {
        b'"' => string(text, at),
        // In objects of Kubernetes many are empty.
        opening @ (b'{' | b'[') if text.get(at + 1) == Some(&(opening + 2)) => Some((at + 2, false)),
        b'{' | b'[' => container(text, at).map(|end| (end, false)),
        _ => scalar(text, at).map(|end| (end, false)),
    }
}

/// A number or a literal.
pub(super) fn scalar(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let literal = |literal: &[u8]| rest.starts_with(literal).then_some(at + literal.len());
    match rest.first()? {
        b't' => return literal(b"true"),
        b'f' => return literal(b"false"),
        b'n' => return literal(b"null"),
        _ => {}
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

    /// Whatever this processor and lesser ones can.
    fn levels() -> Vec<Level> {
        let levels = [Level::baseline(), Level::new()];
        #[cfg(target_arch = "x86_64")]
        let levels = levels.into_iter().chain(Level::new().as_avx2().map(Level::Avx2));
        levels.into_iter().collect()
    }

    /// Where an object or array ends, byte by byte.
    fn slowly(text: &[u8], at: usize) -> Option<usize> {
        let (mut depth, mut in_string, mut escaped) = (0, false, false);
        for (i, byte) in text.iter().enumerate().skip(at) {
            match byte {
                b'"' if !escaped => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string && depth == 1 => return Some(i + 1),
                b'}' | b']' if !in_string => depth -= 1,
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
        None
    }

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
        fn containers_end_where_they_end_byte_by_byte(
            inner in prop::collection::vec(prop::sample::select(b"{{}}[]\"\"\\\\:a ".to_vec()), 0..300),
            before in prop::collection::vec(prop::sample::select(b"\"\\ ".to_vec()), 0..70),
        ) {
            let text = [&before[..], b"{", &inner].concat();
            let end = slowly(&text, before.len());
            for level in levels() {
                prop_assert_eq!(dispatch!(level, simd => container_by(simd, &text, before.len())), end);
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
