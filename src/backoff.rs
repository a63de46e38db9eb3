//! Pace of retries: exponential, with full jitter, from a given seed.

use crate::clock::{Instant, Millis};

/// The first ceiling; each further retry doubles it (800 ms, as in client-go's reflector).
const BASE: Millis = Millis(800);
/// No ceiling is higher (30 s, as in client-go's reflector).
pub const CAP: Millis = Millis::from_secs(30);
/// Full jitter may draw nothing at all; no retry comes sooner than this.
pub const FLOOR: Millis = Millis(100);
/// Only after a connection has served this long does the pace start anew. A shorter success proves little: a server that
/// answers and hangs up would otherwise be asked without end at the first pace.
pub const STABLE: Millis = Millis::from_secs(20);

/// A small generator of pseudo-random numbers (`SplitMix64`): for jitter, not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from `low` to `high`, both included; `low` where `high` is less.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        match high.saturating_sub(low).checked_add(1) {
            // The bias of the remainder is far below what jitter could show.
            Some(span) => low.saturating_add(mixed.checked_rem(span).unwrap_or(0)),
            None => mixed,
        }
    }
}

/// How long to wait before the next try.
#[derive(Clone, Debug)]
pub struct Backoff {
    random: Random,
    failures: u32,
    served_since: Option<Instant>,
}

impl Backoff {
    /// `seed`: of the jitter.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            failures: 0,
            served_since: None,
        }
    }

    /// A connection serves from now on. If it still does after [`STABLE`], the pace starts anew.
    pub fn serves(&mut self, now: Instant) {
        self.served_since.get_or_insert(now);
    }

    /// The connection serves no longer. Returns whether it did for a stable period.
    pub fn stops(&mut self, now: Instant) -> bool {
        let stable = self
            .served_since
            .take()
            .is_some_and(|since| now - since >= STABLE);
        if stable {
            self.failures = 0;
        }
        stable
    }

    /// The wait before the next try, with full jitter: anything from [`FLOOR`] to the ceiling, which doubles with each
    /// try up to [`CAP`].
    pub fn next_delay(&mut self) -> Millis {
        let doubled = BASE
            .0
            .saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX));
        self.failures = self.failures.saturating_add(1);
        Millis(self.random.between(FLOOR.0, doubled.min(CAP.0)))
    }

    /// For what is answered at once the first time and with a delay when it comes again before a stable period.
    pub fn next_delay_unless_first(&mut self) -> Option<Millis> {
        if self.failures == 0 {
            self.failures = 1;
            return None;
        }
        Some(self.next_delay())
    }

    /// Somebody asked for a try now: start the pace anew.
    pub fn reset(&mut self) {
        self.failures = 0;
        self.served_since = None;
    }

    /// Randomness for other jitter.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_below_a_ceiling_that_doubles_up_to_the_cap() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for ceiling in [
                800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000,
            ] {
                let delay = backoff.next_delay();
                assert!(
                    (FLOOR..=Millis(ceiling)).contains(&delay),
                    "seed {seed}: {delay:?} of {ceiling}"
                );
            }
        }
    }

    #[test]
    fn jitter_is_full() {
        let delays: Vec<u64> = (0..400)
            .map(|seed| Backoff::new(seed).next_delay().0)
            .collect();
        assert!(
            delays.iter().any(|&delay| delay < 200),
            "never near the floor"
        );
        assert!(
            delays.iter().any(|&delay| delay > 700),
            "never near the ceiling"
        );
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let mut backoff = Backoff::new(1);
        for _ in 0..200 {
            assert!(backoff.next_delay() <= CAP);
        }
    }

    #[test]
    fn only_a_stable_period_resets_the_pace() {
        let mut backoff = Backoff::new(3);
        assert_eq!(backoff.next_delay_unless_first(), None);
        backoff.serves(Instant(0));
        assert!(!backoff.stops(Instant(STABLE.0 - 1)));
        assert!(
            backoff.next_delay_unless_first().is_some(),
            "a short success is none"
        );
        backoff.serves(Instant(0));
        backoff.serves(Instant(STABLE.0 - 1));
        assert!(backoff.stops(Instant(STABLE.0)));
        assert_eq!(backoff.next_delay_unless_first(), None);
    }

    #[test]
    fn numbers_stay_between_their_bounds() {
        let mut random = Random::new(7);
        for _ in 0..1000 {
            assert!((240..=300).contains(&random.between(240, 300)));
        }
        assert_eq!(random.between(5, 5), 5);
        assert_eq!(random.between(5, 4), 5);
        random.between(0, u64::MAX);
    }
}
