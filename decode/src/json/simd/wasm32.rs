//! WebAssembly's fixed-width vectors, in builds with `-C target-feature=+simd128`.

use core::arch::wasm32::{
    i8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_ne, u8x16_splat, v128, v128_and, v128_load, v128_or,
};

use super::vector::Vector;
use super::{Structure, generic};

pub(super) fn find_newline(bytes: &[u8]) -> Option<usize> {
    generic::find_newline::<Simd128>(bytes)
}

#[inline]
pub(super) fn find_special(bytes: &[u8]) -> usize {
    generic::find_special::<Simd128>(bytes)
}

#[inline]
pub(super) fn find_unplain(bytes: &[u8]) -> usize {
    generic::find_unplain::<Simd128>(bytes)
}

#[inline]
pub(super) fn find_quote(bytes: &[u8]) -> usize {
    generic::find_quote::<Simd128>(bytes)
}

#[inline]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    generic::same::<Simd128>(one, other)
}

pub(super) fn alike(one: &[u8], other: &[u8]) -> usize {
    generic::alike::<Simd128>(one, other)
}

pub(super) fn feed(state: &mut Structure, bytes: &[u8]) -> Option<usize> {
    generic::feed::<Simd128>(state, bytes)
}

#[derive(Clone, Copy)]
struct Simd128(v128);

impl Vector for Simd128 {
    #[inline]
    fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: the reference is good for sixteen bytes, and this load asks for no alignment.
        Self(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    #[inline]
    fn equals(self, byte: u8) -> Self {
        Self(u8x16_eq(self.0, u8x16_splat(byte)))
    }

    #[inline]
    fn is_control(self) -> Self {
        Self(u8x16_lt(self.0, u8x16_splat(b' ')))
    }

    #[inline]
    fn differs(self, other: Self) -> Self {
        Self(u8x16_ne(self.0, other.0))
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }

    #[inline]
    fn or(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }

    #[inline]
    fn as_brace(self) -> Self {
        self.or(Self(u8x16_splat(0x20)))
    }

    #[inline]
    fn top_bits(self) -> u16 {
        i8x16_bitmask(self.0)
    }
}
