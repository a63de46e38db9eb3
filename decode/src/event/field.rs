//! What is read of an object: each field has one reader, whoever found the field.

use std::borrow::Cow;

use super::{Row, rfc3339};
use crate::json::{Again, Cursor, Echo, Error, Kind};

/// What a member of an object is to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The cells of a Table row.
    Cells,
    Name,
    Namespace,
    Uid,
    ResourceVersion,
    CreationTimestamp,
    DeletionTimestamp,
    Labels,
    OwnerReferences,
    Finalizers,
    ManagedFields,
    Spec,
    Status,
    /// What no table shows.
    Other,
}

/// What stood in the objects before. They come in the order of their names, so neighbours are much alike.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) columns: Again,
    labels: Again,
    owners: Again,
    finalizers: Again,
    managed_fields: Echo,
    spec: Echo,
    status: Echo,
}

impl Field {
    /// What a member of a `metadata` is.
    pub(super) fn of_metadata(key: &[u8]) -> Self {
        match key {
            b"name" => Self::Name,
            b"namespace" => Self::Namespace,
            b"uid" => Self::Uid,
            b"resourceVersion" => Self::ResourceVersion,
            b"creationTimestamp" => Self::CreationTimestamp,
            b"deletionTimestamp" => Self::DeletionTimestamp,
            b"labels" => Self::Labels,
            b"ownerReferences" => Self::OwnerReferences,
            b"finalizers" => Self::Finalizers,
            b"managedFields" => Self::ManagedFields,
            _ => Self::Other,
        }
    }

    /// What a member of an object is, beside its `metadata`.
    pub(super) fn of_object(key: &[u8]) -> Self {
        match key {
            b"spec" => Self::Spec,
            b"status" => Self::Status,
            _ => Self::Other,
        }
    }

    /// Reads the field's value into a row, in place of what an earlier one of the same key said.
    pub(super) fn read<'a>(
        self,
        value: &mut Cursor<'a>,
        before: &mut Values,
        row: &mut Row<'a>,
    ) -> Result<(), Error> {
        let meta = &mut row.meta;
        match self {
            Self::Cells => {
                let cells = if value.next_null()? {
                    b"[]"
                } else {
                    value.array()?
                };
                row.cells = Cow::Borrowed(cells);
            }
            Self::Name => meta.name = value.text()?,
            Self::Namespace => meta.namespace = value.text()?,
            Self::Uid => meta.uid = value.text()?,
            Self::ResourceVersion => meta.resource_version = value.text()?,
            // A string that is no time is none.
            Self::CreationTimestamp => meta.creation_timestamp = rfc3339::parse(&value.text()?),
            Self::DeletionTimestamp => meta.deletion_timestamp = rfc3339::parse(&value.text()?),
            Self::Labels => meta.labels = container(value, Kind::Object, &mut before.labels)?,
            Self::OwnerReferences => {
                meta.owners = container(value, Kind::Array, &mut before.owners)?;
            }
            Self::Finalizers => {
                meta.finalizers = container(value, Kind::Array, &mut before.finalizers)?;
            }
            Self::ManagedFields => value.skip_like(&mut before.managed_fields)?,
            Self::Spec => value.skip_like(&mut before.spec)?,
            Self::Status => value.skip_like(&mut before.status)?,
            Self::Other => value.skip()?,
        }
        Ok(())
    }
}

/// A container of this kind, checked; none where it is null or empty.
pub(super) fn container<'a>(
    value: &mut Cursor<'a>,
    kind: Kind,
    again: &mut Again,
) -> Result<Option<&'a [u8]>, Error> {
    if value.next_null()? {
        return Ok(None);
    }
    let raw = value.slice_again(kind, again)?;
    Ok(Some(raw).filter(|raw| !is_empty(raw)))
}

/// Whether nothing but white space is between the brackets.
fn is_empty(raw: &[u8]) -> bool {
    match raw {
        [_, inner @ .., _] => inner.iter().all(u8::is_ascii_whitespace),
        _ => true,
    }
}
