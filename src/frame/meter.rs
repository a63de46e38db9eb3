//! Counts the bytes that framing looks at or copies, for the tests that hold it to linear work.

use std::cell::Cell;

thread_local! {
    static WORK: Cell<usize> = const { Cell::new(0) };
}

/// These bytes were looked at or copied.
pub(super) fn count(bytes: usize) {
    WORK.set(WORK.get() + bytes);
}

/// All bytes since the last call on this thread.
pub(super) fn take() -> usize {
    WORK.replace(0)
}
