//! A forward cursor over JSON that reads what is needed and skips the rest.
//!
//! ```
//! use kube_watchlist_decode::json::{Cursor, Error};
//!
//! fn name(document: &[u8]) -> Result<String, Error> {
//!     let mut name = String::new();
//!     let mut cursor = Cursor::new(document);
//!     cursor.next_object(|key, value| {
//!         match key {
//!             b"name" => name = value.next_str()?.into_owned(),
//!             _ => value.skip()?,
//!         }
//!         Ok(())
//!     })?;
//!     cursor.finish()?;
//!     Ok(name)
//! }
//!
//! assert_eq!(name(br#"{"managedFields":[{"f:spec":{}}],"name":"web-0"}"#).unwrap(), "web-0");
//! ```
//!
//! # Contract
//!
//! The cursor **validates what it visits and the structure that leads there.** Everything that a `next_*` method or
//! [`Cursor::slice`] returns obeys RFC 8259, and its text is UTF-8. Bytes inside a value that was passed by
//! [`Cursor::skip`] are only scanned for structure: where strings begin and end, and how deep brackets nest, whichever kind
//! closes which. Anything else in there is not reported. So whatever parsing accepts, skipping accepts too, and
//! both end at the same byte; skipping may accept more.
//!
//! * **Incomplete input** is told apart from wrong input by [`Error::is_incomplete`]: every prefix of a document, cut
//!   before its last bracket, ends in it unless what is there is already wrong.
//! * **Nesting** deeper than [`MAX_DEPTH`] in a value that is sliced is [`ErrorKind::TooDeep`]; skipping counts brackets and knows
//!   no limit. Nothing here recurses, so no input can exhaust the stack.
//! * **Duplicate keys** are all visited, in order. Readers in this crate let the last one win, whole: a later object
//!   replaces an earlier one and is not merged into it.
//! * **Escaped keys** reach the visitor unescaped: `"n\u0061me"` is `name`.
//! * **Lone surrogates** in `\u` escapes become U+FFFD, as in Go's decoder; API servers written in Go never refuse
//!   them, so neither do we.
//! * **Keys** are compared as bytes; an unescaped key that no reader knows is not checked for UTF-8.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods
    )
)]

mod again;
pub mod brackets;
mod cursor;
mod echo;
mod error;
mod number;
mod optional;
#[allow(
    unsafe_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "vector loads, and bit arithmetic on masks whose width is fixed; nothing here computes with values from the input"
)]
pub mod simd;
mod string;

pub use again::Again;
pub use brackets::MAX_DEPTH;
pub use cursor::{Cursor, Kind};
pub use echo::Echo;
pub use error::{Error, ErrorKind};
pub use number::{integer, whole};
pub use optional::Visitor;
