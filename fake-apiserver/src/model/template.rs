//! Texts that siblings share, with the few places in which they differ.

/// A text with places that differ between siblings.
#[derive(Clone, Debug, Default)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(Box<str>),
    Slot(Slot),
}

/// A place in a [`Template`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// When the object was created.
    Created,
    /// When it was last written.
    Touched,
    /// The object's name.
    Name,
    /// The member `nodeName` of a pod with its comma; nothing before the pod is scheduled.
    Node,
    /// The random suffix of a pod's token volume.
    Suffix,
}

impl Slot {
    const MARKS: [(&'static str, Self); 5] = [
        ("@created@", Self::Created),
        ("@touched@", Self::Touched),
        ("@name@", Self::Name),
        ("@node@", Self::Node),
        ("@suffix@", Self::Suffix),
    ];
}

impl Template {
    /// Reads a text in which `@created@`, `@touched@`, `@name@`, `@node@` and `@suffix@` are slots.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((at, mark, slot)) = Slot::MARKS
            .iter()
            .filter_map(|(mark, slot)| rest.find(mark).map(|at| (at, *mark, *slot)))
            .min_by_key(|(at, ..)| *at)
        {
            parts.push(Part::Text(rest[..at].into()));
            parts.push(Part::Slot(slot));
            rest = &rest[at + mark.len()..];
        }
        parts.push(Part::Text(rest.into()));
        Self(parts)
    }

    /// True for the template of no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the text, with `fill` writing what stands in the slots.
    pub fn write(&self, out: &mut Vec<u8>, mut fill: impl FnMut(&mut Vec<u8>, Slot)) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Slot(slot) => fill(out, *slot),
            }
        }
    }
}
