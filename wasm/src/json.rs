//! JSON text for the page. A serializer would do the same at five times the size of this.

use std::fmt::Write as _;

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

/// Appends an object with the members that `write` adds.
pub(crate) fn object(out: &mut String, write: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    write(&mut Object { out, empty: true });
    out.push('}');
}

/// Appends an array with an element for each item.
pub(crate) fn array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

/// Appends a string.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0'..='\x1f' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

impl Object<'_> {
    /// A member whose value `write` appends.
    pub(crate) fn member(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        self.name(name);
        write(self.out);
    }

    /// What stands before a value. Once in the program, not once a member.
    #[inline(never)]
    fn name(&mut self, name: &str) {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(',');
        }
        // Names are our own: nothing in them needs an escape.
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    /// A text.
    #[inline(never)]
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.member(name, |out| string(out, text));
    }

    /// A number; below 2^53 where the page has to be exact.
    #[inline(never)]
    pub(crate) fn number(&mut self, name: &str, number: i64) {
        self.member(name, |out| {
            let _ = write!(out, "{number}");
        });
    }

    /// A count.
    pub(crate) fn count(&mut self, name: &str, count: u64) {
        self.number(name, i64::try_from(count).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_as_it_was() {
        for text in [
            "",
            "plain",
            "\"\\/",
            "\n\t\u{0}\u{1f}\u{7f}",
            "日本 🚢 \u{2028}",
        ] {
            let mut out = String::new();
            string(&mut out, text);
            assert_eq!(
                serde_json::from_str::<String>(&out).expect("valid JSON"),
                text
            );
        }
    }

    #[test]
    fn objects_and_arrays_nest() {
        let mut out = String::new();
        object(&mut out, |object| {
            object.text("a", "x");
            object.number("b", -1);
            object.count("c", u64::MAX);
            object.member("d", |out| {
                array(out, [1, 2], |number, out| {
                    super::object(out, |object| object.number("n", number));
                });
            });
            object.member("e", |out| array(out, [0; 0], |_, _| {}));
        });
        let value: serde_json::Value = serde_json::from_str(&out).expect("valid JSON");
        assert_eq!(
            value,
            serde_json::json!({"a": "x", "b": -1, "c": i64::MAX, "d": [{"n": 1}, {"n": 2}], "e": []})
        );
    }
}
