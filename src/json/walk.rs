//! Walks along the text of an object or array.

use std::borrow::Cow;

use super::{Error, Raw, scan};

/// The key of a member, as it stands in the text.
pub(super) struct Key<'a> {
    inner: &'a str,
    at: usize,
    escaped: bool,
}

impl<'a> Key<'a> {
    pub(super) fn text(&self) -> Result<Cow<'a, str>, Error> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.inner));
        }
        let problem = |_| Error::Syntax { problem: "no string", at: self.at };
        serde_json::from_str(&format!("\"{}\"", self.inner)).map(Cow::Owned).map_err(problem)
    }

    /// Which of some names it is; the search begins with that at `next`, which most often is the one.
    #[inline]
    pub(super) fn place<const N: usize>(&self, names: &[&str; N], next: usize) -> Result<Option<usize>, Error> {
        if self.escaped {
            let text = self.text()?;
            return Ok(names.iter().position(|name| *name == text));
        }
        let is = |place: &usize| names[*place] == self.inner;
        Ok((next..N).find(is).or_else(|| (0..next).find(is)))
    }
}

/// A place in the text of an object or array.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    /// The beginning of a text.
    pub fn of(text: &'a str) -> Self {
        Walk { text, at: 0 }
    }

    /// Passes over what must stand here, letter by letter.
    #[inline]
    pub fn pass(&mut self, expected: &str) -> Option<()> {
        let there = self.text.as_bytes()[self.at..].starts_with(expected.as_bytes());
        self.at += if there { expected.len() } else { 0 };
        there.then_some(())
    }

    /// Passes over the string that begins here.
    #[inline]
    pub fn string(&mut self) -> Option<Raw<'a>> {
        let is_string = self.text.as_bytes().get(self.at) == Some(&b'"');
        if is_string { self.value().ok() } else { None }
    }

    /// Whether nothing follows.
    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn space(&mut self) {
        self.at = scan::space(self.text.as_bytes(), self.at);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn wrong(&self, problem: &'static str) -> Error {
        Error::Syntax { problem, at: self.at }
    }

    pub(super) fn key(&mut self) -> Result<Cow<'a, str>, Error> {
        self.raw_key()?.text()
    }

    #[inline]
    pub(super) fn raw_key(&mut self) -> Result<Key<'a>, Error> {
        let start = self.at;
        if self.text.as_bytes().get(start) != Some(&b'"') {
            return Err(self.wrong("no key"));
        }
        let (end, escaped) =
            scan::string(self.text.as_bytes(), start).ok_or_else(|| self.wrong("a string without end"))?;
        self.at = end;
        self.space();
        if !self.take(b':') {
            return Err(self.wrong("no colon behind a key"));
        }
        self.space();
        Ok(Key { inner: &self.text[start + 1..end - 1], at: start, escaped })
    }

    /// Passes over the value that begins here.
    ///
    /// # Errors
    /// Where none does.
    pub fn value(&mut self) -> Result<Raw<'a>, Error> {
        let start = self.at;
        let (end, escaped) = scan::value(self.text.as_bytes(), start).ok_or_else(|| Error::at(self.text, start))?;
        self.at = end;
        Ok(Raw { text: &self.text[start..end], escaped })
    }
}

/// Goes through an object or array, whichever `opening` says, that is all of a text.
#[inline]
pub(super) fn walk<'a>(
    text: &'a str,
    opening: u8,
    mut each: impl FnMut(&mut Walk<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let closing = opening + 2;
    let mut walk = Walk { text, at: 0 };
    if !walk.take(opening) {
        return Err(Error::type_of(text));
    }
    walk.space();
    if !walk.take(closing) {
        loop {
            each(&mut walk)?;
            walk.space();
            if walk.take(closing) {
                break;
            }
            if !walk.take(b',') {
                return Err(walk.wrong("neither a comma nor an end"));
            }
            walk.space();
        }
    }
    if walk.at == text.len() { Ok(()) } else { Err(walk.wrong("more behind the end")) }
}
