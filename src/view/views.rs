//! All views and change feeds of one table, and how they follow its store.

use super::feed::ChangeFeed;
use super::layout::Kind;
use super::options::ViewOptions;
use super::single::View;
use crate::clock::Timestamp;
use crate::reflector::Resource;
use crate::selector::SelectorError;
use crate::store::{Budget, CapacityError, Progress, RowId, Store};

/// Names a view of a [`Views`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewId(pub u32);

/// Names a change feed of a [`Views`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(pub u32);

/// Rows that a drain lets go of at a time.
const STEP: usize = 256;

/// The views and feeds of one table. The one reader of its store's changes.
///
/// A view that needs long for its order delays nobody: the others follow on. Only while very many rows changed at once are
/// the next changes kept back until every view has taken these in.
#[derive(Debug)]
pub struct Views {
    kind: Kind,
    budget: Budget,
    /// Few, so that looking one up is looking through them.
    open: Vec<(ViewId, Box<View>)>,
    feeds: Vec<(FeedId, Box<ChangeFeed>)>,
    next: u32,
    stage: Stage,
    /// The first snapshot was told of. Before, its rows are there and nobody may show them.
    told: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// No drain is open.
    Idle,
    /// Views and feeds are being told of changes, up to this one.
    Telling { last: Option<RowId> },
    /// All are told; views find rows their places.
    Following,
    /// Removed rows are being let go of.
    Ending,
}

impl Views {
    /// No views yet, of the rows of this resource. `limit_bytes` caps what all orders and feeds together hold (about 20
    /// bytes a row and view, twice that while one is ordered anew).
    #[must_use]
    pub fn new(resource: &Resource, limit_bytes: usize) -> Self {
        Self {
            kind: Kind {
                group: resource.group.clone(),
                version: resource.version.clone(),
                resource: resource.resource.clone(),
            },
            budget: Budget::new(limit_bytes),
            open: Vec::new(),
            feeds: Vec::new(),
            next: 0,
            stage: Stage::Idle,
            told: false,
        }
    }

