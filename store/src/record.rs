//! One row as bytes: what is stored, and reading it back without copying.

use super::arena::Loc;
use crate::clock::Timestamp;
use crate::json;

/// Which parts a record has; the parts follow in the order of [`Parts`].
mod flag {
    pub(super) const UUID: u16 = 1;
    pub(super) const TEXT_UID: u16 = 1 << 1;
    pub(super) const NAMESPACE: u16 = 1 << 2;
    pub(super) const LABELS: u16 = 1 << 3;
    pub(super) const OWNERS: u16 = 1 << 4;
    pub(super) const FINALIZERS: u16 = 1 << 5;
    pub(super) const CREATION: u16 = 1 << 6;
    pub(super) const DELETION: u16 = 1 << 7;
    pub(super) const NUMERIC_VERSION: u16 = 1 << 8;
    /// The name is the text of the first cell, as nearly always: kept once.
    pub(super) const NAME_IN_CELLS: u16 = 1 << 9;
}

/// Who a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity<'a> {
    /// A canonical UUID in 16 bytes.
    Uuid([u8; 16]),
    /// A uid of another form.
    Text(&'a [u8]),
    /// None: the row is the n-th of its namespace and name in the snapshot.
    Occurrence(u32),
}

impl<'a> Identity<'a> {
    /// The identity that a uid gives, `None` for an empty one.
    pub(super) fn of_uid(uid: &'a str) -> Option<Self> {
        if uid.is_empty() {
            return None;
        }
        Some(parse_uuid(uid.as_bytes()).map_or(Self::Text(uid.as_bytes()), Self::Uuid))
    }
}

/// The content of a record. Shared byte strings are places in the arena.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) received: Timestamp,
    pub(super) identity: Identity<'a>,
    pub(super) namespace: Option<Loc>,
    pub(super) labels: Option<Loc>,
    pub(super) owners: Option<Loc>,
    pub(super) finalizers: Option<Loc>,
    pub(super) created: Option<Timestamp>,
    pub(super) deleted: Option<Timestamp>,
    pub(super) version: Version<'a>,
    pub(super) name: &'a [u8],
    pub(super) cells: &'a [u8],
}

/// A resourceVersion: opaque text; what is a number in canonical form is kept as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version<'a> {
    Number(u64),
    Text(&'a [u8]),
}

impl<'a> Version<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        match json::whole(text) {
            Some(number) if !text.starts_with('0') => Self::Number(number),
            _ => Self::Text(text.as_bytes()),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::Text(&[])
    }
}

impl Parts<'_> {
    /// Appends the record's bytes to `out`, which has room for them.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = 0;
        let shared = [
            (self.namespace, flag::NAMESPACE),
            (self.labels, flag::LABELS),
            (self.owners, flag::OWNERS),
            (self.finalizers, flag::FINALIZERS),
        ];
        let times = [
            (self.created, flag::CREATION),
            (self.deleted, flag::DELETION),
        ];
        for (part, bit) in shared {
            flags |= part.map_or(0, |_| bit);
        }
        for (part, bit) in times {
            flags |= part.map_or(0, |_| bit);
        }
        flags |= match self.identity {
            Identity::Uuid(_) => flag::UUID,
            Identity::Text(_) => flag::TEXT_UID,
            Identity::Occurrence(_) => 0,
        };
        flags |= match self.version {
            Version::Number(_) => flag::NUMERIC_VERSION,
            Version::Text(_) => 0,
        };
        let name_in_cells = first_text(self.cells, self.name.len()) == Some(self.name);
        if name_in_cells {
            flags |= flag::NAME_IN_CELLS;
        }
        out.extend_from_slice(&flags.to_le_bytes());
        put_time(out, self.received);
        match self.identity {
            Identity::Uuid(uuid) => out.extend_from_slice(&uuid),
            Identity::Text(text) => put_bytes(out, text),
            Identity::Occurrence(n) => put_varint(out, n.into()),
        }
        for (part, _) in shared {
            if let Some(Loc(at)) = part {
                out.extend_from_slice(&at.to_le_bytes());
            }
        }
        for (part, _) in times {
            if let Some(time) = part {
                put_time(out, time);
            }
        }
        match self.version {
            Version::Number(number) => put_varint(out, number),
            Version::Text(text) => put_bytes(out, text),
        }
        if name_in_cells {
            put_varint(out, self.name.len() as u64);
        } else {
            put_bytes(out, self.name);
        }
        put_bytes(out, self.cells);
    }

    /// An upper bound of the bytes that [`Parts::encode`] appends.
    pub(super) fn encoded_bound(&self) -> usize {
        let text = |identity| match identity {
            Identity::Text(text) => text.len(),
            _ => 16,
        };
        let version = match self.version {
            Version::Text(text) => text.len(),
            Version::Number(_) => 0,
        };
        // Five lengths or numbers and three times of ten bytes each, four places, two flags.
        98_usize
            .saturating_add(text(self.identity))
            .saturating_add(version)
            .saturating_add(self.name.len())
            .saturating_add(self.cells.len())
    }
}

