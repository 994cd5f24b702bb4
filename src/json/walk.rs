//! Walks along the text of an object or array.
//!
//! Members that are looked for stand most often in one order, with keys written as any encoder writes them. So before a key is
//! read it is compared with the names that may come next; only where it is none of these, or is written otherwise, it is read.

use std::borrow::Cow;

use super::{Error, Raw, scan};
use crate::model::same_text;

/// The key of a member, as it stands in the text.
pub struct Key<'a> {
    inner: &'a str,
    at: usize,
    escaped: bool,
}

impl<'a> Key<'a> {
    /// What it says.
    ///
    /// # Errors
    /// Escapes that are none.
    pub fn text(&self) -> Result<Cow<'a, str>, Error> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.inner));
        }
        let problem = |_| Error::Syntax { problem: "no string", at: self.at };
        serde_json::from_str(&format!("\"{}\"", self.inner)).map(Cow::Owned).map_err(problem)
    }

    /// Which of some names it is.
    fn place<const N: usize>(&self, names: &[&str; N]) -> Option<usize> {
        if self.escaped {
            let text = self.text().ok()?;
            return names.iter().position(|name| *name == text);
        }
        names.iter().position(|name| same_text(name, self.inner))
    }

    /// Whether it says anything.
    ///
    /// # Errors
    /// As [`Key::text`].
    pub fn check(&self) -> Result<(), Error> {
        if self.escaped { self.text().map(drop) } else { Ok(()) }
    }
}

/// How many names besides the next one are tried before a key is read: of a few that may stand next, most often one does.
const TRIED: usize = 3;

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
    #[inline(always)]
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

    #[inline(always)]
    fn space(&mut self) {
        self.at = scan::space(self.text.as_bytes(), self.at);
    }

    #[inline(always)]
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

    /// Passes over a key that is `name`, and the colon, if they stand here as encoders write them: without escapes or blanks.
    #[inline(always)]
    fn pass_key(&mut self, name: &str) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let end = name.len() + 1;
        let there = rest.len() > end + 1
            && (rest[0], rest[end], rest[end + 1]) == (b'"', b'"', b':')
            && rest[1..end] == *name.as_bytes();
        self.at += if there { end + 2 } else { 0 };
        there
    }

    /// Which of some names the key is that stands here; the search begins with those from `next` on. It is passed over, and its
    /// colon too.
    #[inline(always)]
    fn place<const N: usize>(&mut self, names: &[&str; N], next: usize) -> Result<Result<usize, Key<'a>>, Error> {
        if next < N && self.pass_key(names[next]) {
            self.space();
            return Ok(Ok(next));
        }
        self.seek(names, next + 1)
    }

    /// As [`Walk::place`].
    #[inline(never)]
    fn seek<const N: usize>(&mut self, names: &[&str; N], next: usize) -> Result<Result<usize, Key<'a>>, Error> {
        if let Some(place) = (next..N.min(next + TRIED)).find(|place| self.pass_key(names[*place])) {
            self.space();
            return Ok(Ok(place));
        }
        let key = self.raw_key()?;
        Ok(key.place(names).ok_or(key))
    }

    /// Passes over the object that begins here. Each member's value is passed over by `named`, which is told which of some names
    /// its key is, or by `other`, which gets a key that is none of them. Names hold no quotes and no backslashes.
    ///
    /// # Errors
    /// Where no object begins, or it is not sound; and those of `named` and `other`.
    #[inline]
    pub fn members<const N: usize>(
        &mut self,
        names: &[&str; N],
        mut named: impl FnMut(usize, &mut Self) -> Result<(), Error>,
        mut other: impl FnMut(Key<'a>, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut next = 0;
        self.pass_over(b'{', |walk| {
            match walk.place(names, next)? {
                Ok(place) => {
                    named(place, walk)?;
                    next = place + 1;
                }
                Err(key) => other(key, walk)?,
            }
            Ok(())
        })
    }

    /// The values of some members of the object that begins here, which is passed over.
    ///
    /// # Errors
    /// Where none does, or it is not sound.
    #[inline]
    pub fn fields<const N: usize>(&mut self, names: &[&str; N]) -> Result<[Option<Raw<'a>>; N], Error> {
        let mut found = [None; N];
        let named = |place: usize, walk: &mut Self| {
            found[place] = Some(walk.value()?);
            Ok(())
        };
        self.members(names, named, |key, walk| walk.value().and_then(|_| key.check()))?;
        Ok(found)
    }

    /// How many elements the array has that begins here, which is passed over.
    ///
    /// # Errors
    /// Where none does, or it is not sound.
    pub fn count(&mut self) -> Result<usize, Error> {
        let mut count = 0;
        self.pass_over(b'[', |walk| {
            count += 1;
            walk.value().map(drop)
        })?;
        Ok(count)
    }

    /// The value that begins here, and what `read` makes of it, which is to pass over all of it. Where `read` fails, the value is
    /// passed over by its structure alone.
    ///
    /// # Errors
    /// Where no value begins, or it has no end.
    #[inline]
    pub fn read<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<(Raw<'a>, Option<T>), Error> {
        let start = self.at;
        match read(self) {
            Ok(read) => Ok((Raw { text: &self.text[start..self.at], escaped: false }, Some(read))),
            Err(_) => {
                self.at = start;
                Ok((self.value()?, None))
            }
        }
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

    /// Passes over the object or array, whichever `opening` says, that begins here; `each` passes over a member or an element.
    #[inline]
    pub(super) fn pass_over(
        &mut self,
        opening: u8,
        mut each: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let closing = opening + 2;
        if !self.take(opening) {
            return Err(Error::type_of(&self.text[self.at..]));
        }
        self.space();
        if self.take(closing) {
            return Ok(());
        }
        loop {
            each(self)?;
            self.space();
            if self.take(closing) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.wrong("neither a comma nor an end"));
            }
            self.space();
        }
    }

    /// What stands behind the last thing that was passed over must be nothing.
    ///
    /// # Errors
    /// It is something.
    pub fn end(&self) -> Result<(), Error> {
        if self.is_at_end() { Ok(()) } else { Err(self.wrong("more behind the end")) }
    }
}

