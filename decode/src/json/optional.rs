//! Readers for what is read seldom: once in the program instead of once a caller, and lenient as Go's decoder is with `null`.

use std::borrow::Cow;

use super::{Cursor, Error, ErrorKind, number};

/// What is called for each member of an object, with its key.
pub type Visitor<'v, 'a> = dyn FnMut(&[u8], &mut Cursor<'a>) -> Result<(), Error> + 'v;

impl<'a> Cursor<'a> {
    /// [`Cursor::next_object`], compiled once.
    ///
    /// # Errors
    /// Those of [`Cursor::next_object`].
    pub fn members(&mut self, visit: &mut Visitor<'_, 'a>) -> Result<(), Error> {
        self.next_object(visit)
    }

    /// [`Cursor::next_str`], compiled once; `null` is the empty text.
    ///
    /// # Errors
    /// Those of [`Cursor::next_str`].
    pub fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        if self.next_null()? {
            return Ok(Cow::default());
        }
        self.next_str()
    }

    /// Reads a whole number; none for `null` and for what is none: negative, with a fraction or an exponent, above 64 bits.
    ///
    /// # Errors
    /// Where it is no number.
    pub fn count(&mut self) -> Result<Option<u64>, Error> {
        if self.next_null()? {
            return Ok(None);
        }
        Ok(number::whole(self.next_number()?))
    }

    /// Reads an integer; `null` is zero.
    ///
    /// # Errors
    /// Where it is no number; [`ErrorKind::InvalidNumber`] where it has a fraction or an exponent or exceeds 64 bits.
    pub fn integer(&mut self) -> Result<i64, Error> {
        if self.next_null()? {
            return Ok(0);
        }
        let start = *self;
        number::integer(self.next_number()?).ok_or_else(|| start.error(ErrorKind::InvalidNumber))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn null_is_the_default() {
        let mut cursor = Cursor::new(br#" null "a\u0062" null -7"#);
        assert_eq!(cursor.text().unwrap(), "");
        assert_eq!(cursor.text().unwrap(), "ab");
        assert_eq!(cursor.integer().unwrap(), 0);
        assert_eq!(cursor.integer().unwrap(), -7);
        cursor.finish().unwrap();
    }

    #[test]
    fn other_kinds_and_numbers_that_are_no_integers_are_refused() {
        let integer = |text: &str| Cursor::new(text.as_bytes()).integer();
        for text in ["1.5", "1e3", "9223372036854775808"] {
            assert_eq!(integer(text), Err(Error::new(ErrorKind::InvalidNumber, 0)));
        }
        assert_eq!(
            integer("\"7\""),
            Err(Error::new(ErrorKind::Expected(Kind::Number), 0))
        );
        assert_eq!(
            Cursor::new(b"7").text(),
            Err(Error::new(ErrorKind::Expected(Kind::String), 0))
        );
        let mut visit = |_: &[u8], value: &mut Cursor<'_>| value.skip();
        assert_eq!(
            Cursor::new(b"null").members(&mut visit),
            Err(Error::new(ErrorKind::Expected(Kind::Object), 0))
        );
    }
}
