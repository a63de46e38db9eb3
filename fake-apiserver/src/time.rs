//! Points in time, and the two ways in which an API server writes them.

use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Nothing in the model or the world reads a clock; time is an argument everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// The milliseconds of a second.
pub const SECOND: i64 = 1_000;
/// The milliseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// The milliseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// The milliseconds of a day.
pub const DAY: i64 = 24 * HOUR;

impl Time {
    /// The wall clock's time, for a front that has one.
    #[must_use]
    #[allow(clippy::disallowed_types)]
    pub fn wall() -> Self {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// This time, `milliseconds` later.
    #[must_use]
    pub const fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// This time, `milliseconds` earlier.
    #[must_use]
    pub const fn minus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }

    /// The milliseconds from `earlier` to this time; negative where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 time in UTC, as API objects carry it (`2026-11-23T15:33:51Z`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let field = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
        let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
        if !text.ends_with('Z') || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60;
        Some(Self((seconds + second) * SECOND))
    }

    /// How long ago this was, as `kubectl get` prints it (`2m`, `3d4h`).
    #[must_use]
    pub fn ago(self, now: Self) -> Age {
        Age(now.since(self))
    }
}

/// Writes RFC 3339 in UTC with whole seconds, the form of `metav1.Time`.
impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(SECOND);
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        write!(
            out,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// A duration in milliseconds that prints as `duration.HumanDuration` of apimachinery does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(pub i64);

impl fmt::Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / SECOND;
        let (minutes, hours) = (seconds / 60, seconds / 3_600);
        let (days, years) = (hours / 24, hours / 24 / 365);
        let mut two = |big: i64, unit: char, small: i64, small_unit: char| {
            if small == 0 {
                write!(out, "{big}{unit}")
            } else {
                write!(out, "{big}{unit}{small}{small_unit}")
            }
        };
        if seconds < -1 {
            out.write_str("<invalid>")
        } else if seconds < 0 {
            out.write_str("0s")
        } else if seconds < 120 {
            write!(out, "{seconds}s")
        } else if minutes < 10 {
            two(minutes, 'm', seconds % 60, 's')
        } else if minutes < 180 {
            write!(out, "{minutes}m")
        } else if hours < 8 {
            two(hours, 'h', minutes % 60, 'm')
        } else if hours < 48 {
            write!(out, "{hours}h")
        } else if days < 8 {
            two(days, 'd', hours % 24, 'h')
        } else if days < 2 * 365 {
            write!(out, "{days}d")
        } else if days < 8 * 365 {
            two(years, 'y', days % 365, 'd')
        } else {
            write!(out, "{years}y")
        }
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last day of one.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day that is counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_round_trips_over_leap_years() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2026-11-23T15:33:51Z",
            "2100-03-01T00:00:00Z",
        ] {
            assert_eq!(Time::parse(text).expect("valid").to_string(), text);
        }
        assert_eq!(Time::parse("2026-13-01T00:00:00Z"), None);
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        let cases = [
            (-5 * SECOND, "<invalid>"),
            (-SECOND, "0s"),
            (119 * SECOND, "119s"),
            (120 * SECOND, "2m"),
            (271 * SECOND, "4m31s"),
            (10 * MINUTE + 59 * SECOND, "10m"),
            (179 * MINUTE, "179m"),
            (3 * HOUR, "3h"),
            (7 * HOUR + 59 * MINUTE, "7h59m"),
            (47 * HOUR, "47h"),
            (2 * DAY, "2d"),
            (7 * DAY + 23 * HOUR, "7d23h"),
            (8 * DAY + 5 * HOUR, "8d"),
            (700 * DAY, "700d"),
            (730 * DAY, "2y"),
            (6 * 365 * DAY + 328 * DAY, "6y328d"),
            (9 * 365 * DAY, "9y"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(Age(milliseconds).to_string(), text);
        }
    }
}
