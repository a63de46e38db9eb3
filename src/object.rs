//! Metadata and plain objects, shown in generic columns.
