//! What arrived and was not processed yet, in order and bounded.
//!
//! Servers close a watch whose client reads too slowly, so reading goes on while the core works; what is read meanwhile
//! waits here. When a megabyte waits, or some chunks however small, reading pauses until there is room again; the browser and the
//! network hold some more.

use std::collections::VecDeque;

use kube_watchlist::reflector::{EndCause, ExchangeId, Head};

/// Reading pauses while this much waits: of more, the processor's caches would have lost the first when its turn comes. With
/// 8 MiB a snapshot took a tenth longer.
const HIGH_WATER: usize = 1 << 20;
/// And while so many arrivals wait: a chunk of a few bytes holds a whole buffer.
pub(crate) const MANY: usize = 4;

/// Bytes that can be read in pieces (in the browser those of a buffer, in tests a vector).
pub(crate) trait Chunk {
    /// Length in bytes.
    fn length(&self) -> usize;
    /// Copies the bytes from `from` on into `piece` and returns how many there were.
    fn read(&self, from: usize, piece: &mut [u8]) -> usize;
}

/// The head of a response, with its own text.
#[derive(Debug, Default)]
pub(crate) struct OwnedHead {
    pub(crate) status: u16,
    pub(crate) opaque_redirect: bool,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_range: Option<String>,
    pub(crate) retry_after: Option<String>,
}

impl OwnedHead {
    /// The same head, borrowed.
    pub(crate) fn borrow(&self) -> Head<'_> {
        Head {
            status: self.status,
            opaque_redirect: self.opaque_redirect,
            content_type: self.content_type.as_deref(),
            content_encoding: self.content_encoding.as_deref(),
            content_range: self.content_range.as_deref(),
            retry_after: self.retry_after.as_deref(),
        }
    }
}

/// One thing that happened to an exchange.
#[derive(Debug)]
pub(crate) enum Arrival<C> {
    Head(OwnedHead),
    Chunk(C),
    End(EndCause),
}

/// What the inbox hands out: chunks come in pieces.
#[derive(Debug)]
pub(crate) enum Taken {
    Head(OwnedHead),
    /// So many bytes were copied into the caller's buffer.
    Piece(usize),
    End(EndCause),
}

/// Arrivals of all exchanges of a watch, oldest first.
#[derive(Debug)]
pub(crate) struct Inbox<C> {
    queue: VecDeque<(ExchangeId, Arrival<C>)>,
    /// How much of the first arrival, if it is a chunk, was handed out.
    offset: usize,
    /// Bytes that wait.
    waiting: usize,
}

