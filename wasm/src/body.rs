//! The body of a response, chunk by chunk.
//!
//! A default reader has the browser make a new buffer for every chunk, which is a quarter of the time that a large body takes.
//! Where the body is a byte stream (Streams Standard, 4.4), it is read into buffers that are used again.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, DataView, Uint8Array};
use kube_watchlist::reflector::EndCause;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader, ReadableStreamReadResult,
};

use crate::inbox::{Chunk, MANY};

/// The length of a buffer: with larger ones a body comes no faster.
const BUFFER: u32 = 512 << 10;
/// Buffers that are kept: no body ever has more, since it is read only while the inbox holds fewer.
const KEPT: usize = MANY;

/// Buffers that wait to be filled.
type Buffers = Rc<RefCell<Vec<ArrayBuffer>>>;

/// A body that is read here and by nobody else.
pub(crate) enum Body {
    Bytes(ReadableStreamByobReader, Buffers),
    /// A body that is no byte stream: a caller's own, or that of a browser which has none.
    Chunks(ReadableStreamDefaultReader),
}

impl Body {
    /// Begins to read; `None` where somebody else does already.
    pub(crate) fn open(stream: &ReadableStream) -> Option<Self> {
        // Not by methods of the stream: those throw through the module where they cannot.
        if let Ok(reader) = ReadableStreamByobReader::new(stream) {
            return Some(Self::Bytes(reader, Buffers::default()));
        }
        ReadableStreamDefaultReader::new(stream)
            .ok()
            .map(Self::Chunks)
    }

    /// What reads it, for JavaScript.
    pub(crate) fn reader(&self) -> &JsValue {
        match self {
            Self::Bytes(reader, _) => reader,
            Self::Chunks(reader) => reader,
        }
    }

    /// The next chunk, or how the body ended.
    pub(crate) async fn next(&self) -> Result<Bytes, EndCause> {
        let promise = match self {
            Self::Bytes(reader, buffers) => {
                let kept = buffers.borrow_mut().pop();
                let buffer = kept.unwrap_or_else(|| ArrayBuffer::new(BUFFER));
                reader.read_with_array_buffer_view(&Uint8Array::new(&buffer))
            }
            Self::Chunks(reader) => reader.read(),
        };
        let Ok(result) = JsFuture::from(promise).await else {
            return Err(EndCause::Broken);
        };
        let result: ReadableStreamReadResult = result.unchecked_into();
        if result.get_done() == Some(true) {
            return Err(EndCause::Complete);
        }
        Ok(Bytes {
            view: bytes(result.get_value()).ok_or(EndCause::Broken)?,
            buffers: match self {
                Self::Bytes(_, buffers) => Some(Rc::clone(buffers)),
                Self::Chunks(_) => None,
            },
        })
    }
}

/// One chunk. Its buffer, if it is one of ours, is filled again when it is dropped.
#[derive(Debug)]
pub(crate) struct Bytes {
    view: Uint8Array,
    buffers: Option<Buffers>,
}

impl Drop for Bytes {
    fn drop(&mut self) {
        let Some(buffers) = &self.buffers else { return };
        let (buffer, mut kept) = (self.view.buffer(), buffers.borrow_mut());
        // A stream of a caller may have put another in its place.
        if kept.len() < KEPT && buffer.byte_length() == BUFFER {
            kept.push(buffer);
        }
    }
}

impl Chunk for Bytes {
    fn length(&self) -> usize {
        usize::try_from(self.view.length()).unwrap_or(usize::MAX)
    }

    fn read(&self, from: usize, piece: &mut [u8]) -> usize {
        let until = self.length().min(from.saturating_add(piece.len()));
        let length = until.saturating_sub(from);
        let (Ok(from), Ok(until)) = (u32::try_from(from), u32::try_from(until)) else {
            return 0;
        };
        match piece.get_mut(..length) {
            Some(piece) if length > 0 => {
                self.view.subarray(from, until).copy_to(piece);
                length
            }
            _ => 0,
        }
    }
}

/// The bytes of a chunk, unless it is something else.
///
/// Not by `instanceof`: a caller's `fetch` may live in another realm, an iframe's for one, and so do its arrays.
fn bytes(chunk: JsValue) -> Option<Uint8Array> {
    if !ArrayBuffer::is_view(&chunk) {
        return None;
    }
    // A view of whichever kind: the three members that are read are the same in all of them.
    let view: DataView = chunk.unchecked_into();
    let (offset, length) = (
        u32::try_from(view.byte_offset()).ok()?,
        u32::try_from(view.byte_length()).ok()?,
    );
    Some(Uint8Array::new_with_byte_offset_and_length(
        &view.buffer(),
        offset,
        length,
    ))
}
