//! A list that grows in chunks, so that growth copies nothing and takes constant time.

use super::CapacityError;
use super::budget::Budget;

/// Items a chunk. A power of two: index arithmetic is a shift and a mask.
const CHUNK: usize = 4096;

/// An indexed list in fixed-size chunks.
#[derive(Debug)]
pub struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Chunked<T> {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Items in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// An item.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// An item, to change it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.chunks.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// Room for one more item, so that the next [`Chunked::push`] cannot fail.
    ///
    /// # Errors
    /// The cap is reached, or the allocator refuses: nothing has changed.
    pub fn reserve(&mut self, budget: &mut Budget) -> Result<(), CapacityError> {
        if self.len < self.chunks.len().saturating_mul(CHUNK) {
            return Ok(());
        }
        budget.reserve(&mut self.chunks)?;
        let bytes = CHUNK * size_of::<T>();
        budget.grow(bytes)?;
        let mut chunk = Vec::new();
        if chunk.try_reserve_exact(CHUNK).is_err() {
            budget.shrink(bytes);
            return Err(budget.exhausted());
        }
        self.chunks.push(chunk);
        Ok(())
    }

    /// Appends an item, in the room that [`Chunked::reserve`] made.
    ///
    /// # Errors
    /// The cap is reached, or the allocator refuses: nothing has changed.
    pub fn push(&mut self, item: T, budget: &mut Budget) -> Result<(), CapacityError> {
        self.reserve(budget)?;
        if let Some(chunk) = self.chunks.get_mut(self.len / CHUNK) {
            chunk.push(item);
            self.len += 1;
        }
        Ok(())
    }

    /// Gives everything back.
    pub fn free(self, budget: &mut Budget) {
        budget.shrink(self.chunks.len().saturating_mul(CHUNK * size_of::<T>()));
        budget.release(&self.chunks);
    }
}
