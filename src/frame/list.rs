//! The body of a LIST, cut into its members and elements.

use super::pending::Pending;
use super::scan::{Scanner, Step};
use super::{ByteOrderMark, DEFAULT_FRAME_LIMIT, FrameError, is_blank, search};
use crate::json::Cursor;
use crate::json::simd::Structure;
use std::borrow::Cow;

/// Which list an element belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// `items` of a list of objects.
    Items,
    /// `rows` of a `meta.k8s.io` Table.
    Rows,
}

/// A part of a LIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A member of the list object itself: `kind`, `metadata`, `columnDefinitions`, and `items` or `rows` where they are no
    /// array (old servers send `"items": null` for an empty list).
    Member {
        /// Its name, without escapes.
        key: &'a [u8],
        /// Its JSON value.
        value: &'a [u8],
    },
    /// An element of `items` or `rows`.
    Element {
        /// Which of the two.
        list: List,
        /// Its JSON value.
        value: &'a [u8],
    },
    /// The list object is closed. Without this part the page is not whole.
    End,
}

/// Cuts the body of a LIST into parts, each delivered as soon as its last byte is there, so that a page of any length
/// takes no more memory than its longest element.
///
/// Of a part that is an object or an array only the end is looked for; whether it is good JSON is for its reader to say. The limit
/// applies to each part: one over it is stated as [`FrameError::TooLarge`] and skipped, and the page goes on behind it. Any other error ends the page: what follows is counted as trailing, and [`Part::End`] never comes.
#[derive(Debug)]
pub struct ListFramer {
    limit: usize,
    state: State,
    /// The part under way is not delivered; its error has been stated.
    skipping: bool,
    /// The list whose elements are being read.
    list: Option<List>,
    /// Follows a key, a string, a number or a word ...
    scanner: Scanner,
    /// ... and an object or an array.
    structure: Structure,
    pending: Pending,
    key: Pending,
    mark: ByteOrderMark,
    /// Bytes of the body before the piece that is being read.
    offset: u64,
    dropped: u64,
    trailing: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    KeyOrEnd,
    NextKey,
    Key,
    Colon,
    BeforeValue,
    Value,
    Container,
    AfterMember,
    ElementOrEnd,
    NextElement,
    AfterElement,
    Ended,
    Failed,
}