/// Goes through an object or array, whichever `opening` says, that is all of a text.
#[inline]
pub(super) fn walk<'a>(
    text: &'a str,
    opening: u8,
    each: impl FnMut(&mut Walk<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut walk = Walk::of(text);
    walk.pass_over(opening, each)?;
    walk.end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::*;

    const NAMES: [&str; 6] = ["a", "b", "long name", "", "c", "a\"b"];

    /// Text that is an object of these members, most often.
    fn any_object() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "\"a\"",
            "\"b\"",
            "\"c\"",
            "\"long name\"",
            "\"\"",
            "\"ab\"",
            "\"\\u0061\"",
            "\"a\\\"b\"",
            "\"\\x\"",
            "a",
            "\"a",
        ]);
        let colon = prop::sample::select(vec![":", ": ", " :", "\t:\n", ""]);
        let value =
            prop::sample::select(vec!["1", "{}", "[ ]", "{\"a\":[1,\"}\"]}", "\"x\\\"\"", "null", "tru", "{", ""]);
        let comma = prop::sample::select(vec![",", ",", ",", " , ", "", ",,"]);
        let members = prop::collection::vec((key, colon, value, comma), 0..6);
        (members, prop::sample::select(vec!["}", "}", "}", " }", "]", "}}", ""])).prop_map(|(members, end)| {
            let mut text = String::from("{");
            let last = members.len();
            for (i, (key, colon, value, comma)) in members.into_iter().enumerate() {
                text.extend([key, colon, value, if i + 1 == last { "" } else { comma }]);
            }
            text + end
        })
    }

    /// The first fault of those that [`fields`] looks for in this order: values before the keys that they stand behind.
    fn slowly(text: &str) -> Result<[Option<Raw<'_>>; NAMES.len()], Error> {
        let mut found = [None; NAMES.len()];
        walk(text, b'{', |walk| {
            let key = walk.raw_key()?;
            let value = walk.value()?;
            let key = key.text()?;
            if let Some(place) = NAMES.iter().position(|name| *name == key) {
                found[place] = Some(value);
            }
            Ok(())
        })?;
        Ok(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn members_are_found_by_their_names_as_they_are_one_by_one(text in any_object()) {
            let text = text.trim_ascii();
            prop_assert_eq!(fields(text, &NAMES), slowly(text));
            let raw = Raw { text, escaped: false };
            let all = members(raw).map(|members| NAMES.map(|name| members.get(name)));
            prop_assert_eq!(some_members(raw, &NAMES), all);
        }

        #[test]
        fn what_is_read_is_passed_over_as_it_is_otherwise(text in any_object(), behind in "[ ,}x]{0,2}") {
            let text = text + &behind;
            let (mut read, mut passed) = (Walk::of(&text), Walk::of(&text));
            let found = read.read(|walk| walk.fields(&NAMES));
            prop_assert_eq!(found.clone().map(|(raw, _)| raw), passed.value());
            prop_assert_eq!(read.at, passed.at);
            if let Ok((raw, found)) = found {
                prop_assert_eq!(found, fields(raw.get(), &NAMES).ok());
            }
        }

        #[test]
        fn elements_are_counted(text in "[\\[\\],1 ]{0,8}") {
            let raw = Raw { text: &text, escaped: false };
            prop_assert_eq!(count(raw), elements(raw).map(|elements| elements.len()));
        }
    }
}
