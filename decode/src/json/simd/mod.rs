//! Kernels: the loops over bytes that decide the speed of everything else.
//!
//! * [`find_newline`] finds the next `\n`, for framing.
//! * [`Structure`] finds where a JSON object or array ends, over any cuts of the input: feed it the bytes from the
//!   opening bracket on, piece by piece; it carries whether it is inside a string, behind a backslash and how deep the
//!   brackets nest. It is what [`Cursor::skip`](super::Cursor::skip) uses, and framing while a line is torn.
//! * [`plain`], [`find_unplain`], [`find_special`], [`find_quote`] and [`ascii`] are what strings are read with.
//!
//! Each kernel is written once, in `generic`, over the small trait `Vector`; a thin file for each instruction set
//! implements that trait. `scalar` says the same a byte at a time. Which one is used is decided when the crate is
//! compiled: SSE2 on `x86_64`, simd128 on `wasm32` where the build enables it, else scalar.

#[allow(dead_code, reason = "without vectors nothing uses it")]
mod generic;
mod scalar;
#[cfg(test)]
mod tests;
mod vector;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm32;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod x86_64;

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "x86_64", target_feature = "sse2")
)))]
use scalar as native;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use wasm32 as native;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
use x86_64 as native;

/// The index of the first `\n`.
#[must_use]
pub fn find_newline(bytes: &[u8]) -> Option<usize> {
    native::find_newline(bytes)
}

/// The index of the first byte that ends plain text inside a string: `"`, `\` or a control character; the length
/// where there is none.
#[inline]
#[must_use]
pub fn find_special(bytes: &[u8]) -> usize {
    native::find_special(bytes)
}

/// The index of the first byte that ends plain text inside a string, as [`find_special`] finds it, or is not ASCII; the length where
/// there is none.
#[must_use]
pub fn find_unplain(bytes: &[u8]) -> usize {
    native::find_unplain(bytes)
}

/// The text of a string's content, from behind its opening quote, where it is as nearly all are: in ASCII, without escapes, and ended
/// by its quote. Looked at once.
#[must_use]
pub fn plain(bytes: &[u8]) -> Option<&str> {
    let (text, rest) = bytes.split_at_checked(find_unplain(bytes))?;
    if rest.first() != Some(&b'"') {
        return None;
    }
    // SAFETY: the first byte that is not ASCII ends the search, so these are, and ASCII is UTF-8.
    Some(unsafe { core::str::from_utf8_unchecked(text) })
}

/// The index of the first `"` or `\`; the length where there is none.
#[inline]
#[must_use]
pub fn find_quote(bytes: &[u8]) -> usize {
    native::find_quote(bytes)
}

/// The text of these bytes where all of them are ASCII, as nearly everything is that a table shows.
#[inline]
#[must_use]
pub fn ascii(bytes: &[u8]) -> Option<&str> {
    if !is_ascii(bytes) {
        return None;
    }
    // SAFETY: every byte was found to be ASCII, and ASCII is UTF-8.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// Whether the top bit of every byte is clear. Words overlap at the end, so no byte is looked at alone but in the shortest texts.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const TOP: u64 = 0x8080_8080_8080_8080;
    let (words, tail) = bytes.as_chunks::<8>();
    let mut seen = words
        .iter()
        .fold(0, |seen, word| seen | u64::from_le_bytes(*word));
    if let Some(last) = bytes.last_chunk::<8>() {
        seen |= u64::from_le_bytes(*last);
    } else {
        seen |= tail.iter().fold(0, |seen, &byte| seen | u64::from(byte));
    }
    seen & TOP == 0
}

/// Whether the bytes are equal: the comparison of slices is a call that goes byte by byte on wasm.
#[inline]
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && native::same(one, other)
}

/// Bytes in a block: one for each bit of a mask.
pub(super) const BLOCK: usize = 64;

/// How many bytes from the start, counted in whole blocks, are alike to a [`Structure`]: equal, or different in such as it does not
/// look at.
pub(super) fn alike(one: &[u8], other: &[u8]) -> usize {
    native::alike(one, other)
}

/// Finds the end of an object or array whose bytes come in any cuts.
///
/// ```
/// use kube_watchlist_decode::json::simd::Structure;
///
/// let mut structure = Structure::new();
/// assert_eq!(structure.feed(br#"{"a":"}"#), None);
/// assert_eq!(structure.feed(br#""} {"b""#), Some(2));
/// ```
///
/// Only structure is looked at: strings, escapes, and how deep brackets nest, whichever kind closes which. A
/// backslash escapes the byte behind it wherever it stands (outside of strings JSON has none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Structure {
    /// Behind the opening bracket of a document.
    pub(super) const OPEN: Self = Self {
        depth: 1,
        ..Self::new()
    };

    /// Before the opening bracket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// How many brackets are open; 0 before the first and after the last.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Reads on. `Some(n)`: the document ends with the first `n` of these bytes; the scanner is as new and can be fed
    /// the next document. `None`: they all belong to it and it goes on. The first byte of a document counts as its opening
    /// bracket, whatever it is.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        native::feed(self, bytes)
    }
}
