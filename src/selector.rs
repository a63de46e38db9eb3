//! Label selectors in Kubernetes' own syntax, matched in the client.
//!
//! The grammar and its corners are those of `k8s.io/apimachinery/pkg/labels` (`Parse`), which reads `kubectl -l` and
//! the API's `labelSelector`: `env=prod,tier in (web, api),!canary,size>3`.

use std::borrow::Cow;
use std::fmt;

use crate::json::{self, Cursor};

/// A parsed label selector; the empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

/// Why a text is no label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there, for people.
    pub message: &'static str,
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.message, self.offset)
    }
}

impl std::error::Error for SelectorError {}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    /// `=`, `==` and `in`.
    In(Vec<String>),
    /// `!=` and `notin`; also where the label is missing.
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        match (&self.test, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Missing, value) => value.is_none(),
            (Test::In(values), Some(value)) => values.iter().any(|v| v == value),
            (Test::NotIn(values), Some(value)) => values.iter().all(|v| v != value),
            (Test::NotIn(_), None) => true,
            (Test::Above(bound), Some(value)) => integer(value).is_some_and(|v| v > *bound),
            (Test::Below(bound), Some(value)) => integer(value).is_some_and(|v| v < *bound),
            (Test::In(_) | Test::Above(_) | Test::Below(_), None) => false,
        }
    }
}

/// A 64-bit integer, as Go's `strconv.ParseInt` reads base 10.
fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix('+') {
        Some(digits) => i64::try_from(json::whole(digits)?).ok(),
        None => json::integer(text),
    }
}

impl Selector {
    /// Reads a selector: requirements between commas, all of which must hold.
    ///
    /// `key`, `!key`, `key=value`, `key==value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key>7`, `key<7`.
    /// White space may stand between any two words; `!=` and `notin` hold where the label is missing too.
    ///
    /// # Errors
    ///
    /// Whatever an API server refuses, with the place: a word out of order, a key or value that no label can have.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        Parser { text, position: 0 }.selector()
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object is selected. `label(key)` is its label's value, `None` where it has none.
    #[must_use]
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(label(&requirement.key)))
    }

    /// The same from raw JSON, `metadata.labels` as a row keeps it (`None`: no labels).
    ///
    /// Of a key that comes twice the last value counts, as in Go. Bytes that are no JSON object of strings count as no
    /// labels.
    #[must_use]
    pub fn matches_raw(&self, labels: Option<&[u8]>) -> bool {
        let Some(labels) = labels else {
            return self.matches(|_| None);
        };
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(find(labels, &requirement.key).as_deref()))
    }
}

/// The value of `key` in a raw JSON object. Reads all of it a key: selectors are short, and so are labels.
fn find<'a>(object: &'a [u8], key: &str) -> Option<Cow<'a, str>> {
    let mut json = Cursor::new(object);
    let mut found = None;
    let read = json.members(&mut |name, value| {
        if name == key.as_bytes() {
            found = Some(value.next_str()?);
            return Ok(());
        }
        value.skip()
    });
    read.and_then(|()| json.finish()).ok()?;
    found
}

