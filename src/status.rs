//! `metav1.Status`: how an API server says no.
//!
//! What it says is data: it is shown to people as text and compared with known words, nothing else. Texts are cut at
//! [`MAX_TEXT`] and causes at [`MAX_CAUSES`], so that a hostile server cannot make an error message a burden.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods
    )
)]

use crate::json::{Cursor, Error};

/// Longer messages, reasons and field names are cut at this many bytes, at a character's end.
pub const MAX_TEXT: usize = 4096;

/// Further causes are dropped.
pub const MAX_CAUSES: usize = 64;

/// A longer body is no Status. Real ones stay below a few KiB.
pub const MAX_BODY: usize = 1 << 20;

/// A refusal or failure in the server's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status that goes with it; 0 where missing or out of range.
    pub code: u16,
    /// A machine-readable word, for example `Expired`.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// More about it.
    pub details: Details,
}

/// `metav1.StatusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Why, by field.
    pub causes: Vec<Cause>,
    /// How long the server asks to wait, in seconds; 0 where missing or out of range.
    pub retry_after_seconds: u32,
}

/// `metav1.StatusCause`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// A machine-readable word.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The field that the server objects to.
    pub field: String,
}

/// The cause's words for a resourceVersion that the server has not reached.
const TOO_LARGE_REASON: &str = "ResourceVersionTooLarge";
const TOO_LARGE_MESSAGE: &str = "Too large resource version";

impl Status {
    /// Reads a response body or an ERROR event's object. `None` where it is no Status: no JSON, another kind, fields of
    /// wrong types, or longer than [`MAX_BODY`].
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > MAX_BODY {
            return None;
        }
        // All of it is checked, what is passed over as well: half a Status is no refusal to act on.
        let mut document = Cursor::new(body);
        let mut checked = Cursor::new(document.slice().ok()?);
        document.finish().ok()?;
        Self::read(&mut checked).ok()?
    }

    /// `None` for objects of another kind.
    fn read(object: &mut Cursor<'_>) -> Result<Option<Self>, Error> {
        let mut is_status = false;
        let mut status = Self::default();
        object.members(&mut |key, value| {
            match key {
                b"kind" => is_status = value.text()? == "Status",
                b"code" => status.code = number(value)?,
                b"reason" => text(value, &mut status.reason)?,
                b"message" => text(value, &mut status.message)?,
                b"details" => status.details = details(value)?,
                _ => value.skip()?,
            }
            Ok(())
        })?;
        Ok(is_status.then_some(status))
    }

    /// Whether a resourceVersion or a continue token is too old: take a new snapshot, from no version.
    ///
    /// 410, reason `Expired`, or `Gone` as servers up to 1.17 say.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.code == 410 || matches!(self.reason.as_str(), "Expired" | "Gone")
    }

    /// Whether a resourceVersion is newer than anything the server knows: it lags, or it has been restored or
    /// replaced.
    ///
    /// Servers have said so in three ways: by a cause's reason (since 1.18.6), by a cause's message, and before 1.17
    /// in the message alone, always as a timeout (504).
    #[must_use]
    pub fn is_too_large_resource_version(&self) -> bool {
        if self.code != 504 && self.reason != "Timeout" {
            return false;
        }
        let by_cause =
            |cause: &Cause| cause.reason == TOO_LARGE_REASON || cause.message == TOO_LARGE_MESSAGE;
        self.details.causes.iter().any(by_cause) || self.says(TOO_LARGE_MESSAGE)
    }

    /// Whether the server objects to this field or parameter of the request: a 422 for `sendInitialEvents` means that
    /// it streams no lists, one for `resourceVersionMatch` that it does not know of it.
    #[must_use]
    pub fn rejects_field(&self, field: &str) -> bool {
        self.details.causes.iter().any(|cause| cause.field == field)
    }

    /// Whether the server's storage cannot tell its progress (etcd before 3.4.31 and 3.5.13, old kine): it accepts
    /// streaming lists and fails each with a 500. That is permanent and must not be retried as a transient 500.
    #[must_use]
    pub fn is_request_watch_progress_disabled(&self) -> bool {
        self.says("RequestWatchProgress is disabled")
    }

    /// Whether the message contains a sentence. (The search of the standard library is large, and made for long texts.)
    fn says(&self, sentence: &str) -> bool {
        let mut rest = self.message.as_bytes();
        while !rest.starts_with(sentence.as_bytes()) {
            let Some((_, after)) = rest.split_first() else {
                return false;
            };
            rest = after;
        }
        true
    }
}

