//! Bytes in any cut to complete JSON documents.
