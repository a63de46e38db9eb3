//! Pace of retries.
