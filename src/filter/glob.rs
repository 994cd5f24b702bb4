//! Shell patterns for namespaces and names: `*`, `?`, `[a-z]`, `[!a-z]`.
//!
//! Matching takes time in proportion to pattern times text at worst: of several `*` only the last one is ever taken back,
//! which is enough because an earlier one could only have matched less.

use std::fmt;
use std::str::FromStr;

/// A compiled pattern; it matches whole texts, with regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    One(char),
    AnyOne,
    AnyMany,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Token {
    /// Whether this takes the character; [`Token::AnyMany`] is not asked.
    fn takes(&self, c: char) -> bool {
        match self {
            Token::One(one) => *one == c,
            Token::AnyOne | Token::AnyMany => true,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Nothing given.
    #[error("empty: write a name, or a pattern with *, ? or [a-z]")]
    Empty,
    /// A `[` without its `]`.
    #[error("`{0}` has a `[` without a `]`")]
    Unclosed(String),
    /// A range such as `z-a`.
    #[error("`{0}` has a range that runs backwards: {1}-{2}")]
    Backwards(String, char, char),
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '*' if tokens.last() == Some(&Token::AnyMany) => {}
                '*' => tokens.push(Token::AnyMany),
                '?' => tokens.push(Token::AnyOne),
                '[' => {
                    let (class, rest) = class(text, chars.as_str())?;
                    tokens.push(class);
                    chars = rest.chars();
                }
                c => tokens.push(Token::One(c)),
            }
        }
        Ok(Glob { text: text.to_owned(), tokens })
    }
}

/// Reads what follows a `[` up to its `]`, and returns what follows that. A `]` in first place stands for itself.
fn class<'a>(pattern: &str, rest: &'a str) -> Result<(Token, &'a str), GlobError> {
    let inner = rest.strip_prefix(['!', '^']).unwrap_or(rest);
    let negated = inner.len() < rest.len();
    let mut ranges = Vec::new();
    let mut chars = inner.chars();
    loop {
        let low = chars.next().ok_or_else(|| GlobError::Unclosed(pattern.to_owned()))?;
        if low == ']' && !ranges.is_empty() {
            return Ok((Token::Class { negated, ranges }, chars.as_str()));
        }
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) if high != ']' => {
                if low > high {
                    return Err(GlobError::Backwards(pattern.to_owned(), low, high));
                }
                ranges.push((low, high));
                chars = ahead;
            }
            _ => ranges.push((low, low)),
        }
    }
}

impl Glob {
    /// Whether it is a plain text, and fits no other.
    pub fn is_literal(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::One(_)))
    }

    /// Whether the whole text fits the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let mut at = 0;
        let mut rest = text.chars();
        let mut retry = None;
        loop {
            let mut next = rest.clone();
            match (self.tokens.get(at), next.next()) {
                (None, None) => return true,
                (Some(Token::AnyMany), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                (Some(token), Some(c)) if token.takes(c) => {
                    at += 1;
                    rest = next;
                    continue;
                }
                _ => {}
            }
            // A dead end: the last star takes one character more.
            let Some((after_star, mut from)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            at = after_star;
            rest = from.clone();
            retry = Some((after_star, from));
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        pattern.parse::<Glob>().unwrap().matches(text)
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, yes, no) in [
            ("shop", &["shop"][..], &["shops", "ashop", "", "Shop"][..]),
            ("*", &["", "a", "kube-system"], &[]),
            ("kube-*", &["kube-", "kube-system"], &["kube", "my-kube-x"]),
            ("*-test", &["a-test", "-test", "a-test-test"], &["test", "a-tests"]),
            ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
            ("team-[0-9]", &["team-0", "team-9"], &["team-", "team-x", "team-10"]),
            ("[!a-c]x", &["dx", "-x"], &["ax", "x"]),
            ("[^a]", &["b"], &["a"]),
            ("[]]", &["]"], &["["]),
            ("[a-]", &["a", "-"], &["b"]),
            ("a**b", &["ab", "axxb"], &["axx"]),
            ("*a*b*", &["ab", "xaxbx"], &["ba"]),
        ] {
            assert!(yes.iter().all(|text| matches(pattern, text)), "{pattern}");
            assert!(!no.iter().any(|text| matches(pattern, text)), "{pattern}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for bad in ["", "  ", "[", "a[bc", "[!", "[]", "[z-a]", "x[a-"] {
            assert!(bad.parse::<Glob>().is_err(), "{bad}");
        }
    }

    #[test]
    fn many_stars_do_not_blow_up() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
    }

    /// The obvious matcher: exponential, and plainly right.
    fn naive(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((Token::AnyMany, tail)), _) => {
                naive(tail, text) || text.split_first().is_some_and(|(_, rest)| naive(tokens, rest))
            }
            (Some((token, tail)), Some((c, rest))) => token.takes(*c) && naive(tail, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_the_naive_one(pattern in "([ab*?]|\\[[!^]?[a-c]{1,2}\\]){1,8}", text in "[abc]{0,10}") {
            let glob: Glob = pattern.parse().unwrap();
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(glob.matches(&text), naive(&glob.tokens, &chars));
        }

        #[test]
        fn no_text_makes_the_parser_panic(pattern in "\\PC{0,12}", text in "\\PC{0,12}") {
            if let Ok(glob) = pattern.parse::<Glob>() {
                glob.matches(&text);
            }
        }
    }
}
