//! Bytes of a response to frames, events and rows of the store.
//!
//! Nothing here decides anything: what matters to the machine comes out as a [`Batch`].

use super::buffer::EventBuffer;
use super::dropped::{Cause, Dropped, because};
use super::status::Reason;
use super::version::{self, is_version};
use crate::clock::Timestamp;
use crate::event::{self, Bookmark, Decoder, Event, Format, Row};
use crate::frame::{FrameError, Framer, Verdict};
use crate::json::{Error, ErrorKind};
use crate::object;
use crate::status::Status;
use crate::store::{CapacityError, Store};
use crate::table::Columns;

/// In what form and columns rows come. Rows of two signatures never meet in one snapshot.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    pub(super) format: Format,
    pub(super) columns: Columns,
}

impl Signature {
    /// Cells of one fit the columns of the other.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.format == other.format && self.columns.same_signature(&other.columns)
    }

    pub(super) fn table(columns: Columns) -> Self {
        Self {
            format: Format::Table,
            columns,
        }
    }

    pub(super) fn generic(format: Format, namespaced: bool) -> Self {
        Self {
            format,
            columns: object::columns(namespaced),
        }
    }
}

/// A watch stream that is being read.
#[derive(Debug)]
pub(super) struct Stream {
    framer: Framer,
    events: Events,
}

/// What has been learned from the events of a stream.
#[derive(Debug)]
struct Events {
    decoder: Decoder,
    /// Objects of several namespaces may come.
    namespaced: bool,
    signature: Option<Signature>,
    /// The definitions that `signature` was parsed from, since some servers repeat them with every event.
    raw_columns: Vec<u8>,
    count: u64,
    /// Why the last document that could not be read could not. Servers send columns with the first event alone.
    lost: Option<Cause>,
}

/// Where the events of a stream go.
pub(super) enum Target<'a> {
    /// The snapshot attempt.
    Attempt(&'a mut Store),
    /// The buffer beside a LIST.
    Buffer(&'a mut EventBuffer, Continued<'a>),
    /// The published rows.
    Published(&'a mut Store, Continued<'a>),
    /// Nowhere: what counts is whether the end bookmark comes.
    Probe,
}

/// What a stream goes on with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Continued<'a> {
    /// Of the rows that are there.
    pub(super) signature: Option<&'a Signature>,
    /// Where nothing proves yet that it goes on with them: their version. An event from before it is of another life of
    /// the server.
    pub(super) floor: Option<&'a str>,
}

/// What has become of an object.
#[derive(Clone, Copy, Debug)]
enum What {
    Added,
    Modified,
    Deleted,
}

/// What a piece of a stream brought.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Events and bookmarks.
    pub(super) events: u64,
    /// Objects that were not known before.
    pub(super) new_keys: u64,
    /// Objects of a snapshot were changed or removed: its first state has been sent, for servers send that before anything else.
    pub(super) moved: bool,
    /// Rows were inserted, replaced or removed.
    pub(super) rows_changed: bool,
    pub(super) bookmarks: u64,
    /// Documents that could not be read.
    pub(super) dropped: Dropped,
    /// The version after the last event that has one.
    pub(super) version: Option<String>,
    pub(super) outcome: Option<Outcome>,
    /// Documents behind an end bookmark: they wait until the snapshot is published.
    pub(super) later: Vec<Vec<u8>>,
}

/// What ends the reading of a stream as it was.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The snapshot is whole.
    InitialEventsEnd,
    /// The server says why it ends the stream.
    Error(Status),
    /// Other columns, or another form.
    OtherSignature,
    /// Rows without columns, which may have been in what could not be read.
    NoColumns(Option<Cause>),
    /// Columns that cannot be read.
    BadColumns(Error),
    /// The event is older than what it was to continue, and was not applied.
    WentBack,
    /// The cap on memory was reached.
    Full,
}

impl Stream {
    pub(super) fn new(limit_frame: usize, namespaced: bool) -> Self {
        Self {
            framer: Framer::new(limit_frame),
            events: Events {
                decoder: Decoder::default(),
                namespaced,
                signature: None,
                raw_columns: Vec::new(),
                count: 0,
                lost: None,
            },
        }
    }