impl<'a> Parts<'a> {
    /// Reads a record; bytes behind it are ignored. `None` for bytes that [`Parts::encode`] did not write.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { bytes };
        let flags = u16::from_le_bytes(*reader.array()?);
        let has = |bit| flags & bit != 0;
        let received = reader.time()?;
        let identity = if has(flag::UUID) {
            Identity::Uuid(*reader.array()?)
        } else if has(flag::TEXT_UID) {
            Identity::Text(reader.bytes()?)
        } else {
            Identity::Occurrence(u32::try_from(reader.varint()?).ok()?)
        };
        let mut shared = |bit| {
            Some(if has(bit) {
                Some(Loc(u32::from_le_bytes(*reader.array()?)))
            } else {
                None
            })
        };
        let namespace = shared(flag::NAMESPACE)?;
        let labels = shared(flag::LABELS)?;
        let owners = shared(flag::OWNERS)?;
        let finalizers = shared(flag::FINALIZERS)?;
        let mut time = |bit| Some(if has(bit) { Some(reader.time()?) } else { None });
        let created = time(flag::CREATION)?;
        let deleted = time(flag::DELETION)?;
        let version = if has(flag::NUMERIC_VERSION) {
            Version::Number(reader.varint()?)
        } else {
            Version::Text(reader.bytes()?)
        };
        let (name, cells) = if has(flag::NAME_IN_CELLS) {
            let length = usize::try_from(reader.varint()?).ok()?;
            let cells = reader.bytes()?;
            (first_text(cells, length)?, cells)
        } else {
            (reader.bytes()?, reader.bytes()?)
        };
        Some(Self {
            received,
            identity,
            namespace,
            labels,
            owners,
            finalizers,
            created,
            deleted,
            version,
            name,
            cells,
        })
    }
}

/// The first cell, if it is a string of this many bytes (as they are written).
fn first_text(cells: &[u8], length: usize) -> Option<&[u8]> {
    let (text, rest) = cells.strip_prefix(b"[\"")?.split_at_checked(length)?;
    rest.starts_with(b"\"").then_some(text)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(array)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.array()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(bytes)
    }

    fn time(&mut self) -> Option<Timestamp> {
        let zigzag = self.varint()?;
        let half = (zigzag >> 1).cast_signed();
        Some(Timestamp(if zigzag & 1 == 0 { half } else { !half }))
    }
}

#[inline]
fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7F) as u8);
}

