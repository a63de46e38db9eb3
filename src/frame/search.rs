//! Searches for the next byte of a kind.

use crate::json::simd;

/// The next newline.
pub(super) fn newline(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    found(rest, from, simd::find_newline(rest))
}

/// The next byte in a string that is more than text: its end, an escape, a control byte.
#[inline]
pub(super) fn string_stop(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let stop = simd::find_special(rest);
    found(rest, from, (stop < rest.len()).then_some(stop))
}

/// The next quote or bracket. Few bytes lie between them, so they are looked at one by one.
#[inline]
pub(super) fn structural(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let is_structural = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
    found(rest, from, rest.iter().position(is_structural))
}

/// The next byte that is not blank.
#[inline]
pub(super) fn not_blank(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    found(
        rest,
        from,
        rest.iter().position(|&byte| !super::is_blank(byte)),
    )
}

/// Where the document ends that `structure` follows; see [`simd::Structure::feed`].
pub(super) fn end(structure: &mut simd::Structure, bytes: &[u8]) -> Option<usize> {
    let end = structure.feed(bytes);
    #[cfg(test)]
    super::meter::count(end.unwrap_or(bytes.len()));
    end
}

#[inline]
#[cfg_attr(
    not(test),
    allow(unused_variables, reason = "how much was searched is counted in tests")
)]
fn found(rest: &[u8], from: usize, index: Option<usize>) -> Option<usize> {
    #[cfg(test)]
    super::meter::count(index.map_or(rest.len(), |index| index + 1));
    from.checked_add(index?)
}
