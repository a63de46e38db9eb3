//! Every way into `frame`, `json`, `event` and `status`, with nothing around it. `scripts/check-panics.mjs` compiles this crate as
//! the product is compiled and follows the calls from these functions.
#![allow(
    unsafe_code,
    reason = "exports and raw bytes, so that no caller's knowledge helps the optimiser"
)]

use core::hint::black_box;
use core::slice;
use std::alloc::{GlobalAlloc, Layout};

use kube_watchlist::event;
use kube_watchlist::frame::{Framer, ListFramer, Verdict};
use kube_watchlist::json::Cursor;
use kube_watchlist::status::Status;

unsafe extern "C" {
    fn host_allocate(size: usize, align: usize) -> *mut u8;
    fn host_free(start: *mut u8);
}

/// Memory from outside: the standard allocator's own assertions would hide what is looked for.
struct Host;

// SAFETY: the functions are never run; they stand for some allocator that keeps the rules.
unsafe impl GlobalAlloc for Host {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { host_allocate(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, start: *mut u8, _: Layout) {
        // SAFETY: as above.
        unsafe { host_free(start) }
    }
}

#[global_allocator]
static HOST: Host = Host;

/// Bytes that the compiler knows nothing of.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
unsafe fn bytes<'a>(start: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(start, length) }
}

/// Pushes a piece of a watch stream.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frame_watch(
    framer: &mut Framer,
    limit: usize,
    start: *const u8,
    length: usize,
) {
    if limit > 0 {
        *framer = Framer::new(limit);
    }
    // SAFETY: the caller's promise.
    let piece = unsafe { bytes(start, length) };
    framer.push(piece, &mut |frame| {
        if black_box(frame).is_ok() {
            Verdict::Taken
        } else {
            Verdict::NotOne
        }
    });
    black_box((framer.finish(), framer.dropped(), framer.memory_bytes()));
}

/// Pushes a piece of a LIST.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frame_list(
    framer: &mut ListFramer,
    limit: usize,
    start: *const u8,
    length: usize,
) {
    if limit > 0 {
        *framer = ListFramer::new(limit);
    }
    // SAFETY: the caller's promise.
    let piece = unsafe { bytes(start, length) };
    framer.push(piece, &mut |part| {
        black_box(part).ok();
    });
    black_box((
        framer.finish(),
        framer.dropped(),
        framer.trailing_bytes(),
        framer.memory_bytes(),
    ));
}

/// Reads, skips and slices a value.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn json(start: *const u8, length: usize) {
    // SAFETY: the caller's promise.
    let mut cursor = Cursor::new(unsafe { bytes(start, length) });
    let place = cursor;
    black_box(cursor.skip().ok());
    cursor = place;
    black_box(cursor.slice().ok());
    cursor = place;
    black_box(cursor.next_str().ok());
    cursor = place;
    black_box(cursor.next_number().ok());
    cursor = place;
    black_box(cursor.next_bool().ok());
    cursor = place;
    black_box(cursor.next_null().ok());
    cursor = place;
    black_box(cursor.next_array(Cursor::skip).ok());
    cursor = place;
    let read = cursor.next_object(|key, value| {
        black_box(key);
        value.skip()
    });
    black_box((
        read.ok(),
        place.until(&cursor),
        cursor.offset(),
        cursor.finish().ok(),
    ));
}

/// Decodes a watch event.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn event(start: *const u8, length: usize) {
    // SAFETY: the caller's promise.
    let frame = unsafe { bytes(start, length) };
    let mut decoder = event::Decoder::default();
    black_box(decoder.decode(frame).ok());
    black_box(decoder.decode(frame).ok());
}

/// Reads what a server says of a refusal.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn status(start: *const u8, length: usize) {
    // SAFETY: the caller's promise.
    black_box(Status::parse(unsafe { bytes(start, length) }));
}

/// Decodes an element of a LIST.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn element(start: *const u8, length: usize, form: u32) {
    let format = match form {
        0 => event::Format::Table,
        1 => event::Format::Metadata,
        _ => event::Format::Object,
    };
    // SAFETY: the caller's promise.
    black_box(event::decode_object(unsafe { bytes(start, length) }, format).ok());
}

/// Decodes the metadata of a LIST.
///
/// # Safety
/// As for [`slice::from_raw_parts`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn list_metadata(start: *const u8, length: usize) {
    // SAFETY: the caller's promise.
    black_box(event::decode_list_meta(unsafe { bytes(start, length) }).ok());
}
