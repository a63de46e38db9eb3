//! A watch stream, cut into its documents.

use super::pending::Pending;
use super::scan::{Scanner, Step};
use super::{ByteOrderMark, DEFAULT_FRAME_LIMIT, FrameError, search};
use crate::json::simd::Structure;

/// What the consumer says of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One whole document, or at least one whose faults are no matter of framing.
    Taken,
    /// The bytes end before the document does, or go on behind its end: look again by structure. What was read of them
    /// must count for nothing, since it comes again: in other pieces, or as an error.
    NotOne,
}

/// Cuts a watch stream into JSON documents, each an object.
///
/// API servers send a document a line, so each line is handed over as it stands, without being scanned for structure, and
/// without a copy where it lies whole in one piece. The protocol does not promise lines, though
/// (`NewJSONFramedReader` of apimachinery is self-delimiting). So a document whose newline has not come is followed by its
/// brackets meanwhile, and delivered as soon as its last byte is there; and everything after the first line that is no whole
/// document is framed by its structure: documents without newlines, pretty-printed, or several on a line are as good as any.
///
/// Bytes that belong to no document are one [`FrameError::NotJson`]; the stream goes on at the next line that begins with
/// `{`. So is a document that is whole by its structure and that the consumer refuses all the same
/// ([`Verdict::NotOne`]). As long as the consumer says [`Verdict::Taken`] of single documents only, frames and errors are the same for
/// every cut of the stream.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    /// Lines are tried as they stand.
    lines: bool,
    state: State,
    /// Follows a line whose end has not come.
    structure: Structure,
    scanner: Scanner,
    pending: Pending,
    mark: ByteOrderMark,
    /// Bytes of the stream before the piece that is being read.
    offset: u64,
    dropped: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// In a line that may be one document.
    Line,
    /// In a document that is framed by its structure.
    Document,
    /// In a document that is not delivered; its error has been stated.
    Skipping,
    /// Behind an error, in the middle of a line.
    Lost,
    /// Behind an error, with nothing but blanks since the last newline.
    LostAtLineStart,
}

type Sink<'a> = &'a mut dyn FnMut(Result<&[u8], FrameError>) -> Verdict;

impl Default for Framer {
    fn default() -> Self {
        Self::new(DEFAULT_FRAME_LIMIT)
    }
}

