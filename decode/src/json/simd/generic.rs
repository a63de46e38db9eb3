//! The kernels, written once over [`Vector`].
//!
//! [`feed`] is the one that matters: most bytes of a watch event are `managedFields`, and this is what passes them.
//! It reads 64 bytes at a time into bit masks, a bit a byte, and then works on the masks:
//!
//! 1. A backslash takes away the meaning of the byte behind it. Most blocks have none; in the others the first one
//!    is taken, dropped together with the byte behind it, and so on.
//! 2. Each quote that is left begins or ends a string, so a byte is inside a string if an odd number of quotes lies
//!    before it: a prefix XOR over the mask, in six shifts.
//! 3. Brackets outside of strings are what counts. An opening one right before a closing one changes nothing, and most of the
//!    brackets of `managedFields` are such pairs (`"f:image":{}`): they all go at once.
//! 4. What is left is few, and where it cannot close the document, counting is enough. Otherwise it is walked one by one.

use super::vector::Vector;
use super::{BLOCK, Structure, scalar};

#[inline]
pub(super) fn find_newline<V: Vector>(bytes: &[u8]) -> Option<usize> {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    for (index, block) in blocks.iter().enumerate() {
        let [a, b, c, d] = lanes::<V>(block).map(|lane| lane.equals(b'\n'));
        if a.or(b).or(c.or(d)).top_bits() != 0 {
            let mask = join([a, b, c, d].map(V::top_bits));
            return Some(index * BLOCK + mask.trailing_zeros() as usize);
        }
    }
    let end = find(tail, |lane: V| lane.equals(b'\n'), |byte| byte == b'\n');
    (end < tail.len()).then(|| bytes.len() - tail.len() + end)
}

#[inline]
pub(super) fn find_special<V: Vector>(bytes: &[u8]) -> usize {
    find(bytes, is_special::<V>, scalar::is_special)
}

/// As [`find_special`], and beyond ASCII too, whose bytes have their top bits set.
#[inline]
pub(super) fn find_unplain<V: Vector>(bytes: &[u8]) -> usize {
    find(
        bytes,
        |lane: V| is_special(lane).or(lane),
        scalar::is_unplain,
    )
}

#[inline]
pub(super) fn find_quote<V: Vector>(bytes: &[u8]) -> usize {
    find(bytes, is_quote::<V>, scalar::is_quote)
}

#[inline]
fn is_special<V: Vector>(lane: V) -> V {
    is_quote(lane).or(lane.is_control())
}

#[inline]
fn is_quote<V: Vector>(lane: V) -> V {
    lane.equals(b'"').or(lane.equals(b'\\'))
}

/// The index of the first byte that matches; the length where there is none. `lanes` and `byte` say the same.
#[inline]
fn find<V: Vector>(bytes: &[u8], lanes: impl Fn(V) -> V, byte: impl Fn(u8) -> bool) -> usize {
    let (chunks, tail) = bytes.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let found = lanes(V::load(chunk)).top_bits();
        if found != 0 {
            return index * 16 + found.trailing_zeros() as usize;
        }
    }
    if tail.is_empty() {
        return bytes.len();
    }
    // The last sixteen bytes once more, overlapping some that are known not to match.
    if let Some(last) = bytes.last_chunk::<16>() {
        let found = lanes(V::load(last)).top_bits();
        return bytes.len() - 16 + (found.trailing_zeros() as usize).min(16);
    }
    tail.iter()
        .position(|&one| byte(one))
        .unwrap_or(bytes.len())
}

/// Whether slices of one length hold the same. The last sixteen bytes overlap some that were compared.
#[inline]
pub(super) fn same<V: Vector>(one: &[u8], other: &[u8]) -> bool {
    let equal =
        |one: &[u8; 16], other: &[u8; 16]| V::load(one).differs(V::load(other)).top_bits() == 0;
    match (one.last_chunk(), other.last_chunk()) {
        (Some(last), Some(other_last)) => {
            let mut pairs = one.as_chunks().0.iter().zip(other.as_chunks().0);
            pairs.all(|(one, other)| equal(one, other)) && equal(last, other_last)
        }
        _ => scalar::same(one, other),
    }
}

/// See [`alike`](super::alike).
#[inline]
pub(super) fn alike<V: Vector>(one: &[u8], other: &[u8]) -> usize {
    let (ones, others) = (one.as_chunks::<BLOCK>().0, other.as_chunks::<BLOCK>().0);
    let mut blocks = 0;
    for (one, other) in ones.iter().zip(others) {
        let (one, other) = (lanes::<V>(one), lanes::<V>(other));
        let pairs: [(V, V); 4] = core::array::from_fn(|index| (one[index], other[index]));
        let [a, b, c, d] = pairs.map(|(one, other)| one.differs(other));
        if a.or(b).or(c.or(d)).top_bits() != 0 {
            let [a, b, c, d] = pairs.map(|(one, other)| {
                let matters = is_structural(one).or(is_structural(other));
                one.differs(other).and(matters)
            });
            if a.or(b).or(c.or(d)).top_bits() != 0 {
                break;
            }
        }
        blocks += 1;
    }
    blocks * BLOCK
}

