//! Bodies that come piece by piece: watches and lists, whole or with something wrong.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Shared;
use super::fault::{Fault, FaultKind};
use super::line::Line;
use crate::model::{Batch, ListBody, Refusal, Watch};
use crate::time::Time;

/// The bytes that a watch or a list gives at once.
const PIECE: usize = 128 * 1_024;

/// A body that takes its pieces from `source`, spoiled by `fault`, and goes over `line`.
pub(super) fn body(source: Source, fault: Option<Fault>, line: Line) -> Body {
    let shared = Arc::clone(&line.shared);
    let changes = shared.changes.subscribe();
    let spoiler = Spoiler {
        fault,
        bytes: 0,
        events: 0,
        pending: VecDeque::new(),
        pace: None,
    };
    let state = State {
        shared,
        changes,
        source,
        spoiler,
        line,
        done: false,
    };
    Body::from_stream(stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    }))
}

/// Where the bytes come from.
pub(super) enum Source {
    /// A watch; compressed, each batch is a gzip member of its own.
    Watch { watch: Box<Watch>, gzip: bool },
    /// A list; compressed, it is one member.
    List {
        list: Box<ListBody>,
        first: Option<Vec<u8>>,
        gzip: Option<GzEncoder<Vec<u8>>>,
    },
    /// A whole answer.
    Whole(Option<Vec<u8>>),
}

impl Source {
    /// A list that is compressed as one gzip member, at the level of real servers.
    pub(super) fn compressed_list(list: Box<ListBody>, first: Vec<u8>) -> Self {
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Self::List {
            list,
            first: Some(first),
            gzip: Some(encoder),
        }
    }
}

struct State {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    source: Source,
    spoiler: Spoiler,
    line: Line,
    done: bool,
}

impl State {
    /// The next chunk; `None` ends the body, an error breaks the connection.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let step = self.spoiler.next().await;
            if step.is_some() || self.done {
                // Not even an end passes a pulled cable.
                self.line.plugged().await;
            }
            match step {
                Some(Step::Send(mut chunk)) => {
                    if let Some(rest) = self.line.carry(&mut chunk).await {
                        self.spoiler.pending.push_front(Pending::Chunk(rest));
                    }
                    return Some(Ok(Bytes::from(chunk)));
                }
                Some(Step::Break) => {
                    self.done = true;
                    return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
                }
                Some(Step::End) => return None,
                None if self.done => return None,
                None => {}
            }
            let batch = self.batch().await;
            self.done = batch.ended;
            self.spoiler.take(batch);
        }
    }

    async fn batch(&mut self) -> Batch {
        match &mut self.source {
            Source::Watch { watch, gzip } => {
                let batch = watch_batch(&self.shared, &mut self.changes, watch).await;
                if *gzip { compress(batch) } else { batch }
            }
            Source::List { list, first, gzip } => {
                let piece = first.take().or_else(|| list.next_piece(PIECE));
                let ended = piece.is_none();
                let bytes = match gzip {
                    None => piece.unwrap_or_default(),
                    Some(encoder) => compress_piece(encoder, piece),
                };
                // Other tasks share the thread with a list of a gigabyte.
                tokio::task::yield_now().await;
                Batch {
                    bytes,
                    ended,
                    ..Batch::default()
                }
            }
            Source::Whole(body) => Batch {
                bytes: body.take().unwrap_or_default(),
                ended: true,
                ..Batch::default()
            },
        }
    }
}

/// Waits until the watch has something to say.
async fn watch_batch(
    shared: &Shared,
    changes: &mut watch::Receiver<u64>,
    watch: &mut Watch,
) -> Batch {
    loop {
        changes.borrow_and_update();
        let now = Time::wall();
        let batch = watch.poll(&shared.cluster().server, now, PIECE);
        if batch.ended || !batch.bytes.is_empty() {
            return batch;
        }
        let left = u64::try_from(watch.next().since(now)).unwrap_or(0) + 1;
        let deadline = tokio::time::sleep(Duration::from_millis(left));
        tokio::select! {
            alive = changes.changed() => {
                if alive.is_err() {
                    return Batch { ended: true, ..Batch::default() };
                }
            }
            () = deadline => {}
        }
    }
}

