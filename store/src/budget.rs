//! The one path by which a store's memory grows.

use super::CapacityError;

/// What a store may hold and what it holds, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    limit: usize,
    used: usize,
}

impl Budget {
    /// Nothing is held yet.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }

    /// Bytes held now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// The error that names the declared cap.
    #[must_use]
    pub fn exhausted(&self) -> CapacityError {
        CapacityError {
            limit_bytes: self.limit,
        }
    }

    /// Counts `bytes` more, unless that would pass the cap. Count first, then allocate; where the
    /// allocator refuses, give back with [`Budget::shrink`].
    ///
    /// # Errors
    /// The cap is reached, or the allocator refuses: nothing has changed.
    pub fn grow(&mut self, bytes: usize) -> Result<(), CapacityError> {
        match self.used.checked_add(bytes) {
            Some(used) if used <= self.limit => {
                self.used = used;
                Ok(())
            }
            _ => Err(self.exhausted()),
        }
    }

    /// Counts `bytes` less.
    pub fn shrink(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Room for `additional` more items in `list`, counted. Grows by half, so lists stay cheap to
    /// count; for long lists use [`super::chunked::Chunked`], which copies nothing.
    ///
    /// # Errors
    /// The cap is reached, or the allocator refuses: nothing has changed.
    pub fn reserve<T>(&mut self, list: &mut Vec<T>) -> Result<(), CapacityError> {
        if list.len() < list.capacity() {
            return Ok(());
        }
        let more = (list.capacity() / 2).max(16);
        let bytes = more.saturating_mul(size_of::<T>());
        self.grow(bytes)?;
        if list.try_reserve_exact(more).is_err() {
            self.shrink(bytes);
            return Err(self.exhausted());
        }
        Ok(())
    }

    /// Room for `total` items in `list`, counted.
    ///
    /// # Errors
    /// The cap is reached, or the allocator refuses: nothing has changed.
    pub fn reserve_to<T>(&mut self, list: &mut Vec<T>, total: usize) -> Result<(), CapacityError> {
        if total <= list.capacity() {
            return Ok(());
        }
        let wanted = total.max(list.capacity().saturating_add(list.capacity() / 2));
        let bytes = wanted
            .saturating_sub(list.capacity())
            .saturating_mul(size_of::<T>());
        self.grow(bytes)?;
        if list
            .try_reserve_exact(wanted.saturating_sub(list.len()))
            .is_err()
        {
            self.shrink(bytes);
            return Err(self.exhausted());
        }
        Ok(())
    }

    /// Counts out a list that is about to be dropped.
    pub fn release<T>(&mut self, list: &Vec<T>) {
        self.shrink(list.capacity().saturating_mul(size_of::<T>()));
    }
}
