//! Where one record can end and the next begin, told from a few bytes of text without knowing what stands before them.
//!
//! Two facts carry this room. Inside a JSON value a `}` that is followed by white space is followed, after it, by `,`, `}`
//! or `]` and by nothing else; and no string holds a raw newline. So a line break after a `}` whose next text begins with
//! anything else always stands *between* values, in pretty-printed text too ([`last`]). A broken value gives up where such a
//! place is reached, or a line that starts at its very beginning with something that could be a record ([`Resync`]).

use memchr::{memchr2, memrchr};

/// White space as JSON has it.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What can only continue or close a value.
const fn is_closing(byte: u8) -> bool {
    matches!(byte, b'}' | b']' | b',')
}

/// The first place at or after `from` that is neither white space, nor NUL (logrotate's copytruncate leaves runs of them),
/// nor a byte order mark.
pub(super) fn skip_filler(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        match byte {
            _ if is_space(byte) || byte == 0 => at += 1,
            0xef if text[at..].starts_with(b"\xef\xbb\xbf") => at += 3,
            _ => break,
        }
    }
    at
}

/// The last place in the text where a value has certainly ended and something else begins: the first byte of what follows.
/// Never 0.
pub(super) fn last(text: &[u8]) -> Option<usize> {
    let mut before = text.len();
    loop {
        let newline = memrchr(b'\n', &text[..before])?;
        let previous = text[..newline].iter().rposition(|&byte| !is_space(byte))?;
        let next = text[newline..].iter().position(|&byte| !is_space(byte)).map(|offset| newline + offset);
        match next {
            Some(next) if text[previous] == b'}' && !is_closing(text[next]) => return Some(next),
            _ => before = previous,
        }
    }
}

/// Finds where damage ends, over any number of consecutive pieces of text. The first piece begins within the damage.
///
/// It ends at a NUL (no JSON holds one raw), at a place as [`last`] finds them, and at the start of a line that begins with
/// anything but white space, `}`, `]` or `,`. So one bad line costs one record, and so does a broken value that was
/// pretty-printed over hundreds of lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Resync {
    /// The last byte seen that is not white space.
    previous: u8,
    /// Whether a newline, and since then nothing but white space, was seen.
    in_break: bool,
    /// Whether the very last byte was a newline.
    at_line_start: bool,
}

impl Resync {
    /// For damage that all of a text belongs to.
    pub(super) fn behind(text: &[u8]) -> Self {
        let mut resync = Resync::default();
        let last = text.iter().rposition(|&byte| !is_space(byte)).unwrap_or(0);
        resync.find(&text[last..]);
        resync
    }

    /// The offset in this piece of the first byte behind the damage; `None` when the damage goes on.
    pub(super) fn find(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < text.len() {
            if self.in_break {
                at = self.pass_spaces(text, at)?;
                if self.ends_before(text[at]) {
                    return Some(at);
                }
                self.in_break = false;
            }
            at = match memchr2(b'\n', 0, &text[at..]).map(|offset| at + offset) {
                Some(end) if text[end] == 0 => return Some(end),
                Some(newline) => {
                    self.remember(&text[at..newline]);
                    (self.in_break, self.at_line_start) = (true, true);
                    newline + 1
                }
                None => {
                    self.remember(&text[at..]);
                    return None;
                }
            };
        }
        None
    }

    fn pass_spaces(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let next = text[at..].iter().position(|&byte| !is_space(byte)).map_or(text.len(), |offset| at + offset);
        if next > at {
            self.at_line_start = text[next - 1] == b'\n';
        }
        (next < text.len()).then_some(next)
    }

    fn ends_before(&self, byte: u8) -> bool {
        byte == 0 || (!is_closing(byte) && (self.at_line_start || self.previous == b'}'))
    }

    fn remember(&mut self, text: &[u8]) {
        if let Some(&byte) = text.iter().rev().find(|&&byte| !is_space(byte)) {
            self.previous = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_end_at_a_line_break_between_a_brace_and_what_cannot_continue_them() {
        assert_eq!(last(b"{\"a\":1}\n{\"b\":2}\n"), Some(8));
        assert_eq!(last(b"{\"a\":1}\r\n\r\n  2026 {\"b\":2}"), Some(13));
        assert_eq!(last(b"{\"a\":{}\n}\n\0"), Some(10));
        for inside in ["{\"a\":{}\n}", "{\"a\":[{}\n,{}\n]}", "{\"a\":1}\n", "{\"a\":\n{}}", "[1,\n2]"] {
            assert_eq!(last(inside.as_bytes()), None, "{inside}");
        }
    }

    #[test]
    fn damage_ends_where_a_record_could_begin() {
        let end = |text: &[u8]| Resync::default().find(text);
        assert_eq!(end(b"{bad\n{\"a\":1}"), Some(5));
        assert_eq!(end(b"{bad\n  \"a\": 1,\n  \"b\": {\n  }\n},\n2026 {"), Some(31));
        assert_eq!(end(b"{bad}\n   {\"a\":1}"), Some(9));
        assert_eq!(end(b"{bad\0\0{\"a\":1}"), Some(4));
        assert_eq!(end(b"{bad\n\n\n  x"), None);
    }

    proptest! {
        #[test]
        fn damage_ends_at_the_same_place_however_the_text_is_cut(text in "[{},\\]\n a\0]{0,40}", cut in 0usize..40) {
            let text = text.as_bytes();
            let cut = cut.min(text.len());
            let mut resync = Resync::default();
            let pieces = resync.find(&text[..cut]).or_else(|| resync.find(&text[cut..]).map(|end| cut + end));
            prop_assert_eq!(pieces, Resync::default().find(text));
        }
    }
}
