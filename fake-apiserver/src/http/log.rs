//! What was asked: so that tests can look at what a client really sent.

use std::collections::VecDeque;

use serde::Serialize;

/// So many requests are remembered.
const REMEMBERED: usize = 10_000;

/// A request, without its credentials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Counts from 1.
    pub id: u64,
    /// Milliseconds since 1970.
    pub time: i64,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// Header fields, names in lower case. `authorization` and `cookie` say only that they were
    /// there.
    pub headers: Vec<(String, String)>,
    /// The status that was answered; 0 before there is one.
    pub status: u16,
    /// The kind of fault that the request met.
    pub fault: Option<&'static str>,
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Log {
    /// Remembers a request and returns its id.
    pub(super) fn push(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.id = self.last;
        self.entries.push_back(entry);
        if self.entries.len() > REMEMBERED {
            self.entries.pop_front();
        }
        self.last
    }

    /// Notes what became of a request.
    pub(super) fn answered(&mut self, id: u64, status: u16, fault: Option<&'static str>) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) {
            entry.status = status;
            entry.fault = fault;
        }
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }
}
