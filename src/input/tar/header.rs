//! The headers of tar archives: blocks with fields at fixed places, and the pax records that say more.

use std::ops::Range;

use memchr::memchr;

/// The size of headers, and what all content is filled up to.
pub(in crate::input) const BLOCK: usize = 512;

const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: Range<usize> = 257..263;
const PREFIX: Range<usize> = 345..500;

/// What a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file.
    File,
    /// A directory, a link, a device: no content, whatever its size says.
    Bare,
    /// A file without its holes, as GNU tar stores it of old.
    Sparse,
    /// The rest of a file that began in another archive.
    Continued,
    /// The name of the next member.
    LongName,
    /// pax records about the next member.
    Pax,
    /// Something about the next member or all of them that does not matter here.
    Aside,
    /// A member of a kind that some tool made up.
    Other,
}

/// A header whose checksum holds.
pub(super) struct Header([u8; BLOCK]);

impl Header {
    /// `None` when this is no header, or a damaged one.
    pub fn new(block: [u8; BLOCK]) -> Option<Self> {
        let stated = octal(&block[CHECKSUM])?;
        let bytes = || block.iter().enumerate().map(|(i, &byte)| if CHECKSUM.contains(&i) { b' ' } else { byte });
        // Some old tools took bytes for signed.
        let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
        let holds = bytes().map(u64::from).sum::<u64>() == stated || u64::try_from(signed) == Ok(stated);
        holds.then_some(Header(block))
    }

    /// Whether it says itself that it is a tar archive's: POSIX's and GNU's do.
    pub fn has_magic(&self) -> bool {
        self.0[MAGIC].starts_with(b"ustar")
    }

    pub fn kind(&self) -> Kind {
        match self.0[KIND] {
            b'0' | b'7' | 0 => Kind::File,
            b'1'..=b'6' => Kind::Bare,
            b'S' => Kind::Sparse,
            b'M' => Kind::Continued,
            b'L' => Kind::LongName,
            b'x' | b'X' => Kind::Pax,
            b'g' | b'K' => Kind::Aside,
            _ => Kind::Other,
        }
    }

    /// The member's name, as far as it has room here.
    pub fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[NAME]);
        let prefix = until_nul(&self.0[PREFIX]);
        // GNU's headers, whose magic goes on with a space, keep other things in place of the prefix.
        if prefix.is_empty() || self.0[MAGIC] != *b"ustar\0" { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    /// The size of the content; `None` when it cannot be read.
    pub fn size(&self) -> Option<u64> {
        let field = &self.0[SIZE];
        // GNU's way with what octal digits have no room for: a set bit, then the number itself.
        let [0x80, digits @ ..] = field else { return octal(field) };
        let overflows = |value: u64| value >> 56 != 0;
        digits.iter().try_fold(0, |value, &digit| (!overflows(value)).then_some(value << 8 | u64::from(digit)))
    }
}

/// The number in a field; 0 in an empty one.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = until_nul(field).trim_ascii();
    digits.iter().try_fold(0u64, |value, &digit| match digit {
        b'0'..=b'7' => value.checked_mul(8).map(|value| value | u64::from(digit - b'0')),
        _ => None,
    })
}

/// What stands before the first NUL.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    &field[..memchr(0, field).unwrap_or(field.len())]
}

/// The records of a pax header, keys and values; `None` when they cannot be read.
pub(super) fn pax_records(mut content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut records = Vec::new();
    while !content.is_empty() {
        let space = memchr(b' ', content)?;
        let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
        let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = memchr(b'=', record)?;
        records.push((&record[..equals], &record[equals + 1..]));
        content = &content[length..];
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_digits_or_more_bytes_than_they_have_room_for() {
        for (field, number) in [
            (b"00000001750\0".as_slice(), Some(1000)),
            (b"  1750 \0    ", Some(1000)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0)),
            (b"0000000178\0\0", None),
            (b"-0000000001\0", None),
            (b"\x80\0\0\0\x0d\xe0\xb6\xb3\xa7\x64\0\0", Some(1_000_000_000_000_000_000)),
            (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", Some(u64::MAX)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            let mut block = [0; BLOCK];
            block[SIZE].copy_from_slice(field);
            assert_eq!(Header(block).size(), number, "{field:?}");
        }
    }

    #[test]
    fn records_say_how_long_they_are() {
        let records = pax_records(b"12 path=a/b\n8 a=\n=x\n9 size=7\n");
        let expected = [(b"path".as_slice(), b"a/b".as_slice()), (b"a", b"\n=x"), (b"size", b"7")];
        assert_eq!(records.as_deref(), Some(expected.as_slice()));
        for bad in
            ["x path=a\n", "12 path=a/b", "99 path=a\n", "1 a=b\n", "0 \n", "6 ab=\nx", "5 ab\n", "9", "-1 a=b\n"]
        {
            assert_eq!(pax_records(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(pax_records(format!("{} a=b\n", u64::MAX).as_bytes()), None);
    }
}
