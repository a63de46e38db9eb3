//! `HumanDuration`: how Kubernetes prints a span of time, and what a printed span says.
//!
//! Source: `k8s.io/apimachinery/pkg/util/duration`. The further back, the coarser; steps never get finer again.

use crate::json;
use core::fmt;

use crate::clock::{Millis, Timestamp};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A year of kubectl: always 365 days.
const YEAR: i64 = 365 * DAY;
/// Go's longest `time.Duration` (2^63 - 1 ns) in whole milliseconds; `time.Since` saturates there.
const LONGEST: i64 = i64::MAX / 1_000_000;

/// A span of time that prints itself as kubectl would: `45s`, `3m20s`, `5h`, `6y328d`.
///
/// Up to 2 s (exclusive) in the future print as `0s`, more as `<invalid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration {
    millis: i64,
}

/// The span between two points on the wall clock, ready to be printed; negative where `to` is earlier.
#[must_use]
pub fn human_duration(from: Timestamp, to: Timestamp) -> HumanDuration {
    let millis = to.0.saturating_sub(from.0);
    HumanDuration {
        millis: millis.clamp(-LONGEST, LONGEST),
    }
}

impl HumanDuration {
    /// How long until it prints differently, if it goes on growing; `None`: never again.
    #[must_use]
    pub fn next_change(self) -> Option<Millis> {
        let millis = self.millis;
        let next = if millis <= -2 * SECOND {
            1 - 2 * SECOND
        } else if millis < SECOND {
            SECOND
        } else {
            let step = step(millis);
            (millis / step).saturating_add(1).saturating_mul(step)
        };
        if next > LONGEST {
            return None;
        }
        u64::try_from(next.saturating_sub(millis)).ok().map(Millis)
    }
}

/// Between which multiples a span of at least a second keeps its text.
fn step(millis: i64) -> i64 {
    if millis < 10 * MINUTE {
        SECOND
    } else if millis < 8 * HOUR {
        MINUTE
    } else if millis < 8 * DAY {
        HOUR
    } else if millis < 8 * YEAR {
        DAY
    } else {
        YEAR
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.millis;
        if millis <= -2 * SECOND {
            return f.write_str("<invalid>");
        }
        let seconds = millis.max(0) / SECOND;
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
        if seconds < 120 {
            write!(f, "{seconds}s")
        } else if minutes < 10 {
            pair(f, (minutes, 'm'), (seconds % 60, 's'))
        } else if minutes < 180 {
            write!(f, "{minutes}m")
        } else if hours < 8 {
            pair(f, (hours, 'h'), (minutes % 60, 'm'))
        } else if hours < 48 {
            write!(f, "{hours}h")
        } else if days < 8 {
            pair(f, (days, 'd'), (hours % 24, 'h'))
        } else if days < 2 * 365 {
            write!(f, "{days}d")
        } else if days < 8 * 365 {
            pair(f, (days / 365, 'y'), (days % 365, 'd'))
        } else {
            write!(f, "{}y", days / 365)
        }
    }
}

/// Two units; the smaller one is left out at zero.
fn pair(f: &mut fmt::Formatter<'_>, large: (i64, char), small: (i64, char)) -> fmt::Result {
    write!(f, "{}{}", large.0, large.1)?;
    if small.0 == 0 {
        return Ok(());
    }
    write!(f, "{}{}", small.0, small.1)
}

/// Reads what [`HumanDuration`] printed: the shortest span that prints so, and its precision
/// (the true span was less than that longer).
///
/// `None` for every text that [`HumanDuration`] would not print (`125s`, `1h90m`, `<invalid>`), so
/// what is read always prints as it was.
///
/// ```
/// use kube_watchlist::clock::Millis;
/// use kube_watchlist::time_cells::parse_human_duration;
///
/// assert_eq!(parse_human_duration("5m30s"), Some((Millis(330_000), Millis(1_000))));
/// assert_eq!(parse_human_duration("90m"), Some((Millis(5_400_000), Millis(60_000))));
/// assert_eq!(parse_human_duration("soon"), None);
/// ```
#[must_use]
pub fn parse_human_duration(text: &str) -> Option<(Millis, Millis)> {
    let (large, rest) = unit(text)?;
    let small = match rest {
        "" => 0,
        rest => {
            let (small, end) = unit(rest)?;
            if !end.is_empty() {
                return None;
            }
            small
        }
    };
    let millis = large.checked_add(small)?;
    if millis > LONGEST || !prints_as(HumanDuration { millis }, text) {
        return None;
    }
    let precision = if millis < SECOND {
        SECOND
    } else {
        step(millis)
    };
    Some((
        Millis(u64::try_from(millis).ok()?),
        Millis(u64::try_from(precision).ok()?),
    ))
}

