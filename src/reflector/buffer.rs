//! Events of the WATCH that runs beside a LIST, kept until the last page.

use crate::event::Meta;
use crate::store::{CapacityError, KeyHasher, Texts};

/// The last event of each object, as it came.
///
/// Only the last one of each counts, since an event carries the object whole; so a listing that takes minutes on a slow link
/// holds no more than one event an object, whatever the churn. Without uid nothing tells whether two events are of one
/// object, so all of those are kept, in their order.
#[derive(Debug)]
pub(super) struct EventBuffer {
    limit: usize,
    bytes: usize,
    events: Texts,
    /// Of objects without uid.
    unnamed: Vec<Vec<u8>>,
    hasher: KeyHasher,
}

/// What an entry of the map costs beside its bytes.
const OVERHEAD: usize = 96;

impl EventBuffer {
    /// `limit`: in bytes, overhead included.
    pub(super) fn new(limit: usize, hasher: KeyHasher) -> Self {
        Self {
            limit,
            bytes: 0,
            events: Texts::new(),
            unnamed: Vec::new(),
            hasher,
        }
    }

    /// Sets the limit anew: it is what the rows leave of the cap.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Keeps an event in place of an earlier one of the same object.
    pub(super) fn keep(&mut self, meta: &Meta<'_>, frame: &[u8]) -> Result<(), CapacityError> {
        let key = &*meta.uid;
        let cost = |frame: usize| frame.saturating_add(key.len()).saturating_add(OVERHEAD);
        let before = self
            .events
            .get(key, self.hasher)
            .map_or(0, |event| cost(event.len()));
        let after = self
            .bytes
            .saturating_sub(before)
            .saturating_add(cost(frame.len()));
        let full = CapacityError {
            limit_bytes: self.limit,
        };
        if after > self.limit {
            return Err(full);
        }
        let mut event = Vec::new();
        event.try_reserve_exact(frame.len()).map_err(|_| full)?;
        event.extend_from_slice(frame);
        if key.is_empty() {
            self.unnamed.try_reserve(1).map_err(|_| full)?;
            self.unnamed.push(event);
        } else {
            self.events.insert(key.to_owned(), event, self.hasher)?;
        }
        self.bytes = after;
        Ok(())
    }

    /// All events, in no order that matters where they are of different objects.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Vec<u8>> + use<> {
        self.bytes = 0;
        let mut events = std::mem::replace(&mut self.events, Texts::new());
        std::iter::from_fn(move || events.pop().map(|(_, event)| event))
            .chain(std::mem::take(&mut self.unnamed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(limit: usize) -> EventBuffer {
        EventBuffer::new(limit, KeyHasher::new(7))
    }

    fn meta(name: &str, uid: &str) -> Meta<'static> {
        Meta {
            name: name.to_owned().into(),
            uid: uid.to_owned().into(),
            ..Meta::default()
        }
    }

    #[test]
    fn the_last_event_of_an_object_stands_for_all() {
        let mut buffer = buffer(1000);
        for frame in [&b"one"[..], b"three", b"2"] {
            buffer.keep(&meta("a", "u"), frame).unwrap();
        }
        buffer.keep(&meta("a", "v"), b"other").unwrap();
        let mut taken = buffer.take().collect::<Vec<_>>();
        taken.sort();
        assert_eq!(taken, [b"2".to_vec(), b"other".to_vec()]);
        assert_eq!(buffer.take().count(), 0);
    }

    #[test]
    fn the_limit_holds_and_coalescing_does_not_creep_towards_it() {
        let mut buffer = buffer(2 * OVERHEAD + 10);
        for _ in 0..100 {
            buffer.keep(&meta("", "u"), b"1234").unwrap();
        }
        buffer.keep(&meta("", "v"), b"1234").unwrap();
        assert!(buffer.keep(&meta("", "w"), b"").is_err());
        assert!(buffer.keep(&meta("", "u"), b"12345").is_err());
        assert_eq!(buffer.take().count(), 2, "what was kept stays");
    }

    #[test]
    fn without_uid_all_are_kept_in_their_order() {
        let mut buffer = buffer(3 * OVERHEAD + 3);
        buffer.keep(&meta("a", ""), b"1").unwrap();
        buffer.keep(&meta("b", ""), b"2").unwrap();
        buffer.keep(&meta("a", ""), b"3").unwrap();
        assert!(buffer.keep(&meta("a", ""), b"4").is_err(), "the limit");
        let taken = buffer.take().collect::<Vec<_>>();
        assert_eq!(taken, [b"1", b"2", b"3"]);
        assert_eq!(buffer.take().count(), 0);
    }
}