    /// Whether no view and no feed is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.feeds.is_empty()
    }

    /// Opens a view. It is ready when [`Views::work`] has built its order.
    ///
    /// # Errors
    ///
    /// The label selector cannot be read.
    pub fn open(&mut self, options: ViewOptions) -> Result<ViewId, SelectorError> {
        let view = View::new(options)?;
        let id = ViewId(self.number());
        self.open.push((id, Box::new(view)));
        Ok(id)
    }

    /// Closes a view; `false` where it is not open.
    pub fn close(&mut self, id: ViewId) -> bool {
        let index = self.open.iter().position(|(other, _)| *other == id);
        if let Some(index) = index {
            self.open.remove(index).1.free(&mut self.budget);
        }
        index.is_some()
    }

    /// A view, to read.
    #[must_use]
    pub fn get(&self, id: ViewId) -> Option<&View> {
        let found = self.open.iter().find(|(other, _)| *other == id);
        found.map(|(_, view)| &**view)
    }

    /// A view, to update, hold or release.
    pub fn get_mut(&mut self, id: ViewId) -> Option<&mut View> {
        let found = self.open.iter_mut().find(|(other, _)| *other == id);
        found.map(|(_, view)| &mut **view)
    }

    /// Opens a feed of changes, which begins with the whole snapshot.
    pub fn open_feed(&mut self) -> FeedId {
        let id = FeedId(self.number());
        self.feeds.push((id, Box::new(ChangeFeed::new())));
        id
    }

    /// Closes a feed; `false` where it is not open.
    pub fn close_feed(&mut self, id: FeedId) -> bool {
        let index = self.feeds.iter().position(|(other, _)| *other == id);
        if let Some(index) = index {
            self.feeds.remove(index).1.free(&mut self.budget);
        }
        index.is_some()
    }

    /// Follows the store: tells views and feeds what changed, finds rows their places, builds orders, lets go of removed
    /// rows. About `fuel` rows or comparisons, each well under a microsecond or two. While a commit is under way nothing can be
    /// done: `Done`; call again when it is over.
    pub fn work(&mut self, store: &mut Store, now: Timestamp, fuel: usize) -> Progress {
        let mut fuel = fuel;
        while fuel > 0 {
            if !store.is_settled() {
                return Progress::Done;
            }
            match self.stage {
                Stage::Idle if store.has_changes() => {
                    store.begin_drain();
                    self.stage = Stage::Telling { last: None };
                }
                Stage::Idle => {
                    self.told |= store.has_snapshot();
                    return self.follow(store, now, &mut fuel);
                }
                Stage::Telling { last } => self.tell(store, last, &mut fuel),
                Stage::Following => {
                    let progress = self.follow(store, now, &mut fuel);
                    if self.open.iter().all(|(_, view)| view.lets_go()) {
                        self.stage = Stage::Ending;
                    } else if progress == Progress::Done {
                        // Nobody has work, and somebody needs the rows still: wait for a snapshot.
                        return Progress::Done;
                    }
                }
                Stage::Ending => {
                    fuel = fuel.saturating_sub(STEP);
                    if store.end_drain(STEP) == Progress::Done {
                        self.stage = Stage::Idle;
                    }
                }
            }
        }
        Progress::More
    }

    /// Writes the rows `first..last` of a view as they are at `now`, as far as there are: a line of JSON each (`Row` of the
    /// JavaScript package, or `null` for a row that cannot be read), with a line feed at the end. `false`, with nothing
    /// written: the view is not ready, or not open; show what was there before.
    pub fn window(
        &self,
        id: ViewId,
        store: &Store,
        (first, last): (usize, usize),
        now: Timestamp,
        out: &mut String,
    ) -> bool {
        self.get(id)
            .is_some_and(|view| view.window(store, &self.kind, (first, last), now, out))
    }

    /// Writes what changed for a feed since it was read last: one `Change` of the JavaScript package with at most `max_rows`
    /// rows or keys (one at least). `false`, with nothing written: nothing changed, or nothing can be read now; before
    /// [`Views::work`] has followed the first snapshot nothing can.
    ///
    /// # Errors
    ///
    /// The cap is reached, nothing was written. Ask again when there is memory: nothing is lost, at worst all is sent anew.
    pub fn next_batch(
        &mut self,
        id: FeedId,
        store: &Store,
        now: Timestamp,
        max_rows: usize,
        out: &mut String,
    ) -> Result<bool, CapacityError> {
        let feed = self.feeds.iter_mut().find(|(other, _)| *other == id);
        match feed {
            Some((_, feed)) if self.told && store.is_settled() => feed.next_batch(
                store,
                &self.kind,
                now,
                max_rows.max(1),
                out,
                &mut self.budget,
            ),
            _ => Ok(false),
        }
    }

    /// What all orders and feeds hold, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.budget.used()
    }

    fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    fn tell(&mut self, store: &Store, last: Option<RowId>, fuel: &mut usize) {
        let mut changes = match last {
            None => store.changes(),
            Some(id) => store.changes_after(id),
        };
        let mut last = last;
        while *fuel > 0 {
            let Some((id, kind)) = changes.next() else {
                self.stage = Stage::Following;
                self.told = true;
                return;
            };
            *fuel -= 1;
            for (_, view) in &mut self.open {
                view.note(id, &mut self.budget);
            }
            for (_, feed) in &mut self.feeds {
                feed.note(id, kind, store, &mut self.budget);
            }
            last = Some(id);
        }
        self.stage = Stage::Telling { last };
    }

    fn follow(&mut self, store: &Store, now: Timestamp, fuel: &mut usize) -> Progress {
        let mut progress = Progress::Done;
        for (_, view) in &mut self.open {
            if view.work(store, &self.kind, now, fuel, &mut self.budget) == Progress::More {
                progress = Progress::More;
            }
        }
        progress
    }
}
