//! Names of members without their escapes.

/// Writes the text of a JSON string (with its quotes) over the string itself and returns its length; `None` where an
/// escape is none. Text never gets longer by losing its escapes.
pub(super) fn unescape(string: &mut [u8]) -> Option<usize> {
    let mut read = 1;
    let mut write = 0;
    let end = string.len().checked_sub(1)?;
    while read < end {
        let byte = *string.get(read)?;
        read = read.checked_add(1)?;
        if byte != b'\\' {
            *string.get_mut(write)? = byte;
            write = write.checked_add(1)?;
            continue;
        }
        let escape = *string.get(read)?;
        read = read.checked_add(1)?;
        let character = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (character, length) = code_point(string.get(read..end)?)?;
                read = read.checked_add(length)?;
                character
            }
            _ => return None,
        };
        let mut utf8 = [0; 4];
        for &byte in character.encode_utf8(&mut utf8).as_bytes() {
            *string.get_mut(write)? = byte;
            write = write.checked_add(1)?;
        }
    }
    Some(write)
}

/// The character of the digits behind `\u`, and how many bytes they take. Half a surrogate pair is U+FFFD.
fn code_point(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = hex(bytes.get(..4)?)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((character, 4));
    }
    let low = match bytes.get(4..10) {
        Some([b'\\', b'u', digits @ ..]) => hex(digits),
        _ => None,
    };
    let pair = match (unit, low) {
        (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) => {
            char::from_u32(0x1_0000 + ((unit & 0x3FF) << 10) + (low & 0x3FF))
        }
        _ => None,
    };
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 4), |character| {
        (character, 10)
    }))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}