    /// Reads a piece of the body.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut target: Target<'_>,
        received: Timestamp,
    ) -> Batch {
        let mut batch = Batch::default();
        let Self { framer, events } = self;
        framer.push(bytes, &mut |frame| {
            events.read(frame, &mut target, received, &mut batch)
        });
        events.count = events.count.saturating_add(batch.events);
        batch
    }

    /// Reads a document that had to wait ([`Batch::later`]).
    pub(super) fn read_later(
        &mut self,
        frame: &[u8],
        mut target: Target<'_>,
        received: Timestamp,
    ) -> Batch {
        let mut batch = Batch::default();
        self.events
            .read(Ok(frame), &mut target, received, &mut batch);
        self.events.count = self.events.count.saturating_add(batch.events);
        batch
    }

    /// The stream has ended. Returns whether a document was cut off.
    pub(super) fn finish(&mut self) -> bool {
        self.framer.finish() > 0
    }

    /// Events and bookmarks so far.
    pub(super) fn events(&self) -> u64 {
        self.events.count
    }

    /// The signature of the rows so far; none before the first event.
    pub(super) fn signature(&self) -> Option<&Signature> {
        self.events.signature.as_ref()
    }
}

impl Events {
    fn read(
        &mut self,
        frame: Result<&[u8], FrameError>,
        target: &mut Target<'_>,
        received: Timestamp,
        batch: &mut Batch,
    ) -> Verdict {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return self.drop(Cause::Frame(error), batch),
        };
        let event = match self.decoder.decode(frame) {
            Ok(event) => event,
            Err(Error {
                kind: ErrorKind::Incomplete | ErrorKind::TrailingBytes,
                ..
            }) => {
                return Verdict::NotOne;
            }
            Err(error) => return self.drop(Cause::Json(error), batch),
        };
        match batch.outcome {
            None => {
                batch.events = batch.events.saturating_add(1);
                batch.outcome = self.take(&event, frame, target, received, batch);
            }
            Some(Outcome::InitialEventsEnd) => batch.later.push(frame.to_vec()),
            Some(_) => {}
        }
        Verdict::Taken
    }

    fn drop(&mut self, cause: Cause, batch: &mut Batch) -> Verdict {
        self.lost = Some(cause);
        batch.dropped.note(cause);
        Verdict::Taken
    }

    fn take(
        &mut self,
        event: &Event<'_>,
        frame: &[u8],
        target: &mut Target<'_>,
        received: Timestamp,
        batch: &mut Batch,
    ) -> Option<Outcome> {
        let (objects, what) = match event {
            Event::Added(objects) => (objects, What::Added),
            Event::Modified(objects) => (objects, What::Modified),
            Event::Deleted(objects) => (objects, What::Deleted),
            Event::Bookmark(bookmark) => return self.bookmark(bookmark, target, batch),
            Event::Error(status) => {
                let status = Status::parse(status).unwrap_or_default();
                return Some(Outcome::Error(status));
            }
        };
        let is_first = self.signature.is_none();
        let disagreement = self.agree(objects.format, objects.columns, target);
        if disagreement.is_some() {
            return disagreement;
        }
        if let (true, Target::Attempt(store), Some(first)) =
            (is_first, &mut *target, &self.signature)
        {
            store.expect_columns(&first.columns);
        }
        let of_row = || {
            objects
                .first
                .as_ref()
                .map(|row| &*row.meta.resource_version)
        };
        let version = objects.resource_version.as_deref().or_else(of_row);
        if target.is_ahead_of(version) {
            return Some(Outcome::WentBack);
        }
        for row in objects.first.iter().chain(&objects.rest) {
            if target.take(row, what, frame, received, batch).is_err() {
                return Some(Outcome::Full);
            }
        }
        remember_version(version, batch);
        None
    }

    fn bookmark(
        &mut self,
        bookmark: &Bookmark<'_>,
        target: &Target<'_>,
        batch: &mut Batch,
    ) -> Option<Outcome> {
        if target.is_ahead_of(bookmark.resource_version.as_deref()) {
            return Some(Outcome::WentBack);
        }
        batch.bookmarks = batch.bookmarks.saturating_add(1);
        // A bookmark has no cells, so its form means nothing beside rows of another; without rows it tells what they
        // would have been.
        let tells =
            bookmark.columns.is_some() || (self.signature.is_none() && bookmark.initial_events_end);
        let matters = self
            .signature
            .as_ref()
            .is_none_or(|known| known.format == bookmark.format);
        // An empty Table of unknown columns is one; the first row will bring them.
        let empty =
            bookmark.format == Format::Table && bookmark.columns.is_none() && self.lost.is_none();
        if tells && matters && !empty {
            let disagreement = self.agree(bookmark.format, bookmark.columns, target);
            if disagreement.is_some() {
                return disagreement;
            }
        }
        remember_version(bookmark.resource_version.as_deref(), batch);
        let ends =
            bookmark.initial_events_end && matches!(target, Target::Attempt(_) | Target::Probe);
        ends.then_some(Outcome::InitialEventsEnd)
    }

    /// Whether rows of this form and these columns fit what came before on this stream and what the target holds; if not,
    /// what becomes of it.
    fn agree(
        &mut self,
        format: Format,
        columns: Option<&[u8]>,
        target: &Target<'_>,
    ) -> Option<Outcome> {
        let known = match &self.signature {
            Some(known) if known.format != format => return Some(Outcome::OtherSignature),
            Some(_) if columns.is_none_or(|raw| raw == self.raw_columns) => return None,
            known => known.as_ref(),
        };
        let signature = match (format, columns) {
            (Format::Table, None) => return Some(Outcome::NoColumns(self.lost)),
            (Format::Table, Some(raw)) => match Columns::parse(raw) {
                Ok(columns) => Signature::table(columns),
                Err(error) => return Some(Outcome::BadColumns(error)),
            },
            (Format::Metadata | Format::Object, _) => Signature::generic(format, self.namespaced),
        };
        let continued = target.continued().and_then(|rows| rows.signature);
        if ![known, continued]
            .into_iter()
            .flatten()
            .all(|other| signature.fits(other))
        {
            return Some(Outcome::OtherSignature);
        }
        self.raw_columns = columns.unwrap_or_default().to_vec();
        self.signature = Some(signature);
        None
    }
}

