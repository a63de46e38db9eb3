//! Checking a whole value without keeping anything of it.

use super::Cursor;
use crate::json::brackets::Brackets;
use crate::json::{Error, string};

impl Cursor<'_> {
    /// Checks the next value. A loop and not a recursion: the input decides how deep it nests.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        let mut open = Brackets::default();
        loop {
            let opened = match self.token()? {
                b'"' => {
                    self.pass_string()?;
                    false
                }
                bracket @ (b'{' | b'[') => self.check_open(bracket == b'{', &mut open)?,
                _ => {
                    self.scalar()?;
                    false
                }
            };
            if !opened && self.check_after(&mut open)? {
                return Ok(());
            }
        }
    }

    fn pass_string(&mut self) -> Result<(), Error> {
        self.advance(1);
        let content = string::scan(self.rest).map_err(|wrong| self.wrong(wrong))?;
        self.advance(content.length.saturating_add(1));
        Ok(())
    }

    /// Opens a bracket; says whether a value is due, which is not so in an empty one.
    fn check_open(&mut self, object: bool, open: &mut Brackets) -> Result<bool, Error> {
        open.push(object).map_err(|kind| self.error(kind))?;
        self.advance(1);
        if self.token()? == closing(object) {
            self.advance(1);
            open.pop();
            return Ok(false);
        }
        if object {
            self.next_key()?;
        }
        Ok(true)
    }

    /// Goes on behind a value, to the next one; says whether it was the last.
    fn check_after(&mut self, open: &mut Brackets) -> Result<bool, Error> {
        while !open.is_empty() {
            let object = open.innermost_is_object();
            if self.token()? == b',' {
                self.advance(1);
                if object {
                    self.next_key()?;
                }
                return Ok(false);
            }
            self.close(closing(object))?;
            open.pop();
        }
        Ok(true)
    }
}

const fn closing(object: bool) -> u8 {
    if object { b'}' } else { b']' }
}