fn details(value: &mut Cursor<'_>) -> Result<Details, Error> {
    let mut details = Details::default();
    if value.next_null()? {
        return Ok(details);
    }
    value.members(&mut |key, value| {
        match key {
            b"causes" => details.causes = causes(value)?,
            b"retryAfterSeconds" => details.retry_after_seconds = number(value)?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(details)
}

fn causes(value: &mut Cursor<'_>) -> Result<Vec<Cause>, Error> {
    let mut causes = Vec::new();
    if value.next_null()? {
        return Ok(causes);
    }
    value.next_array(|value| {
        let mut cause = Cause::default();
        value.members(&mut |key, value| {
            match key {
                b"reason" => text(value, &mut cause.reason)?,
                b"message" => text(value, &mut cause.message)?,
                b"field" => text(value, &mut cause.field)?,
                _ => value.skip()?,
            }
            Ok(())
        })?;
        if causes.len() < MAX_CAUSES {
            causes.push(cause);
        }
        Ok(())
    })?;
    Ok(causes)
}

fn text(value: &mut Cursor<'_>, into: &mut String) -> Result<(), Error> {
    let text = value.text()?;
    let cut = text.get(..text.floor_char_boundary(MAX_TEXT));
    cut.unwrap_or_default().clone_into(into);
    Ok(())
}

/// A number out of the range of its type counts as absent.
fn number<T: TryFrom<i64> + Default>(value: &mut Cursor<'_>) -> Result<T, Error> {
    Ok(T::try_from(value.integer()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> Status {
        Status::parse(json.as_bytes()).expect("a Status")
    }

    #[test]
    fn reads_a_refusal() {
        let refusal = status(
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"Invalid",
            "details":{"group":"meta.k8s.io","causes":[{"reason":"FieldValueForbidden","message":"Forbidden",
            "field":"sendInitialEvents"}],"retryAfterSeconds":7},"code":422}"#,
        );
        assert_eq!(
            (
                refusal.code,
                refusal.reason.as_str(),
                refusal.message.as_str()
            ),
            (422, "Invalid", "no")
        );
        assert_eq!(refusal.details.retry_after_seconds, 7);
        assert!(refusal.rejects_field("sendInitialEvents"));
        assert!(!refusal.rejects_field("resourceVersionMatch"));
        assert!(!refusal.is_expired() && !refusal.is_too_large_resource_version());
    }

    #[test]
    fn a_body_of_absurd_length_is_no_status() {
        let of_length = |length: usize| {
            let (head, tail) = (r#"{"kind":"Status","message":""#, r#""}"#);
            format!(
                "{head}{}{tail}",
                "x".repeat(length - head.len() - tail.len())
            )
        };
        assert!(Status::parse(of_length(MAX_BODY).as_bytes()).is_some());
        assert!(Status::parse(of_length(MAX_BODY + 1).as_bytes()).is_none());
    }

    #[test]
    fn what_is_no_status_is_none() {
        for body in [
            "",
            "<html>",
            "null",
            "[]",
            "{}",
            r#"{"kind":"Pod"}"#,
            r#"{"kind":1}"#,
            r#"{"kind":"Status""#,
        ] {
            assert_eq!(Status::parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(Status::parse(br#"{"kind":"Status","message":5}"#), None);
    }

    #[test]
    fn missing_null_and_absurd_fields_are_defaults() {
        assert_eq!(status(r#"{"kind":"Status"}"#), Status::default());
        let absurd = r#"{"kind":"Status","code":-1,"reason":null,"message":null,"details":{"causes":null,"retryAfterSeconds":-3}}"#;
        assert_eq!(status(absurd), Status::default());
        assert_eq!(
            status(r#"{"kind":"Status","details":null,"code":99999}"#),
            Status::default()
        );
    }

    #[test]
    fn expired_by_code_or_reason() {
        for json in [
            r#"{"kind":"Status","code":410}"#,
            r#"{"kind":"Status","reason":"Expired"}"#,
            r#"{"kind":"Status","reason":"Gone","code":410}"#,
        ] {
            assert!(status(json).is_expired(), "{json}");
        }
        assert!(!status(r#"{"kind":"Status","code":404,"reason":"NotFound"}"#).is_expired());
    }

    #[test]
    fn too_large_in_three_spellings() {
        let causes = |causes: &str| {
            format!(
                r#"{{"kind":"Status","code":504,"reason":"Timeout","message":"Timeout: x","details":{{"causes":[{causes}]}}}}"#
            )
        };
        assert!(
            status(&causes(r#"{"reason":"ResourceVersionTooLarge"}"#))
                .is_too_large_resource_version()
        );
        assert!(
            status(&causes(r#"{"message":"Too large resource version"}"#))
                .is_too_large_resource_version()
        );
        let by_message = r#"{"kind":"Status","code":504,"reason":"Timeout","message":"Timeout: Too large resource version: 9, current: 5"}"#;
        assert!(status(by_message).is_too_large_resource_version());
        assert!(!status(&causes("")).is_too_large_resource_version());
        // The same words in a refusal that is no timeout are somebody's text.
        let other = by_message
            .replace("504", "400")
            .replace(r#""Timeout","m"#, r#""BadRequest","m"#);
        assert!(!status(&other).is_too_large_resource_version());
    }

    #[test]
    fn storage_that_cannot_tell_progress() {
        let message = "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled";
        let json = format!(
            r#"{{"kind":"Status","code":500,"reason":"InternalError","message":"{message}"}}"#
        );
        assert!(status(&json).is_request_watch_progress_disabled());
        assert!(!status(r#"{"kind":"Status","code":500}"#).is_request_watch_progress_disabled());
    }

    #[test]
    fn texts_and_causes_are_cut() {
        // Three bytes a character, and MAX_TEXT is no multiple of three.
        let long = "\u{20ac}".repeat(MAX_TEXT);
        let causes = vec![r#"{"field":"f"}"#; 1000].join(",");
        let cut = status(&format!(
            r#"{{"kind":"Status","message":"{long}","details":{{"causes":[{causes}]}}}}"#
        ));
        assert_eq!(cut.message.len(), MAX_TEXT / 3 * 3);
        assert!(cut.message.chars().all(|c| c == '\u{20ac}'));
        assert_eq!(cut.details.causes.len(), MAX_CAUSES);
    }
}
