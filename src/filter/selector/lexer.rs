//! The words and signs of a label selector, as apimachinery's lexer cuts them.

use super::SelectorError;

/// A piece of a selector's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key, a value, `in` or `notin`: the parser knows which by the place.
    Word(&'a str),
    /// `=` or `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `!`
    Not,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// Nothing is left.
    End,
}

/// Cuts a text into tokens and remembers where the last one stood.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the next token is looked for.
    at: usize,
    /// Where the last token began.
    start: usize,
}

const SIGNS: [(&str, Token<'static>); 9] = [
    ("==", Token::Equal),
    ("!=", Token::NotEqual),
    ("=", Token::Equal),
    ("!", Token::Not),
    (">", Token::Greater),
    ("<", Token::Less),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
];

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn ends_word(c: char) -> bool {
    is_space(c) || matches!(c, '=' | '!' | '>' | '<' | '(' | ')' | ',')
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer { text, at: 0, start: 0 }
    }

    /// The next token; at the end, again and again [`Token::End`].
    pub(super) fn next(&mut self) -> Token<'a> {
        let rest = self.text[self.at..].trim_start_matches(is_space);
        self.start = self.text.len() - rest.len();
        let (token, len) = Self::first(rest);
        self.at = self.start + len;
        token
    }

    /// The next token, left in place.
    pub(super) fn peek(&self) -> Token<'a> {
        Self::first(self.text[self.at..].trim_start_matches(is_space)).0
    }

    fn first(rest: &'a str) -> (Token<'a>, usize) {
        if rest.is_empty() {
            return (Token::End, 0);
        }
        if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            return (*token, sign.len());
        }
        let len = rest.find(ends_word).unwrap_or(rest.len());
        (Token::Word(&rest[..len]), len)
    }

    /// An error at the last token.
    pub(super) fn error(&self, problem: String) -> SelectorError {
        SelectorError { column: self.text[..self.start].chars().count() + 1, problem }
    }

    /// The error that the last token is not what should stand there.
    pub(super) fn expected(&self, what: &str) -> SelectorError {
        let found = &self.text[self.start..self.at];
        let found = if found.is_empty() { "the selector ends".to_owned() } else { format!("found `{found}`") };
        self.error(format!("{found}, expected {what}"))
    }
}
