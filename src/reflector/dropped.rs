//! What could not be read, and why.

use std::fmt::{self, Write as _};

use crate::frame::FrameError;
use crate::json;

/// Why a document could not be read. It holds nothing of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It could not be told from what surrounds it; places are bytes of the body.
    Frame(FrameError),
    /// Places are bytes of the document.
    Json(json::Error),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => error.fmt(f),
            Self::Json(error) => error.fmt(f),
        }
    }
}

/// A sentence and, where it is known, why.
#[inline(never)]
pub(super) fn because(sentence: &str, cause: Option<Cause>) -> String {
    let mut text = sentence.to_owned();
    if let Some(cause) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, " ({cause})");
    }
    text
}

/// Documents that could not be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    pub(super) count: u64,
    /// Why the last one could not.
    pub(super) cause: Option<Cause>,
}

impl Dropped {
    pub(super) fn note(&mut self, cause: Cause) {
        let cause = Some(cause);
        self.add(Self { count: 1, cause });
    }

    pub(super) fn add(&mut self, more: Self) {
        self.count = self.count.saturating_add(more.count);
        self.cause = more.cause.or(self.cause);
    }
}