type Sink<'a> = &'a mut dyn FnMut(Result<Part<'_>, FrameError>);

impl Default for ListFramer {
    fn default() -> Self {
        Self::new(DEFAULT_FRAME_LIMIT)
    }
}

impl ListFramer {
    /// `limit`: the longest part that is delivered, in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::Start,
            skipping: false,
            list: None,
            scanner: Scanner::new(),
            structure: Structure::new(),
            pending: Pending::default(),
            key: Pending::default(),
            mark: ByteOrderMark::default(),
            offset: 0,
            dropped: 0,
            trailing: 0,
        }
    }

    /// Reads the next piece of the body. Calls `sink` for each part that is complete and for each error, in the order of the
    /// body.
    pub fn push(&mut self, bytes: &[u8], sink: Sink<'_>) {
        let mut at = 0;
        if !self.mark.over {
            at = self.mark.eat(bytes);
            if self.mark.is_broken() {
                self.fail(FrameError::NotJson { offset: 0 }, sink);
            }
        }
        while let Some(&byte) = bytes.get(at) {
            at = match self.state {
                State::Key => self.key(bytes, at, at, sink),
                State::Value => self.value(bytes, at, at, sink),
                State::Container => self.container(bytes, at, sink),
                State::Ended | State::Failed => self.trail(bytes, at),
                _ if is_blank(byte) => at.saturating_add(1),
                _ => self.punctuation(bytes, at, byte, sink),
            };
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
    }

    /// The body has ended. Drops a part that is not complete and returns how many of its bytes had come. The next piece
    /// starts a new body.
    pub fn finish(&mut self) -> usize {
        let truncated = self.pending.len();
        if truncated > 0 {
            self.dropped = self.dropped.saturating_add(1);
        }
        self.pending.clear();
        self.key.clear();
        self.state = State::Start;
        self.list = None;
        self.mark = ByteOrderMark::default();
        self.offset = 0;
        truncated
    }

    /// How many parts were not delivered since the start: errors and truncated tails.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes that came behind the end of a page, or behind the error that ended it, blanks left out.
    #[must_use]
    pub fn trailing_bytes(&self) -> u64 {
        self.trailing
    }

    /// Memory held, in bytes: in the main for the part that is under way.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let parts = self.pending.capacity().saturating_add(self.key.capacity());
        parts.saturating_add(size_of::<Self>())
    }

    /// A byte between keys and values that is not blank.
    fn punctuation(&mut self, bytes: &[u8], at: usize, byte: u8, sink: Sink<'_>) -> usize {
        let next = at.saturating_add(1);
        match (self.state, byte) {
            (State::Start, b'{') => self.state = State::KeyOrEnd,
            (State::KeyOrEnd | State::NextKey, b'"') => {
                self.scanner.begin(byte);
                self.key.clear();
                self.skipping = false;
                self.state = State::Key;
                return self.key(bytes, at, next, sink);
            }
            (State::KeyOrEnd | State::AfterMember, b'}') => {
                self.state = State::Ended;
                self.key.clear();
                sink(Ok(Part::End));
            }
            (State::Colon, b':') => self.state = State::BeforeValue,
            (State::BeforeValue, b'[') if self.key_of_list().is_some() => {
                self.list = self.key_of_list();
                self.state = State::ElementOrEnd;
            }
            (State::AfterMember, b',') => self.state = State::NextKey,
            (State::ElementOrEnd | State::AfterElement, b']') => {
                self.list = None;
                self.state = State::AfterMember;
            }
            (State::AfterElement, b',') => self.state = State::NextElement,
            (State::BeforeValue | State::ElementOrEnd | State::NextElement, b'{' | b'[') => {
                self.structure = Structure::new();
                self.state = State::Container;
                return at;
            }
            (State::BeforeValue | State::ElementOrEnd | State::NextElement, _)
                if self.scanner.begin(byte) =>
            {
                self.state = State::Value;
                return self.value(bytes, at, next, sink);
            }
            _ => {
                self.fail(self.not_json(at), sink);
                return at;
            }
        }
        next
    }

    /// Follows a key from index `from`; what lies between `start` and there belongs to it too.
    fn key(&mut self, bytes: &[u8], start: usize, from: usize, sink: Sink<'_>) -> usize {
        let (end, done) = match self.scanner.scan(bytes, from) {
            Step::More => (bytes.len(), false),
            Step::Done(end) => (end, true),
            Step::Broken { at, .. } | Step::TooDeep(at) => {
                self.fail_at(self.key.len(), start, at, self.not_json(at), sink);
                return at;
            }
        };
        let fragment = bytes.get(start..end).unwrap_or_default();
        if !self.skipping
            && let Err(error) = self.key.append(fragment, self.limit)
        {
            self.drop_part(error, sink);
        }
        if done {
            self.state = State::Colon;
            if !self.skipping && !self.unescape_key() {
                self.fail(self.not_json(end), sink);
            }
        }
        end
    }

    /// Follows an object or an array, of which what begins at `from` is the first or the next fragment.
    fn container(&mut self, bytes: &[u8], from: usize, sink: Sink<'_>) -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        match search::end(&mut self.structure, rest) {
            Some(length) => {
                self.deliver(rest.get(..length).unwrap_or_default(), sink);
                from.saturating_add(length)
            }
            None => self.hold(rest, bytes.len(), sink),
        }
    }

    /// Follows another value from index `from`; what lies between `start` and there belongs to it too.
    fn value(&mut self, bytes: &[u8], start: usize, from: usize, sink: Sink<'_>) -> usize {
        match self.scanner.scan(bytes, from) {
            Step::Done(end) => {
                self.deliver(bytes.get(start..end).unwrap_or_default(), sink);
                end
            }
            Step::More => self.hold(bytes.get(start..).unwrap_or_default(), bytes.len(), sink),
            Step::Broken { at, .. } | Step::TooDeep(at) => {
                self.fail_at(self.pending.len(), start, at, self.not_json(at), sink);
                at
            }
        }
    }

    /// Holds a fragment whose value goes on in the next piece; returns `end`, where this piece ends.
    fn hold(&mut self, fragment: &[u8], end: usize, sink: Sink<'_>) -> usize {
        if !self.skipping
            && let Err(error) = self.pending.append(fragment, self.limit)
        {
            self.drop_part(error, sink);
        }
        end
    }

    /// Hands over a value whose last fragment this is.
    fn deliver(&mut self, fragment: &[u8], sink: Sink<'_>) {
        let in_list = self.list.is_some();
        self.state = if in_list {
            State::AfterElement
        } else {
            State::AfterMember
        };
        if self.skipping {
            // In a member, until its next key.
            self.skipping = !in_list;
            return;
        }
        let joined = if self.pending.is_empty() && fragment.len() <= self.limit {
            Ok(fragment)
        } else {
            self.pending
                .append(fragment, self.limit)
                .map(|()| self.pending.as_slice())
        };
        match (joined, self.list) {
            (Ok(value), Some(list)) => sink(Ok(Part::Element { list, value })),
            (Ok(value), None) => sink(Ok(Part::Member {
                key: text(self.key.as_slice()),
                value,
            })),
            (Err(error), _) => {
                self.drop_part(error, sink);
                self.skipping = false;
            }
        }
        self.pending.clear();
    }

    /// Replaces the key by what it means; false where it is no string.
    fn unescape_key(&mut self) -> bool {
        match Cursor::new(self.key.as_slice()).next_str() {
            Ok(Cow::Borrowed(_)) => true,
            Ok(Cow::Owned(key)) => {
                self.key.clear();
                // No longer than with its escapes, so it fits.
                [b"\"", key.as_bytes(), b"\""]
                    .into_iter()
                    .all(|part| self.key.append(part, self.limit).is_ok())
            }
            Err(_) => false,
        }
    }

    fn key_of_list(&self) -> Option<List> {
        match text(self.key.as_slice()) {
            _ if self.skipping => None,
            b"items" => Some(List::Items),
            b"rows" => Some(List::Rows),
            _ => None,
        }
    }

    /// Counts what comes behind the end.
    fn trail(&mut self, bytes: &[u8], at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let trailing = rest.iter().filter(|&&byte| !is_blank(byte)).count();
        self.trailing = self.trailing.saturating_add(trailing as u64);
        bytes.len()
    }

    /// States the error of the part under way, and skips the rest of it.
    fn drop_part(&mut self, error: FrameError, sink: Sink<'_>) {
        self.skipping = true;
        self.pending.clear();
        self.dropped = self.dropped.saturating_add(1);
        sink(Err(error));
    }

    /// Ends the page at index `at` in a part of which `held` bytes came in earlier pieces. Where it was over the limit by
    /// then that is stated first, since in smaller pieces it would have been.
    fn fail_at(&mut self, held: usize, start: usize, at: usize, error: FrameError, sink: Sink<'_>) {
        let length = held.saturating_add(at.saturating_sub(start));
        if !self.skipping && length > self.limit {
            self.drop_part(FrameError::TooLarge { limit: self.limit }, sink);
        }
        self.fail(error, sink);
    }

    /// Ends the page.
    fn fail(&mut self, error: FrameError, sink: Sink<'_>) {
        self.state = State::Failed;
        self.key.clear();
        self.drop_part(error, sink);
    }

    fn not_json(&self, index: usize) -> FrameError {
        FrameError::NotJson {
            offset: self.position(index),
        }
    }

    fn position(&self, index: usize) -> u64 {
        self.offset.saturating_add(index as u64)
    }
}

/// What stands between the quotes of a key.
fn text(key: &[u8]) -> &[u8] {
    match key {
        [b'"', text @ .., b'"'] => text,
        _ => &[],
    }
}
