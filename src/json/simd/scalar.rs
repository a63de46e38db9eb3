//! The scalar twin of the kernels, a byte at a time: what engines without vectors run, and the oracle of the others.

use super::super::ErrorKind;
use super::Structure;

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

pub(super) fn find_special(bytes: &[u8]) -> usize {
    let special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
    bytes.iter().position(special).unwrap_or(bytes.len())
}

pub(super) fn find_quote(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte == b'"' || byte == b'\\')
        .unwrap_or(bytes.len())
}

pub(super) fn feed(
    state: &mut Structure,
    bytes: &[u8],
) -> Result<Option<usize>, (ErrorKind, usize)> {
    for (at, &byte) in bytes.iter().enumerate() {
        if state.escaped {
            state.escaped = false;
            // Only a quote changes its meaning: brackets in strings mean nothing, and outside there are no escapes.
            if byte == b'"' || byte == b'\\' {
                continue;
            }
        }
        match byte {
            b'\\' => state.escaped = true,
            b'"' => state.in_string = !state.in_string,
            _ if state.in_string => {}
            b'{' => state.nesting.open_object().map_err(|kind| (kind, at))?,
            b'[' => state.nesting.open_array().map_err(|kind| (kind, at))?,
            b'}' | b']' => {
                let object = byte == b'}';
                let closed = if object {
                    state.nesting.close_object()
                } else {
                    state.nesting.close_array()
                };
                closed.map_err(|kind| (kind, at))?;
                if state.nesting.depth() == 0 {
                    return Ok(Some(at + 1));
                }
            }
            _ => {}
        }
    }
    Ok(None)
}
