//! Recorded exchanges with real API servers, taken apart for tests.
//!
//! `tests/streams/README.md` says what was recorded and how the files are laid out.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary is a crate that uses its own part of this helper"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// One recorded exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request line, for example `GET /version HTTP/1.1`.
    pub request: String,
    /// The request's headers, in order, names as recorded.
    pub request_headers: Vec<(String, String)>,
    /// The HTTP status code of the response.
    pub status: u16,
    /// The response's headers, in order, names as recorded.
    pub headers: Vec<(String, String)>,
    /// The body after chunked decoding; still compressed where `Content-Encoding` says so.
    pub body: Vec<u8>,
}

impl Exchange {
    /// The first response header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the body is a watch stream of JSON lines: a 200 to a watch, neither compressed nor another encoding.
    pub fn is_json_watch(&self) -> bool {
        self.status == 200
            && (self.request.contains("watch=1") || self.request.contains("watch=true"))
            && self.header("Content-Encoding").is_none()
            && self.header("Content-Type") == Some("application/json")
    }

    /// The lines of the body without their newline; empty ones left out.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.body
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
    }
}

/// The recorded exchange `tests/streams/{version}/{name}.http`.
pub fn recorded(version: &str, name: &str) -> Exchange {
    let path = root().join(version).join(format!("{name}.http"));
    parse(&fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// All recorded exchanges as (version, name, exchange), in a fixed order.
pub fn all_recorded() -> Vec<(String, String, Exchange)> {
    let mut found = Vec::new();
    for directory in sorted(&root()).into_iter().filter(|path| path.is_dir()) {
        for file in sorted(&directory) {
            let version = text(directory.file_name());
            let name = text(file.file_stem());
            let exchange = recorded(&version, &name);
            found.push((version, name, exchange));
        }
    }
    assert!(
        found.len() > 100,
        "recorded exchanges are missing: {} found",
        found.len()
    );
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams")
}

fn text(part: Option<&std::ffi::OsStr>) -> String {
    part.expect("a file name")
        .to_str()
        .expect("a name in UTF-8")
        .to_owned()
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

fn parse(bytes: &[u8]) -> Exchange {
    let (request, rest) = head(bytes);
    let (response, body) = head(rest);
    let (request, request_headers) = lines(request);
    let (status_line, headers) = lines(response);
    let status = status_line
        .split(' ')
        .nth(1)
        .expect("a status")
        .parse()
        .expect("a number");
    Exchange {
        request,
        request_headers,
        status,
        headers,
        body: body.to_vec(),
    }
}

/// Cuts at the empty line.
fn head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an empty line");
    (&bytes[..end], &bytes[end + 4..])
}

fn lines(head: &[u8]) -> (String, Vec<(String, String)>) {
    let mut lines = std::str::from_utf8(head)
        .expect("a head in UTF-8")
        .split("\r\n");
    let first = lines.next().expect("a first line").to_owned();
    let headers = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    (first, headers)
}
