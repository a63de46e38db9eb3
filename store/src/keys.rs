//! From keys to rows, and the slots that rows live in.

use crate::json;
use std::fmt::Write as _;

use super::record::{Identity, Parts, push_uuid};
use super::slot::{END, Slot};
use super::{CapacityError, MAX_ROWS, RowId, Store};
use crate::event::Meta;

impl Store {
    /// The row with this key text (as [`super::RowRef::key`] gives it), if it is published.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<RowId> {
        let id = if let Some(uid) = key.strip_prefix('#') {
            self.search(Identity::of_uid(uid)?, b"", b"").1
        } else if let Some((path, number)) = key.rsplit_once('#') {
            let (namespace, name) = path.split_once('/')?;
            let (namespace, name) = (unescape(namespace)?, unescape(name)?);
            let identity = Identity::Occurrence(u32::try_from(json::whole(number)?).ok()?);
            self.search(identity, namespace.as_bytes(), name.as_bytes())
                .1
        } else {
            self.search(Identity::of_uid(key)?, b"", b"").1
        };
        id.filter(|&id| self.is_live(id))
    }

    /// The hash of a key and the slot that has it.
    pub(super) fn locate(&self, identity: Identity<'_>, meta: &Meta<'_>) -> (u32, Option<RowId>) {
        self.search(identity, meta.namespace.as_bytes(), meta.name.as_bytes())
    }

    fn search(&self, wanted: Identity<'_>, namespace: &[u8], name: &[u8]) -> (u32, Option<RowId>) {
        let hash = match wanted {
            Identity::Uuid(uuid) => self.hasher.hash(&[&uuid]),
            Identity::Text(uid) => self.hasher.hash(&[uid]),
            Identity::Occurrence(n) => self.hasher.hash(&[namespace, name, &n.to_le_bytes()]),
        };
        let found = self.index.find(hash, |index| {
            let Some(slot) = self.slots.get(index as usize) else {
                return false;
            };
            slot.hash == hash
                && self.any_parts(slot).is_some_and(|parts| {
                    let name_counts = matches!(wanted, Identity::Occurrence(_));
                    parts.identity == wanted
                        && (!name_counts
                            || parts.name == name
                                && parts
                                    .namespace
                                    .map_or(&[][..], |at| self.interner.bytes(at))
                                    == namespace)
                })
        });
        (hash, found.map(RowId))
    }

    /// The row that `meta` names among those that pass; of several without uid the last.
    pub(super) fn find_last(
        &self,
        meta: &Meta<'_>,
        passes: impl Fn(Slot) -> bool,
    ) -> Option<RowId> {
        if let Some(identity) = Identity::of_uid(&meta.uid) {
            let id = self.locate(identity, meta).1?;
            return passes(self.slot(id)?).then_some(id);
        }
        let last = self.count_occurrences(meta, passes).checked_sub(1)?;
        self.locate(Identity::Occurrence(last), meta).1
    }

    /// How many rows without uid have this namespace and name and pass. Those that pass are numbered without gaps, so
    /// this takes few look-ups even where very many have one name.
    pub(super) fn count_occurrences(&self, meta: &Meta<'_>, passes: impl Fn(Slot) -> bool) -> u32 {
        let is_there = |n: u32| {
            let id = self.locate(Identity::Occurrence(n), meta).1;
            id.and_then(|id| self.slot(id)).is_some_and(&passes)
        };
        let mut above = 0_u32;
        while is_there(above) {
            above = match above {
                0 => 1,
                _ => above.saturating_mul(2),
            };
            if above == u32::MAX {
                break;
            }
        }
        // All below `low` are there, `above` is not.
        let mut low = above / 2 + u32::from(above > 0);
        while low < above {
            let middle = low + (above - low) / 2;
            if is_there(middle) {
                low = middle + 1;
            } else {
                above = middle;
            }
        }
        low
    }

    /// Makes room for one more row, so that [`Store::add_slot`] cannot fail.
    pub(super) fn reserve_slot(&mut self, hash: u32) -> Result<(), CapacityError> {
        if self.vacant == END {
            if self.slots.len() >= MAX_ROWS as usize {
                return Err(self.budget.exhausted());
            }
            self.slots.reserve(&mut self.budget)?;
        }
        let slots = &self.slots;
        self.index.reserve(hash, &mut self.budget, &|index| {
            slots.get(index as usize).map_or(0, |slot| slot.hash)
        })
    }

    /// A slot for a new key, in the room that [`Store::reserve_slot`] made. It has no record yet.
    pub(super) fn add_slot(&mut self, hash: u32) -> RowId {
        let slot = Slot::new(hash);
        let index = if let Some(place) = self.slots.get_mut(self.vacant as usize) {
            let index = self.vacant;
            self.vacant = place.next;
            *place = slot;
            index
        } else {
            let index = u32::try_from(self.slots.len()).unwrap_or(END);
            // There is room: reserved above.
            let _ = self.slots.push(slot, &mut self.budget);
            index
        };
        let slots = &self.slots;
        self.index.insert(hash, index, &|index| {
            slots.get(index as usize).map_or(0, |slot| slot.hash)
        });
        RowId(index)
    }

    /// Frees a slot that nobody needs any more, with its record and key.
    pub(super) fn free_if_unused(&mut self, id: RowId) {
        let Some(slot) = self.slot(id).filter(|slot| slot.is_free()) else {
            return;
        };
        self.index.remove(slot.hash, id.0);
        self.release_record(slot.record);
        self.release_record(slot.staged);
        let vacant = std::mem::replace(&mut self.vacant, id.0);
        if let Some(place) = self.slot_mut(id) {
            *place = Slot::vacant(vacant);
        }
    }

    /// Any record of a slot: all say the same key.
    fn any_parts(&self, slot: &Slot) -> Option<Parts<'_>> {
        Parts::decode(self.heap.bytes(slot.record))
            .or_else(|| Parts::decode(self.heap.bytes(slot.staged)))
    }
}

/// Appends the text of a key: the uid; else `namespace/name#occurrence` with `%`, `/` and `#` escaped as in URLs. No
/// two rows of a store have one text: a uid that has a `#` in it is preceded by another.
pub(super) fn push_key(identity: Identity<'_>, namespace: &str, name: &str, out: &mut String) {
    match identity {
        Identity::Uuid(uuid) => push_uuid(uuid, out),
        Identity::Text(uid) => {
            let uid = std::str::from_utf8(uid).unwrap_or_default();
            if uid.as_bytes().contains(&b'#') {
                out.push('#');
            }
            out.push_str(uid);
        }
        Identity::Occurrence(n) => {
            push_escaped(namespace, out);
            out.push('/');
            push_escaped(name, out);
            // Writing to a String cannot fail.
            let _ = write!(out, "#{n}");
        }
    }
}

fn push_escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '%' => out.push_str("%25"),
            '/' => out.push_str("%2F"),
            '#' => out.push_str("%23"),
            other => out.push(other),
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        out.push(match code {
            "25" => '%',
            "2F" => '/',
            "23" => '#',
            _ => return None,
        });
        out.push_str(rest);
    }
    Some(out)
}
