//! JSON as Go's `encoding/json` writes it, which is how every API server writes it.

use std::io;

use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

/// Appends `text` as a JSON string. `<`, `>`, `&`, U+2028 and U+2029 are escaped, as Go does.
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = 0;
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        if !needs_escape(byte) {
            continue;
        }
        // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
        let separator = match (byte, bytes.get(at + 1..at + 3)) {
            (0xe2, Some(&[0x80, 0xa8])) => Some(&b"\\u2028"[..]),
            (0xe2, Some(&[0x80, 0xa9])) => Some(&b"\\u2029"[..]),
            (0xe2, _) => continue,
            _ => None,
        };
        out.extend_from_slice(&bytes[rest..at]);
        if let Some(escaped) = separator {
            out.extend_from_slice(escaped);
            rest = at + 3;
            continue;
        }
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = at + 1;
    }
    out.extend_from_slice(&bytes[rest..]);
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2)
}

/// Appends `,"key":"text"`, or the same without the comma where `out` ends in `{`.
pub fn member(out: &mut Vec<u8>, key: &str, text: &str) {
    self::key(out, key);
    string(out, text);
}

/// Appends `,"key":`, or `"key":` where `out` ends in `{`. The key needs no escaping.
pub fn key(out: &mut Vec<u8>, key: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a value on one line.
pub fn value(out: &mut Vec<u8>, value: &Value) {
    write_with(out, value, Go(serde_json::ser::CompactFormatter));
}

/// Appends a value over several lines, two spaces a level, as errors are written for browsers.
pub fn pretty(out: &mut Vec<u8>, value: &Value) {
    write_with(out, value, Go(PrettyFormatter::new()));
}

/// Appends JSON that is already written, escaping `<`, `>` and `&` inside its strings.
pub fn escape_html(out: &mut Vec<u8>, json: &str) {
    for &byte in json.as_bytes() {
        match byte {
            b'<' => out.extend_from_slice(b"\\u003c"),
            b'>' => out.extend_from_slice(b"\\u003e"),
            b'&' => out.extend_from_slice(b"\\u0026"),
            _ => out.push(byte),
        }
    }
}

fn write_with<F: Formatter>(out: &mut Vec<u8>, value: &Value, formatter: F) {
    let mut serializer = serde_json::Serializer::with_formatter(out, formatter);
    let written = serde::Serialize::serialize(value, &mut serializer);
    debug_assert!(written.is_ok(), "a Value always serializes into memory");
}

/// Go's escapes over another formatter.
struct Go<F>(F);

macro_rules! delegate {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Go<F> {
    delegate! {
        begin_array(); end_array(); begin_array_value(first: bool); end_array_value();
        begin_object(); end_object(); begin_object_key(first: bool); end_object_key();
        begin_object_value(); end_object_value(); write_char_escape(escape: CharEscape);
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut quoted = Vec::with_capacity(fragment.len() + 2);
        string(&mut quoted, fragment);
        writer.write_all(&quoted[1..quoted.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        string(&mut out, text);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        assert_eq!(
            quoted("<b>café 你好 & \"quotes\" \\ / \u{2028}\u{2029}€\n\u{1}"),
            r#""\u003cb\u003ecafé 你好 \u0026 \"quotes\" \\ / \u2028\u2029€\n\u0001""#
        );
    }

    #[test]
    fn values_use_the_same_escapes() {
        let mut out = Vec::new();
        value(&mut out, &serde_json::json!({"a<": ["<none>", 1.5, null]}));
        assert_eq!(out, br#"{"a\u003c":["\u003cnone\u003e",1.5,null]}"#);
    }
}
