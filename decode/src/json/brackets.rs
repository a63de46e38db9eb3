//! Which brackets are open, each with its kind.

use super::ErrorKind;

/// How many brackets may be open at once in a value that is sliced, and in a document that is framed by its structure: as many as
/// Go's decoder allows in an object (10,000), and some for what a watch event or a Table wraps around it, so that no object that
/// a server accepted is refused here.
pub const MAX_DEPTH: u32 = 10_016;

/// The brackets that are open, a bit each: set for an object.
#[derive(Debug, Default)]
pub struct Brackets {
    depth: u32,
    /// The innermost, the last one lowest: between 1 and 64 of them, where any are open.
    innermost: u64,
    /// Words of 64 that are further out.
    outer: Vec<u64>,
}

impl Brackets {
    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.depth = 0;
        self.outer.clear();
    }

    /// Whether none is open.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// Opens one more.
    ///
    /// # Errors
    /// [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`]; [`ErrorKind::OutOfMemory`]. Then nothing has changed.
    #[inline]
    pub fn push(&mut self, object: bool) -> Result<(), ErrorKind> {
        if self.depth >= MAX_DEPTH {
            return Err(ErrorKind::TooDeep);
        }
        if self.depth > 0 && self.depth.is_multiple_of(u64::BITS) {
            self.outer
                .try_reserve(1)
                .map_err(|_| ErrorKind::OutOfMemory)?;
            self.outer.push(self.innermost);
        }
        self.depth = self.depth.saturating_add(1);
        self.innermost = (self.innermost << 1) | u64::from(object);
        Ok(())
    }

    /// Closes the innermost one.
    #[inline]
    pub fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.innermost >>= 1;
        if self.depth.is_multiple_of(u64::BITS)
            && let Some(word) = self.outer.pop()
        {
            self.innermost = word;
        }
    }

    /// Whether the innermost one is that of an object; meaningless where none is open.
    #[inline]
    #[must_use]
    pub const fn innermost_is_object(&self) -> bool {
        self.innermost & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_back_in_reverse_at_any_depth() {
        let object = |depth: u32| depth.is_multiple_of(3) || depth.is_multiple_of(7);
        let mut brackets = Brackets::default();
        for depth in 0..MAX_DEPTH {
            brackets.push(object(depth)).unwrap();
            assert_eq!(brackets.innermost_is_object(), object(depth));
        }
        assert_eq!(brackets.push(true), Err(ErrorKind::TooDeep));
        for depth in (0..MAX_DEPTH).rev() {
            assert_eq!(brackets.innermost_is_object(), object(depth), "{depth}");
            assert!(!brackets.is_empty());
            brackets.pop();
        }
        assert!(brackets.is_empty());
        brackets.push(true).unwrap();
        brackets.clear();
        assert!(brackets.is_empty());
    }
}