/// The sign goes to the lowest bit, so that times before 1970 are short too.
fn put_time(out: &mut Vec<u8>, Timestamp(time): Timestamp) {
    put_varint(out, ((time << 1) ^ (time >> 63)).cast_unsigned());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The 16 bytes of a UUID in its canonical form (36 characters, lower case; RFC 9562 section 4).
pub(super) fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    // Dashes stand behind 8, 4, 4 and 4 digits.
    if [text[8], text[13], text[18], text[23]] != *b"----" {
        return None;
    }
    let digits = |at: usize| text.get(at..)?.first_chunk::<4>().copied();
    let words = [[0, 4], [9, 14], [19, 24], [28, 32]];
    let mut uuid = [0_u8; 16];
    for (place, [high, low]) in uuid.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = hex_digits([digits(high)?, digits(low)?])?;
    }
    Some(uuid)
}

/// The bytes that eight lower-case digits stand for, all at once: digits of a UUID are random, so a branch that tells letters from
/// numbers would be guessed wrong every third time.
fn hex_digits(text: [[u8; 4]; 2]) -> Option<[u8; 4]> {
    /// The same byte eight times.
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let [high, low] = text.map(u32::from_le_bytes);
    let text = u64::from(high) | u64::from(low) << 32;
    // Letters have bit 6 set, and the low half of `a` is 1.
    let letters = (text >> 6) & all(1);
    let values = (text & all(0x0f)) + letters * 9;
    // Written again: only what was a digit comes out as it was.
    let letters = ((values + all(6)) >> 4) & all(1);
    let again = values + all(b'0') + letters * u64::from(b'a' - b'0' - 10);
    if again != text || values & all(0xf0) != 0 {
        return None;
    }
    // Each pair, high half first, into the low byte of its two.
    let pairs = ((values << 4) | (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let [a, _, b, _, c, _, d, _] = pairs.to_le_bytes();
    Some([a, b, c, d])
}

/// Appends the canonical text of a UUID.
pub(super) fn push_uuid(uuid: [u8; 16], out: &mut String) {
    for (index, byte) in uuid.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(digit.into(), 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let identities = [
            Identity::Uuid([0xAB; 16]),
            Identity::Text(b"not a uuid"),
            Identity::Occurrence(300),
        ];
        let times = [None, Some(Timestamp(i64::MIN)), Some(Timestamp(i64::MAX))];
        for identity in identities {
            for time in times {
                for version in [
                    "",
                    "0",
                    "007",
                    "18446744073709551615",
                    "18446744073709551616",
                ] {
                    let parts = Parts {
                        received: Timestamp(-1),
                        identity,
                        namespace: Some(Loc(1)),
                        labels: time.map(|_| Loc(7)),
                        owners: None,
                        finalizers: Some(Loc(u32::MAX - 1)),
                        created: time,
                        deleted: None,
                        version: Version::of(version),
                        name: b"web",
                        cells: if time.is_some() {
                            b"[1,\"a\"]"
                        } else {
                            b"[\"web\",1]"
                        },
                    };
                    let mut bytes = Vec::new();
                    parts.encode(&mut bytes);
                    assert!(bytes.len() <= parts.encoded_bound());
                    bytes.extend_from_slice(b"rounding");
                    let read = Parts::decode(&bytes).expect("whole");
                    assert_eq!(format!("{read:?}"), format!("{parts:?}"));
                    for cut in 0..bytes.len() - 8 {
                        assert!(Parts::decode(&bytes[..cut]).is_none());
                    }
                }
            }
        }
    }

    #[test]
    fn only_canonical_uuids_become_bytes() {
        let text = "01234567-89ab-cdef-0123-456789abcdef";
        let uuid = parse_uuid(text.as_bytes()).expect("canonical");
        let mut back = String::new();
        push_uuid(uuid, &mut back);
        assert_eq!(back, text);
        for other in [
            "",
            "01234567-89AB-cdef-0123-456789abcdef",
            "0123456789abcdef0123456789abcdef0000",
            "01234567-89ab-cdef-0123-456789abcde",
            "01234567-89ab-cdef-0123-456789abcdeg",
        ] {
            assert_eq!(parse_uuid(other.as_bytes()), None, "{other}");
        }
    }
}
