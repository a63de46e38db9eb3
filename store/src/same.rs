//! Whether two renderings of one object version say the same.

/// Whether cells differ only as time does.
///
/// For two receipts of an object at one resourceVersion: whatever reads like a duration (`3d4h`, the bracket in a pod's
/// `1 (5m ago)`) may differ, since servers print it when they send. All other bytes must agree.
pub(super) fn same_but_for_time(mut a: &[u8], mut b: &[u8]) -> bool {
    loop {
        let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        if common == a.len() && common == b.len() {
            return true;
        }
        // Step back to where the word that differs begins: digits and units before the difference belong to it.
        let shared = a.get(..common).unwrap_or_default();
        let word = shared
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let start = common - word;
        let (Some(rest_a), Some(rest_b)) = (a.get(start..), b.get(start..)) else {
            return false;
        };
        let (length_a, length_b) = (duration(rest_a), duration(rest_b));
        if length_a == 0 || length_b == 0 {
            return false;
        }
        a = rest_a.get(length_a..).unwrap_or_default();
        b = rest_b.get(length_b..).unwrap_or_default();
    }
}

/// Whether any word reads like a duration.
pub(super) fn mentions_time(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        let word = text
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if word > 0 && duration(text) > 0 {
            return true;
        }
        text = text.get(word.max(1)..).unwrap_or_default();
    }
    false
}

/// The length of the duration that the text begins with (digits and one of `smhdy`, repeated, the whole word);
/// 0 where it begins with none.
fn duration(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match rest.get(digits) {
            Some(b's' | b'm' | b'h' | b'd' | b'y') if digits > 0 => length += digits + 1,
            Some(byte) if digits == 0 && !byte.is_ascii_alphanumeric() => return length,
            None if digits == 0 => return length,
            _ => return 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_may_differ_and_nothing_else() {
        let same: [(&str, &str); 6] = [
            (r#"["a","5m"]"#, r#"["a","6m"]"#),
            (r#"["a","59s",1]"#, r#"["a","2m3s",1]"#),
            (r#"["1 (5m ago)","3d"]"#, r#"["1 (12m ago)","3d4h"]"#),
            (r#"["99m","1h"]"#, r#"["101m","1h"]"#),
            (r#"["4s (x5 over 10m)"]"#, r#"["14s (x5 over 11m)"]"#),
            ("[]", "[]"),
        ];
        for (a, b) in same {
            assert!(same_but_for_time(a.as_bytes(), b.as_bytes()), "{a} {b}");
            assert!(same_but_for_time(b.as_bytes(), a.as_bytes()), "{b} {a}");
        }
        let other: [(&str, &str); 7] = [
            (r#"["a","5m"]"#, r#"["b","5m"]"#),
            (r#"["1 (5m ago)"]"#, r#"["2 (5m ago)"]"#),
            (r#"["web-5m-x"]"#, r#"["web-5mx"]"#),
            (r#"["4s (x5 over 10m)"]"#, r#"["4s (x6 over 10m)"]"#),
            (r#"["5m"]"#, r#"["<none>"]"#),
            (r#"["5m"]"#, r#"["5m","x"]"#),
            ("[1]", "[2]"),
        ];
        for (a, b) in other {
            assert!(!same_but_for_time(a.as_bytes(), b.as_bytes()), "{a} {b}");
        }
    }

    #[test]
    fn time_is_found_in_words_only() {
        assert!(mentions_time(br#"["1 (5m ago)"]"#));
        assert!(mentions_time(b"3y1d"));
        assert!(!mentions_time(br#"["10Mi","x5","5mi",5]"#));
    }
}
