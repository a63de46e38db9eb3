//! Variable-sized blocks of bytes in segments of linear memory.
//!
//! A two-level segregated fit: free blocks hang in lists by size, a bitmap tells which lists hold
//! any, and a freed block joins its free neighbours at once. Allocation and release take constant
//! time, growth copies nothing, and what one row freed serves another of any size. A block larger
//! than a segment gets memory of its own, and a segment that is wholly free goes back.

#![allow(
    clippy::inline_always,
    reason = "how a block is found is a few instructions; compiled for size they would stay calls, ten for every row"
)]

use super::CapacityError;
use super::budget::Budget;

/// Blocks are counted in granules of this many bytes.
const GRANULE: usize = 8;
/// Bytes a segment.
const SEGMENT: usize = 64 * 1024;
/// Granules a segment.
const GRANULES: usize = SEGMENT / GRANULE;
/// Bits of a [`Loc`] that count granules within a segment.
const GRANULE_BITS: u32 = GRANULES.trailing_zeros();
/// Segments that a [`Loc`] can name, with its top bit free for [`super::heap::Heap`]; the last is left out, so that no
/// block is named [`Loc::NONE`].
const MAX_SEGMENTS: usize = (1 << (31 - GRANULE_BITS)) - 1;
/// Bytes before the payload: granules of this block (top bit: in use) and of the one before it.
const HEADER: usize = 4;
/// The smallest block that can hold a header and the two links of a free list.
const MIN_GRANULES: usize = 2;
const IN_USE: u16 = 1 << 15;
/// Sizes below this many granules have a list each, ...
const EXACT: usize = 64;
/// ... above, each doubling has eight.
const CLASSES: usize = EXACT + 8 * 7 + 1;

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Loc(pub(super) u32);

impl Loc {
    /// Names no block.
    pub(super) const NONE: Self = Self(u32::MAX);

    #[allow(clippy::cast_possible_truncation)] // both parts fit by construction of the constants
    fn new(segment: usize, granule: usize) -> Self {
        Self(((segment as u32) << GRANULE_BITS) | (granule as u32 & (GRANULES as u32 - 1)))
    }

    fn segment(self) -> usize {
        (self.0 >> GRANULE_BITS) as usize
    }

    fn granule(self) -> usize {
        self.0 as usize & (GRANULES - 1)
    }

    /// The block that begins `granules` further on in the same segment.
    fn offset(self, granules: usize) -> Option<Self> {
        let granule = self.granule() + granules;
        (granule < GRANULES).then(|| Self::new(self.segment(), granule))
    }
}

/// The blocks.
#[derive(Debug)]
pub(super) struct Arena {
    /// Empty where a segment was given back.
    segments: Vec<Box<[u8]>>,
    /// Indices of the empty places in `segments`.
    vacant: Vec<u32>,
    free: [Loc; CLASSES],
    nonempty: u128,
    /// A wholly free segment is kept, so that a row coming and going does not allocate each time.
    spare: Option<Loc>,
    /// Bytes of all segments.
    held: usize,
}

impl Arena {
    pub(super) fn new() -> Self {
        Self {
            segments: Vec::new(),
            vacant: Vec::new(),
            free: [Loc::NONE; CLASSES],
            nonempty: 0,
            spare: None,
            held: 0,
        }
    }

