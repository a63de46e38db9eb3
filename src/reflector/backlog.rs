//! Inputs that wait while the store publishes a snapshot or throws one away.

use std::collections::VecDeque;

use super::input::{EndCause, ExchangeId};
use crate::strategy::HeadVerdict;

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
    /// What the head says.
    Head(HeadVerdict),
    Bytes(Vec<u8>),
    /// A document that came in one piece with the end of a snapshot.
    Document(Vec<u8>),
    End(EndCause),
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
