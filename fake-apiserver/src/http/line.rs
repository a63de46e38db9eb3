//! The line between one request and the server: what holds back or slows down all that is on it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::{Fault, FaultKind};
use super::{Shared, lock};
use crate::model::Request;

/// What a slow link takes a second where its fault does not say.
const RATE: u64 = 64 * 1_024;
/// Pieces a second on a slow link.
const PIECES: u64 = 20;

/// The line of a request and of its answer.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    request: Request,
    has_range: bool,
    faults: watch::Receiver<u64>,
}

impl Line {
    pub(super) fn new(shared: Arc<Shared>, request: Request, has_range: bool) -> Self {
        let faults = lock(&shared.faults).subscribe();
        Self {
            shared,
            request,
            has_range,
            faults,
        }
    }

    /// Whether the cable is pulled.
    pub(super) fn is_pulled(&self) -> bool {
        self.fault(FaultKind::PulledCable).is_some()
    }

    /// Waits while the cable is pulled.
    pub(super) async fn plugged(&mut self) {
        loop {
            self.faults.borrow_and_update();
            if !self.is_pulled() || self.faults.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until the first bytes of a chunk may pass, and leaves those alone in it; returns what is to follow them.
    pub(super) async fn carry(&mut self, chunk: &mut Vec<u8>) -> Option<Vec<u8>> {
        let rate = self
            .fault(FaultKind::SlowLink)?
            .bytes
            .unwrap_or(RATE)
            .max(1);
        let piece = usize::try_from((rate / PIECES).max(1)).unwrap_or(usize::MAX);
        let rest = (chunk.len() > piece).then(|| chunk.split_off(piece));
        let takes =
            Duration::from_secs(chunk.len() as u64) / u32::try_from(rate).unwrap_or(u32::MAX);
        let done = {
            // One link: what others send delays this.
            let mut free = lock(&self.shared.link_free);
            let done = free.unwrap_or_else(Instant::now).max(Instant::now()) + takes;
            *free = Some(done);
            done
        };
        tokio::time::sleep_until(done).await;
        rest
    }

    /// The fault of a kind that is in force for this request.
    fn fault(&self, kind: FaultKind) -> Option<Fault> {
        let faults = lock(&self.shared.faults);
        faults.of_line(kind, &self.request, self.has_range).cloned()
    }
}
