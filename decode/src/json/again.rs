//! Checking values that come again.

use super::simd;

/// Only so much is remembered, in bytes.
const LIMIT: usize = 16 * 1024;

/// A container that was checked before: what begins with the same bytes is the same value, since its last bracket closes it, and needs
/// no second check. Neighbouring rows mostly have the same labels and owners.
#[derive(Debug, Default)]
pub struct Again {
    bytes: Vec<u8>,
}

impl Again {
    /// The value at the start of `rest`, if it is the one that was remembered.
    #[inline]
    pub(super) fn find<'a>(&self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let value = rest.get(..self.bytes.len())?;
        (!value.is_empty() && simd::same(value, &self.bytes)).then_some(value)
    }

    /// Remembers a container that was found right.
    pub(super) fn remember(&mut self, value: &[u8]) {
        self.bytes.clear();
        if value.len() <= LIMIT && self.bytes.try_reserve(value.len()).is_ok() {
            self.bytes.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Cursor, Error, ErrorKind, Kind};

    #[test]
    fn finds_equal_containers_and_checks_all_others() {
        let mut again = Again::default();
        let mut read = |text: &'static str| {
            let mut cursor = Cursor::new(text.as_bytes());
            let value = cursor.slice_again(Kind::Object, &mut again)?;
            Ok((std::str::from_utf8(value).unwrap(), cursor.offset()))
        };
        assert_eq!(read(r#"{"a":"b"},1"#), Ok((r#"{"a":"b"}"#, 9)));
        assert_eq!(read(r#" {"a":"b"},2"#), Ok((r#"{"a":"b"}"#, 10)));
        assert_eq!(read(r#"{"a":"b"}"#), Ok((r#"{"a":"b"}"#, 9)));
        assert_eq!(read(r#"{"a":"c"},1"#), Ok((r#"{"a":"c"}"#, 9)));
        let error = |kind, at| Err(Error::new(kind, at));
        assert_eq!(read(r#"{"a":"c"#), error(ErrorKind::Incomplete, 7));
        assert_eq!(read(r#"{"a":c}"#), error(ErrorKind::ExpectedValue, 5));
        assert_eq!(
            read(r#"["a"]"#),
            error(ErrorKind::Expected(Kind::Object), 0)
        );
        assert_eq!(read(r#"{"a":"c"}"#), Ok((r#"{"a":"c"}"#, 9)));
        assert_eq!(read("{}"), Ok(("{}", 2)));
        assert_eq!(read("{},{}"), Ok(("{}", 2)));
    }

    #[test]
    fn a_large_container_is_not_remembered() {
        let mut again = Again::default();
        again.remember(b"{}");
        again.remember(&vec![b'x'; LIMIT + 1]);
        assert_eq!(again.find(b"{}"), None);
    }
}
