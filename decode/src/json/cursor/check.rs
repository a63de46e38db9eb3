//! Checking a whole value without keeping anything of it.

use super::{Cursor, Kind};
use crate::json::nesting::Nesting;
use crate::json::{Error, string};

impl Cursor<'_> {
    /// Checks the next value. A loop and not a recursion: the input decides how deep it nests.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        let mut nesting = Nesting::new();
        loop {
            let opened = match self.peek()? {
                kind @ (Kind::Object | Kind::Array) => self.check_open(kind, &mut nesting)?,
                Kind::String => {
                    self.advance(1);
                    let content = string::scan(self.rest).map_err(|wrong| self.wrong(wrong))?;
                    self.advance(content.length.saturating_add(1));
                    false
                }
                _ => {
                    self.scalar()?;
                    false
                }
            };
            if !opened && self.check_after(&mut nesting)? {
                return Ok(());
            }
        }
    }

    /// Opens a bracket; says whether a value is due, which is not so in an empty one.
    fn check_open(&mut self, kind: Kind, nesting: &mut Nesting) -> Result<bool, Error> {
        let object = kind == Kind::Object;
        let opened = if object {
            nesting.open_object()
        } else {
            nesting.open_array()
        };
        opened.map_err(|kind| self.error(kind))?;
        self.advance(1);
        let next = self.token()?;
        if next == if object { b'}' } else { b']' } {
            self.advance(1);
            let closed = if object {
                nesting.close_object()
            } else {
                nesting.close_array()
            };
            return closed.map(|()| false).map_err(|kind| self.error(kind));
        }
        if object {
            self.next_key()?;
        }
        Ok(true)
    }

    /// Goes on behind a value, to the next one; says whether it was the last.
    fn check_after(&mut self, nesting: &mut Nesting) -> Result<bool, Error> {
        while let Some(kind) = nesting.innermost() {
            let object = kind == Kind::Object;
            if self.token()? == b',' {
                self.advance(1);
                if object {
                    self.next_key()?;
                }
                return Ok(false);
            }
            self.close(if object { b'}' } else { b']' })?;
            let closed = if object {
                nesting.close_object()
            } else {
                nesting.close_array()
            };
            closed.map_err(|kind| self.error(kind))?;
        }
        Ok(true)
    }
}
