//! A cluster that looks and lives like a real one, the same for the same seed.
//!
//! Every write is one step of a story: a deployment rolls out, a pod crashes again and again, a
//! node is drained, a cron job runs. Steps wait in a queue in the world's own time, and the rate
//! says how many writes a second are made; so the same seed and the same times give the same
//! writes, however they are asked for.

mod apps;
mod build;
mod cron;
mod deployment;
mod fields;
mod names;
mod node;
mod pods;
mod records;
mod story;
mod template;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::model::pod::NodeAddress;
use crate::model::{ApiServer, History, Profile};
use crate::random::Random;
use crate::time::Time;
use cron::CronJob;
use deployment::Deployment;
use node::Node;
use story::Step;

/// What a world is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// About how many pods there are.
    pub pods: usize,
    /// Writes a second.
    pub churn: f64,
    /// Everything random follows from it.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pods: 1_000,
            churn: 0.0,
            seed: 1,
        }
    }
}

/// An API server and the life of the cluster behind it.
#[derive(Debug)]
pub struct Cluster {
    /// The server.
    pub server: ApiServer,
    world: World,
}

impl Cluster {
    /// A cluster as it stands at `now`.
    #[must_use]
    pub fn new(profile: Profile, settings: Settings, now: Time) -> Self {
        let mut history = History::new();
        let mut world = World::new(settings, now);
        build::build(&mut world, &mut history, settings.pods);
        history.start(now);
        let server = ApiServer::new(profile, history, settings.seed);
        Self { server, world }
    }

    /// A cluster of nothing but the API's own namespaces, for tests that make their objects.
    #[must_use]
    pub fn empty(profile: Profile, now: Time) -> Self {
        let mut history = History::new();
        let world = World::new(
            Settings {
                pods: 0,
                churn: 0.0,
                seed: 1,
            },
            now,
        );
        history.start(now);
        Self {
            server: ApiServer::new(profile, history, 1),
            world,
        }
    }

    /// Lets the cluster live up to `now`; true where something was written.
    pub fn advance(&mut self, now: Time) -> bool {
        let before = self.server.history.revision();
        self.world.advance(&mut self.server.history, now);
        self.server.history.tick(now);
        self.server.history.revision() != before
    }

    /// Sets the writes a second, from the world's present time on.
    pub fn set_churn(&mut self, per_second: f64) {
        self.world.pace = Pace::new(per_second, self.world.now);
    }

    /// The writes a second.
    #[must_use]
    pub const fn churn(&self) -> f64 {
        self.world.pace.rate
    }

    /// The world's random numbers, for uids of objects that tests create.
    pub(crate) const fn random(&mut self) -> &mut Random {
        &mut self.world.random
    }
}

/// The life of a cluster.
#[derive(Debug)]
struct World {
    now: Time,
    random: Random,
    pace: Pace,
    namespaces: BTreeMap<String, Arc<str>>,
    nodes: Vec<Node>,
    deployments: Vec<Deployment>,
    cron_jobs: Vec<CronJob>,
    /// The keys of recorded events, the oldest first.
    records: VecDeque<Box<str>>,
    queue: BinaryHeap<Reverse<Due>>,
    sequence: u64,
}

/// When writes are made. Each one's time is counted from one beginning: carried from tick to tick, fractions
/// would make the times depend on where the ticks fall.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Writes a second; 0 for none.
    rate: f64,
    since: Time,
    /// Writes that were due since then.
    made: u64,
}

impl Pace {
    const fn new(rate: f64, since: Time) -> Self {
        Self {
            rate: rate.max(0.0),
            since,
            made: 0,
        }
    }

    /// The time of the next write.
    fn next(&self) -> Option<Time> {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "writes and milliseconds are far below 2^52"
        )]
        let after = ((self.made + 1) as f64 * 1_000.0 / self.rate) as i64;
        (self.rate > 0.0).then(|| self.since.plus(after))
    }
}

/// A step and when it is due; equal times keep their order.
#[derive(Debug)]
struct Due {
    at: Time,
    sequence: u64,
    step: Step,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl World {
    fn new(settings: Settings, now: Time) -> Self {
        Self {
            now,
            random: Random::new(settings.seed),
            pace: Pace::new(settings.churn, now),
            namespaces: BTreeMap::new(),
            nodes: Vec::new(),
            deployments: Vec::new(),
            cron_jobs: Vec::new(),
            records: VecDeque::new(),
            queue: BinaryHeap::new(),
            sequence: 0,
        }
    }

    fn advance(&mut self, history: &mut History, now: Time) {
        if !self.deployments.is_empty() {
            while let Some(at) = self.pace.next().filter(|&at| at <= now) {
                self.pace.made += 1;
                self.now = self.now.max(at);
                // What is compacted follows from the writes' times too, not from the caller's ticks.
                history.tick(self.now);
                self.write_once(history);
            }
        }
        self.now = self.now.max(now);
    }

    /// Makes one write: the next step that is due, or the first of a new story.
    fn write_once(&mut self, history: &mut History) {
        let before = history.revision();
        // Steps whose object has gone write nothing; a few tries find one that does.
        for _ in 0..64 {
            match self.next_due() {
                Some(step) => self.run(history, step),
                None => self.begin_story(history),
            }
            if history.revision() != before {
                return;
            }
        }
    }

    /// The step that has been due for longest.
    fn next_due(&mut self) -> Option<Step> {
        if self
            .queue
            .peek()
            .is_none_or(|Reverse(due)| due.at > self.now)
        {
            return None;
        }
        self.queue.pop().map(|Reverse(due)| due.step)
    }

    /// Queues a step for `delay` milliseconds from now.
    fn later(&mut self, delay: i64, step: Step) {
        self.sequence += 1;
        let due = Due {
            at: self.now.plus(delay),
            sequence: self.sequence,
            step,
        };
        self.queue.push(Reverse(due));
    }

    fn intern(&mut self, namespace: &str) -> Arc<str> {
        if let Some(known) = self.namespaces.get(namespace) {
            return Arc::clone(known);
        }
        let interned: Arc<str> = namespace.into();
        self.namespaces
            .insert(namespace.to_owned(), Arc::clone(&interned));
        interned
    }

    /// A node that takes pods.
    fn pick_node(&mut self) -> Arc<NodeAddress> {
        let start = self.random.below(self.nodes.len());
        let order = (0..self.nodes.len()).map(|at| (start + at) % self.nodes.len());
        let open = order
            .into_iter()
            .find(|&at| !self.nodes[at].drained)
            .unwrap_or(start);
        Arc::clone(&self.nodes[open].address)
    }
}
