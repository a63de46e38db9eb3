//! Times as Kubernetes writes them: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6).

use core::ops::RangeInclusive;

use crate::clock::Timestamp;

/// The point in time that `text` names, to the millisecond (further digits are cut off); `None` where it is no
/// RFC 3339. Any offset and any number of fraction digits are accepted; a leap second is the second after it.
///
/// ```
/// use kube_watchlist_decode::{clock::Timestamp, event::rfc3339};
///
/// assert_eq!(rfc3339::parse("1970-01-02T01:00:00.25+01:00"), Some(Timestamp(86_400_250)));
/// assert_eq!(rfc3339::parse("yesterday"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let (fixed, mut rest) = text.as_bytes().split_first_chunk::<19>()?;
    let separators = [fixed[4], fixed[7], fixed[13], fixed[16]];
    if separators != *b"--::" || !matches!(fixed[10], b'T' | b't' | b' ') {
        return None;
    }
    let year = number(fixed, 0, 0..=99)?
        .wrapping_mul(100)
        .wrapping_add(number(fixed, 2, 0..=99)?);
    let month = number(fixed, 5, 1..=12)?;
    let day = number(fixed, 8, 1..=days_in_month(year, month))?;
    let hour = number(fixed, 11, 0..=23)?;
    let minute = number(fixed, 14, 0..=59)?;
    let second = number(fixed, 17, 0..=60)?;
    let milliseconds = fraction(&mut rest)?;
    let offset_minutes = offset(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    // Years have four digits, so nothing here overflows; to check for it, wasm would multiply 128 bits five times a row.
    let hours = days_from_epoch(year, month, day)
        .wrapping_mul(24)
        .wrapping_add(hour);
    let minutes = hours
        .wrapping_mul(60)
        .wrapping_add(minute)
        .wrapping_sub(offset_minutes);
    let seconds = minutes.wrapping_mul(60).wrapping_add(second);
    Some(Timestamp(
        seconds.wrapping_mul(1000).wrapping_add(milliseconds),
    ))
}

/// The number that the two digits there are, if it is within the range.
#[inline]
fn number(text: &[u8], at: usize, range: RangeInclusive<i64>) -> Option<i64> {
    let digits = text.get(at..)?.first_chunk::<2>()?;
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    let number = i64::from(tens)
        .wrapping_mul(10)
        .wrapping_add(i64::from(ones));
    (tens < 10 && ones < 10 && range.contains(&number)).then_some(number)
}

/// Takes the fraction of a second, in milliseconds; zero where there is none.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some((b'.', after)) = rest.split_first() else {
        return Some(0);
    };
    let count = after
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (number, after) = after
        .split_at_checked(count)
        .filter(|(number, _)| !number.is_empty())?;
    *rest = after;
    let digits = number.iter().copied().chain(*b"00").take(3);
    Some(digits.fold(0, |value: i64, byte| {
        value
            .wrapping_mul(10)
            .wrapping_add(i64::from(byte.wrapping_sub(b'0')))
    }))
}

/// Takes the offset from UTC, in minutes.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let (sign, after) = rest.split_first()?;
    if matches!(sign, b'Z' | b'z') {
        *rest = after;
        return Some(0);
    }
    let east = match sign {
        b'+' => 1_i64,
        b'-' => -1,
        _ => return None,
    };
    let [_, _, b':', _, _] = after else {
        return None;
    };
    *rest = &[];
    let hours = number(after, 0, 0..=23)?;
    let minutes = number(after, 3, 0..=59)?;
    Some(
        hours
            .wrapping_mul(60)
            .wrapping_add(minutes)
            .wrapping_mul(east),
    )
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Days between 1970-01-01 and a date of the proleptic Gregorian calendar.
#[allow(
    clippy::arithmetic_side_effects,
    reason = "the year has four digits, the month and the day were checked"
)]
const fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    // Years counted from March end with their leap day, and the days before each month follow from the pattern
    // 31, 30, 31, 30, 31, which comes again every five months: the division spreads its 153 days.
    let (year, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 0000-03-01 and 1970-01-01; the first day of a month is day 1.
    year * 365 + leap_days + (months * 153 + 2) / 5 + (day - 1) - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_send() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(Timestamp(0)));
        assert_eq!(
            parse("2026-11-23T15:33:54Z"),
            Some(Timestamp(1_795_448_034_000))
        );
        assert_eq!(
            parse("2026-11-23T15:33:54.123456Z"),
            Some(Timestamp(1_795_448_034_123))
        );
        assert_eq!(
            parse("2026-11-23T15:33:54.5Z"),
            Some(Timestamp(1_795_448_034_500))
        );
        assert_eq!(
            parse("2000-02-29T23:59:60Z"),
            Some(Timestamp(951_868_800_000))
        );
        assert_eq!(
            parse("2024-03-01T00:00:00+05:30"),
            Some(Timestamp(1_709_231_400_000))
        );
        assert_eq!(
            parse("2024-02-29T18:30:00-00:00"),
            Some(Timestamp(1_709_231_400_000))
        );
        // Go's zero time, which some controllers write.
        assert_eq!(
            parse("0001-01-01T00:00:00Z"),
            Some(Timestamp(-62_135_596_800_000))
        );
        assert_eq!(
            parse("9999-12-31T23:59:59Z"),
            Some(Timestamp(253_402_300_799_000))
        );
    }

    #[test]
    fn what_is_no_time() {
        let wrong = [
            "",
            "now",
            "2026",
            "2026-11-23",
            "2026-11-23T15:33:54",
            "2026-11-23T15:33:54.Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T15:60:00Z",
            "2026-11-23T15:33:61Z",
            "2026-11-23T15:33:54Zz",
            "2026-11-23T15:33:54+1:00",
            "2026-11-23T15:33:54+24:00",
            "26-11-23T15:33:54Z",
            "2026-11-23X15:33:54Z",
            "２０２６-11-23T15:33:54Z",
        ];
        for text in wrong {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = days_from_epoch(1800, 1, 1);
        for year in 1800..2200 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(
                        days_from_epoch(year, month, day),
                        expected,
                        "{year}-{month}-{day}"
                    );
                    expected += 1;
                }
            }
        }
        assert_eq!(expected - days_from_epoch(1800, 1, 1), 146_097);
        assert_eq!(days_from_epoch(1970, 1, 1), 0);
    }
}