/// A number and its unit at the start of `text`, in milliseconds, and what follows.
fn unit(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    let number = json::integer(digits)?;
    let mut rest = rest.chars();
    let scale = match rest.next()? {
        's' => SECOND,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'y' => YEAR,
        _ => return None,
    };
    Some((number.checked_mul(scale)?, rest.as_str()))
}

/// Whether `span` prints as `text`, without printing it to memory.
fn prints_as(span: HumanDuration, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl fmt::Write for Rest<'_> {
        fn write_str(&mut self, printed: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(printed).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    fmt::write(&mut rest, format_args!("{span}")).is_ok() && rest.0.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{HumanDuration, LONGEST, human_duration, parse_human_duration};
    use crate::clock::{Millis, Timestamp};

    /// Spans and what Go's own function printed for them.
    const VECTORS: &str = include_str!("../../tests/vectors/human-duration.tsv");

    fn vectors() -> impl Iterator<Item = (i64, &'static str)> {
        VECTORS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let (millis, text) = line.split_once('\t').expect("two columns");
                (millis.parse().expect("a number"), text)
            })
    }

    #[test]
    fn prints_what_kubernetes_prints() {
        let mut count = 0;
        for (millis, text) in vectors() {
            let printed = human_duration(Timestamp(0), Timestamp(millis)).to_string();
            assert_eq!(printed, text, "{millis} ms");
            count += 1;
        }
        assert!(count > 2500, "{count} vectors");
    }

    #[test]
    fn reads_what_it_prints() {
        for (millis, text) in vectors() {
            if text == "<invalid>" {
                assert_eq!(parse_human_duration(text), None);
                continue;
            }
            let (read, precision) = parse_human_duration(text).expect(text);
            let read = i64::try_from(read.0).expect("in range");
            let precision = i64::try_from(precision.0).expect("in range");
            let shown = millis.max(0);
            assert!(
                read <= shown && shown < read + precision,
                "{millis} ms: {text}"
            );
        }
    }

    #[test]
    fn changes_exactly_when_it_says() {
        for (millis, text) in vectors() {
            let span = human_duration(Timestamp(0), Timestamp(millis));
            let Some(Millis(wait)) = span.next_change() else {
                assert!(millis > LONGEST - 365 * 86_400_000);
                continue;
            };
            let wait = i64::try_from(wait).expect("in range");
            assert!(wait > 0);
            let at = |millis| HumanDuration { millis }.to_string();
            assert_eq!(at(millis + wait - 1), text, "{millis} ms, {wait} later");
            assert_ne!(at(millis + wait), text, "{millis} ms, {wait} later");
        }
    }

    #[test]
    fn refuses_what_is_not_printed() {
        for text in [
            "",
            "s",
            "5",
            "-5m",
            "+5m",
            "05m",
            "120s",
            "5m0s",
            "10m1s",
            "1h",
            "60m1s",
            "24h1m",
            "1d",
            "8d1h",
            "5m 3s",
            "5m3s1",
            "1y",
            "9y3d",
            "5µ",
            "5mm",
            "99999999999999999999s",
            "9999999999999y",
            "300y",
            "<unknown>",
            "<invalid>",
            "٣s",
        ] {
            assert_eq!(parse_human_duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn saturates_as_go_does() {
        let ever = human_duration(Timestamp(i64::MIN), Timestamp(i64::MAX));
        assert_eq!(ever.to_string(), "292y");
        assert_eq!(ever.next_change(), None);
        let never = human_duration(Timestamp(i64::MAX), Timestamp(i64::MIN));
        assert_eq!(never.to_string(), "<invalid>");
        assert!(never.next_change().is_some());
    }
}
