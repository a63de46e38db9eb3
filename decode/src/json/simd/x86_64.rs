//! SSE2, which every `x86_64` processor has.

#![allow(
    clippy::cast_possible_truncation,
    reason = "masks of sixteen bits come in an i32"
)]

use core::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8,
    _mm_or_si128, _mm_set1_epi8, _mm_xor_si128,
};

use super::vector::Vector;
use super::{Structure, generic};

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    generic::find_newline::<Sse2>(bytes)
}

#[inline]
pub(super) fn find_special(bytes: &[u8]) -> usize {
    generic::find_special::<Sse2>(bytes)
}

#[inline]
pub(super) fn find_unplain(bytes: &[u8]) -> usize {
    generic::find_unplain::<Sse2>(bytes)
}

#[inline]
pub(super) fn find_quote(bytes: &[u8]) -> usize {
    generic::find_quote::<Sse2>(bytes)
}

#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    generic::same::<Sse2>(one, other)
}

pub(super) fn alike(one: &[u8], other: &[u8]) -> usize {
    generic::alike::<Sse2>(one, other)
}

pub(super) fn feed(state: &mut Structure, bytes: &[u8]) -> Option<usize> {
    generic::feed::<Sse2>(state, bytes)
}

#[derive(Clone, Copy)]
struct Sse2(__m128i);

impl Sse2 {
    #[inline]
    fn splat(byte: u8) -> __m128i {
        // SAFETY: this file is compiled for targets that have SSE2 alone.
        unsafe { _mm_set1_epi8(byte.cast_signed()) }
    }
}

impl Vector for Sse2 {
    #[inline]
    fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: SSE2 as above; the reference is good for sixteen bytes, and this load asks for no alignment.
        Self(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
    }

    #[inline]
    fn equals(self, byte: u8) -> Self {
        // SAFETY: SSE2 as above.
        Self(unsafe { _mm_cmpeq_epi8(self.0, Self::splat(byte)) })
    }

    #[inline]
    fn is_control(self) -> Self {
        // SSE2 compares signed bytes only; a byte is below 0x20 where it is the smaller of itself and 0x1f.
        // SAFETY: SSE2 as above.
        Self(unsafe { _mm_cmpeq_epi8(_mm_min_epu8(self.0, Self::splat(0x1f)), self.0) })
    }

    #[inline]
    fn differs(self, other: Self) -> Self {
        // SAFETY: SSE2 as above.
        Self(unsafe { _mm_xor_si128(_mm_cmpeq_epi8(self.0, other.0), Self::splat(0xff)) })
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        // SAFETY: SSE2 as above.
        Self(unsafe { _mm_and_si128(self.0, other.0) })
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        // SAFETY: SSE2 as above.
        Self(unsafe { _mm_or_si128(self.0, other.0) })
    }

    #[inline]
    fn as_brace(self) -> Self {
        self.or(Self(Self::splat(0x20)))
    }

    #[inline]
    fn top_bits(self) -> u16 {
        // SAFETY: SSE2 as above.
        let bits = unsafe { _mm_movemask_epi8(self.0) };
        // One bit for each of sixteen lanes, so nothing is cut off.
        bits.cast_unsigned() as u16
    }
}
