//! LIST: pages that share one revision, and the tokens that lead from one to the next.

use std::sync::Arc;

use serde_json::Value;

use super::base64;
use super::object::Object;
use super::render::{ListMeta, Rendering};
use crate::time::Time;

/// A continue token: the revision of the first page and the key after which to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Negative in a token that is to go on at whatever revision there is.
    pub(super) revision: i64,
    /// Relative to the namespace that is listed.
    pub(super) start: String,
}

/// Of the form of a token.
const VERSION: &str = "meta.k8s.io/v1";

impl Token {
    pub(super) fn encode(&self) -> String {
        // A key ends in a zero byte: the least key that is greater.
        let start = format!("{}\\u0000", self.start);
        let text = format!(
            "{{\"v\":\"{VERSION}\",\"rv\":{},\"start\":\"{start}\"}}",
            self.revision
        );
        base64::encode(text.as_bytes(), base64::URL_SAFE)
    }

    /// Reads a token; in the words of real servers, what is wrong with it.
    pub(super) fn decode(text: &str) -> Result<Self, String> {
        let bytes = base64::decode(text).ok_or_else(|| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
            let at = text.bytes().position(|byte| !letter(byte));
            let at = at.unwrap_or(text.len());
            format!("illegal base64 data at input byte {at}")
        })?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| {
            let first = char::from(bytes.first().copied().unwrap_or_default());
            format!("invalid character '{first}' looking for beginning of value")
        })?;
        let version = value["v"].as_str().unwrap_or_default();
        if version != VERSION {
            return Err(format!(
                "server does not recognize this encoded version {version}"
            ));
        }
        let revision = value["rv"].as_i64().unwrap_or_default();
        if revision == 0 {
            return Err(format!(
                "incorrect encoded start resourceVersion (version {VERSION})"
            ));
        }
        let start = value["start"].as_str().unwrap_or_default();
        if start.is_empty() {
            return Err(format!("encoded start key empty (version {VERSION})"));
        }
        let start = start.trim_start_matches('/').trim_end_matches('\0');
        Ok(Self {
            revision,
            start: start.to_owned(),
        })
    }
}

/// A LIST's answer, written piece by piece: a whole list of pods may be a gigabyte.
#[derive(Debug)]
pub struct ListBody {
    rendering: Rendering,
    meta: ListMeta,
    /// The objects that are not yet written, the next one last.
    left: Vec<Arc<Object>>,
    state: Progress,
    now: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Opening,
    Items,
    Done,
}

impl ListBody {
    pub(super) fn new(
        rendering: Rendering,
        meta: ListMeta,
        mut objects: Vec<Arc<Object>>,
        now: Time,
    ) -> Self {
        objects.reverse();
        Self {
            rendering,
            meta,
            left: objects,
            state: Progress::Opening,
            now,
        }
    }

    /// The revision, the token and the count of what remains.
    #[must_use]
    pub const fn meta(&self) -> &ListMeta {
        &self.meta
    }

    /// The next piece, of about `size` bytes or less; `None` after the last.
    pub fn next_piece(&mut self, size: usize) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(size.min(1 << 20) + 4_096);
        match self.state {
            Progress::Done => return None,
            Progress::Opening => self.rendering.open_list(&mut out, &self.meta),
            // The item before this one ended the last piece.
            Progress::Items => out.push(b','),
        }
        self.state = Progress::Items;
        while let Some(object) = self.left.pop() {
            self.rendering.item(&mut out, &object, self.now);
            if out.len() >= size && !self.left.is_empty() {
                return Some(out);
            }
            if !self.left.is_empty() {
                out.push(b',');
            }
        }
        self.rendering.close_list(&mut out, &self.meta);
        self.state = Progress::Done;
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_real_servers() {
        let token = Token {
            revision: 117,
            start: "/settings-1".to_owned(),
        };
        let encoded =
            "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTE3LCJzdGFydCI6Ii9zZXR0aW5ncy0xXHUwMDAwIn0";
        assert_eq!(token.encode(), encoded);
        let decoded = Token {
            revision: 117,
            start: "settings-1".to_owned(),
        };
        assert_eq!(Token::decode(encoded), Ok(decoded));
        for (token, words) in [
            ("!!!", "illegal base64 data at input byte 0"),
            (
                "abc",
                "invalid character 'i' looking for beginning of value",
            ),
            ("e30", "server does not recognize this encoded version "),
            (
                "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
                "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ),
            (
                "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIifQ",
                "encoded start key empty (version meta.k8s.io/v1)",
            ),
        ] {
            assert_eq!(Token::decode(token), Err(words.to_owned()));
        }
    }
}
