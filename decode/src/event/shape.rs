//! Reading a document by what the one before it looked like.

use super::Row;
use super::before::Document;
use super::field::{Field, Values};
use crate::json::Cursor;

/// Documents with more fields than this are read key by key.
const MAX_PARTS: usize = 64;
/// So are those in which more bytes than this are no field's.
const MAX_FIXED: usize = 8 * 1024;

/// The fields of a document in their order, and the bytes between them.
///
/// Neighbours in a stream differ in the values of their fields and in nothing else: neither in their keys nor in the order of them. So
/// a document whose bytes between the fields are equal to those of the one before needs no look at its keys. What stands there says
/// the same to a reader that has come as far as the other one had, since the fields are read by the same readers; where anything is
/// different, the document is read by its keys. So the result is the same, and an error is told by one reader alone.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// What kind of document it is the shape of; none where nothing is known.
    of: Option<Document>,
    parts: Vec<Part>,
    /// Bytes before the first field, between the fields, and behind the last one.
    fixed: Vec<u8>,
    /// Nothing was found that a list of fields cannot tell.
    plain: bool,
}

/// A field, with the bytes before it.
#[derive(Clone, Copy, Debug)]
struct Part {
    field: Field,
    /// It belongs to the row of a Table.
    in_row: bool,
    /// While it is noted: where in the document its value begins and ends. Then: where its fixed bytes begin and end.
    span: (usize, usize),
}

impl Shape {
    /// What the document before was; none where its shape is not known.
    pub(super) fn of(&self) -> Option<Document> {
        self.of
    }

    /// Reads a document of this shape; none where it has another one. Then what is in the rows means nothing.
    pub(super) fn read<'a>(
        &self,
        document: &'a [u8],
        before: &mut Values,
        own: &mut Row<'a>,
        of_table: &mut Row<'a>,
    ) -> Option<()> {
        let mut cursor = Cursor::new(document);
        let mut behind = 0;
        for part in &self.parts {
            let (from, to) = part.span;
            if !cursor.pass(self.fixed.get(from..to)?) {
                return None;
            }
            behind = to;
            let row = if part.in_row {
                &mut *of_table
            } else {
                &mut *own
            };
            part.field.read(&mut cursor, before, row).ok()?;
        }
        let passed = cursor.pass(self.fixed.get(behind..)?);
        (passed && cursor.finish().is_ok()).then_some(())
    }

    /// A document is read by its keys: forgets the shape of the one before.
    pub(super) fn begin(&mut self) {
        self.of = None;
        self.parts.clear();
        self.plain = true;
    }

    /// A field was read whose value lies between these two offsets.
    pub(super) fn note(&mut self, field: Field, in_row: bool, span: (usize, usize)) {
        if self.parts.len() < MAX_PARTS && self.parts.try_reserve(1).is_ok() {
            let part = Part {
                field,
                in_row,
                span,
            };
            self.parts.push(part);
        } else {
            self.plain = false;
        }
    }

    /// Something was found that a list of fields cannot tell, as an object that takes the place of an earlier one.
    pub(super) fn spoil(&mut self) {
        self.plain = false;
    }

    /// The document was read to its end.
    pub(super) fn end(&mut self, document: &[u8], of: Document) {
        if !self.plain {
            return;
        }
        self.fixed.clear();
        let mut from = 0;
        for part in &mut self.parts {
            let (start, end) = part.span;
            // Where it is none, something was read twice.
            let Some(bytes) = document.get(from..start) else {
                return;
            };
            let begins = self.fixed.len();
            if !append(&mut self.fixed, bytes) {
                return;
            }
            part.span = (begins, self.fixed.len());
            from = end;
        }
        let rest = document.get(from..).unwrap_or_default();
        if append(&mut self.fixed, rest) {
            self.of = Some(of);
        }
    }
}

fn append(fixed: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let room = fixed.len().saturating_add(bytes.len()) <= MAX_FIXED
        && fixed.try_reserve(bytes.len()).is_ok();
    if room {
        fixed.extend_from_slice(bytes);
    }
    room
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Format, decode, decode_object};

    /// A row as servers send it; the letter makes its texts.
    fn row(letter: char) -> String {
        let label =
            format!(r#""labels":{{"app":"{letter}"}},"managedFields":[{{"{letter}":{{}}}}]"#);
        format!(
            r#"{{"cells":["{letter}",1],"object":{{"kind":"PartialObjectMetadata","metadata":{{"name":"{letter}","uid":"{letter}","resourceVersion":"7",{label}}}}}}}"#
        )
    }

    fn event(letter: char) -> String {
        let row = row(letter);
        format!(
            r#"{{"type":"ADDED","object":{{"kind":"Table","metadata":{{"resourceVersion":"7"}},"columnDefinitions":null,"rows":[{row}]}}}}"#
        )
    }

    fn pod(letter: char) -> String {
        format!(
            r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{letter}"}},"spec":{{"{letter}":1}},"data":"{letter}","status":{{}}}}"#
        )
    }

    /// Else all would be right, and slow.
    #[test]
    fn neighbours_are_read_by_their_shape() {
        let mut decoder = Decoder::default();
        let [one, other] = ['a', 'b'].map(event);
        for event in [&one, &other, &one] {
            assert_eq!(decoder.decode(event.as_bytes()), decode(event.as_bytes()));
            assert_eq!(decoder.before.by_keys, 1);
        }
        let elements = [
            (row as fn(char) -> String, Format::Table),
            (pod, Format::Object),
        ];
        for (index, (make, format)) in elements.into_iter().enumerate() {
            let [one, other] = ['a', 'b'].map(make);
            for element in [&one, &other, &one] {
                assert_eq!(
                    decoder.decode_object(element.as_bytes(), format),
                    decode_object(element.as_bytes(), format)
                );
                assert_eq!(decoder.before.by_keys, index + 2);
            }
        }
    }

    #[test]
    fn an_event_is_no_element_that_reads_like_one() {
        let mut decoder = Decoder::default();
        let [one, other] = ['a', 'b'].map(event);
        for format in [Format::Object, Format::Table, Format::Metadata] {
            for document in [&one, &other] {
                let bytes = document.as_bytes();
                assert_eq!(decoder.decode(bytes), decode(bytes));
                assert_eq!(
                    decoder.decode_object(bytes, format),
                    decode_object(bytes, format)
                );
            }
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut decoder = Decoder::default();
        let many = r#","x":1"#.repeat(super::MAX_PARTS + 1);
        let wide = format!(r#","{}":1"#, "k".repeat(super::MAX_FIXED));
        for rest in [many, wide] {
            let pod = format!(r#"{{"kind":"Pod","metadata":{{}}{rest}}}"#);
            for _ in 0..2 {
                let row = decoder.decode_object(pod.as_bytes(), Format::Object);
                assert_eq!(row, decode_object(pod.as_bytes(), Format::Object));
            }
        }
        assert_eq!(decoder.before.by_keys, 4);
    }
}
