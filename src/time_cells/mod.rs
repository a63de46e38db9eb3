//! Times in cells: kept as instants, printed as kubectl would print them now.
//!
//! A server prints `5m` when it encodes a row, and never again until the object changes. [`rules()`] says which columns
//! hold such text; from it, and from when the row came, follows an [`instant`], and from that what [`render`] shows.
//! An age is exact, since its instant is in the metadata. Of all others the text is all there is: what is shown is the
//! shortest time that it allows, at most its precision too short, and at receipt exactly what was sent.
//!
//! Cell text is decoded (no JSON escapes); a cell that is null or missing is the empty text.

mod human;
mod rules;

pub use human::{HumanDuration, human_duration, parse_human_duration};
pub use rules::{CREATION_DESCRIPTION, TimeRule, rules};

use core::fmt::Write as _;

use crate::clock::{Millis, Timestamp};

/// When what a cell speaks of happened, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instanced {
    /// The latest instant that the text allows.
    pub at: Timestamp,
    /// The true instant is less than this before `at`; zero: it is `at`.
    pub precision: Millis,
}

/// The instant behind a cell; `None` where the cell is no running time (`<none>`, a date, [`TimeRule::Fixed`]).
///
/// `rule` is one row's ([`TimeRule::in_row`]), `creation` the object's creationTimestamp, `received` when the row came.
#[must_use]
pub fn instant(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
) -> Option<Instanced> {
    parts(rule, cell_text, creation, received).map(|parts| parts.instant)
}

/// Appends what kubectl would print at `now`. `false`, with nothing appended: the cell is no running time, show it as
/// sent.
///
/// Arguments as for [`instant`]. A `now` before `received` (a clock set back) makes no age shorter than it was sent,
/// but for [`TimeRule::Creation`], which follows the clock.
#[must_use]
pub fn render(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
    now: Timestamp,
    out: &mut String,
) -> bool {
    let Some(parts) = parts(rule, cell_text, creation, received) else {
        return false;
    };
    out.push_str(parts.before);
    // Writing to a String cannot fail.
    let _ = write!(out, "{}", parts.elapsed(received, now));
    out.push_str(parts.after);
    true
}

/// How long after `now` [`render`] first gives other text; `None`: never.
#[must_use]
pub fn next_change(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
    now: Timestamp,
) -> Option<Millis> {
    let parts = parts(rule, cell_text, creation, received)?;
    let change = parts.elapsed(received, now).next_change()?;
    // Time stands still until a clock that was set back is where it was.
    let still = if parts.exact {
        0
    } else {
        u64::try_from(received.0.saturating_sub(now.0)).unwrap_or(0)
    };
    Some(Millis(change.0.saturating_add(still)))
}

/// The span that a cell sorts by, in milliseconds at `reference`; `None`: sort it by its text.
///
/// Take one `reference` for all cells that are compared. Between running times it does not matter which; a column that
/// mixes them with finished ones (a Job's Duration) is in the order that it had at `reference`, so take a new one and
/// new keys now and then. Rising spans: the youngest first.
#[must_use]
pub fn span(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
    reference: Timestamp,
) -> Option<i64> {
    if rule == TimeRule::Fixed {
        let (span, _) = parse_human_duration(cell_text)?;
        return i64::try_from(span.0).ok();
    }
    let instant = instant(rule, cell_text, creation, received)?;
    Some(reference.0.saturating_sub(instant.at.0))
}

/// Whether two texts of the same cell differ in nothing but the running of time. Ask only for rows with equal uid and
/// resourceVersion: a server sends one object at two times as `5m` and `6m`, and it did not change.
#[must_use]
pub fn same_apart_from_time(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (Some(a), Some(b)) = (split(a), split(b)) else {
        return false;
    };
    (a.0, a.2) == (b.0, b.2)
}

/// A cell's text around its duration, and the instant.
struct Parts<'a> {
    before: &'a str,
    after: &'a str,
    instant: Instanced,
    /// The instant was told, not computed from the time of receipt.
    exact: bool,
}

impl Parts<'_> {
    fn elapsed(&self, received: Timestamp, now: Timestamp) -> HumanDuration {
        let now = if self.exact { now } else { now.max(received) };
        human_duration(self.instant.at, now)
    }
}

fn parts(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
) -> Option<Parts<'_>> {
    if let (TimeRule::Creation, Some(at)) = (rule, creation) {
        // A date stays one, and so does whatever else a server puts here. Objects that are no rows have no text.
        let shown = cell_text.is_empty()
            || cell_text == INVALID
            || parse_human_duration(cell_text).is_some();
        return shown.then_some(Parts {
            before: "",
            after: "",
            instant: Instanced {
                at,
                precision: Millis(0),
            },
            exact: true,
        });
    }
    let (before, span, after) = split(cell_text)?;
    let fits = match rule {
        TimeRule::Creation | TimeRule::Since => before.is_empty() && after.is_empty(),
        TimeRule::Ago => before.is_empty() && after == AGO,
        TimeRule::Bracket => after == AGO_BRACKET,
        TimeRule::Fixed | TimeRule::Running { .. } => false,
    };
    if !fits {
        return None;
    }
    let (span, precision) = parse_human_duration(span)?;
    let at = Timestamp(received.0.checked_sub(i64::try_from(span.0).ok()?)?);
    Some(Parts {
        before,
        after,
        instant: Instanced { at, precision },
        exact: false,
    })
}

const AGO: &str = " ago";
const AGO_BRACKET: &str = " ago)";
/// What is printed for an instant that was in the future.
const INVALID: &str = "<invalid>";

/// The text before a duration (`3 (`), the duration or [`INVALID`], and the text after it (` ago)`).
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (before, span, after) = if let Some(rest) = text.strip_suffix(AGO_BRACKET) {
        let mut pairs = rest.as_bytes().windows(2);
        let start = pairs.rposition(|pair| pair == b" (")?.checked_add(2)?;
        let (before, span) = rest.split_at_checked(start)?;
        (before, span, AGO_BRACKET)
    } else if let Some(span) = text.strip_suffix(AGO) {
        ("", span, AGO)
    } else {
        ("", text, "")
    };
    (span == INVALID || parse_human_duration(span).is_some()).then_some((before, span, after))
}

#[cfg(test)]
mod tests;
