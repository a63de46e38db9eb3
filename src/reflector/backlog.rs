//! Inputs that wait while the store publishes a snapshot or throws one away.

use std::collections::VecDeque;

use super::input::{EndCause, ExchangeId, Head};

/// Above this the store's work is finished in one go, since memory for what waits would grow without bound otherwise.
const LIMIT: usize = 8 * 1024 * 1024;

/// Inputs in their order. What came for an exchange that was aborted since then is popped like all else, and means nothing
/// any more.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    waiting: VecDeque<(ExchangeId, Deferred)>,
    bytes: usize,
}

/// An input that waits.
#[derive(Debug)]
pub(super) enum Deferred {
    Head(OwnedHead),
    Bytes(Vec<u8>),
    /// A document that came in one piece with the end of a snapshot.
    Document(Vec<u8>),
    End(EndCause),
}

/// [`Head`], kept.
#[derive(Debug)]
pub(super) struct OwnedHead {
    status: u16,
    opaque_redirect: bool,
    content_type: Option<String>,
    content_encoding: Option<String>,
    content_range: Option<String>,
    retry_after: Option<String>,
}

impl OwnedHead {
    pub(super) fn as_head(&self) -> Head<'_> {
        Head {
            status: self.status,
            opaque_redirect: self.opaque_redirect,
            content_type: self.content_type.as_deref(),
            content_encoding: self.content_encoding.as_deref(),
            content_range: self.content_range.as_deref(),
            retry_after: self.retry_after.as_deref(),
        }
    }
}

impl From<Head<'_>> for OwnedHead {
    fn from(head: Head<'_>) -> Self {
        Self {
            status: head.status,
            opaque_redirect: head.opaque_redirect,
            content_type: head.content_type.map(str::to_owned),
            content_encoding: head.content_encoding.map(str::to_owned),
            content_range: head.content_range.map(str::to_owned),
            retry_after: head.retry_after.map(str::to_owned),
        }
    }
}

impl Deferred {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) | Self::Document(bytes) => bytes.len(),
            Self::Head(_) | Self::End(_) => 0,
        }
    }
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > LIMIT
    }

    pub(super) fn push(&mut self, exchange: ExchangeId, deferred: Deferred) {
        self.bytes = self.bytes.saturating_add(deferred.len());
        self.waiting.push_back((exchange, deferred));
    }

    /// Puts documents in front of everything else, in their order: they came before it.
    pub(super) fn push_front(&mut self, exchange: ExchangeId, documents: Vec<Vec<u8>>) {
        for document in documents.into_iter().rev() {
            self.bytes = self.bytes.saturating_add(document.len());
            self.waiting
                .push_front((exchange, Deferred::Document(document)));
        }
    }

    pub(super) fn pop(&mut self) -> Option<(ExchangeId, Deferred)> {
        let (exchange, deferred) = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(deferred.len());
        Some((exchange, deferred))
    }
}