/// The lanes that a [`Structure`] looks at.
#[inline]
fn is_structural<V: Vector>(lane: V) -> V {
    let braces = lane.as_brace();
    is_quote(lane)
        .or(braces.equals(b'{'))
        .or(braces.equals(b'}'))
}

/// See [`Structure::feed`].
#[inline]
pub(super) fn feed<V: Vector>(state: &mut Structure, bytes: &[u8]) -> Option<usize> {
    let mut base = 0;
    let mut rest = bytes;
    // Open the document before the first block, so that no block has to ask whether it is.
    if state.depth == 0
        && let Some((_, after)) = bytes.split_first()
    {
        (state.depth, base, rest) = (1, 1, after);
    }
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    for block in blocks {
        if let Some(end) = step::<V>(state, block, BLOCK) {
            return Some(base + end);
        }
        base += BLOCK;
    }
    if tail.is_empty() {
        return None;
    }
    // Spaces change nothing.
    let mut padded = [b' '; BLOCK];
    if let Some(head) = padded.get_mut(..tail.len()) {
        head.copy_from_slice(tail);
    }
    step::<V>(state, &padded, tail.len()).map(|end| base + end)
}

/// Passes one block, of which `length` bytes are input and the others spaces; says where the document ends in it.
#[inline]
fn step<V: Vector>(state: &mut Structure, block: &[u8; BLOCK], length: usize) -> Option<usize> {
    let lanes = lanes::<V>(block);
    let mask = |test: fn(V) -> V| join(lanes.map(|lane| test(lane).top_bits()));

    let [a, b, c, d] = lanes.map(|lane| lane.equals(b'\\'));
    let mut escaped = u64::from(state.escaped);
    if a.or(b).or(c.or(d)).top_bits() != 0 {
        let backslashes = join([a, b, c, d].map(V::top_bits));
        escaped = self::escaped(backslashes, &mut state.escaped, length);
    } else {
        state.escaped = false;
    }
    let quotes = mask(|lane| lane.equals(b'"')) & !escaped;
    let carried = if state.in_string { u64::MAX } else { 0 };
    let in_string = prefix_xor(quotes) ^ carried;
    state.in_string = in_string >> (BLOCK - 1) != 0;

    let opens = mask(|lane| lane.as_brace().equals(b'{')) & !in_string;
    let closes = mask(|lane| lane.as_brace().equals(b'}')) & !in_string;
    let pairs = opens & (closes >> 1);
    let opens = opens ^ pairs;
    let closes = closes ^ (pairs << 1);
    let fewer = closes.count_ones();
    if fewer < state.depth {
        state.depth = state.depth.saturating_add(opens.count_ones()) - fewer;
        return None;
    }
    walk(state, opens, closes)
}

/// Applies brackets one by one; says where the last open one is closed.
fn walk(state: &mut Structure, opens: u64, closes: u64) -> Option<usize> {
    let mut left = opens | closes;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        let bit = left & left.wrapping_neg();
        left ^= bit;
        if opens & bit != 0 {
            state.depth = state.depth.saturating_add(1);
            continue;
        }
        state.depth -= 1;
        if state.depth == 0 {
            *state = Structure::new();
            return Some(at + 1);
        }
    }
    None
}

/// The bytes that stand behind a backslash which is not itself escaped. `carried`: whether the first one does, and
/// afterwards whether the first one behind `length` bytes will.
#[inline]
fn escaped(backslashes: u64, carried: &mut bool, length: usize) -> u64 {
    let mut escaped = u64::from(*carried);
    *carried = false;
    let mut left = backslashes & !escaped;
    while left != 0 {
        let bit = left & left.wrapping_neg();
        escaped |= bit << 1;
        left &= !(bit | (bit << 1));
        *carried = bit.trailing_zeros() as usize + 1 == length;
    }
    escaped
}

/// Each bit of the result is the XOR of the bits up to it.
#[inline]
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

/// A block as four vectors.
#[inline]
fn lanes<V: Vector>(block: &[u8; BLOCK]) -> [V; 4] {
    let (quarters, _) = block.as_chunks::<16>();
    core::array::from_fn(|index| V::load(&quarters[index]))
}

/// Four masks as one.
#[inline]
fn join([a, b, c, d]: [u16; 4]) -> u64 {
    u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48
}
