//! Resource versions: opaque text with the one comparison that KEP-5504 allows.

use std::cmp::Ordering;

/// Whether a WATCH can start from this version. From none or `"0"` it would replay everything.
pub(super) fn is_version(version: &str) -> bool {
    !version.is_empty() && version != "0"
}

/// Whether the first of two versions is known to be older than the second.
pub(super) fn is_older(this: Option<&str>, than: Option<&str>) -> bool {
    this.zip(than)
        .and_then(|(this, than)| compare(this, than))
        .is_some_and(Ordering::is_lt)
}

/// Which version is older; `None` where one of them is no decimal number without leading zeros, since servers of other
/// makes may use any text (KEP-5504, Kubernetes 1.35; numbers of any length).
fn compare(left: &str, right: &str) -> Option<Ordering> {
    let comparable = |text: &str| {
        !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    (comparable(left) && comparable(right))
        .then(|| left.len().cmp(&right.len()).then_with(|| left.cmp(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_compare_by_value() {
        assert_eq!(compare("9", "10"), Some(Ordering::Less));
        assert_eq!(
            compare("99999999999999999999999", "99999999999999999999998"),
            Some(Ordering::Greater)
        );
        assert_eq!(compare("7", "7"), Some(Ordering::Equal));
    }

    #[test]
    fn anything_else_does_not_compare() {
        for text in ["", "0", "01", "1a", "-1", "1 "] {
            assert_eq!(compare(text, "5"), None, "{text}");
            assert_eq!(compare("5", text), None, "{text}");
        }
    }
}
