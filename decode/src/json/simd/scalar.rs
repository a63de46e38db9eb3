//! The scalar twin of the kernels, a byte at a time: what runs where there are no vectors, and what the others are
//! tested against.

#![allow(
    dead_code,
    reason = "where there are vectors, only tests and short tails come here"
)]

use super::{Structure, Wrong};
use crate::json::{ErrorKind, MAX_DEPTH};

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

pub(super) fn find_special(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| is_special(byte))
        .unwrap_or(bytes.len())
}

pub(super) fn find_quote(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| is_quote(byte))
        .unwrap_or(bytes.len())
}

#[inline]
pub(super) const fn is_special(byte: u8) -> bool {
    is_quote(byte) || byte < b' '
}

#[inline]
pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\')
}

/// See [`Structure::feed`], which has checked that a document begins with a bracket.
pub(super) fn feed(state: &mut Structure, bytes: &[u8]) -> Result<Option<usize>, Wrong> {
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped = core::mem::take(&mut state.escaped);
        match byte {
            b'\\' => {
                state.escaped = !escaped;
                continue;
            }
            b'"' => {
                state.in_string ^= !escaped;
                continue;
            }
            _ if state.in_string => continue,
            b'{' | b'[' if state.depth >= MAX_DEPTH => return Err((ErrorKind::TooDeep, at)),
            b'{' | b'[' => state.depth += 1,
            b'}' | b']' => state.depth -= 1,
            _ => continue,
        }
        if state.depth == 0 {
            state.escaped = false;
            return Ok(Some(at + 1));
        }
    }
    Ok(None)
}
