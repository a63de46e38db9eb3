//! Bytes in any cut to complete JSON documents.
//!
//! [`Framer`] cuts a watch stream into its documents; [`ListFramer`] hands out the elements of a LIST as they arrive. Both
//! take the body in whatever pieces the network delivers, do work linear in its length, never hold more than one
//! unfinished document, and never panic.
//!
//! Structure is all that is looked at here: brackets, strings, and where a document ends. Whether the bytes between
//! are good JSON is for the consumer to say, who reads them anyway.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods
    )
)]

mod list;
#[cfg(test)]
mod meter;
mod pending;
mod scan;
mod search;
mod watch;

pub use list::{List, ListFramer, Part};
pub use watch::{Framer, Verdict};

/// The limit on one document where nobody sets another: 16 MiB, as in client-go (`ErrObjectTooLarge` of
/// `k8s.io/apimachinery/pkg/runtime/serializer/streaming`). Objects of a cluster stay below 3 MiB.
pub const DEFAULT_FRAME_LIMIT: usize = 16 * 1024 * 1024;

/// Brackets that may be open at one time: [`MAX_DEPTH`](crate::json::MAX_DEPTH), as for the decoder behind the framer.
pub const DEPTH_LIMIT: usize = crate::json::MAX_DEPTH as usize;

/// What was left out of a stream, and why. The stream goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// A document longer than the limit; it was skipped without being held.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A document with more than [`DEPTH_LIMIT`] open brackets.
    TooDeep {
        /// Bytes of the stream before the bracket that was one too many.
        offset: u64,
    },
    /// Bytes that are part of no JSON document.
    NotJson {
        /// Bytes of the stream before the first that does not fit.
        offset: u64,
    },
    /// No memory for the part of a document that has arrived.
    OutOfMemory {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl core::fmt::Display for FrameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "a document is longer than {limit} bytes"),
            Self::TooDeep { offset } => {
                write!(f, "more than {DEPTH_LIMIT} open brackets at byte {offset}")
            }
            Self::NotJson { offset } => write!(f, "no JSON document at byte {offset}"),
            Self::OutOfMemory { bytes } => write!(f, "no memory for {bytes} bytes of a document"),
        }
    }
}

impl core::error::Error for FrameError {}

/// Whitespace as JSON has it (RFC 8259, section 2).
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The byte order mark that some proxies put in front of a body.
#[derive(Clone, Copy, Debug, Default)]
struct ByteOrderMark {
    seen: usize,
    over: bool,
}

impl ByteOrderMark {
    /// How many of these bytes belong to the mark; to be asked until it is `over`.
    fn eat(&mut self, bytes: &[u8]) -> usize {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        let left = MARK.get(self.seen..).unwrap_or_default();
        let eaten = left
            .iter()
            .zip(bytes)
            .take_while(|(mark, byte)| mark == byte)
            .count();
        self.seen = self.seen.saturating_add(eaten);
        self.over = self.seen == MARK.len() || eaten < bytes.len();
        eaten
    }

    /// Whether a mark was begun and not ended: such bytes are no JSON.
    fn is_broken(self) -> bool {
        self.over && self.seen != 0 && self.seen != 3
    }
}
