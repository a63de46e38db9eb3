//! Label selectors, matched in the client.
#![allow(
    missing_docs,
    unused_variables,
    clippy::unimplemented,
    clippy::missing_errors_doc,
    clippy::must_use_candidate
)]

/// A parsed label selector. Empty: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {}

/// Why a text is no label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong there, for people.
    pub message: &'static str,
}

impl Selector {
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        unimplemented!()
    }
    pub fn is_empty(&self) -> bool {
        unimplemented!()
    }
    /// `labels(key)`: the label's value, `None` where it is not set.
    pub fn matches<'l>(&self, labels: impl Fn(&str) -> Option<&'l str>) -> bool {
        unimplemented!()
    }
    /// The same from the raw JSON object `metadata.labels` (`None`: no labels).
    pub fn matches_raw(&self, labels: Option<&[u8]>) -> bool {
        unimplemented!()
    }
}
