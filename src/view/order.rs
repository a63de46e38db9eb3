//! A long ordered list of rows that stays cheap to change.
//!
//! Rows stand in chunks of at most [`CHUNK`]; a map tells each row's chunk. Inserting, removing and finding a position touch
//! one chunk and the list of chunks.

use crate::store::{Budget, CapacityError, Chunked, MAX_ROWS, Progress, RowId};

/// Entries a chunk.
const CHUNK: usize = 512;
/// Entries a chunk of a freshly filled order: room for some insertions.
const FILL: usize = 384;
/// A chunk that shrinks below this is joined with the next, if both fit into a fresh one.
const SPARSE: usize = 128;
/// What the map says of a row that is not in the order.
const ABSENT: u32 = FLAG - 1;
/// The flag that the map keeps beside the chunk.
const FLAG: u32 = 1 << 31;

/// Ids from here on are no rows of a store, but stand for rows that are gone and still shown.
pub(super) const GHOSTS: u32 = MAX_ROWS;

/// An entry: a row, and eight bytes by which it can often be told from others without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) prefix: u64,
    pub(super) id: RowId,
}

#[derive(Debug, Default)]
struct Chunk {
    ids: Vec<RowId>,
    prefixes: Vec<u64>,
}

const CHUNK_BYTES: usize = CHUNK * (size_of::<RowId>() + size_of::<u64>());

/// The list.
#[derive(Debug, Default)]
pub(super) struct Order {
    chunks: Vec<Chunk>,
    /// Chunks that hold nothing and can be taken.
    vacant: Vec<u32>,
    /// Chunks in order.
    sequence: Vec<u32>,
    /// By row: its chunk, and a flag for the caller.
    places: Chunked<u32>,
    /// The chunks of ghosts, by how far their ids are beyond [`GHOSTS`].
    ghosts: Vec<u32>,
    len: usize,
}

/// A place to insert at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    chunk: u32,
    index: usize,
}

impl Order {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Gives back what the list held.
    pub(super) fn free(self, budget: &mut Budget) {
        budget.shrink(self.chunks.len().saturating_mul(CHUNK_BYTES));
        budget.release(&self.chunks);
        budget.release(&self.vacant);
        budget.release(&self.sequence);
        self.places.free(budget);
    }

    /// Makes the map long enough for rows below `bound`.
    pub(super) fn cover(&mut self, bound: u32, budget: &mut Budget) -> Result<(), CapacityError> {
        while self.places.len() < bound as usize {
            self.places.push(ABSENT, budget)?;
        }
        Ok(())
    }

    pub(super) fn contains(&self, id: RowId) -> bool {
        self.chunk_of(id).is_some()
    }

    /// The caller's flag of a row; rows beyond the map have none.
    pub(super) fn flag(&self, id: RowId) -> bool {
        self.places
            .get(id.0 as usize)
            .is_some_and(|place| place & FLAG != 0)
    }

    pub(super) fn set_flag(&mut self, id: RowId, on: bool) {
        if let Some(place) = self.places.get_mut(id.0 as usize) {
            *place = (*place & !FLAG) | if on { FLAG } else { 0 };
        }
    }

