//! Strings: their end, their escapes, their text.

use super::{ErrorKind, simd};

/// What is wrong, and how many bytes into the string's content.
type Wrong = (ErrorKind, usize);

/// A string's content, between its quotes, as it was found.
#[derive(Clone, Copy)]
pub(super) struct Content {
    /// Its length in bytes, without the quotes.
    pub(super) length: usize,
    /// Whether there are escapes in it.
    pub(super) escaped: bool,
}

/// Scans the content of a string, from behind its opening quote: control characters and escapes are checked,
/// UTF-8 is not.
#[inline]
pub(super) fn scan(bytes: &[u8]) -> Result<Content, Wrong> {
    let length = simd::find_unplain(bytes);
    if bytes.get(length) == Some(&b'"') {
        return Ok(Content {
            length,
            escaped: false,
        });
    }
    scan_on(bytes, length)
}

/// Goes on at the first byte that is neither plain text nor the closing quote.
#[inline(never)]
fn scan_on(bytes: &[u8], first: usize) -> Result<Content, Wrong> {
    let mut at = first;
    let mut escaped = false;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at = at.saturating_add(simd::find_special(rest));
        match bytes.get(at) {
            None => return Err((ErrorKind::Incomplete, bytes.len())),
            Some(b'"') => {
                return Ok(Content {
                    length: at,
                    escaped,
                });
            }
            Some(b'\\') => {
                escaped = true;
                at = at.saturating_add(escape_length(bytes, at)?);
            }
            Some(_) => return Err((ErrorKind::ControlCharacter, at)),
        }
    }
}

/// The length of the escape sequence whose backslash stands at `at`.
fn escape_length(bytes: &[u8], at: usize) -> Result<usize, Wrong> {
    let sequence = bytes.get(at..).unwrap_or_default();
    match sequence.get(1) {
        None => Err((ErrorKind::Incomplete, bytes.len())),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => {
            let digits = sequence.get(2..).unwrap_or_default().iter().take(4);
            match digits.clone().position(|digit| !digit.is_ascii_hexdigit()) {
                Some(wrong) => Err((
                    ErrorKind::InvalidEscape,
                    at.saturating_add(2).saturating_add(wrong),
                )),
                None if digits.len() < 4 => Err((ErrorKind::Incomplete, bytes.len())),
                None => Ok(6),
            }
        }
        Some(_) => Err((ErrorKind::InvalidEscape, at.saturating_add(1))),
    }
}

/// Passes the content of a string: finds its closing quote and checks nothing else.
#[inline]
pub(super) fn skip(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..)?;
        at = at.saturating_add(simd::find_quote(rest));
        match bytes.get(at)? {
            b'"' => return Some(at),
            _ => at = at.saturating_add(2),
        }
    }
}

/// The text of a content that [`scan`] has accepted.
pub(super) fn unescape(content: &[u8]) -> Result<String, Wrong> {
    let text = utf8(content)?;
    let mut out = String::new();
    // Unescaping never makes a string longer.
    out.try_reserve_exact(text.len())
        .map_err(|_| (ErrorKind::OutOfMemory, 0))?;
    let mut rest = text;
    loop {
        let (plain, sequence) = rest
            .split_at_checked(simd::find_quote(rest.as_bytes()))
            .unwrap_or((rest, ""));
        push(&mut out, plain);
        let Some((character, after)) = sequence.strip_prefix('\\').and_then(escaped) else {
            return Ok(out);
        };
        push(&mut out, character.encode_utf8(&mut [0; 4]));
        rest = after;
    }
}

/// Once in the program, with the growth that never comes.
#[inline(never)]
fn push(out: &mut String, text: &str) {
    out.push_str(text);
}

/// The content as text.
#[inline]
pub(super) fn utf8(content: &[u8]) -> Result<&str, Wrong> {
    simd::ascii(content).map_or_else(|| utf8_beyond_ascii(content), Ok)
}

#[cold]
fn utf8_beyond_ascii(content: &[u8]) -> Result<&str, Wrong> {
    core::str::from_utf8(content).map_err(|error| (ErrorKind::InvalidUtf8, error.valid_up_to()))
}

/// The character that the sequence behind a backslash stands for, and what follows it.
fn escaped(sequence: &str) -> Option<(char, &str)> {
    let mut characters = sequence.chars();
    let character = match characters.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(characters.as_str()),
        itself => itself,
    };
    Some((character, characters.as_str()))
}

/// The character of a `\u` escape, with the second half of a surrogate pair where that follows.
fn unicode(digits: &str) -> Option<(char, &str)> {
    let (first, rest) = code_unit(digits)?;
    let second = rest.strip_prefix("\\u").and_then(code_unit);
    let (code, rest) = match (first, second) {
        // A surrogate pair: ten bits of each, above the 16-bit characters.
        (0xd800..0xdc00, Some((second @ 0xdc00..0xe000, after))) => {
            let bits = ((first & 0x3ff) << 10) | (second & 0x3ff);
            (bits.saturating_add(0x1_0000), after)
        }
        _ => (first, rest),
    };
    Some((
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
        rest,
    ))
}

/// The UTF-16 code unit that four hexadecimal digits stand for, and what follows them.
fn code_unit(digits: &str) -> Option<(u32, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let unit = digits.bytes().try_fold(0, |unit, digit| {
        Some((unit << 4) | char::from(digit).to_digit(16)?)
    })?;
    Some((unit, rest))
}