impl Framer {
    /// `limit`: the longest document that is delivered, in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            lines: true,
            state: State::Between,
            structure: Structure::new(),
            scanner: Scanner::new(),
            pending: Pending::default(),
            mark: ByteOrderMark::default(),
            offset: 0,
            dropped: 0,
        }
    }

    /// Reads the next piece of the stream. Calls `sink` for each document that is complete (without blanks around it) and
    /// for each error, in the order of the stream. The verdict on an error means nothing.
    pub fn push(&mut self, bytes: &[u8], sink: Sink<'_>) {
        let mut at = 0;
        if !self.mark.over {
            at = self.mark.eat(bytes);
            if self.mark.is_broken() {
                self.lose(FrameError::NotJson { offset: 0 }, sink);
            }
        }
        self.read(bytes, at, sink);
        self.offset = self.offset.saturating_add(bytes.len() as u64);
    }

    fn read(&mut self, bytes: &[u8], from: usize, sink: Sink<'_>) {
        let mut at = from;
        // Without a newline up to the end of the piece, none is looked for again after each document.
        let mut newlines_left = true;
        while at < bytes.len() {
            at = match self.state {
                State::Between => match search::not_blank(bytes, at) {
                    None => bytes.len(),
                    Some(start) if self.lines && bytes.get(start) == Some(&b'{') => {
                        self.structure = Structure::new();
                        self.state = State::Line;
                        start
                    }
                    Some(start) => self.begin(bytes, start, sink),
                },
                State::Line => self.line(bytes, at, &mut newlines_left, sink),
                State::Document => self.document(bytes, at, at, sink),
                State::Skipping => self.skip(bytes, at),
                State::Lost => match search::newline(bytes, at) {
                    None => bytes.len(),
                    Some(newline) => {
                        self.state = State::LostAtLineStart;
                        newline.saturating_add(1)
                    }
                },
                State::LostAtLineStart => match search::not_blank(bytes, at) {
                    None => bytes.len(),
                    Some(start) => {
                        let opens = bytes.get(start) == Some(&b'{');
                        self.state = if opens { State::Between } else { State::Lost };
                        start
                    }
                },
            };
        }
    }

    /// The stream has ended. Drops a document that is not complete and returns how many of its bytes had come (zero where
    /// there is none, or where an error has told of it). The next piece starts a new stream.
    pub fn finish(&mut self) -> usize {
        let truncated = if matches!(self.state, State::Line | State::Document) {
            self.pending.len()
        } else {
            0
        };
        if truncated > 0 {
            self.dropped = self.dropped.saturating_add(1);
        }
        self.pending.clear();
        self.state = State::Between;
        self.lines = true;
        self.mark = ByteOrderMark::default();
        self.offset = 0;
        truncated
    }

    /// How many documents were not delivered since the start: errors and truncated tails.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Memory held, in bytes: in the main for the document that is under way.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.pending.capacity().saturating_add(size_of::<Self>())
    }

    /// Goes on at `from` in a line, of which a part may be pending; returns the index behind what was read.
    fn line(
        &mut self,
        bytes: &[u8],
        from: usize,
        newlines_left: &mut bool,
        sink: Sink<'_>,
    ) -> usize {
        let rest = bytes.get(from..).unwrap_or_default();
        let newline = newlines_left
            .then(|| search::newline(bytes, from))
            .flatten();
        *newlines_left = newline.is_some();
        let (fragment, next) = if let Some(newline) = newline {
            let line = bytes.get(from..newline).unwrap_or_default();
            (line, newline.saturating_add(1))
        } else {
            match search::end(&mut self.structure, rest) {
                Some(length) => {
                    let document = rest.get(..length).unwrap_or_default();
                    (document, from.saturating_add(length))
                }
                None if self.pending.append(rest, self.limit).is_ok() => return bytes.len(),
                None => return self.leave_lines(from, sink),
            }
        };
        let held = self.pending.len();
        let document = if held == 0 {
            fragment
        } else if self.pending.append(fragment, self.limit).is_ok() {
            self.pending.as_slice()
        } else {
            return self.leave_lines(from, sink);
        };
        let document = document.trim_ascii_end();
        if document.last() == Some(&b'}')
            && document.len() <= self.limit
            && sink(Ok(document)) == Verdict::Taken
        {
            self.pending.clear();
            self.state = State::Between;
            return next;
        }
        self.pending.truncate(held);
        self.leave_lines(from, sink)
    }

    /// The line is no document: from its first byte on the stream is framed by its structure. Returns the index `from`, before
    /// which what was pending ends.
    fn leave_lines(&mut self, from: usize, sink: Sink<'_>) -> usize {
        self.lines = false;
        self.state = State::Between;
        self.structure = Structure::new();
        let held = std::mem::take(&mut self.pending);
        let offset = self.offset;
        self.offset = self.position(from).saturating_sub(held.len() as u64);
        self.read(held.as_slice(), 0, sink);
        self.offset = offset;
        from
    }

    /// Begins the document at `start` and follows it as far as it goes.
    fn begin(&mut self, bytes: &[u8], start: usize, sink: Sink<'_>) -> usize {
        if bytes.get(start) != Some(&b'{') {
            self.lose(
                FrameError::NotJson {
                    offset: self.position(start),
                },
                sink,
            );
            return start;
        }
        self.scanner.begin(b'{');
        self.state = State::Document;
        self.document(bytes, start, start.saturating_add(1), sink)
    }

    /// Follows the document that is under way from index `from`; what lies between `start` and there belongs to it too.
    fn document(&mut self, bytes: &[u8], start: usize, from: usize, sink: Sink<'_>) -> usize {
        let (end, error) = match self.scanner.scan(bytes, from) {
            Step::Done(end) => {
                self.state = State::Between;
                self.deliver(bytes.get(start..end).unwrap_or_default(), end, sink);
                return end;
            }
            Step::More => {
                let fragment = bytes.get(start..).unwrap_or_default();
                if let Err(error) = self.pending.append(fragment, self.limit) {
                    self.lose(error, sink);
                    self.state = State::Skipping;
                }
                return bytes.len();
            }
            Step::Broken { at, restart: true } => {
                self.lose_document(
                    start,
                    at,
                    FrameError::NotJson {
                        offset: self.position(at),
                    },
                    sink,
                );
                self.state = State::Between;
                return at;
            }
            Step::Broken { at, restart: false } => (
                at,
                FrameError::NotJson {
                    offset: self.position(at),
                },
            ),
            Step::TooDeep(at) => {
                let offset = self.position(at);
                self.lose_document(start, at, FrameError::TooDeep { offset }, sink);
                // Its end is found all the same.
                self.state = State::Skipping;
                return at.saturating_add(1);
            }
        };
        self.lose_document(start, end, error, sink);
        end
    }

    /// Follows a document that is not delivered.
    fn skip(&mut self, bytes: &[u8], from: usize) -> usize {
        let (next, state) = match self.scanner.scan(bytes, from) {
            Step::More => (bytes.len(), State::Skipping),
            Step::Done(end) => (end, State::Between),
            Step::Broken { at, restart: true } => (at, State::Between),
            Step::Broken { at, restart: false } => (at, State::Lost),
            Step::TooDeep(at) => (at.saturating_add(1), State::Skipping),
        };
        self.state = state;
        next
    }

    /// Hands over a document whose last fragment this is, ending at index `end`.
    fn deliver(&mut self, fragment: &[u8], end: usize, sink: Sink<'_>) {
        let offset = self.position(end).saturating_sub(self.pending.len() as u64);
        let offset = offset.saturating_sub(fragment.len() as u64);
        let verdict = if self.pending.is_empty() && fragment.len() <= self.limit {
            Ok(sink(Ok(fragment)))
        } else {
            let joined = self.pending.append(fragment, self.limit);
            joined.map(|()| sink(Ok(self.pending.as_slice())))
        };
        self.pending.clear();
        let error = match verdict {
            Ok(Verdict::Taken) => return,
            // It cannot be cut in another way.
            Ok(Verdict::NotOne) => FrameError::NotJson { offset },
            Err(error) => error,
        };
        self.dropped = self.dropped.saturating_add(1);
        sink(Err(error));
    }

    /// Gives up a document at index `at` of this piece. Where it was over the limit by then that is the error, since in
    /// smaller pieces it would have been.
    fn lose_document(&mut self, start: usize, at: usize, error: FrameError, sink: Sink<'_>) {
        let length = self.pending.len().saturating_add(at.saturating_sub(start));
        let over = length > self.limit;
        self.lose(
            if over {
                FrameError::TooLarge { limit: self.limit }
            } else {
                error
            },
            sink,
        );
    }

    fn lose(&mut self, error: FrameError, sink: Sink<'_>) {
        self.pending.clear();
        self.state = State::Lost;
        self.dropped = self.dropped.saturating_add(1);
        sink(Err(error));
    }

    fn position(&self, index: usize) -> u64 {
        self.offset.saturating_add(index as u64)
    }
}
