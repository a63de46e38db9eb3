//! What was wrong with the input, and where.

use core::fmt;

use super::Kind;

/// What was wrong, and at which byte. Small and `Copy`; it holds nothing of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was wrong.
    pub kind: ErrorKind,
    /// The byte that was wrong, counted from the start of the bytes that were given to the decoder; their length
    /// where more were needed.
    pub offset: usize,
}

/// The ways in which input can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ended inside the document: wait for more, or drop it at the end of a stream.
    Incomplete,
    /// Something else than white space follows the document: two documents in one frame.
    TrailingBytes,
    /// No JSON value begins with this byte.
    ExpectedValue,
    /// The next member's key, in quotes, was due.
    ExpectedKey,
    /// A `:` was due after a key.
    ExpectedColon,
    /// A `,` or the closing bracket was due.
    ExpectedCommaOrClose,
    /// A value of this kind was due; another one begins here.
    Expected(Kind),
    /// A closing bracket whose opening one is of the other kind.
    MismatchedBracket,
    /// More than [`MAX_DEPTH`](super::MAX_DEPTH) brackets are open.
    TooDeep,
    /// A word that begins like `true`, `false` or `null` and goes on otherwise.
    InvalidLiteral,
    /// A number breaks the grammar at this byte.
    InvalidNumber,
    /// No escape sequence of JSON.
    InvalidEscape,
    /// A byte below 0x20 inside a string.
    ControlCharacter,
    /// The text is no UTF-8 from this byte on.
    InvalidUtf8,
    /// A required member is missing from the object that ends here.
    MissingField(&'static str),
    /// A watch event of none of the types ADDED, MODIFIED, DELETED, BOOKMARK, ERROR: its value begins here.
    UnknownEventType,
    /// A column definition that is none begins here.
    InvalidColumn,
    /// More columns than [`MAX_COLUMNS`](crate::table::MAX_COLUMNS): the first one too many begins here.
    TooManyColumns,
    /// More rows in one event than [`MAX_ROWS`](crate::event::MAX_ROWS): the first one too many begins here.
    TooManyRows,
    /// Memory for something that grows with the input was refused.
    OutOfMemory,
}

impl Error {
    /// An error of this kind at this byte.
    #[cold]
    #[must_use]
    pub const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// Whether the input ended inside the document, so that more bytes may make it whole.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        matches!(self.kind, ErrorKind::Incomplete)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "the input ends inside the document",
            Self::TrailingBytes => "bytes after the document",
            Self::ExpectedValue => "expected a value",
            Self::ExpectedKey => "expected a key",
            Self::ExpectedColon => "expected a colon",
            Self::ExpectedCommaOrClose => "expected a comma or a closing bracket",
            Self::Expected(kind) => return write!(f, "expected {kind}"),
            Self::MismatchedBracket => "a bracket closed by one of the other kind",
            Self::TooDeep => "nested too deep",
            Self::InvalidLiteral => "invalid literal",
            Self::InvalidNumber => "invalid number",
            Self::InvalidEscape => "invalid escape sequence",
            Self::ControlCharacter => "control character in a string",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::MissingField(name) => return write!(f, "missing field `{name}`"),
            Self::UnknownEventType => "unknown event type",
            Self::InvalidColumn => "invalid column definition",
            Self::TooManyColumns => "too many columns",
            Self::TooManyRows => "too many rows in one event",
            Self::OutOfMemory => "out of memory",
        })
    }
}

impl core::error::Error for Error {}