    /// Bytes of all segments.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether a block of this many bytes fits without another segment.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let granules = granules(bytes);
        granules <= GRANULES && self.find(to_u16(granules)).is_some()
    }

    /// The bytes of a block: as many as were asked for, rounded up.
    #[inline]
    pub(super) fn bytes(&self, at: Loc) -> &[u8] {
        let (from, to) = self.payload(at);
        self.segments
            .get(at.segment())
            .and_then(|segment| segment.get(from..to))
            .unwrap_or_default()
    }

    /// As [`Arena::bytes`], to write.
    pub(super) fn bytes_mut(&mut self, at: Loc) -> &mut [u8] {
        let (from, to) = self.payload(at);
        self.segments
            .get_mut(at.segment())
            .and_then(|segment| segment.get_mut(from..to))
            .unwrap_or_default()
    }

    /// A new block that holds `data`.
    pub(super) fn store(&mut self, data: &[u8], budget: &mut Budget) -> Result<Loc, CapacityError> {
        let at = self.allocate(data.len(), budget)?;
        if let Some(place) = self.bytes_mut(at).get_mut(..data.len()) {
            place.copy_from_slice(data);
        }
        Ok(at)
    }

    /// Gives a block back. Nothing may name it any more.
    pub(super) fn release(&mut self, at: Loc, budget: &mut Budget) {
        if self.is_large(at) {
            self.drop_segment(at.segment(), budget);
            return;
        }
        let (size, before) = self.header(at);
        let mut start = at;
        let mut granules = size & !IN_USE;
        if before > 0 {
            let neighbour = Loc::new(
                at.segment(),
                at.granule().saturating_sub(usize::from(before)),
            );
            let (size, _) = self.header(neighbour);
            if size & IN_USE == 0 {
                self.unlink(neighbour, size);
                start = neighbour;
                granules += size;
            }
        }
        if let Some(neighbour) = start.offset(usize::from(granules)) {
            let (size, _) = self.header(neighbour);
            if size & IN_USE == 0 {
                self.unlink(neighbour, size);
                granules += size;
            }
        }
        let (_, before) = self.header(start);
        self.set_header(start, granules, before);
        self.tell_next(start, granules);
        self.link(start, granules);
        if usize::from(granules) == GRANULES {
            match self.spare {
                Some(spare) if spare != start && self.is_wholly_free(spare) => {
                    let (size, _) = self.header(start);
                    self.unlink(start, size);
                    self.drop_segment(start.segment(), budget);
                }
                _ => self.spare = Some(start),
            }
        }
    }

    /// A new block of at least `bytes` bytes, of any content.
    pub(super) fn allocate(
        &mut self,
        bytes: usize,
        budget: &mut Budget,
    ) -> Result<Loc, CapacityError> {
        let granules = granules(bytes);
        if granules > GRANULES {
            // Its size tells a segment of its own from a common one.
            let segment = self.add_segment(bytes.max(SEGMENT + 1), budget)?;
            return Ok(Loc::new(segment, 0));
        }
        let wanted = to_u16(granules);
        let at = if let Some(at) = self.find(wanted) {
            at
        } else {
            let segment = self.add_segment(SEGMENT, budget)?;
            let at = Loc::new(segment, 0);
            self.set_header(at, to_u16(GRANULES), 0);
            self.link(at, to_u16(GRANULES));
            at
        };
        let (size, before) = self.header(at);
        self.unlink(at, size);
        let rest = size.saturating_sub(wanted);
        let taken = match at.offset(granules) {
            Some(remainder) if usize::from(rest) >= MIN_GRANULES => {
                self.set_header(remainder, rest, wanted);
                self.tell_next(remainder, rest);
                self.link(remainder, rest);
                wanted
            }
            _ => size,
        };
        self.set_header(at, taken | IN_USE, before);
        if taken == size {
            self.tell_next(at, taken);
        }
        Ok(at)
    }

    /// A free block of at least `wanted` granules: the first of the smallest list whose every
    /// block is large enough, else the first of the list in which such a block would be.
    fn find(&self, wanted: u16) -> Option<Loc> {
        let own = class(wanted);
        let sure = if smallest(own) >= wanted {
            own
        } else {
            own + 1
        };
        let lists = self.nonempty
            & u128::MAX
                .checked_shl(u32::try_from(sure).unwrap_or(128))
                .unwrap_or(0);
        if lists != 0 {
            return self.free.get(lists.trailing_zeros() as usize).copied();
        }
        let first = self.free.get(own).copied().filter(|&at| at != Loc::NONE)?;
        (self.header(first).0 >= wanted).then_some(first)
    }

    /// A segment of `bytes` bytes; its index.
    fn add_segment(&mut self, bytes: usize, budget: &mut Budget) -> Result<usize, CapacityError> {
        if self.vacant.is_empty() && self.segments.len() >= MAX_SEGMENTS {
            return Err(budget.exhausted());
        }
        budget.reserve(&mut self.segments)?;
        // One place for each segment, so that giving one back never has to allocate.
        budget.reserve_to(&mut self.vacant, self.segments.len() + 1)?;
        budget.grow(bytes)?;
        let mut data = Vec::new();
        if data.try_reserve_exact(bytes).is_err() {
            budget.shrink(bytes);
            return Err(budget.exhausted());
        }
        data.resize(bytes, 0);
        let data = data.into_boxed_slice();
        self.held = self.held.saturating_add(bytes);
        let index = self.vacant.pop().map(|index| index as usize);
        if let Some((index, place)) = index.and_then(|i| Some((i, self.segments.get_mut(i)?))) {
            *place = data;
            Ok(index)
        } else {
            self.segments.push(data);
            Ok(self.segments.len() - 1)
        }
    }

    fn drop_segment(&mut self, index: usize, budget: &mut Budget) {
        if let Some(segment) = self.segments.get_mut(index) {
            budget.shrink(segment.len());
            self.held = self.held.saturating_sub(segment.len());
            *segment = Box::default();
            self.vacant.extend(u32::try_from(index).ok());
        }
    }

    /// Whether the block has a segment of its own, of another size than the common one.
    #[inline(always)]
    fn is_large(&self, at: Loc) -> bool {
        self.segments
            .get(at.segment())
            .is_some_and(|segment| segment.len() != SEGMENT)
    }

    fn is_wholly_free(&self, at: Loc) -> bool {
        !self.is_large(at) && usize::from(self.header(at).0) == GRANULES
    }

    /// The bytes of a block within its segment.
    #[inline(always)]
    fn payload(&self, at: Loc) -> (usize, usize) {
        if self.is_large(at) {
            return (0, self.segments.get(at.segment()).map_or(0, |s| s.len()));
        }
        let start = at.granule() * GRANULE;
        let granules = usize::from(self.header(at).0 & !IN_USE);
        (start + HEADER, start + granules * GRANULE)
    }

    fn link(&mut self, at: Loc, granules: u16) {
        let class = class(granules);
        let Some(head) = self.free.get_mut(class) else {
            return;
        };
        let next = std::mem::replace(head, at);
        self.nonempty |= 1 << class;
        self.set_links(at, next, Loc::NONE);
        if next != Loc::NONE {
            let (after, _) = self.links(next);
            self.set_links(next, after, at);
        }
    }

    fn unlink(&mut self, at: Loc, granules: u16) {
        let (next, before) = self.links(at);
        if next != Loc::NONE {
            let (after, _) = self.links(next);
            self.set_links(next, after, before);
        }
        if before != Loc::NONE {
            let (_, first) = self.links(before);
            self.set_links(before, next, first);
            return;
        }
        let class = class(granules);
        if let Some(head) = self.free.get_mut(class) {
            *head = next;
            if next == Loc::NONE {
                self.nonempty &= !(1 << class);
            }
        }
    }

    /// Tells the block after this one how large this one is.
    fn tell_next(&mut self, at: Loc, granules: u16) {
        if let Some(next) = at.offset(usize::from(granules)) {
            let (size, _) = self.header(next);
            self.set_header(next, size, granules);
        }
    }

    #[inline(always)]
    fn header(&self, at: Loc) -> (u16, u16) {
        let [a, b, c, d] = self.load(at, 0);
        (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
    }

    fn set_header(&mut self, at: Loc, size: u16, before: u16) {
        let [a, b] = size.to_le_bytes();
        let [c, d] = before.to_le_bytes();
        self.save(at, 0, [a, b, c, d]);
    }

    /// The next and the previous block of the free list.
    fn links(&self, at: Loc) -> (Loc, Loc) {
        (
            Loc(u32::from_le_bytes(self.load(at, HEADER))),
            Loc(u32::from_le_bytes(self.load(at, 2 * HEADER))),
        )
    }

    fn set_links(&mut self, at: Loc, next: Loc, before: Loc) {
        self.save(at, HEADER, next.0.to_le_bytes());
        self.save(at, 2 * HEADER, before.0.to_le_bytes());
    }

    #[inline(always)]
    fn load(&self, at: Loc, offset: usize) -> [u8; 4] {
        let start = at.granule() * GRANULE + offset;
        self.segments
            .get(at.segment())
            .and_then(|segment| segment.get(start..)?.first_chunk().copied())
            .unwrap_or_default()
    }

    fn save(&mut self, at: Loc, offset: usize, bytes: [u8; 4]) {
        let start = at.granule() * GRANULE + offset;
        if let Some(place) = self
            .segments
            .get_mut(at.segment())
            .and_then(|segment| segment.get_mut(start..)?.first_chunk_mut())
        {
            *place = bytes;
        }
    }
}

/// How many granules a block of this many bytes takes.
fn granules(bytes: usize) -> usize {
    let granules = bytes.saturating_add(HEADER).div_ceil(GRANULE);
    granules.max(MIN_GRANULES)
}

/// The list for free blocks of this many granules.
fn class(granules: u16) -> usize {
    let granules = usize::from(granules);
    if granules < EXACT {
        return granules;
    }
    let octave = granules.ilog2();
    let step = (granules >> (octave - 3)) & 7;
    EXACT + (octave - EXACT.ilog2()) as usize * 8 + step
}

/// The smallest block of a list, in granules.
fn smallest(class: usize) -> u16 {
    let Some(above) = class.checked_sub(EXACT) else {
        return to_u16(class);
    };
    to_u16((8 + above % 8) << (above / 8 + EXACT.ilog2() as usize - 3))
}

/// Granules in a segment always fit.
fn to_u16(granules: usize) -> u16 {
    u16::try_from(granules).unwrap_or(u16::MAX)
}
