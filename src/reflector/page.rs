//! A page of a LIST, read as it arrives.

use super::decode::{Signature, bad_columns};
use super::dropped::{Cause, Dropped, because};
use super::status::Reason;
use super::version::is_version;
use crate::clock::Timestamp;
use crate::event::{self, Decoder, Format};
use crate::frame::{FrameError, List, ListFramer, Part};
use crate::json::{Cursor, Error};
use crate::store::{CapacityError, Store};
use crate::strategy::Verdict;
use crate::table::Columns;

/// A page that is being read.
#[derive(Debug)]
pub(super) struct Page {
    framer: ListFramer,
    pub(super) content: PageContent,
}

/// What a page has brought so far.
#[derive(Debug, Default)]
pub(super) struct PageContent {
    decoder: Decoder,
    /// From the list's kind; none for what is no list.
    format: Option<Format>,
    columns: Option<Result<Columns, Error>>,
    metadata: Option<Result<(), Error>>,
    /// The version that all pages show, where it is one that a WATCH can start from.
    pub(super) version: Option<String>,
    /// Asks for the next page.
    pub(super) continue_token: Option<String>,
    pub(super) remaining: Option<u64>,
    pub(super) rows: u64,
    pub(super) new_keys: u64,
    pub(super) dropped: Dropped,
    ended: bool,
    pub(super) full: Option<CapacityError>,
}

impl Page {
    pub(super) fn new(limit_frame: usize) -> Self {
        Self {
            framer: ListFramer::new(limit_frame),
            content: PageContent::default(),
        }
    }

    /// Reads a piece of the body. Rows go to the attempt; `None` (a probe) lets them go.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut attempt: Option<&mut Store>,
        received: Timestamp,
    ) {
        let Self { framer, content } = self;
        framer.push(bytes, &mut |part| {
            content.take(part, attempt.as_deref_mut(), received);
        });
    }
}

impl PageContent {
    /// What the rows of a whole page are; `None` where it is no list, or a Table without
    /// columns.
    pub(super) fn signature(&self, namespaced: bool) -> Option<Signature> {
        match (self.format?, &self.columns) {
            (Format::Table, Some(Ok(columns))) => Some(Signature::table(columns.clone())),
            (Format::Table, _) => None,
            (format, _) => Some(Signature::generic(format, namespaced)),
        }
    }

    /// Why the page cannot be used; `None` where it is whole and a list.
    pub(super) fn refusal(&self) -> Option<Verdict> {
        if let Some(Err(error)) = self.columns {
            return Some(Verdict::Refused(bad_columns(error)));
        }
        let bad_metadata = self.metadata.and_then(Result::err).map(Cause::Json);
        let cause = bad_metadata.or(self.dropped.cause);
        // A page whose metadata is missing among skipped parts might not be the last.
        let whole = self.ended && (self.metadata.is_some() || self.dropped.count == 0);
        // What is no list from its first bytes on will not become one.
        let begun = self.format.is_some() || self.metadata.is_some() || self.rows > 0;
        let no_list = (whole && self.format.is_none()) || (!begun && cause.is_some());
        if no_list || bad_metadata.is_some() {
            return Some(Verdict::Refused(Reason::new(
                "not-a-list",
                because(
                    "the answer is no list: the address is not that of an API server",
                    cause,
                ),
            )));
        }
        (!whole).then(|| Verdict::Transient {
            reason: Reason::new(
                "truncated",
                because("a page of the list did not come to its end", cause),
            ),
            retry_after: None,
            lost: true,
        })
    }

    /// Why a list that leads in a circle cannot be used.
    pub(super) fn circle() -> Verdict {
        Verdict::Transient {
            reason: Reason::new(
                "endless-list",
                "the pages of the list do not come to an end",
            ),
            retry_after: None,
            lost: true,
        }
    }

    fn take(
        &mut self,
        part: Result<Part<'_>, FrameError>,
        attempt: Option<&mut Store>,
        received: Timestamp,
    ) {
        match part {
            Err(error) => self.dropped.note(Cause::Frame(error)),
            Ok(Part::End) => self.ended = true,
            Ok(Part::Member { key, value }) => self.member(key, value),
            Ok(Part::Element { list, value }) => self.element(list, value, attempt, received),
        }
    }

    fn member(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"kind" => {
                let kind = Cursor::new(value).text().ok();
                self.format = match kind.as_deref() {
                    Some("Table") => Some(Format::Table),
                    Some("PartialObjectMetadataList") => Some(Format::Metadata),
                    Some(kind) if kind.ends_with("List") => Some(Format::Object),
                    _ => None,
                };
            }
            b"metadata" => match event::decode_list_meta(value) {
                Ok(meta) => {
                    self.version =
                        Some(meta.resource_version.into_owned()).filter(|text| is_version(text));
                    self.continue_token =
                        Some(meta.continue_token.into_owned()).filter(|token| !token.is_empty());
                    self.remaining = meta.remaining_item_count;
                    self.metadata = Some(Ok(()));
                }
                Err(error) => self.metadata = Some(Err(error)),
            },
            b"columnDefinitions" if value != b"null" => {
                self.columns = Some(Columns::parse(value));
            }
            _ => {}
        }
    }

    fn element(
        &mut self,
        list: List,
        value: &[u8],
        attempt: Option<&mut Store>,
        received: Timestamp,
    ) {
        self.rows = self.rows.saturating_add(1);
        let Some(store) = attempt.filter(|_| self.full.is_none()) else {
            return;
        };
        let format = match (list, self.format) {
            (List::Rows, _) => Format::Table,
            (List::Items, Some(Format::Metadata)) => Format::Metadata,
            (List::Items, _) => Format::Object,
        };
        let row = match self.decoder.decode_object(value, format) {
            Ok(row) => row,
            Err(error) => return self.dropped.note(Cause::Json(error)),
        };
        if let (1, Some(Ok(columns))) = (self.rows, &self.columns) {
            store.expect_columns(columns);
        }
        let before = store.staged_len();
        if let Err(full) = store.stage(&row, received) {
            self.full = Some(full);
        }
        let grown = store.staged_len().saturating_sub(before);
        self.new_keys = self.new_keys.saturating_add(grown as u64);
    }
}
