//! Label selectors in the whole syntax of Kubernetes: `app=web,tier in (front,back),!canary,generation>5`.
//!
//! Reads what apimachinery's `labels.Parse` reads and refuses what it refuses, names and values of labels included. The
//! requirements are kube's [`Expression`]s, which match as Kubernetes does (`!=` and `notin` hold where the label is absent);
//! only the numeric comparisons, which kube lacks, are ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use kube_core::{Expression, SelectorExt};

mod lexer;
mod validate;

use lexer::{Lexer, Token};

/// A conjunction of requirements on labels. The empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Expression(Expression),
    /// The label is there, is a number, and is greater (or less) than this one.
    Compare {
        key: String,
        greater: bool,
        than: i64,
    },
}

/// Why a text is no selector, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {column}: {problem}")]
pub struct SelectorError {
    /// The character, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

impl Selector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether nothing is required, so that every object is selected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        match self {
            Requirement::Expression(expression) => expression.matches(labels),
            Requirement::Compare { key, greater, than } => {
                let value = labels.get(key).and_then(|value| value.parse::<i64>().ok());
                value.is_some_and(|value| if *greater { value > *than } else { value < *than })
            }
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let mut lexer = Lexer::new(text);
        let mut requirements = Vec::new();
        if lexer.peek() == Token::End {
            return Ok(Selector(requirements));
        }
        loop {
            requirements.push(requirement(&mut lexer)?);
            match lexer.next() {
                Token::End => return Ok(Selector(requirements)),
                Token::Comma => {}
                _ => return Err(lexer.expected("a comma or the end")),
            }
        }
    }
}

/// Reads one requirement, up to the comma or the end after it.
fn requirement(lexer: &mut Lexer<'_>) -> Result<Requirement, SelectorError> {
    let absent = lexer.peek() == Token::Not;
    if absent {
        lexer.next();
    }
    let Token::Word(key) = lexer.next() else {
        return Err(lexer.expected(if absent { "a label's name after `!`" } else { "a label's name" }));
    };
    validate::key(key).map_err(|problem| lexer.error(problem))?;
    let key = key.to_owned();
    if absent {
        return Ok(Expression::DoesNotExist(key).into());
    }
    if matches!(lexer.peek(), Token::End | Token::Comma) {
        return Ok(Expression::Exists(key).into());
    }
    Ok(match lexer.next() {
        Token::Equal => Expression::Equal(key, value(lexer)?).into(),
        Token::NotEqual => Expression::NotEqual(key, value(lexer)?).into(),
        Token::Word("in") => Expression::In(key, values(lexer)?).into(),
        Token::Word("notin") => Expression::NotIn(key, values(lexer)?).into(),
        Token::Greater => Requirement::Compare { key, greater: true, than: number(lexer)? },
        Token::Less => Requirement::Compare { key, greater: false, than: number(lexer)? },
        _ => return Err(lexer.expected("one of =, ==, !=, in, notin, >, <, or a comma")),
    })
}

/// Reads the value after `=`, which may be empty.
fn value(lexer: &mut Lexer<'_>) -> Result<String, SelectorError> {
    if matches!(lexer.peek(), Token::End | Token::Comma) {
        return Ok(String::new());
    }
    let Token::Word(value) = lexer.next() else { return Err(lexer.expected("a value")) };
    validate::value(value).map_err(|problem| lexer.error(problem))?;
    Ok(value.to_owned())
}

/// Reads the number after `>` or `<`.
fn number(lexer: &mut Lexer<'_>) -> Result<i64, SelectorError> {
    let Token::Word(text) = lexer.next() else { return Err(lexer.expected("a whole number")) };
    validate::value(text).map_err(|problem| lexer.error(problem))?;
    text.parse().map_err(|_| lexer.error(format!("`{text}` is not a whole number, which `>` and `<` compare with")))
}

/// Reads `(a,b)`. Between two commas, or a comma and a parenthesis, stands the empty value; `()` alone is refused.
fn values(lexer: &mut Lexer<'_>) -> Result<BTreeSet<String>, SelectorError> {
    if lexer.next() != Token::Open {
        return Err(lexer.expected("`(`"));
    }
    if lexer.peek() == Token::Close {
        lexer.next();
        return Err(lexer.error("a set of values must not be empty".to_owned()));
    }
    let mut set = BTreeSet::new();
    loop {
        let mut value = "";
        if let Token::Word(word) = lexer.peek() {
            lexer.next();
            validate::value(word).map_err(|problem| lexer.error(problem))?;
            value = word;
        }
        set.insert(value.to_owned());
        match lexer.next() {
            Token::Comma => {}
            Token::Close => return Ok(set),
            _ => return Err(lexer.expected("a comma or `)`")),
        }
    }
}

impl From<Expression> for Requirement {
    fn from(expression: Expression) -> Self {
        Requirement::Expression(expression)
    }
}

impl fmt::Display for Selector {
    /// In the syntax that is read back as the same selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |values: &BTreeSet<String>| match values.iter().map(String::as_str).collect::<Vec<_>>().join(",") {
            // The set of the empty value alone; `()` would be the set of none.
            text if text.is_empty() => ",".to_owned(),
            text => text,
        };
        match self {
            Requirement::Expression(Expression::In(key, values)) => write!(f, "{key} in ({})", set(values)),
            Requirement::Expression(Expression::NotIn(key, values)) => write!(f, "{key} notin ({})", set(values)),
            Requirement::Expression(expression) => write!(f, "{expression}"),
            Requirement::Compare { key, greater, than } => write!(f, "{key}{}{than}", if *greater { ">" } else { "<" }),
        }
    }
}

#[cfg(test)]
mod tests;