/// A word of the grammar and the offset of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    offset: usize,
    word: Word<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word<'a> {
    End,
    Open,
    Close,
    Comma,
    Not,
    Equals,
    NotEquals,
    Above,
    Below,
    /// A key, a value, or (only after a key) `in` and `notin`.
    Name(&'a str),
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn selector(mut self) -> Result<Selector, SelectorError> {
        let mut requirements = Vec::new();
        if self.peek().word == Word::End {
            return Ok(Selector { requirements });
        }
        loop {
            requirements.push(self.requirement()?);
            let token = self.next();
            match token.word {
                Word::End => return Ok(Selector { requirements }),
                Word::Comma => {}
                _ => return Err(token.error("expected ',' or the end")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let mut token = self.next();
        let negated = token.word == Word::Not;
        if negated {
            token = self.next();
        }
        let Word::Name(key) = token.word else {
            return Err(token.error("expected a label key"));
        };
        check_key(key).map_err(|message| token.error(message))?;
        let key = key.to_owned();
        if negated || matches!(self.peek().word, Word::End | Word::Comma) {
            let test = if negated { Test::Missing } else { Test::Exists };
            return Ok(Requirement { key, test });
        }
        let token = self.next();
        let test = match token.word {
            Word::Equals => Test::In(vec![self.value()?.1]),
            Word::NotEquals => Test::NotIn(vec![self.value()?.1]),
            Word::Above => Test::Above(self.bound()?),
            Word::Below => Test::Below(self.bound()?),
            Word::Name("in") => Test::In(self.values()?),
            Word::Name("notin") => Test::NotIn(self.values()?),
            _ => {
                return Err(token.error("expected '=', '==', '!=', 'in', 'notin', '<' or '>'"));
            }
        };
        Ok(Requirement { key, test })
    }

    /// The value after `=` and its like; it may be missing, then it is empty.
    fn value(&mut self) -> Result<(Token<'a>, String), SelectorError> {
        let token = self.peek();
        if matches!(token.word, Word::End | Word::Comma) {
            return Ok((token, String::new()));
        }
        let Word::Name(value) = self.next().word else {
            return Err(token.error("expected a label value"));
        };
        check_value(value).map_err(|message| token.error(message))?;
        Ok((token, value.to_owned()))
    }

    fn bound(&mut self) -> Result<i64, SelectorError> {
        let (token, value) = self.value()?;
        integer(&value).ok_or_else(|| token.error("expected an integer of 64 bits"))
    }

    /// `(a,b)`; any value may be missing, then it is empty.
    fn values(&mut self) -> Result<Vec<String>, SelectorError> {
        let token = self.next();
        if token.word != Word::Open {
            return Err(token.error("expected '('"));
        }
        let mut values = Vec::new();
        loop {
            let mut token = self.next();
            let mut value = "";
            if let Word::Name(name) = token.word {
                check_value(name).map_err(|message| token.error(message))?;
                value = name;
                token = self.next();
            }
            values.push(value.to_owned());
            match token.word {
                Word::Comma => {}
                Word::Close => return Ok(values),
                _ => return Err(token.error("expected a label value, ',' or ')'")),
            }
        }
    }

    fn peek(&mut self) -> Token<'a> {
        let position = self.position;
        let token = self.next();
        self.position = position;
        token
    }

    fn next(&mut self) -> Token<'a> {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let trimmed = rest.trim_start_matches(is_space);
        let offset = self.text.len().saturating_sub(trimmed.len());
        let (word, length) = word(trimmed);
        self.position = offset.saturating_add(length);
        Token { offset, word }
    }
}

/// The first word of `text`, which starts with no space, and its length in bytes.
fn word(text: &str) -> (Word<'_>, usize) {
    for (symbol, word) in [
        ("==", Word::Equals),
        ("!=", Word::NotEquals),
        ("=", Word::Equals),
        ("!", Word::Not),
        ("(", Word::Open),
        (")", Word::Close),
        (",", Word::Comma),
        (">", Word::Above),
        ("<", Word::Below),
    ] {
        if text.starts_with(symbol) {
            return (word, symbol.len());
        }
    }
    let end = text.find([' ', '\t', '\r', '\n', '=', '!', '(', ')', ',', '<', '>']);
    match text.get(..end.unwrap_or(text.len())) {
        None | Some("") => (Word::End, 0),
        Some(name) => (Word::Name(name), name.len()),
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

impl Token<'_> {
    fn error(self, message: &'static str) -> SelectorError {
        SelectorError {
            offset: self.offset,
            message,
        }
    }
}

/// Longest name of a label and longest value, in bytes.
const LONGEST_NAME: usize = 63;
/// Longest prefix of a key (a DNS subdomain, RFC 1123), in bytes.
const LONGEST_PREFIX: usize = 253;

/// `name` or `prefix/name`: k8s.io/apimachinery `content.IsLabelKey`.
fn check_key(key: &str) -> Result<(), &'static str> {
    let name = match key.split_once('/') {
        None => key,
        Some((prefix, name)) => {
            let valid = prefix.len() <= LONGEST_PREFIX
                && prefix.split('.').all(|label| {
                    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                    is_framed(label) && label.bytes().all(inner)
                });
            if !valid {
                return Err("the prefix of a label key must be a DNS subdomain in lower case");
            }
            name
        }
    };
    if name.is_empty() || !is_name(name) {
        return Err(
            "the name of a label key must be 1 to 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends",
        );
    }
    Ok(())
}

/// k8s.io/apimachinery `content.IsLabelValue`.
fn check_value(value: &str) -> Result<(), &'static str> {
    if value.is_empty() || is_name(value) {
        return Ok(());
    }
    Err(
        "a label value must be at most 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends",
    )
}

fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.len() <= LONGEST_NAME && is_framed(text) && text.bytes().all(inner)
}

/// Begins and ends with an ASCII letter or digit.
fn is_framed(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.iter()
        .all(|end| end.is_some_and(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests;
