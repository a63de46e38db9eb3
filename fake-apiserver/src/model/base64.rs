//! Base64 without padding for continue tokens, with padding for data.

/// The alphabet of data, written with padding.
pub const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The alphabet of tokens, written without padding.
pub const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes with one of the alphabets.
#[must_use]
pub fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=group.len() {
            out.push(char::from(
                alphabet[(bits >> (18 - 6 * place) & 63) as usize],
            ));
        }
        if alphabet[62] == b'+' {
            out.extend(std::iter::repeat_n('=', 3 - group.len()));
        }
    }
    out
}

/// Decodes either alphabet; `None` for what is none.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let at = |alphabet: &[u8; 64]| alphabet.iter().position(|&letter| letter == byte);
        let value = at(URL_SAFE).or_else(|| at(STANDARD))?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_round_trip() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", &[0xff, 0xfe, 0xfd, 0xfc]] {
            for alphabet in [STANDARD, URL_SAFE] {
                assert_eq!(decode(&encode(bytes, alphabet)).as_deref(), Some(bytes));
            }
        }
        assert_eq!(encode(b"a", STANDARD), "YQ==");
        assert_eq!(encode(b"a", URL_SAFE), "YQ");
        assert_eq!(decode("a b"), None);
    }
}
