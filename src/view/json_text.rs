//! JSON and URL text, written by hand: a window is written on every frame.

use std::fmt::Write as _;

use crate::clock::Timestamp;
use crate::json::Cursor;

/// Appends a JSON string.
pub(super) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Appends raw JSON on one line, if it is JSON; whether it is. What was stored was skipped rather than read, so it is
/// checked where it is shown.
pub(super) fn push_raw(raw: &[u8], out: &mut String) -> bool {
    let mut document = Cursor::new(raw);
    let Ok(value) = document.slice() else {
        return false;
    };
    let (Ok(text), Ok(())) = (std::str::from_utf8(value), document.finish()) else {
        return false;
    };
    // In JSON, line breaks and tabs stand only between words.
    let mut parts = text.split(['\n', '\r', '\t']);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push(' ');
        out.push_str(part);
    }
    true
}

/// Appends a time as RFC 3339 in quotes, to the second, or to the millisecond where it has any.
pub(super) fn push_time(Timestamp(time): Timestamp, out: &mut String) {
    let (seconds, millis) = (time.div_euclid(1000), time.rem_euclid(1000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The calendar repeats every 400 years (146,097 days). Years begin in March, so that a leap day ends one.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
    if millis > 0 {
        let _ = write!(out, ".{millis:03}");
    }
    out.push_str("Z\"");
}

/// Appends one segment of a path, percent-encoded but for the unreserved characters of RFC 3986 (2.3).
pub(super) fn push_segment(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(millis: i64) -> String {
        let mut out = String::new();
        push_time(Timestamp(millis), &mut out);
        out
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(0), "\"1970-01-01T00:00:00Z\"");
        assert_eq!(time(951_827_696_000), "\"2000-02-29T12:34:56Z\"");
        assert_eq!(time(1_709_251_199_000), "\"2024-02-29T23:59:59Z\"");
        assert_eq!(time(1_709_251_200_007), "\"2024-03-01T00:00:00.007Z\"");
        assert_eq!(time(4_107_542_400_000), "\"2100-03-01T00:00:00Z\"");
        assert_eq!(time(-1000), "\"1969-12-31T23:59:59Z\"");
        // Nothing overflows, whatever comes.
        assert!(time(i64::MIN).starts_with("\"-29"));
        assert!(time(i64::MAX).starts_with("\"29"));
    }

    #[test]
    fn strings_are_escaped_and_raw_json_is_checked() {
        let text = "a\"b\\c\nd\u{1}e\u{2028}\u{7f}ü";
        let mut out = String::new();
        push_string(text, &mut out);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
        assert!(!out.contains('\n'));

        let mut out = String::new();
        assert!(push_raw(b" {\n\t\"a\" :\r\n [ \"b c\" ] } ", &mut out));
        assert_eq!(out, "{  \"a\" :   [ \"b c\" ] }");
        for bad in [
            &b"{"[..],
            b"",
            b"[1,]",
            b"\"\xff\"",
            b"\"a\nb\"",
            b"1 2",
            b"\"\\x\"",
        ] {
            assert!(!push_raw(bad, &mut String::new()), "{bad:?}");
        }
    }

    #[test]
    fn path_segments_are_encoded() {
        let mut out = String::new();
        push_segment("a-b.c/ü %:", &mut out);
        assert_eq!(out, "a-b.c%2F%C3%BC%20%25%3A");
    }
}
