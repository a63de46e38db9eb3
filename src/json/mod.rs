//! A forward cursor over JSON that reads what is needed and skips the rest.
