//! The cursor: one value after another, forward only.

mod check;

use core::fmt;
use std::borrow::Cow;

use super::{Again, Echo, Error, ErrorKind, number, simd, string};

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// A place in a JSON document. Copying it is remembering the place.
///
/// Its methods are of three kinds: `peek` looks at the next value, `next_*` and `slice` read and check it,
/// `skip` passes it unread. After an error the cursor's place is unspecified.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor before the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// The kind of the next value, told from its first byte.
    ///
    /// # Errors
    /// [`ErrorKind::ExpectedValue`] where no value begins.
    #[inline]
    pub fn peek(&mut self) -> Result<Kind, Error> {
        match self.token()? {
            b'"' => Ok(Kind::String),
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b't' | b'f' => Ok(Kind::Bool),
            b'n' => Ok(Kind::Null),
            _ => Err(self.error(ErrorKind::ExpectedValue)),
        }
    }

    /// Reads an object: `visit` is called for each member with its unescaped key and must pass exactly one value.
    ///
    /// # Errors
    /// Those of the object's own structure, and whatever `visit` returns.
    #[inline]
    pub fn next_object(
        &mut self,
        mut visit: impl FnMut(&[u8], &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.open(Kind::Object)?;
        if self.token()? == b'}' {
            self.advance(1);
            return Ok(());
        }
        loop {
            let key = self.next_key()?;
            visit(&key, self)?;
            if self.token()? == b',' {
                self.advance(1);
            } else {
                return self.close(b'}');
            }
        }
    }

    /// Reads an array: `visit` is called for each element and must pass exactly one value.
    ///
    /// # Errors
    /// Those of the array's own structure, and whatever `visit` returns.
    #[inline]
    pub fn next_array(
        &mut self,
        mut visit: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.open(Kind::Array)?;
        if self.token()? == b']' {
            self.advance(1);
            return Ok(());
        }
        loop {
            visit(self)?;
            if self.token()? == b',' {
                self.advance(1);
            } else {
                return self.close(b']');
            }
        }
    }

    /// The bytes of an array's first element, skipped; none where the array is empty.
    pub(crate) fn first_element(&mut self) -> Result<Option<&'a [u8]>, Error> {
        self.open(Kind::Array)?;
        if self.token()? == b']' {
            self.advance(1);
            return Ok(None);
        }
        self.element().map(Some)
    }

    /// The bytes of an array's next element, skipped; none behind the last one.
    pub(crate) fn later_element(&mut self) -> Result<Option<&'a [u8]>, Error> {
        if self.token()? == b',' {
            self.advance(1);
            return self.element().map(Some);
        }
        self.close(b']').map(|()| None)
    }

    fn element(&mut self) -> Result<&'a [u8], Error> {
        self.peek()?;
        let start = *self;
        self.skip()?;
        Ok(start.until(self))
    }

    /// Reads a string: borrowed where it has no escapes.
    ///
    /// # Errors
    /// Where it is no string, or one with invalid escapes, control characters or UTF-8.
    pub fn next_str(&mut self) -> Result<Cow<'a, str>, Error> {
        self.open(Kind::String)?;
        if let Some(text) = simd::plain(self.rest) {
            self.advance(text.len().saturating_add(1));
            return Ok(Cow::Borrowed(text));
        }
        self.other_str()
    }

    /// Reads the content of a string with escapes in it, or with more than ASCII, or a wrong one.
    #[cold]
    fn other_str(&mut self) -> Result<Cow<'a, str>, Error> {
        let content = string::scan(self.rest).map_err(|wrong| self.wrong(wrong))?;
        let bytes = self.rest.get(..content.length).unwrap_or_default();
        let text = if content.escaped {
            string::unescape(bytes).map(Cow::Owned)
        } else {
            string::utf8(bytes).map(Cow::Borrowed)
        };
        let text = text.map_err(|wrong| self.wrong(wrong))?;
        self.advance(content.length.saturating_add(1));
        Ok(text)
    }

    /// Reads a number as the text that stands there, checked against the grammar. Its value may be too large for any
    /// type of Rust.
    ///
    /// # Errors
    /// Where it is no number.
    pub fn next_number(&mut self) -> Result<&'a str, Error> {
        self.require(Kind::Number)?;
        let length = number::length(self.rest).map_err(|wrong| self.wrong(wrong))?;
        let text = string::utf8(self.rest.get(..length).unwrap_or_default());
        let text = text.map_err(|wrong| self.wrong(wrong))?;
        self.advance(length);
        Ok(text)
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn next_bool(&mut self) -> Result<bool, Error> {
        self.require(Kind::Bool)?;
        let value = self.rest.first() == Some(&b't');
        self.literal()?;
        Ok(value)
    }

    /// Passes a `null` and says so; stays before any other value.
    ///
    /// # Errors
    /// Where no value begins, or one that only begins like `null`.
    #[inline]
    pub fn next_null(&mut self) -> Result<bool, Error> {
        if self.token()? == b'n' {
            self.literal()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Passes the next value, whatever it is. Inside strings, arrays and objects only structure is looked at.
    ///
    /// # Errors
    /// Where no value begins, or the input ends inside it.
    pub fn skip(&mut self) -> Result<(), Error> {
        match self.peek()? {
            Kind::String => {
                self.advance(1);
                let length = string::skip(self.rest).ok_or_else(|| self.incomplete())?;
                self.advance(length.saturating_add(1));
                Ok(())
            }
            Kind::Object | Kind::Array => self.skip_container(),
            _ => self.scalar(),
        }
    }

    /// Passes these bytes, if they come next.
    #[inline]
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> bool {
        match self.rest.split_at_checked(bytes.len()) {
            Some((next, rest)) if simd::same(next, bytes) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// [`Cursor::skip`] for a value that resembles the last one that was passed with this `echo`.
    ///
    /// # Errors
    /// Those of [`Cursor::skip`].
    pub fn skip_like(&mut self, echo: &mut Echo) -> Result<(), Error> {
        if !matches!(self.peek()?, Kind::Object | Kind::Array) {
            return self.skip();
        }
        let length = echo.end(self.rest).ok_or_else(|| self.incomplete())?;
        self.advance(length);
        Ok(())
    }

    /// [`Cursor::slice`] for an array.
    ///
    /// # Errors
    /// Where it is no array, and those of [`Cursor::slice`].
    pub fn array(&mut self) -> Result<&'a [u8], Error> {
        self.require(Kind::Array)?;
        self.slice()
    }

    /// [`Cursor::slice`] for an array or object that is often the same as the last one that was read with this `again`.
    ///
    /// # Errors
    /// Those of [`Cursor::slice`].
    pub fn slice_again(&mut self, kind: Kind, again: &mut Again) -> Result<&'a [u8], Error> {
        self.require(kind)?;
        if let Some(value) = again.find(self.rest) {
            self.advance(value.len());
            return Ok(value);
        }
        let value = self.slice()?;
        again.remember(value);
        Ok(value)
    }

    /// Reads the next value, whatever it is, checks all of it (grammar, strings, numbers, UTF-8) and returns its
    /// bytes.
    ///
    /// # Errors
    /// Where anything in it breaks RFC 8259, or the nesting is too deep.
    pub fn slice(&mut self) -> Result<&'a [u8], Error> {
        self.peek()?;
        let start = *self;
        self.check()?;
        let bytes = start.until(self);
        string::utf8(bytes).map_err(|wrong| start.wrong(wrong))?;
        Ok(bytes)
    }

    /// The bytes from this place to a later one of the same document.
    #[must_use]
    pub fn until(&self, later: &Self) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or_default()
    }

    /// How many bytes of the document lie behind the cursor.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    /// Ends the document: only white space may follow.
    ///
    /// # Errors
    /// [`ErrorKind::TrailingBytes`] at the first byte of anything else.
    pub fn finish(mut self) -> Result<(), Error> {
        match self.token() {
            Ok(_) => Err(self.error(ErrorKind::TrailingBytes)),
            Err(_) => Ok(()),
        }
    }

    /// An error at the cursor.
    #[cold]
    #[must_use]
    pub const fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.offset())
    }

    /// Passes a container by the kernel.
    fn skip_container(&mut self) -> Result<(), Error> {
        match simd::Structure::new().feed(self.rest) {
            Some(length) => {
                self.advance(length);
                Ok(())
            }
            None => Err(self.incomplete()),
        }
    }

    /// Reads a key and the colon behind it. Inlined it would stand in every reader of an object.
    #[inline(never)]
    fn next_key(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        // As servers write it: no blanks, no escapes.
        if let [b'"', rest @ ..] = self.rest
            && let Some(key) = simd::plain(rest)
            && let Some((_, [b'"', b':', rest @ ..])) = rest.split_at_checked(key.len())
        {
            self.rest = rest;
            return Ok(Cow::Borrowed(key.as_bytes()));
        }
        self.next_loose_key()
    }

    /// Reads a key in any form.
    #[cold]
    fn next_loose_key(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        if self.token()? != b'"' {
            return Err(self.error(ErrorKind::ExpectedKey));
        }
        self.advance(1);
        let content = string::scan(self.rest).map_err(|wrong| self.wrong(wrong))?;
        let bytes = self.rest.get(..content.length).unwrap_or_default();
        let key = if content.escaped {
            Cow::Owned(
                string::unescape(bytes)
                    .map_err(|wrong| self.wrong(wrong))?
                    .into_bytes(),
            )
        } else {
            Cow::Borrowed(bytes)
        };
        self.advance(content.length.saturating_add(1));
        if self.token()? != b':' {
            return Err(self.error(ErrorKind::ExpectedColon));
        }
        self.advance(1);
        Ok(key)
    }

    /// Passes the first byte of a value of this kind.
    #[inline]
    fn open(&mut self, kind: Kind) -> Result<(), Error> {
        self.require(kind)?;
        self.advance(1);
        Ok(())
    }

    #[inline]
    fn require(&mut self, kind: Kind) -> Result<(), Error> {
        if self.peek()? == kind {
            Ok(())
        } else {
            Err(self.error(ErrorKind::Expected(kind)))
        }
    }

    /// Passes the bracket that closes what is open.
    #[inline]
    fn close(&mut self, bracket: u8) -> Result<(), Error> {
        match self.token()? {
            byte if byte == bracket => {
                self.advance(1);
                Ok(())
            }
            b'}' | b']' => Err(self.error(ErrorKind::MismatchedBracket)),
            _ => Err(self.error(ErrorKind::ExpectedCommaOrClose)),
        }
    }

    /// Passes a number or a literal, checked: they are too short to be worth skipping.
    fn scalar(&mut self) -> Result<(), Error> {
        if self.peek()? == Kind::Number {
            return self.next_number().map(drop);
        }
        self.literal()
    }

    fn literal(&mut self) -> Result<(), Error> {
        let word: &[u8] = match self.rest.first() {
            Some(b't') => b"true",
            Some(b'f') => b"false",
            _ => b"null",
        };
        let same = word
            .iter()
            .zip(self.rest)
            .take_while(|(due, found)| due == found)
            .count();
        if same < word.len() {
            self.advance(same);
            let ended = self.rest.is_empty();
            return Err(self.error(if ended {
                ErrorKind::Incomplete
            } else {
                ErrorKind::InvalidLiteral
            }));
        }
        self.advance(same);
        Ok(())
    }

    /// The next byte that is no white space, without passing it.
    #[inline]
    fn token(&mut self) -> Result<u8, Error> {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] => self.rest = rest,
                [byte, ..] => return Ok(*byte),
                [] => return Err(self.incomplete()),
            }
        }
    }

    #[inline]
    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    #[cold]
    const fn incomplete(&self) -> Error {
        Error::new(ErrorKind::Incomplete, self.length)
    }

    /// An error so many bytes behind the cursor.
    #[cold]
    const fn wrong(&self, (kind, ahead): (ErrorKind, usize)) -> Error {
        Error::new(kind, self.offset().saturating_add(ahead))
    }
}
