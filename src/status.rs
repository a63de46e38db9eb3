//! `metav1.Status`: how an API server says no.
//!
//! What it says is data: it is shown to people as text and compared with known words, nothing else. Texts are cut at
//! [`MAX_TEXT`] and causes at [`MAX_CAUSES`], so that a hostile server cannot make an error message a burden.

use serde::{Deserialize, Deserializer};

/// Longer messages, reasons and field names are cut at this many bytes, at a character's end.
pub const MAX_TEXT: usize = 4096;

/// Further causes are dropped.
pub const MAX_CAUSES: usize = 64;

/// A refusal or failure in the server's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The HTTP status that goes with it; 0 where missing or out of range.
    #[serde(deserialize_with = "number")]
    pub code: u16,
    /// A machine-readable word, for example `Expired`.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// A sentence for people.
    #[serde(deserialize_with = "text")]
    pub message: String,
    /// More about it.
    #[serde(deserialize_with = "or_default")]
    pub details: Details,
}

/// `metav1.StatusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Why, by field.
    #[serde(deserialize_with = "causes")]
    pub causes: Vec<Cause>,
    /// How long the server asks to wait, in seconds; 0 where missing or out of range.
    #[serde(rename = "retryAfterSeconds", deserialize_with = "number")]
    pub retry_after_seconds: u32,
}

/// `metav1.StatusCause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// A machine-readable word.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// A sentence for people.
    #[serde(deserialize_with = "text")]
    pub message: String,
    /// The field that the server objects to.
    #[serde(deserialize_with = "text")]
    pub field: String,
}

/// What tells a Status from other objects.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// The cause's words for a resourceVersion that the server has not reached.
const TOO_LARGE_REASON: &str = "ResourceVersionTooLarge";
const TOO_LARGE_MESSAGE: &str = "Too large resource version";

impl Status {
    /// Reads a response body or an ERROR event's object. `None` where it is no Status: no JSON, another kind, or
    /// fields of wrong types.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let Kind { kind } = serde_json::from_slice(body).ok()?;
        (kind == "Status").then(|| serde_json::from_slice(body).ok())?
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
        self.details.causes.iter().any(by_cause) || self.message.contains(TOO_LARGE_MESSAGE)
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
        self.message.contains("RequestWatchProgress is disabled")
    }
}

/// A field that is null counts as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut text: String = or_default(deserializer)?;
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text.shrink_to_fit();
    Ok(text)
}

fn number<'de, D: Deserializer<'de>, T: TryFrom<i64> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number: i64 = or_default(deserializer)?;
    Ok(T::try_from(number).unwrap_or_default())
}

fn causes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Cause>, D::Error> {
    let mut causes: Vec<Cause> = or_default(deserializer)?;
    causes.truncate(MAX_CAUSES);
    Ok(causes)
}
