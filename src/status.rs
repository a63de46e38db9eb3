//! `metav1.Status`: how an API server says no.

use serde::Deserialize;

/// A refusal or failure in the server's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Status {
    /// The HTTP status that goes with it; 0 where missing.
    pub code: u16,
    /// A machine-readable word, for example `Expired`.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// More about it.
    pub details: Details,
}

/// `metav1.StatusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Why, by field.
    pub causes: Vec<Cause>,
    /// How long the server asks to wait, in seconds.
    #[serde(rename = "retryAfterSeconds")]
    pub retry_after_seconds: u32,
}

/// `metav1.StatusCause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// A machine-readable word.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The field that the server objects to.
    pub field: String,
}
