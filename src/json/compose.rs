//! Objects put together from the texts of others, member by member.

use std::str;

use super::Raw;
use super::write::string;

/// Puts down the members of one object. It is canonical where they are, and come in the order of their keys.
pub struct Composer<'o> {
    out: &'o mut Vec<u8>,
    /// Where its first member stands.
    start: usize,
}

impl<'o> Composer<'o> {
    /// Begins an object at the end of a text.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        let start = out.len();
        Composer { out, start }
    }

    /// A member whose value is put down by `value`, which appends it; where it says `None`, there is no such member.
    pub fn member(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>) -> Option<()>) {
        let before = self.out.len();
        if before > self.start {
            self.out.push(b',');
        }
        string(key, self.out);
        self.out.push(b':');
        if value(self.out).is_none() {
            self.out.truncate(before);
        }
    }

    /// Ends it; `None`, and nothing of it, when it has no members.
    pub fn end_unless_empty(self) -> Option<()> {
        if self.out.len() == self.start {
            self.out.truncate(self.start - 1);
            return None;
        }
        self.end();
        Some(())
    }

    /// Ends it.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Appends the members of a canonical object and others to it that have its place under their keys. `own` are in the order of
/// their keys; `value` appends what is written of a member of the text, or says `None`, and it is left out.
///
/// `None`, and some of it, when the text is no object.
pub fn merge<'t>(
    object: Raw<'t>,
    own: &[(&str, &[u8])],
    mut value: impl FnMut(&str, Raw<'t>, &mut Vec<u8>) -> Option<()>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut composer = Composer::begin(out);
    let mut own = own.iter().peekable();
    super::each(object, |key, raw| {
        while let Some((own, text)) = own.next_if(|(own, _)| *own < &*key) {
            composer.member(own, |out| append(text, out));
        }
        if own.peek().is_none_or(|(own, _)| *own != &*key) {
            composer.member(&key, |out| value(&key, raw, out));
        }
    })
    .ok()?;
    for (own, text) in own {
        composer.member(own, |out| append(text, out));
    }
    composer.end();
    Some(())
}

/// Appends a value as it stands.
pub fn verbatim(value: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    append(value.get().as_bytes(), out)
}

fn append(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(text);
    Some(())
}

/// A canonical text as a value.
pub fn raw(text: &[u8]) -> Option<Raw<'_>> {
    Raw::of(str::from_utf8(text).ok()?).ok()
}