    /// Rows from a position on, to the end.
    pub(super) fn from(&self, position: usize) -> impl Iterator<Item = RowId> + '_ {
        let mut skip = position;
        let mut start = self.sequence.len();
        for (index, &chunk) in self.sequence.iter().enumerate() {
            let length = self.chunk(chunk).map_or(0, |chunk| chunk.ids.len());
            if skip < length {
                start = index;
                break;
            }
            skip -= length;
        }
        self.sequence
            .get(start..)
            .unwrap_or_default()
            .iter()
            .filter_map(|&chunk| self.chunk(chunk))
            .flat_map(|chunk| chunk.ids.iter().copied())
            .skip(skip)
    }

    /// Where a row stands.
    pub(super) fn position(&self, id: RowId) -> Option<usize> {
        let chunk = self.chunk_of(id)?;
        let mut before = 0;
        for &other in &self.sequence {
            let ids = &self.chunk(other)?.ids;
            if other == chunk {
                return Some(before + ids.iter().position(|&other| other == id)?);
            }
            before += ids.len();
        }
        None
    }

    /// The gap in front of which all entries are before what is sought. `is_before` says it of an entry, or `None` for one
    /// that cannot be compared now and is passed over; the others must be in order.
    pub(super) fn gap(&self, mut is_before: impl FnMut(Entry) -> Option<bool>) -> Option<Gap> {
        let chunks = partition(self.sequence.len(), |position| {
            let chunk = self.chunk(*self.sequence.get(position)?)?;
            chunk.entries().find_map(&mut is_before)
        });
        let chunk = *self.sequence.get(chunks.saturating_sub(1))?;
        let entries = self.chunk(chunk)?;
        let index = partition(entries.ids.len(), |index| is_before(entries.entry(index)?));
        Some(Gap { chunk, index })
    }

    /// Inserts an entry that is not in the order into a gap that was found since the last change; at `None` into the
    /// empty list.
    pub(super) fn insert(
        &mut self,
        gap: Option<Gap>,
        entry: Entry,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        self.cover(entry.id.0.saturating_add(1), budget)?;
        let mut gap = match gap {
            Some(gap) => gap,
            None => Gap {
                chunk: self.add_chunk(self.sequence.len(), budget)?,
                index: 0,
            },
        };
        if self.chunk(gap.chunk).is_some_and(|c| c.ids.len() >= CHUNK) {
            let position = self.sequence.iter().position(|&c| c == gap.chunk);
            let next = self.add_chunk(position.map_or(0, |position| position + 1), budget)?;
            self.shift(gap.chunk, CHUNK / 2, next);
            if gap.index > CHUNK / 2 {
                gap = Gap {
                    chunk: next,
                    index: gap.index - CHUNK / 2,
                };
            }
        }
        if let Some(chunk) = self.chunks.get_mut(gap.chunk as usize)
            && gap.index <= chunk.ids.len()
        {
            chunk.ids.insert(gap.index, entry.id);
            chunk.prefixes.insert(gap.index, entry.prefix);
            self.len += 1;
            self.set_place(entry.id, gap.chunk);
        }
        Ok(())
    }

    /// Removes a row; whether it was there.
    pub(super) fn remove(&mut self, id: RowId) -> bool {
        let Some((number, index)) = self.find(id) else {
            return false;
        };
        let Some(chunk) = self.chunks.get_mut(number as usize) else {
            return false;
        };
        chunk.ids.remove(index);
        chunk.prefixes.remove(index);
        let left = chunk.ids.len();
        self.len = self.len.saturating_sub(1);
        self.set_place(id, ABSENT);
        if left < SPARSE {
            self.join(number, left);
        }
        true
    }

    /// Puts a ghost in a row's place.
    pub(super) fn replace(&mut self, id: RowId, ghost: RowId) {
        let Some((number, index)) = self.find(id) else {
            return;
        };
        if let Some(place) = self
            .chunks
            .get_mut(number as usize)
            .and_then(|chunk| chunk.ids.get_mut(index))
        {
            *place = ghost;
            self.set_place(id, ABSENT);
            self.set_place(ghost, number);
        }
    }

    /// Gives an entry another prefix.
    pub(super) fn set_prefix(&mut self, entry: Entry) {
        if let Some((number, index)) = self.find(entry.id)
            && let Some(chunk) = self.chunks.get_mut(number as usize)
            && let Some(prefix) = chunk.prefixes.get_mut(index)
        {
            *prefix = entry.prefix;
        }
    }

    /// Appends entries in order, a chunk at most; `More` if the chunk was filled.
    pub(super) fn append(
        &mut self,
        entries: &mut impl Iterator<Item = Entry>,
        budget: &mut Budget,
    ) -> Result<Progress, CapacityError> {
        let Some(first) = entries.next() else {
            return Ok(Progress::Done);
        };
        let number = self.add_chunk(self.sequence.len(), budget)?;
        let mut filled = 0;
        for entry in std::iter::once(first).chain(entries.take(FILL - 1)) {
            self.cover(entry.id.0.saturating_add(1), budget)?;
            if let Some(chunk) = self.chunks.get_mut(number as usize) {
                chunk.ids.push(entry.id);
                chunk.prefixes.push(entry.prefix);
                self.len += 1;
                filled += 1;
            }
            self.set_place(entry.id, number);
        }
        Ok(if filled == FILL {
            Progress::More
        } else {
            Progress::Done
        })
    }

    /// The nearest entries before and after a row that `passes`.
    pub(super) fn neighbours(
        &self,
        id: RowId,
        passes: impl Fn(Entry) -> bool,
    ) -> Option<(Option<Entry>, Option<Entry>)> {
        let (number, index) = self.find(id)?;
        let chunk = self.chunk(number)?;
        let passes = |entry: &Entry| passes(*entry);
        // The list of chunks is searched only where the chunk has no such neighbour.
        let position = || self.sequence.iter().position(|&chunk| chunk == number);
        let previous = chunk.reversed(index).find(passes).or_else(|| {
            let earlier = self.sequence.get(..position()?)?;
            let chunks = earlier.iter().rev().filter_map(|&c| self.chunk(c));
            chunks.flat_map(|c| c.reversed(c.ids.len())).find(passes)
        });
        let next = chunk.entries().skip(index + 1).find(passes).or_else(|| {
            let later = self.sequence.get(position()? + 1..)?;
            let chunks = later.iter().filter_map(|&c| self.chunk(c));
            chunks.flat_map(Chunk::entries).find(passes)
        });
        Some((previous, next))
    }

    fn chunk(&self, number: u32) -> Option<&Chunk> {
        self.chunks.get(number as usize)
    }

    fn chunk_of(&self, id: RowId) -> Option<u32> {
        let place = match id.0.checked_sub(GHOSTS) {
            Some(ghost) => *self.ghosts.get(ghost as usize)?,
            None => self.places.get(id.0 as usize)? & !FLAG,
        };
        (place != ABSENT).then_some(place)
    }

    fn find(&self, id: RowId) -> Option<(u32, usize)> {
        let number = self.chunk_of(id)?;
        let index = self
            .chunk(number)?
            .ids
            .iter()
            .position(|&other| other == id)?;
        Some((number, index))
    }

    fn set_place(&mut self, id: RowId, chunk: u32) {
        if let Some(ghost) = id.0.checked_sub(GHOSTS) {
            let ghost = ghost as usize;
            if ghost >= self.ghosts.len() {
                self.ghosts.resize(ghost + 1, ABSENT);
            }
            if let Some(place) = self.ghosts.get_mut(ghost) {
                *place = chunk;
            }
            return;
        }
        if let Some(place) = self.places.get_mut(id.0 as usize) {
            *place = (*place & FLAG) | chunk;
        }
    }

    fn add_chunk(&mut self, position: usize, budget: &mut Budget) -> Result<u32, CapacityError> {
        budget.reserve(&mut self.sequence)?;
        let number = if let Some(number) = self.vacant.pop() {
            number
        } else {
            budget.reserve(&mut self.chunks)?;
            budget.reserve_to(&mut self.vacant, self.chunks.len() + 1)?;
            budget.grow(CHUNK_BYTES)?;
            let mut chunk = Chunk::default();
            let ids = chunk.ids.try_reserve_exact(CHUNK);
            if ids.is_err() || chunk.prefixes.try_reserve_exact(CHUNK).is_err() {
                budget.shrink(CHUNK_BYTES);
                return Err(budget.exhausted());
            }
            self.chunks.push(chunk);
            u32::try_from(self.chunks.len() - 1).unwrap_or(ABSENT)
        };
        self.sequence
            .insert(position.min(self.sequence.len()), number);
        Ok(number)
    }

    /// Moves entries from `start` on to the end of another chunk, which has room.
    fn shift(&mut self, from: u32, start: usize, to: u32) {
        let Some(source) = self.chunks.get_mut(from as usize) else {
            return;
        };
        let mut moved = std::mem::take(source);
        let Some(target) = self.chunks.get_mut(to as usize) else {
            return;
        };
        let start = start.min(moved.ids.len());
        target.ids.extend(moved.ids.drain(start..));
        target.prefixes.extend(moved.prefixes.drain(start..));
        let first = target.ids.len();
        for index in 0..first {
            if let Some(&id) = self.chunk(to).and_then(|chunk| chunk.ids.get(index)) {
                self.set_place(id, to);
            }
        }
        if let Some(source) = self.chunks.get_mut(from as usize) {
            *source = moved;
        }
    }

    /// Joins a sparse chunk with the next one, or lets go of an empty one.
    fn join(&mut self, number: u32, left: usize) {
        let Some(position) = self.sequence.iter().position(|&chunk| chunk == number) else {
            return;
        };
        if left > 0 {
            let Some(&next) = self.sequence.get(position + 1) else {
                return;
            };
            if self
                .chunk(next)
                .is_none_or(|next| next.ids.len() + left > FILL)
            {
                return;
            }
            self.shift(next, 0, number);
            self.sequence.remove(position + 1);
            self.vacant.push(next);
        } else {
            self.sequence.remove(position);
            self.vacant.push(number);
        }
    }
}

impl Chunk {
    fn entry(&self, index: usize) -> Option<Entry> {
        Some(Entry {
            id: *self.ids.get(index)?,
            prefix: *self.prefixes.get(index)?,
        })
    }

    /// The entries before `end`, backwards.
    fn reversed(&self, end: usize) -> impl Iterator<Item = Entry> + '_ {
        (0..end).rev().filter_map(|index| self.entry(index))
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let prefixes = self.prefixes.iter();
        let entries = self.ids.iter().zip(prefixes);
        entries.map(|(&id, &prefix)| Entry { prefix, id })
    }
}

/// How many of `length` items are in front of the first that is not before what is sought, where `is_before` may know
/// nothing of some.
fn partition(length: usize, mut is_before: impl FnMut(usize) -> Option<bool>) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        let known = (middle..high).find_map(|index| Some((index, is_before(index)?)));
        match known {
            Some((index, true)) => low = index + 1,
            _ => high = middle,
        }
    }
    low
}
