//! One pair of clocks out of the browser's two.

use kube_watchlist::clock::{Instant, Now, Timestamp};

/// By how much the wall clock has to jump ahead to count, in milliseconds: those that tick differently, or are adjusted, do not.
const JUMP: f64 = 2_000.0;

/// What a sleep counts for at least, in milliseconds: longer than anything may be silent. Connections do not outlive even a short one
/// for sure, and none of them says so.
const SLEEP: f64 = 600_000.0;

/// Makes a clock that stops for nothing. `performance.now()` stands still while the machine sleeps in Chromium on Linux and
/// macOS, where `Date.now()` goes on; by the first alone a stream that died meanwhile would seem live for as long as before. Here every
/// deadline has passed after a sleep, so that nothing is live until the server is heard again.
///
/// A wall clock that somebody set ahead looks the same, which costs a needless look at the server. One that was set back changes
/// nothing.
#[derive(Debug)]
pub(crate) struct Clock {
    steady: f64,
    wall: f64,
    /// How much of the time `steady` has missed.
    missed: f64,
}

impl Clock {
    pub(crate) const fn new() -> Self {
        Self {
            steady: 0.0,
            // Ahead of everything: the first reading is no jump.
            wall: f64::INFINITY,
            missed: 0.0,
        }
    }

    /// Both clocks by what the browser's read: `performance.now()` and `Date.now()`.
    pub(crate) fn read(&mut self, steady: f64, wall: f64) -> Now {
        let jump = (wall - self.wall) - (steady - self.steady);
        if jump > JUMP {
            self.missed += jump.max(SLEEP);
        }
        self.steady = steady;
        self.wall = wall;
        // A float cast saturates: no clock value can hurt.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Now {
            monotonic: Instant((steady + self.missed) as u64),
            wall: Timestamp(wall as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: f64 = 1_795_448_094_000.0;

    /// What the monotonic clock reads, by readings of both that are given as since the first.
    fn monotonic(readings: &[(f64, f64)]) -> Vec<u64> {
        let mut clock = Clock::new();
        let mut read = |&(steady, wall): &(f64, f64)| {
            let now = clock.read(1_000.0 + steady, WALL + wall);
            // What people see is the wall clock as it is.
            #[allow(clippy::cast_possible_truncation)]
            let shown = Timestamp((WALL + wall) as i64);
            assert_eq!(now.wall, shown);
            now.monotonic.0 - 1_000
        };
        readings.iter().map(&mut read).collect()
    }

    #[test]
    fn while_both_run_it_is_the_steady_clock() {
        let readings = [
            (0.0, 0.0),
            (16.7, 17.0),
            (60_016.0, 60_900.0),
            (60_020.0, 60_850.0),
        ];
        assert_eq!(monotonic(&readings), [0, 16, 60_016, 60_020]);
    }

    #[test]
    fn sleep_counts_though_the_steady_clock_stood_still() {
        let readings = [
            (0.0, 0.0),
            (5.0, 3_600_000.0),
            (10.0, 3_600_005.0),
            (15.0, 7_200_005.0),
        ];
        assert_eq!(monotonic(&readings), [0, 3_600_000, 3_600_005, 7_200_005]);
    }

    #[test]
    fn a_short_sleep_counts_as_long_as_any_deadline() {
        let readings = [(0.0, 0.0), (5.0, 3_000.0), (10.0, 3_005.0)];
        assert_eq!(monotonic(&readings), [0, 600_005, 600_010]);
    }

    #[test]
    fn sleep_that_the_steady_clock_counts_is_not_counted_twice() {
        assert_eq!(
            monotonic(&[(0.0, 0.0), (3_600_000.0, 3_600_000.0)]),
            [0, 3_600_000]
        );
    }

    #[test]
    fn a_wall_clock_that_is_set_back_changes_nothing() {
        let readings = [(0.0, 0.0), (10.0, -3_600_000.0), (20.0, -3_599_990.0)];
        assert_eq!(monotonic(&readings), [0, 10, 20]);
    }

    #[test]
    fn a_wall_clock_that_is_set_ahead_makes_deadlines_early_and_nothing_goes_back() {
        let readings = [(0.0, 0.0), (10.0, 60_010.0), (20.0, 20.0), (30.0, 30.0)];
        assert_eq!(monotonic(&readings), [0, 600_010, 600_020, 600_030]);
    }
}
