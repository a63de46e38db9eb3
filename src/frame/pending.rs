//! The part of a document that has arrived, while the rest is under way.

use super::FrameError;

/// Capacity that is kept from one document to the next, in bytes.
const KEPT: usize = 256 * 1024;

/// Joins the fragments of one document, up to a limit. Grows by doubling, so a document that comes byte by byte is
/// copied a constant number of times.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Memory held, whether used or not.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends a fragment, or says why the document cannot be held.
    pub(super) fn append(&mut self, fragment: &[u8], limit: usize) -> Result<(), FrameError> {
        let length = self.bytes.len().saturating_add(fragment.len());
        if length > limit {
            return Err(FrameError::TooLarge { limit });
        }
        if length > self.bytes.capacity() {
            // Vec's own doubling would go up to twice the limit.
            #[cfg(test)]
            super::meter::count(self.bytes.len());
            let capacity = self
                .bytes
                .capacity()
                .saturating_mul(2)
                .max(length)
                .min(limit);
            let additional = capacity.saturating_sub(self.bytes.len());
            if self.bytes.try_reserve_exact(additional).is_err() {
                return Err(FrameError::OutOfMemory { bytes: length });
            }
        }
        #[cfg(test)]
        super::meter::count(fragment.len());
        self.bytes.extend_from_slice(fragment);
        Ok(())
    }

    /// Forgets all but the first bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Forgets the document, and gives its memory back if it was an unusually long one.
    pub(super) fn clear(&mut self) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }
}