impl Target<'_> {
    fn continued(&self) -> Option<Continued<'_>> {
        match self {
            Self::Buffer(_, rows) | Self::Published(_, rows) => Some(*rows),
            Self::Attempt(_) | Self::Probe => None,
        }
    }

    fn is_ahead_of(&self, version: Option<&str>) -> bool {
        let floor = self.continued().and_then(|rows| rows.floor);
        version::is_older(version, floor)
    }

    fn take(
        &mut self,
        row: &Row<'_>,
        what: What,
        frame: &[u8],
        received: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), CapacityError> {
        match (self, what) {
            (Self::Attempt(store), What::Deleted) => {
                batch.moved = true;
                store.stage_remove(&row.meta);
            }
            (Self::Attempt(store), What::Added) => {
                let before = store.staged_len();
                store.stage(row, received)?;
                let grown = store.staged_len().saturating_sub(before);
                batch.new_keys = batch.new_keys.saturating_add(grown as u64);
            }
            (Self::Attempt(store), What::Modified) => {
                batch.moved = true;
                store.stage_modified(row, received)?;
            }
            (Self::Buffer(buffer, _), _) => buffer.keep(&row.meta, frame)?,
            (Self::Published(store, _), What::Deleted) => {
                batch.rows_changed |= store.remove(&row.meta);
            }
            (Self::Published(store, _), What::Added | What::Modified) => {
                store.apply(row, received)?;
                batch.rows_changed = true;
            }
            (Self::Probe, _) => {}
        }
        Ok(())
    }
}

/// Only a version that one can resume from counts.
fn remember_version(version: Option<&str>, batch: &mut Batch) {
    let Some(version) = version.filter(|version| is_version(version)) else {
        return;
    };
    let place = batch.version.get_or_insert_default();
    place.clear();
    place.push_str(version);
}

/// Puts an event that was kept beside a LIST on top of its rows.
pub(super) fn stage_kept(
    event: &[u8],
    store: &mut Store,
    received: Timestamp,
) -> Result<(), CapacityError> {
    // It was decoded before it was kept.
    let Ok(event) = event::decode(event) else {
        return Ok(());
    };
    let (objects, what) = match &event {
        Event::Added(objects) => (objects, What::Added),
        Event::Modified(objects) => (objects, What::Modified),
        Event::Deleted(objects) => (objects, What::Deleted),
        Event::Bookmark(_) | Event::Error(_) => return Ok(()),
    };
    for row in objects.first.iter().chain(&objects.rest) {
        match what {
            What::Added => store.stage(row, received)?,
            What::Modified => store.stage_modified(row, received)?,
            What::Deleted => {
                store.stage_remove(&row.meta);
            }
        }
    }
    Ok(())
}

/// Why columns cannot be read.
pub(super) fn bad_columns(error: Error) -> Reason {
    let cause = Some(Cause::Json(error));
    Reason::new("bad-columns", because("the columns cannot be read", cause))
}
