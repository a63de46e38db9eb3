//! Where a JSON value ends, found from its structure, in as many pieces as it comes.

use super::{is_blank, search};
use crate::json::brackets::Brackets;

/// How far a scan came. Indices are into the bytes that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The bytes are used up and the value goes on.
    More,
    /// The value ends before this index.
    Done(usize),
    /// The byte at this index fits into no value. `restart`: it opens an object at the start of a line, which is how a
    /// document looks that follows a torn one.
    Broken { at: usize, restart: bool },
    /// The bracket at this index is one too many. Behind it the scan can go on, to find where the value ends; it says so
    /// once.
    TooDeep(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between brackets, outside of strings.
    Container,
    String,
    /// Behind a backslash.
    Escape,
    /// A number or a word.
    Scalar,
}

/// Follows one value to its end. What it has seen is never looked at again.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    open: Brackets,
    /// Brackets that are open beyond those: only counted.
    beyond: usize,
    /// The last byte of the value before the next piece that is not blank, and whether a newline came after it.
    last: u8,
    newline: bool,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self {
            state: State::Scalar,
            open: Brackets::default(),
            beyond: 0,
            last: 0,
            newline: false,
        }
    }

    /// Starts a value that begins with this byte; false where none does. Give what follows to [`Self::scan`].
    pub(super) fn begin(&mut self, first: u8) -> bool {
        self.open.clear();
        self.beyond = 0;
        self.last = first;
        self.newline = false;
        self.state = match first {
            b'{' | b'[' => {
                // The first of many.
                let _ = self.open.push(first == b'{');
                State::Container
            }
            b'"' => State::String,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => State::Scalar,
            _ => return false,
        };
        true
    }

    /// Goes on at index `from`.
    pub(super) fn scan(&mut self, bytes: &[u8], from: usize) -> Step {
        let mut at = from;
        loop {
            let step = match self.state {
                State::Container => self.container(bytes, from, at),
                State::String => self.string(bytes, at),
                State::Escape => self.escape(bytes, at),
                State::Scalar => return scalar(bytes, at),
            };
            match step {
                Ok(next) => at = next,
                Err(step) => return step,
            }
        }
    }

    fn container(&mut self, bytes: &[u8], from: usize, at: usize) -> Result<usize, Step> {
        let Some((stop, byte)) = at_stop(bytes, search::structural(bytes, at)) else {
            (self.last, self.newline) = self.before(bytes, from, bytes.len());
            return Err(Step::More);
        };
        let next = stop.saturating_add(1);
        match byte {
            b'"' => {
                self.state = State::String;
                Ok(next)
            }
            b'{' | b'[' if self.beyond > 0 => {
                self.beyond = self.beyond.saturating_add(1);
                Ok(next)
            }
            b'}' | b']' if self.beyond > 0 => {
                self.beyond = self.beyond.saturating_sub(1);
                Ok(next)
            }
            b'{' | b'[' => {
                let (last, newline) = self.before(bytes, from, stop);
                let fits = if self.open.innermost_is_object() {
                    last == b':'
                } else {
                    last == b'[' || last == b','
                };
                if !fits {
                    return Err(Step::Broken {
                        at: stop,
                        restart: newline && byte == b'{',
                    });
                }
                if self.open.push(byte == b'{').is_err() {
                    self.beyond = 1;
                    (self.last, self.newline) = (byte, false);
                    return Err(Step::TooDeep(stop));
                }
                Ok(next)
            }
            _ => {
                if self.open.innermost_is_object() != (byte == b'}') {
                    return Err(Step::Broken {
                        at: stop,
                        restart: false,
                    });
                }
                self.open.pop();
                if self.open.is_empty() {
                    Err(Step::Done(next))
                } else {
                    Ok(next)
                }
            }
        }
    }

    fn string(&mut self, bytes: &[u8], at: usize) -> Result<usize, Step> {
        let Some((stop, byte)) = at_stop(bytes, search::string_stop(bytes, at)) else {
            return Err(Step::More);
        };
        let next = stop.saturating_add(1);
        match byte {
            b'"' if self.open.is_empty() => Err(Step::Done(next)),
            b'"' => {
                self.state = State::Container;
                Ok(next)
            }
            b'\\' => {
                self.state = State::Escape;
                Ok(next)
            }
            _ => Err(Step::Broken {
                at: stop,
                restart: false,
            }),
        }
    }

    fn escape(&mut self, bytes: &[u8], at: usize) -> Result<usize, Step> {
        match bytes.get(at) {
            None => Err(Step::More),
            Some(0..0x20) => Err(Step::Broken { at, restart: false }),
            Some(_) => {
                self.state = State::String;
                Ok(at.saturating_add(1))
            }
        }
    }

    /// The last byte before `at` that is not blank, and whether a newline lies between.
    fn before(&self, bytes: &[u8], from: usize, at: usize) -> (u8, bool) {
        let mut newline = false;
        for &byte in bytes.get(from..at).unwrap_or_default().iter().rev() {
            #[cfg(test)]
            super::meter::count(1);
            if !is_blank(byte) {
                return (byte, newline);
            }
            newline |= byte == b'\n';
        }
        (self.last, newline || self.newline)
    }
}

/// A number or a word ends before the byte that cannot be part of one.
fn scalar(bytes: &[u8], at: usize) -> Step {
    let rest = bytes.get(at..).unwrap_or_default();
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let Some(length) = rest.iter().position(|&byte| !part(byte)) else {
        return Step::More;
    };
    let end = at.saturating_add(length);
    match rest.get(length) {
        Some(&byte) if is_blank(byte) || matches!(byte, b',' | b']' | b'}') => Step::Done(end),
        _ => Step::Broken {
            at: end,
            restart: false,
        },
    }
}

fn at_stop(bytes: &[u8], stop: Option<usize>) -> Option<(usize, u8)> {
    let stop = stop?;
    Some((stop, *bytes.get(stop)?))
}
