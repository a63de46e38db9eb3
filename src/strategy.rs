//! The ladder of strategies and what is remembered of a server.
