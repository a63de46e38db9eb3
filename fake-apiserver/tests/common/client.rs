//! A small HTTP/1.1 client that shows how a body came: its chunks, and whether its end was clean.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer whose body is still to come.
pub struct Response {
    stream: TcpStream,
    held: Vec<u8>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// Bytes of the body that are left; `None` for a chunked one.
    left: Option<usize>,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Chunk(Vec<u8>),
    /// The body ended as it should.
    End,
    /// The connection ended in the middle of the body.
    Broken,
    /// Nothing came for a while.
    Silence,
}

/// No test waits longer for bytes.
const PATIENCE: Duration = Duration::from_millis(700);

/// Sends a request; `None` where no head comes.
pub async fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Response> {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server listens");
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| *name == "host") {
        write!(request, "host: {address}\r\n").expect("memory");
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("memory");
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the server reads");
    let mut held = Vec::new();
    let end = loop {
        if let Some(at) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        // A server waits up to three seconds for a version before it answers at all.
        match timeout(PATIENCE * 6, stream.read_buf(&mut held)).await {
            Ok(Ok(read)) if read > 0 => {}
            _ => return None,
        }
    };
    let text = String::from_utf8_lossy(&held[..end]).into_owned();
    held.drain(..end + 4);
    let mut lines = text.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let left = length.and_then(|(_, length)| length.parse().ok());
    Some(Response {
        stream,
        held,
        status,
        headers,
        left,
    })
}

/// A GET that must be answered.
pub async fn get(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Response {
    send(address, "GET", target, headers, "")
        .await
        .expect("an answer")
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The next chunk.
    pub async fn next(&mut self) -> Piece {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                return Piece::End;
            }
            if self.held.is_empty() {
                match timeout(PATIENCE, self.stream.read_buf(&mut self.held)).await {
                    Err(_) => return Piece::Silence,
                    Ok(Ok(read)) if read > 0 => {}
                    _ => return Piece::Broken,
                }
            }
            *left = left.saturating_sub(self.held.len());
            return Piece::Chunk(std::mem::take(&mut self.held));
        }
        loop {
            if let Some(piece) = self.take_chunk() {
                return piece;
            }
            match timeout(PATIENCE, self.stream.read_buf(&mut self.held)).await {
                Err(_) => return Piece::Silence,
                Ok(Ok(read)) if read > 0 => {}
                _ => return Piece::Broken,
            }
        }
    }

    fn take_chunk(&mut self) -> Option<Piece> {
        let line = self.held.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&self.held[..line]).ok()?;
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        if self.held.len() < line + 2 + size + 2 {
            return None;
        }
        let chunk = self.held[line + 2..line + 2 + size].to_vec();
        self.held.drain(..line + 2 + size + 2);
        Some(if size == 0 {
            Piece::End
        } else {
            Piece::Chunk(chunk)
        })
    }

    /// The body until it ends, breaks or falls silent.
    pub async fn rest(&mut self) -> (Vec<u8>, Piece) {
        let mut body = Vec::new();
        loop {
            match self.next().await {
                Piece::Chunk(chunk) => body.extend(chunk),
                end => return (body, end),
            }
        }
    }

    /// The body up to the bookmark that ends the initial events.
    pub async fn until_live(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while !(body.ends_with(b"\n") && body.windows(18).any(|text| text == b"initial-events-end"))
        {
            match self.next().await {
                Piece::Chunk(chunk) => body.extend(chunk),
                end => panic!("{end:?} before the bookmark"),
            }
        }
        body
    }

    /// The body, which must end as it should, as JSON.
    pub async fn json(&mut self) -> serde_json::Value {
        let (body, end) = self.rest().await;
        assert_eq!(end, Piece::End);
        serde_json::from_slice(&body).expect("JSON")
    }
}
