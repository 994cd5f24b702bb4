//! The tokens of canonical JSON text.
//!
//! Canonical is what serde_json writes of a tree: keys sorted and each once, no white space, strings with no more escapes than
//! must be. The texts of [blobs](crate::blobs) are, and those of [objects](super::Object); so nothing is checked here that
//! holds of them. Of another text the tokens are some or other, and there is an end to them.

use std::borrow::Cow;

use super::scan;

/// A token. Commas and colons are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// An object or an array begins.
    Open {
        /// Whether it is an object.
        map: bool,
    },
    /// It ends.
    Close,
    /// The key of a member, whose value comes next.
    Key(Text<'a>),
    /// A string that is a value.
    String(Text<'a>),
    /// A number, `true`, `false` or `null`.
    Scalar(&'a str),
}

/// A string as it stands in the text, between its quotes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Text<'a> {
    inner: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// What it says; `None` where an escape says nothing.
    pub fn read(self) -> Option<Cow<'a, str>> {
        if self.escaped {
            return serde_json::from_str(&format!("\"{}\"", self.inner)).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(self.inner))
    }
}

/// Goes through a text token by token.
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// From its beginning.
    pub fn of(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    /// The string whose first quote stands at `self.at`. One that has no end goes to the end of the text.
    #[inline]
    fn string(&mut self) -> Text<'a> {
        let start = self.at;
        let (end, escaped) = scan::string(self.text.as_bytes(), start).unwrap_or((self.text.len() + 1, true));
        self.at = end.min(self.text.len());
        Text { inner: &self.text[start + 1..end - 1], escaped }
    }

    #[inline]
    fn scalar(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b']' | b'"' | b':' | b'{' | b'['));
        let scalar = &rest[..end.unwrap_or(rest.len())];
        self.at += scalar.len();
        scalar
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        while let Some(b',' | b':') = bytes.get(self.at) {
            self.at += 1;
        }
        let token = match *bytes.get(self.at)? {
            opening @ (b'{' | b'[') => {
                self.at += 1;
                Token::Open { map: opening == b'{' }
            }
            b'}' | b']' => {
                self.at += 1;
                Token::Close
            }
            b'"' => {
                let string = self.string();
                if bytes.get(self.at) == Some(&b':') { Token::Key(string) } else { Token::String(string) }
            }
            _ => Token::Scalar(self.scalar()),
        };
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_tokens() {
        let text = |inner| Text { inner, escaped: false };
        let tokens: Vec<_> = Tokens::of(r#"{"a":[1,-2.5,"x"],"b":{"c":null}}"#).collect();
        let expected = [
            Token::Open { map: true },
            Token::Key(text("a")),
            Token::Open { map: false },
            Token::Scalar("1"),
            Token::Scalar("-2.5"),
            Token::String(text("x")),
            Token::Close,
            Token::Key(text("b")),
            Token::Open { map: true },
            Token::Key(text("c")),
            Token::Scalar("null"),
            Token::Close,
            Token::Close,
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn escapes_are_read_and_hide_quotes() {
        let tokens: Vec<_> = Tokens::of(r#"["\"\\","a\n"]"#).collect();
        let read = |token: &Token<'_>| {
            if let Token::String(text) = token { text.read().unwrap().into_owned() } else { String::new() }
        };
        assert_eq!(tokens[1..3].iter().map(read).collect::<Vec<_>>(), ["\"\\", "a\n"]);
    }

    #[test]
    fn any_text_has_an_end() {
        for text in ["\"", "\"\\", "{\"a", "::,,", "x:y", "\"\u{e9}\\\u{e9}", "[1 2]", "\\"] {
            assert!(Tokens::of(text).count() <= text.len(), "{text}");
        }
    }
}
