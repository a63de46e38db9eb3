//! Searches for the next byte of a kind. Whole blocks are tested without a branch in between, which compilers turn
//! into vector instructions on every target, without unsafe code.

const BLOCK: usize = 32;

/// The first index at or after `from` whose byte satisfies `test`.
#[inline(always)]
fn find(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    let clean = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |hit, &byte| hit | test(byte)))
        .count();
    let skipped = clean.saturating_mul(BLOCK);
    let inside = rest.get(skipped..)?.iter().position(|&byte| test(byte));
    #[cfg(test)]
    super::meter::count(inside.map_or(rest.len(), |inside| skipped + inside + 1));
    let inside = inside?;
    Some(from.saturating_add(skipped).saturating_add(inside))
}

/// The next newline.
pub(super) fn newline(bytes: &[u8], from: usize) -> Option<usize> {
    find(bytes, from, |byte| byte == b'\n')
}

/// The next byte in a string that is more than text: its end, an escape, a control byte.
pub(super) fn string_stop(bytes: &[u8], from: usize) -> Option<usize> {
    find(bytes, from, |byte| {
        (byte == b'"') | (byte == b'\\') | (byte < 0x20)
    })
}

/// The next quote or bracket.
pub(super) fn structural(bytes: &[u8], from: usize) -> Option<usize> {
    // A bracket and its brace differ in bit 5 alone.
    find(bytes, from, |byte| {
        (byte == b'"') | (byte | 0x20 == b'{') | (byte | 0x20 == b'}')
    })
}
