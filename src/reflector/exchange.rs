//! The exchanges in flight and how far each response has been read.

use super::decode::{Signature, Stream};
use super::input::ExchangeId;
use super::page::Page;
use crate::clock::{Instant, Millis};
use crate::request::RequestKind;

/// A refusal's body is read up to here; a `metav1.Status` is far shorter.
const REFUSAL_LIMIT: usize = 64 * 1024;

/// A request that was sent and has not ended.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    pub(super) kind: RequestKind,
    /// It carries `Range`.
    pub(super) ranged: bool,
    /// A stream of events answers it.
    pub(super) watch: bool,
    pub(super) sent: Instant,
    /// When the server is to end the stream, counted from `sent`.
    pub(super) timeout: Millis,
    pub(super) reading: Reading,
}

/// What is being read.
#[derive(Debug)]
pub(super) enum Reading {
    /// Nothing yet.
    Head,
    /// Why the server refuses.
    Refusal {
        code: u16,
        retry_after: Option<Millis>,
        body: Vec<u8>,
    },
    /// Watch events.
    Stream(Box<Stream>),
    /// A page of a LIST.
    Page(Box<Page>),
}

impl Reading {
    /// Takes in a piece of a refusal's body.
    pub(super) fn read_refusal(body: &mut Vec<u8>, bytes: &[u8]) {
        let room = REFUSAL_LIMIT.saturating_sub(body.len());
        body.extend(bytes.iter().take(room));
    }
}

/// All exchanges in flight: three at most (a page or a probe, a watch, and none or one that is being replaced).
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    open: Vec<Exchange>,
    last: u32,
}

impl Exchanges {
    pub(super) fn new_id(&mut self) -> ExchangeId {
        self.last = self.last.wrapping_add(1);
        ExchangeId(self.last)
    }

    pub(super) fn put(&mut self, exchange: Exchange) {
        self.open.push(exchange);
    }

    /// Takes an exchange out, to be read and put back, or to be over.
    pub(super) fn take(&mut self, id: ExchangeId) -> Option<Exchange> {
        let index = self.open.iter().position(|exchange| exchange.id == id)?;
        Some(self.open.swap_remove(index))
    }

    pub(super) fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        self.open.iter().find(|exchange| exchange.id == id)
    }

    /// The signature of the rows that a stream has brought so far.
    pub(super) fn signature(&self, id: ExchangeId) -> Option<&Signature> {
        match &self.get(id)?.reading {
            Reading::Stream(stream) => stream.signature(),
            Reading::Head | Reading::Refusal { .. } | Reading::Page(_) => None,
        }
    }

    /// An exchange whose head said no and whose body has not ended.
    pub(super) fn refused(&self) -> Option<ExchangeId> {
        let refused = |exchange: &&Exchange| matches!(exchange.reading, Reading::Refusal { .. });
        self.open.iter().find(refused).map(|exchange| exchange.id)
    }

    pub(super) fn take_all(&mut self) -> Vec<Exchange> {
        std::mem::take(&mut self.open)
    }
}
