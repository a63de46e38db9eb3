//! The scalar twin of the kernels, a byte at a time: what runs where there are no vectors, and what the others are
//! tested against.

#![allow(
    dead_code,
    reason = "where there are vectors, only tests and short tails come here"
)]

use super::{BLOCK, Structure};

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

pub(super) fn find_special(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| is_special(byte))
        .unwrap_or(bytes.len())
}

pub(super) fn find_unplain(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| is_unplain(byte))
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
pub(super) const fn is_unplain(byte: u8) -> bool {
    is_special(byte) || !byte.is_ascii()
}

#[inline]
pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\')
}

/// Whether slices of one length hold the same.
#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// See [`alike`](super::alike).
pub(super) fn alike(one: &[u8], other: &[u8]) -> usize {
    let structural = |byte| matches!(byte, b'"' | b'\\' | b'{' | b'[' | b'}' | b']');
    let (ones, others) = (one.as_chunks::<BLOCK>().0, other.as_chunks::<BLOCK>().0);
    let alike = |(one, other): &(&[u8; BLOCK], &[u8; BLOCK])| {
        let mut pairs = one.iter().zip(*other);
        pairs.all(|(one, other)| one == other || !structural(*one) && !structural(*other))
    };
    ones.iter().zip(others).take_while(alike).count() * BLOCK
}

/// See [`Structure::feed`].
pub(super) fn feed(state: &mut Structure, bytes: &[u8]) -> Option<usize> {
    let is_new = state.depth == 0 && !bytes.is_empty();
    state.depth += u32::from(is_new);
    for (at, &byte) in bytes.iter().enumerate().skip(usize::from(is_new)) {
        let escaped = core::mem::take(&mut state.escaped);
        match byte {
            b'\\' => state.escaped = !escaped,
            b'"' => state.in_string ^= !escaped,
            _ if state.in_string => {}
            b'{' | b'[' => state.depth = state.depth.saturating_add(1),
            b'}' | b']' => {
                state.depth -= 1;
                if state.depth == 0 {
                    *state = Structure::new();
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
