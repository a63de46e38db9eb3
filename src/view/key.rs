//! What a cell sorts by.
//!
//! A kind is decided for each cell by itself, since servers put what they like into a column. Kinds ascend so:
//!
//! 1. nothing: no cell, null, `""`, `<none>`, `<unknown>`, `<unset>`;
//! 2. `false`, `true`;
//! 3. spans of time, the shortest (youngest) first: ascending Age begins with the newest object;
//! 4. numbers and what begins with one: JSON numbers, quantities (`100m`, `1.5Gi`), percentages, ratios (`1/2`: by the
//!    first, then the second number), counts with a time (`3 (5m ago)`: by count, then time);
//! 5. text: digits by their value (`web-2` before `web-10`), ASCII letters whatever their case;
//! 6. arrays and objects, by their JSON text.
//!
//! Cells that differ only in what is not looked at (case, leading zeros, what comes after [`TEXT_LIMIT`]) are equal:
//! let the row's key decide between them.

use super::number::Decimal;
use crate::json::Cursor;

/// How much of a text's key is kept, in bytes.
pub const TEXT_LIMIT: usize = 256;

/// What a cell sorts by: a total order. Keep [`CellKey::prefix`] where rows are sorted, and compare keys where
/// prefixes are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey(Kind);

/// In ascending order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Nothing,
    Bool(bool),
    /// Milliseconds.
    Span(i64),
    Number(Number),
    /// As [`collate`] writes it.
    Text(Box<[u8]>),
    Other(Box<[u8]>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    value: Decimal,
    /// Behind the slash of a ratio.
    second: Option<Decimal>,
    /// Milliseconds, of the time in brackets.
    span: Option<i64>,
}

impl CellKey {
    /// The key of a cell as it is stored: one JSON value, or `None` where the row is shorter than its columns.
    ///
    /// `span` is what [`time_cells::span`](crate::time_cells::span) says of the cell, in a column with a rule; else
    /// `None`: without it `5m` is the quantity 0.005. Bytes that are no JSON sort among arrays and objects.
    #[must_use]
    pub fn new(raw: Option<&[u8]>, span: Option<i64>) -> Self {
        let Some(raw) = raw.map(<[u8]>::trim_ascii) else {
            return Self(Kind::Nothing);
        };
        let kind = match raw.first() {
            None => Kind::Nothing,
            Some(b'"') => {
                return match text(raw) {
                    Some(text) => Self::from_text(&text, span),
                    None => Self::other(raw),
                };
            }
            Some(_) => match raw {
                b"null" => Kind::Nothing,
                b"false" => Kind::Bool(false),
                b"true" => Kind::Bool(true),
                raw => match str::from_utf8(raw).ok().and_then(Decimal::parse) {
                    Some(value) => Kind::Number(Number {
                        value,
                        second: None,
                        span: None,
                    }),
                    None => return Self::other(raw),
                },
            },
        };
        Self(kind)
    }

    /// The key of a cell whose text is decoded already; `span` as in [`CellKey::new`].
    #[must_use]
    pub fn from_text(text: &str, span: Option<i64>) -> Self {
        let text = text.trim();
        let number = number(text, span);
        Self(match (text, number, span) {
            (_, Some(number), Some(_)) if number.span.is_some() => Kind::Number(number),
            (_, _, Some(span)) => Kind::Span(span),
            ("" | "<none>" | "<unknown>" | "<unset>", _, None) => Kind::Nothing,
            (_, Some(number), None) => Kind::Number(number),
            (text, None, None) => Kind::Text(collate(text)),
        })
    }

    fn other(raw: &[u8]) -> Self {
        let kept = raw.get(..TEXT_LIMIT).unwrap_or(raw);
        Self(Kind::Other(kept.into()))
    }

    /// Eight bytes of the order: `a.prefix() < b.prefix()` implies `a < b`. Equal prefixes say nothing.
    #[must_use]
    pub fn prefix(&self) -> u64 {
        let (kind, rest) = match &self.0 {
            Kind::Nothing => (0, 0),
            Kind::Bool(value) => (1, u64::from(*value)),
            Kind::Span(millis) => (2, ordered(*millis) >> KIND_BITS),
            Kind::Number(number) => (3, number.value.prefix() >> KIND_BITS),
            Kind::Text(text) => (4, first_bytes(text) >> KIND_BITS),
            Kind::Other(raw) => (5, first_bytes(raw) >> KIND_BITS),
        };
        (kind << (u64::BITS - KIND_BITS)) | rest
    }
}

/// Bits of a prefix that say the kind.
const KIND_BITS: u32 = 3;

/// Signed order as unsigned order.
fn ordered(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

/// The first eight bytes as a number; what is missing is zero.
fn first_bytes(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

/// A raw JSON string, decoded.
fn text(raw: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let mut cursor = Cursor::new(raw);
    let text = cursor.next_str().ok()?;
    cursor.finish().ok()?;
    Some(text)
}

/// A text that is a number and nothing, or a unit, a second number or a bracket behind it. `10.0.0.1` is none.
fn number(text: &str, span: Option<i64>) -> Option<Number> {
    // Names and words leave at once.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let mut number = Number {
        value: Decimal::default(),
        second: None,
        span: None,
    };
    if let Some((value, bracket)) = split_once(text, " (") {
        bracket.strip_suffix(')')?;
        number.value = amount(value)?;
        number.span = span;
    } else if let Some((value, second)) = text.split_once('/') {
        // A Job's `1/1 of 3`.
        let second = split_once(second, " of ").map_or(second, |(second, _)| second);
        number.value = amount(value)?;
        number.second = Some(amount(second)?);
    } else {
        number.value = amount(text)?;
    }
    Some(number)
}

/// As [`str::split_once`], without the table that the standard library makes for every search: cells are short.
fn split_once<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut windows = text.as_bytes().windows(separator.len());
    let at = windows.position(|window| window == separator.as_bytes())?;
    let after = at.checked_add(separator.len())?;
    Some((text.get(..at)?, text.get(after..)?))
}

fn amount(text: &str) -> Option<Decimal> {
    Decimal::parse_quantity(text.strip_suffix('%').unwrap_or(text))
}

/// Bytes whose order is natural order: ASCII letters in lower case; a run of digits as `0`, its length, the digits.
fn collate(text: &str) -> Box<[u8]> {
    let mut key = Vec::with_capacity(text.len().saturating_add(8).min(TEXT_LIMIT));
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if key.len() >= TEXT_LIMIT {
            break;
        }
        if !byte.is_ascii_digit() {
            key.push(byte.to_ascii_lowercase());
            rest = after;
            continue;
        }
        let end = rest.iter().position(|b| !b.is_ascii_digit());
        let (run, after) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, &[]));
        let zeros = run.iter().take_while(|&&b| b == b'0').count();
        let digits = run.get(zeros..).unwrap_or_default();
        key.push(b'0');
        // The length, so that more digits come later: as many 255 as it takes, then what is left.
        let mut length = digits.len();
        while length >= 255 && key.len() < TEXT_LIMIT {
            key.push(255);
            length -= 255;
        }
        key.push(u8::try_from(length).unwrap_or(255));
        let room = TEXT_LIMIT.saturating_sub(key.len());
        key.extend_from_slice(digits.get(..room).unwrap_or(digits));
        rest = after;
    }
    key.truncate(TEXT_LIMIT);
    key.into_boxed_slice()
}

#[cfg(test)]
mod tests;