/// One gzip member of its own: what `perFlushGzipWriter` of Kubernetes 1.37 does at each flush.
fn compress(batch: Batch) -> Batch {
    if batch.bytes.is_empty() {
        return batch;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder
        .write_all(&batch.bytes)
        .and_then(|()| encoder.finish());
    Batch {
        bytes: written.unwrap_or_default(),
        ends: Vec::new(),
        ..batch
    }
}

fn compress_piece(encoder: &mut GzEncoder<Vec<u8>>, piece: Option<Vec<u8>>) -> Vec<u8> {
    let written = match piece {
        Some(piece) => encoder.write_all(&piece),
        None => encoder.try_finish(),
    };
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    std::mem::take(encoder.get_mut())
}

/// What spoils a body on its way.
struct Spoiler {
    fault: Option<Fault>,
    /// What has passed.
    bytes: u64,
    events: u64,
    pending: VecDeque<Pending>,
    pace: Option<Instant>,
}

enum Pending {
    Chunk(Vec<u8>),
    /// The connection breaks: chunked encoding without its end.
    Break,
    /// The connection stays open and says nothing more.
    Stall,
    /// The body ends as it should.
    End,
}

impl Spoiler {
    /// Takes a batch, and lays out what of it is sent.
    fn take(&mut self, batch: Batch) {
        let Batch { bytes, ends, .. } = batch;
        let Some(fault) = &self.fault else {
            return self.push(bytes);
        };
        match fault.kind {
            FaultKind::Cut | FaultKind::Stall | FaultKind::Gone => {
                let strikes = self.strikes_at(fault, &bytes, &ends);
                self.bytes += bytes.len() as u64;
                self.events += ends.len() as u64;
                match strikes {
                    Some(at) => self.strike(bytes, at),
                    None => self.push(bytes),
                }
            }
            FaultKind::Split => self.split(&bytes, fault.bytes.unwrap_or(1)),
            // Twenty chunks a second give the rate.
            FaultKind::Slow => self.split(&bytes, fault.bytes.unwrap_or(16 * 1_024) / 20),
            _ => self.push(bytes),
        }
    }

    fn push(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.pending.push_back(Pending::Chunk(bytes));
        }
    }

    fn split(&mut self, bytes: &[u8], size: u64) {
        let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
        let chunks = bytes
            .chunks(size)
            .map(|chunk| Pending::Chunk(chunk.to_vec()));
        self.pending.extend(chunks);
    }

    fn strike(&mut self, mut bytes: Vec<u8>, at: usize) {
        bytes.truncate(at);
        let kind = self.fault.as_ref().map(|fault| fault.kind);
        if kind == Some(FaultKind::Gone) {
            bytes.extend_from_slice(b"{\"type\":\"ERROR\",\"object\":");
            Refusal::too_old(1, 2).write(&mut bytes);
            bytes.extend_from_slice(b"}\n");
        }
        self.push(bytes);
        self.pending.push_back(match kind {
            Some(FaultKind::Gone) => Pending::End,
            Some(FaultKind::Stall) => Pending::Stall,
            _ => Pending::Break,
        });
    }

    /// Where in these bytes the fault strikes, if it does; at once where it says nothing of it.
    fn strikes_at(&self, fault: &Fault, bytes: &[u8], ends: &[usize]) -> Option<usize> {
        if fault.events.is_none() && fault.bytes.is_none() {
            return Some(0);
        }
        let by_events = fault.events.and_then(|events| {
            let left = usize::try_from(events.saturating_sub(self.events)).ok()?;
            let end = if left == 0 { 0 } else { *ends.get(left - 1)? };
            // A cut goes through the middle of the frame that follows, where there is one.
            match (fault.kind, ends.get(left)) {
                (FaultKind::Cut, Some(next)) => Some(end + (next - end) / 2),
                _ => Some(end),
            }
        });
        let by_bytes = fault.bytes.and_then(|limit| {
            let left = usize::try_from(limit.saturating_sub(self.bytes)).ok()?;
            (left <= bytes.len()).then_some(left)
        });
        [by_events, by_bytes].into_iter().flatten().min()
    }

    /// The next chunk that is laid out; `None` where a new batch is needed.
    async fn next(&mut self) -> Option<Step> {
        match self.pending.pop_front()? {
            Pending::Chunk(chunk) => {
                if self
                    .fault
                    .as_ref()
                    .is_some_and(|fault| fault.kind == FaultKind::Slow)
                {
                    let pace = self.pace.unwrap_or_else(Instant::now);
                    tokio::time::sleep_until(pace).await;
                    self.pace = Some(pace.max(Instant::now()) + Duration::from_millis(50));
                }
                Some(Step::Send(chunk))
            }
            Pending::Break => {
                // What was sent leaves the buffers first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some(Step::Break)
            }
            Pending::End => Some(Step::End),
            Pending::Stall => std::future::pending().await,
        }
    }
}

enum Step {
    Send(Vec<u8>),
    Break,
    End,
}
