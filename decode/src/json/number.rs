//! Numbers, checked against the grammar of RFC 8259 and kept as text.

use super::ErrorKind;

/// The length of the number that `bytes` begin with, or what is wrong and how many bytes into it.
///
/// A number that reaches the end of the input is [`ErrorKind::Incomplete`] only where its grammar needs a digit.
pub(super) fn length(bytes: &[u8]) -> Result<usize, (ErrorKind, usize)> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    if bytes.get(at) == Some(&b'0') {
        at = at.saturating_add(1);
        if bytes.get(at).is_some_and(u8::is_ascii_digit) {
            return Err((ErrorKind::InvalidNumber, at));
        }
    } else {
        at = digits(bytes, at)?;
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at.saturating_add(1))?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at = at.saturating_add(1);
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at = at.saturating_add(1);
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// The value of these digits; none where they are none, or exceed 64 bits. In place of std's `parse`, which is larger and
/// compiled once a type.
#[must_use]
pub fn whole(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_u64, |value, digit| {
        let digit = char::from(digit).to_digit(10)?;
        // Not by `checked_mul`: on wasm that multiplies 128 bits.
        if value > u64::MAX / 10 {
            return None;
        }
        value.wrapping_mul(10).checked_add(digit.into())
    })
}

/// The value of these digits, perhaps behind a minus; none where they are none, or exceed 64 bits.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => 0_i64.checked_sub_unsigned(whole(digits)?),
        None => i64::try_from(whole(text)?).ok(),
    }
}

/// The end of at least one digit from `from` on.
fn digits(bytes: &[u8], from: usize) -> Result<usize, (ErrorKind, usize)> {
    let rest = bytes.get(from..).unwrap_or_default();
    match rest.iter().position(|byte| !byte.is_ascii_digit()) {
        Some(0) => Err((ErrorKind::InvalidNumber, from)),
        Some(count) => Ok(from.saturating_add(count)),
        None if rest.is_empty() => Err((ErrorKind::Incomplete, from)),
        None => Ok(bytes.len()),
    }
}