impl<C: Chunk> Inbox<C> {
    pub(crate) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            offset: 0,
            waiting: 0,
        }
    }

    pub(crate) fn push(&mut self, exchange: ExchangeId, arrival: Arrival<C>) {
        if let Arrival::Chunk(chunk) = &arrival {
            self.waiting = self.waiting.saturating_add(chunk.length());
        }
        self.queue.push_back((exchange, arrival));
    }

    /// Takes what came first, a chunk in pieces of the size of `buffer`.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) -> Option<(ExchangeId, Taken)> {
        let (exchange, arrival) = self.queue.pop_front()?;
        let taken = match arrival {
            Arrival::Head(head) => Taken::Head(head),
            Arrival::End(cause) => Taken::End(cause),
            Arrival::Chunk(chunk) => {
                let copied = chunk.read(self.offset, buffer);
                self.offset = self.offset.saturating_add(copied);
                self.waiting = self.waiting.saturating_sub(copied);
                if copied > 0 && self.offset < chunk.length() {
                    self.queue.push_front((exchange, Arrival::Chunk(chunk)));
                } else {
                    self.offset = 0;
                }
                Taken::Piece(copied)
            }
        };
        Some((exchange, taken))
    }

    /// Forgets what an aborted exchange still had waiting.
    pub(crate) fn forget(&mut self, exchange: ExchangeId) {
        if self.queue.front().is_some_and(|(of, _)| *of == exchange) {
            self.offset = 0;
        }
        self.queue.retain(|(of, _)| *of != exchange);
        self.waiting = self
            .queue
            .iter()
            .fold(0, |sum: usize, (_, arrival)| match arrival {
                Arrival::Chunk(chunk) => sum.saturating_add(chunk.length()),
                Arrival::Head(_) | Arrival::End(_) => sum,
            });
        self.waiting = self.waiting.saturating_sub(self.offset);
    }

    /// Whether reading may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting < HIGH_WATER && self.queue.len() < MANY
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    impl Chunk for Vec<u8> {
        fn length(&self) -> usize {
            self.len()
        }

        fn read(&self, from: usize, piece: &mut [u8]) -> usize {
            let rest = &self[from..];
            let length = rest.len().min(piece.len());
            piece[..length].copy_from_slice(&rest[..length]);
            length
        }
    }

    const A: ExchangeId = ExchangeId(1);
    const B: ExchangeId = ExchangeId(2);

    fn drain(inbox: &mut Inbox<Vec<u8>>, piece: usize) -> Vec<(ExchangeId, Vec<u8>)> {
        let mut buffer = vec![0; piece];
        let mut all = Vec::new();
        while let Some((exchange, taken)) = inbox.take(&mut buffer) {
            if let Taken::Piece(length) = taken {
                all.push((exchange, buffer[..length].to_vec()));
            }
        }
        all
    }

    #[test]
    fn hands_chunks_out_in_pieces_and_in_order() {
        let mut inbox = Inbox::new();
        inbox.push(A, Arrival::Chunk(b"abcde".to_vec()));
        inbox.push(B, Arrival::Chunk(Vec::new()));
        inbox.push(A, Arrival::Chunk(b"fg".to_vec()));
        let pieces = drain(&mut inbox, 2);
        let of_a: Vec<u8> = pieces
            .iter()
            .filter(|(of, _)| *of == A)
            .flat_map(|(_, p)| p.clone())
            .collect();
        assert_eq!(of_a, b"abcdefg");
        assert!(pieces.iter().all(|(_, piece)| piece.len() <= 2));
    }

    #[test]
    fn reading_pauses_when_much_waits_and_goes_on_when_it_was_taken() {
        let mut inbox = Inbox::new();
        inbox.push(A, Arrival::Chunk(vec![0; HIGH_WATER - 1]));
        assert!(inbox.has_room());
        inbox.push(A, Arrival::Chunk(vec![0; 1]));
        assert!(!inbox.has_room());
        let mut buffer = vec![0; 64 << 10];
        inbox.take(&mut buffer);
        assert!(inbox.has_room());
        drain(&mut inbox, 64 << 10);
        assert_eq!(inbox.waiting, 0);

        for _ in 1..MANY {
            inbox.push(A, Arrival::Chunk(vec![0; 1]));
            assert!(inbox.has_room());
        }
        inbox.push(B, Arrival::Chunk(vec![0; 1]));
        assert!(!inbox.has_room());
        inbox.take(&mut buffer);
        assert!(inbox.has_room());
    }

    #[test]
    fn forgets_an_aborted_exchange_and_nothing_else() {
        let mut inbox = Inbox::new();
        inbox.push(A, Arrival::Chunk(b"half taken".to_vec()));
        inbox.push(B, Arrival::Chunk(b"other".to_vec()));
        inbox.push(A, Arrival::End(EndCause::Complete));
        let mut buffer = [0; 4];
        inbox.take(&mut buffer);
        inbox.forget(A);
        assert_eq!(inbox.waiting, 5);
        assert_eq!(drain(&mut inbox, 64), [(B, b"other".to_vec())]);
        assert_eq!(inbox.waiting, 0);
    }

    #[test]
    fn forgetting_another_keeps_what_is_left_of_a_half_taken_chunk() {
        let mut inbox = Inbox::new();
        inbox.push(A, Arrival::Chunk(b"half taken".to_vec()));
        inbox.push(B, Arrival::Chunk(b"other".to_vec()));
        inbox.take(&mut [0; 4]);
        inbox.forget(B);
        assert_eq!(inbox.waiting, 6);
        assert_eq!(drain(&mut inbox, 64), [(A, b" taken".to_vec())]);
    }
}
