//! Makes JSON text canonical in one pass, without a tree.
//!
//! Canonical is what serde_json writes of the tree that it reads: keys sorted, no white space, of a key that stands twice the
//! last, strings with no more escapes than must be. Values are written as they are read; the members of an object are put
//! into order when its end is reached, by moving their texts.
//!
//! What is seldom in the objects of Kubernetes is left to serde_json: fractions, numbers of more than 18 digits, nesting
//! beyond what it takes, and all that is wrong.

use std::borrow::Cow;
use std::ops::Range;

use super::scan;

/// So many objects and arrays may stand in each other, as in serde_json.
const DEPTH: usize = 127;

/// The canonical text of a JSON object; members are left out that `keeps`, by their canonical values, does not keep. `None` where a tree must tell.
pub fn object(text: &[u8], keeps: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let start = scan::space(text, 0);
    let mut reader = Reader { text: std::str::from_utf8(text).ok()?, at: start, out: Vec::with_capacity(text.len()) };
    if !reader.take(b'{') {
        return None;
    }
    reader.members(DEPTH - 1, &keeps)?;
    (scan::space(text, reader.at) == text.len()).then_some(reader.out)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
}

/// A member of an object: its key, and where it stands in the output, the key included; nowhere, if it is left out.
struct Member<'a> {
    key: Cow<'a, str>,
    place: Range<usize>,
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.at = scan::space(self.text.as_bytes(), self.at);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    /// Goes on to the next of several: false at the end of them.
    fn next(&mut self, closing: u8) -> Option<bool> {
        self.space();
        if self.take(closing) {
            return Some(false);
        }
        let more = self.take(b',');
        self.space();
        more.then_some(true)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.text.as_bytes().get(self.at)? {
            b'"' => self.string().map(|_| ()),
            b'{' => {
                self.at += 1;
                self.members(depth.checked_sub(1)?, &|_| true)
            }
            b'[' => {
                self.at += 1;
                self.elements(depth.checked_sub(1)?)
            }
            _ => self.scalar(),
        }
    }

    fn elements(&mut self, depth: usize) -> Option<()> {
        self.out.push(b'[');
        self.space();
        let mut more = !self.take(b']');
        while more {
            self.value(depth)?;
            more = self.next(b']')?;
            if more {
                self.out.push(b',');
            }
        }
        self.out.push(b']');
        Some(())
    }

    /// The members of an object behind its brace.
    fn members(&mut self, depth: usize, keeps: &dyn Fn(&[u8]) -> bool) -> Option<()> {
        self.out.push(b'{');
        self.space();
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut more = !self.take(b'}');
        while more {
            let start = self.out.len();
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return None;
            }
            self.space();
            self.out.push(b':');
            let value = self.out.len();
            self.value(depth)?;
            if !keeps(&self.out[value..]) {
                self.out.truncate(start);
            }
            members.push(Member { key, place: start..self.out.len() });
            more = self.next(b'}')?;
            self.out.push(b',');
        }
        self.put_in_order(members);
        self.out.push(b'}');
        Some(())
    }

    /// Puts the members, which stand behind each other at the end of the output, into the order of their keys. Those whose
    /// place is empty are left out, and so is what comes before one of the same key.
    fn put_in_order(&mut self, mut members: Vec<Member<'a>>) {
        let Some(start) = members.first().map(|member| member.place.start) else { return };
        let in_order = members.windows(2).all(|pair| pair[0].key < pair[1].key);
        if in_order && members.iter().all(|member| !member.place.is_empty()) {
            // The comma behind the last one.
            self.out.pop();
            return;
        }
        members.reverse();
        members.sort_by(|a, b| a.key.cmp(&b.key));
        members.dedup_by(|earlier, last| earlier.key == last.key);
        let mut ordered = Vec::with_capacity(self.out.len() - start);
        for member in members.iter().filter(|member| !member.place.is_empty()) {
            if !ordered.is_empty() {
                ordered.push(b',');
            }
            ordered.extend_from_slice(&self.out[member.place.clone()]);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&ordered);
    }

    /// A string, which is written and given.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        if self.text.as_bytes().get(start) != Some(&b'"') {
            return None;
        }
        let (end, escaped) = scan::string(self.text.as_bytes(), start)?;
        self.at = end;
        let inner = &self.text[start + 1..end - 1];
        if escaped {
            let text: String = serde_json::from_str(&self.text[start..end]).ok()?;
            serde_json::to_writer(&mut self.out, &text).ok()?;
            return Some(Cow::Owned(text));
        }
        if inner.bytes().any(|byte| byte < b' ') {
            return None;
        }
        self.out.extend_from_slice(&self.text.as_bytes()[start..end]);
        Some(Cow::Borrowed(inner))
    }

    fn scalar(&mut self) -> Option<()> {
        let end = scan::scalar(self.text.as_bytes(), self.at)?;
        let text = &self.text.as_bytes()[self.at..end];
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let plain = match digits[0] {
            b't' | b'f' | b'n' => true,
            b'0' => text == b"0",
            _ => digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit),
        };
        self.out.extend_from_slice(text);
        self.at = end;
        plain.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::json::tests::any_json;

    fn by_tree(text: &[u8]) -> Option<Vec<u8>> {
        let value: Value = serde_json::from_slice(text).ok()?;
        value.is_object().then(|| serde_json::to_vec(&value).unwrap())
    }

    fn canonical(text: &str) -> Option<String> {
        object(text.as_bytes(), |_| true).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn members_are_put_in_order_and_the_last_of_a_key_counts() {
        for (text, expected) in [
            (r#" {"b": 1, "a": {"d":2,"c":[]}} "#, Some(r#"{"a":{"c":[],"d":2},"b":1}"#)),
            (r#"{"a":1,"b":2,"a":3}"#, Some(r#"{"a":3,"b":2}"#)),
            (r#"{"\u0061":"\u003c\u000a","A":null}"#, Some(r#"{"A":null,"a":"<\n"}"#)),
            ("{}", Some("{}")),
            (r#"{"a":1.5}"#, None),
            (r#"{"a":-0}"#, None),
            (r#"{"a":"\ud800"}"#, None),
            ("{\"a\":\"\t\"}", None),
            (r#"{"a":1}x"#, None),
            ("[]", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        let keeps = |value: &[u8]| !matches!(value, b"null" | b"{}");
        for (text, expected) in [
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":1,"b":{},"c":2}"#, r#"{"a":1,"c":2}"#),
            (r#"{"b":{},"c":{"d":null},"a":1}"#, r#"{"a":1,"c":{"d":null}}"#),
            (r#"{"a":1,"a":null}"#, "{}"),
            (r#"{"a":null,"a":1}"#, r#"{"a":1}"#),
            (r#"{"x":{"y":{}},"a":null,"b":null}"#, r#"{"x":{"y":{}}}"#),
        ] {
            assert_eq!(object(text.as_bytes(), keeps).as_deref(), Some(expected.as_bytes()), "{text}");
        }
    }

    #[test]
    fn nesting_goes_as_deep_as_in_a_tree() {
        for depth in [126, 127, 128] {
            let text = format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
            assert_eq!(canonical(&text).is_some(), by_tree(text.as_bytes()).is_some(), "{depth}");
        }
    }

    proptest! {
        #[test]
        fn a_text_becomes_what_a_tree_of_it_is_written_as(value in any_json(), pretty in any::<bool>(), twice in any_json()) {
            let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let text = format!("{{\"z\":{json},\"k\":{twice},\"z\":{twice},\"b\":{json}}}");
            if let Some(canonical) = object(text.as_bytes(), |_| true) {
                prop_assert_eq!(Some(canonical), by_tree(text.as_bytes()));
            }
        }

        #[test]
        fn nothing_is_made_of_what_is_no_object(text in prop::collection::vec(prop::sample::select(b"{}[]\"\\,:a1-.e \xff".to_vec()), 0..60)) {
            if let Some(canonical) = object(&text, |_| true) {
                prop_assert_eq!(Some(canonical), by_tree(&text));
            }
        }
    }
}
