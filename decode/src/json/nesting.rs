//! Which brackets are open.

use super::ErrorKind;

/// How many brackets may be open at once in a value that is skipped or sliced, and in a document that is framed: as many as
/// Go's decoder allows in an object (10,000), and some for what a watch event or a Table wraps around it, so that no object that
/// a server accepted is refused here.
pub const MAX_DEPTH: u32 = 10_016;

/// Open arrays that are kept without allocating. Kubernetes' own types nest at most eight.
const INLINE: usize = 12;

/// The open brackets, innermost last, as run lengths: how many objects are open since the last array was opened,
/// and the same count for each array further out.
///
/// Kubernetes nests objects in objects, seldom arrays: a run of objects is one counter, which a block of many
/// brackets can move at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nesting {
    depth: u32,
    /// Objects open since the innermost open array.
    objects: u32,
    arrays: usize,
    /// For each open array, `objects` as it was when the array was opened.
    outer: [u16; INLINE],
    spilled: Vec<u16>,
}

impl Nesting {
    /// Nothing is open.
    pub(crate) const fn new() -> Self {
        Self {
            depth: 0,
            objects: 0,
            arrays: 0,
            outer: [0; INLINE],
            spilled: Vec::new(),
        }
    }

    /// How many brackets are open.
    pub(crate) const fn depth(&self) -> u32 {
        self.depth
    }

    /// How many objects can be closed before an array or the outermost bracket is reached.
    #[inline]
    pub(crate) const fn closable_objects(&self) -> u32 {
        if self.arrays == 0 {
            self.objects.saturating_sub(1)
        } else {
            self.objects
        }
    }

    /// Opens an object.
    #[inline]
    pub(crate) fn open_object(&mut self) -> Result<(), ErrorKind> {
        if self.depth >= MAX_DEPTH {
            return Err(ErrorKind::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects.saturating_add(1);
        Ok(())
    }

    /// Closes an object, which must be the innermost bracket.
    #[inline]
    pub(crate) fn close_object(&mut self) -> Result<(), ErrorKind> {
        self.objects = self
            .objects
            .checked_sub(1)
            .ok_or(ErrorKind::MismatchedBracket)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// Opens an array.
    pub(crate) fn open_array(&mut self) -> Result<(), ErrorKind> {
        if self.depth >= MAX_DEPTH {
            return Err(ErrorKind::TooDeep);
        }
        // At most MAX_DEPTH, so it fits.
        let objects = u16::try_from(self.objects).unwrap_or(u16::MAX);
        if let Some(slot) = self.outer.get_mut(self.arrays) {
            *slot = objects;
        } else {
            self.spilled
                .try_reserve(1)
                .map_err(|_| ErrorKind::OutOfMemory)?;
            self.spilled.push(objects);
        }
        self.arrays = self.arrays.saturating_add(1);
        self.depth = self.depth.saturating_add(1);
        self.objects = 0;
        Ok(())
    }

    /// Closes an array, which must be the innermost bracket.
    pub(crate) fn close_array(&mut self) -> Result<(), ErrorKind> {
        if self.objects > 0 {
            return Err(ErrorKind::MismatchedBracket);
        }
        self.arrays = self
            .arrays
            .checked_sub(1)
            .ok_or(ErrorKind::MismatchedBracket)?;
        let outer = self.outer.get_mut(self.arrays).map(core::mem::take);
        let outer = outer.or_else(|| self.spilled.pop());
        self.objects = u32::from(outer.unwrap_or_default());
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// Opens and closes objects in any order. The caller has checked that no more are closed than
    /// [`closable_objects`](Self::closable_objects) and that no more are opened than [`MAX_DEPTH`] allows.
    #[inline]
    pub(crate) fn shift_objects(&mut self, opened: u32, closed: u32) {
        self.depth = self.depth.saturating_add(opened).saturating_sub(closed);
        self.objects = self.objects.saturating_add(opened).saturating_sub(closed);
    }
}
