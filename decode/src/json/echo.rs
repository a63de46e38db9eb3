//! Passing values that resemble the one before.

use super::simd::{BLOCK, Structure, alike};

/// Only so much of a value is remembered, in bytes.
const LIMIT: usize = 64 * 1024;

/// Finds the end of objects or arrays that come one after the other and are much alike, as the `managedFields` of neighbouring
/// rows: where two differ only in bytes that are no structure (a time, a name of the same length), what is known of the structure of
/// the one is true of the other, and comparing costs a third of looking for it.
///
/// It says of every value what [`Structure`] says; only the time differs.
#[derive(Debug, Default)]
pub struct Echo {
    /// Whole blocks of an earlier value, from behind its opening bracket.
    bytes: Vec<u8>,
    /// The structure behind each of them.
    states: Vec<Structure>,
}

impl Echo {
    /// Where the value ends that begins with the first of these bytes; none where it goes on behind them.
    pub fn end(&mut self, value: &[u8]) -> Option<usize> {
        let (_, inner) = value.split_first()?;
        let mut at = alike(&self.bytes, inner);
        let known = at / BLOCK;
        let last = known.checked_sub(1).and_then(|last| self.states.get(last));
        let mut state = last.copied().unwrap_or(Structure::OPEN);
        self.bytes.truncate(at);
        self.states.truncate(known);
        let rest = inner.get(at..).unwrap_or_default();
        for block in rest.as_chunks::<BLOCK>().0 {
            if let Some(end) = state.feed(block) {
                return at.checked_add(end)?.checked_add(1);
            }
            at = at.checked_add(BLOCK)?;
            if !self.remember(block, state) {
                break;
            }
        }
        let end = state.feed(inner.get(at..)?)?;
        at.checked_add(end)?.checked_add(1)
    }

    /// Remembers a block, unless enough is remembered or memory is refused.
    fn remember(&mut self, block: &[u8; BLOCK], behind: Structure) -> bool {
        let room = self.bytes.len() < LIMIT
            && self.bytes.try_reserve(BLOCK).is_ok()
            && self.states.try_reserve(1).is_ok();
        if room {
            self.bytes.extend_from_slice(block);
            self.states.push(behind);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"manager":"kubelet","time":"2026-11-23T10:15:00Z","fieldsV1":{"f:status":{"k:{\"ip\":\"10.0.0.7\"}":{".":{},"f:ip":{}}}},"a":[1,[2,"]}"]]}"#;

    fn plain(value: &[u8]) -> Option<usize> {
        Structure::new().feed(value)
    }

    /// A value of several blocks, with something behind it.
    fn document() -> Vec<u8> {
        let mut document = format!("[{VALUE},{VALUE},{VALUE}]").into_bytes();
        document.extend_from_slice(br#","next":{"#);
        document
    }

    #[test]
    fn says_what_structure_says_after_a_change_of_any_byte() {
        let original = document();
        for at in 0..original.len() {
            for byte in b"\"\\{}[]x " {
                let mut changed = original.clone();
                changed[at] = *byte;
                let mut echo = Echo::default();
                for value in [&original, &changed, &original, &changed, &changed] {
                    assert_eq!(echo.end(value), plain(value), "{at} {}", *byte as char);
                }
            }
        }
    }

    #[test]
    fn says_what_structure_says_of_longer_and_shorter_ones_and_torn_ones() {
        let original = document();
        let mut echo = Echo::default();
        for at in 1..original.len() {
            let mut longer = original.clone();
            longer.insert(at, b'x');
            let mut shorter = original.clone();
            shorter.remove(at);
            for value in [&original[..], &longer, &shorter, &original[..at]] {
                assert_eq!(echo.end(value), plain(value), "{at}");
            }
        }
        assert_eq!(echo.end(b""), None);
        assert_eq!(echo.end(b"{}"), Some(2));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let large = format!("[{}]", "{\"a\":[0]},".repeat(LIMIT / 4)).into_bytes();
        let mut echo = Echo::default();
        for _ in 0..3 {
            assert_eq!(echo.end(&large), Some(large.len()));
        }
        assert!(echo.bytes.capacity() <= LIMIT && echo.bytes.len() == LIMIT);
    }
}
