//! Objects written in the form that was negotiated: rows, list items and watch events.

use super::negotiate::{Form, Include, MetaVersion};
use super::object::{Object, display, quote, write_type};
use super::printers;
use super::profile::Profile;
use super::resource::Resource;
use crate::json;
use crate::time::Time;

/// What an answer needs to know beside the objects.
#[derive(Clone, Copy, Debug)]
pub struct Rendering {
    /// The resource.
    pub resource: &'static Resource,
    /// The form.
    pub form: Form,
    /// The server's profile.
    pub profile: Profile,
    /// A column more than the resource has: a server whose columns have changed.
    pub changed_columns: bool,
}

/// The name of the column that [`Rendering::changed_columns`] adds before the last.
pub const ADDED_COLUMN: &str = "Zone";

impl Rendering {
    /// Appends the column definitions.
    pub fn columns(&self, out: &mut Vec<u8>) {
        printers::columns(out, self);
    }

    /// Appends the cells of an object as they read at `now`.
    pub fn cells(&self, out: &mut Vec<u8>, object: &Object, now: Time) {
        printers::cells(out, self, object, now);
    }

    /// Appends an object in the form of a watch event's object or of a single GET.
    pub fn object(
        &self,
        out: &mut Vec<u8>,
        object: &Object,
        resource_version: u64,
        with_columns: bool,
        now: Time,
    ) {
        match self.form {
            Form::Object => object.write(out, self.resource, resource_version),
            Form::Metadata(version) => write_partial(out, object, resource_version, version),
            Form::Table(version, include) => {
                Self::open_table(out, version, |out| {
                    json::key(out, "resourceVersion");
                    quote(out, resource_version);
                });
                self.columns_key(out, with_columns);
                self.row(out, object, resource_version, version, include, now);
                out.extend_from_slice(b"]}");
            }
        }
    }

    /// Appends a BOOKMARK's object: an empty one of the kind, with a version and perhaps the
    /// annotation that ends the initial events.
    pub fn bookmark(
        &self,
        out: &mut Vec<u8>,
        resource_version: u64,
        ends_initial_events: bool,
        with_columns: bool,
    ) {
        match self.form {
            Form::Object => self.empty_object(out, resource_version, ends_initial_events),
            Form::Metadata(version) => {
                self.empty_partial(out, version, resource_version, ends_initial_events);
            }
            Form::Table(version, include) => {
                Self::open_table(out, version, |out| {
                    json::key(out, "resourceVersion");
                    quote(out, resource_version);
                });
                self.columns_key(out, with_columns);
                out.extend_from_slice(b"{\"cells\":");
                printers::empty_cells(out, self);
                json::key(out, "object");
                match include {
                    Include::Object => {
                        self.empty_object(out, resource_version, ends_initial_events);
                    }
                    Include::None if !ends_initial_events => out.extend_from_slice(b"null"),
                    _ => self.empty_partial(out, version, resource_version, ends_initial_events),
                }
                out.extend_from_slice(b"}]}");
            }
        }
    }

    /// Appends everything of a list up to and with the bracket that opens its items.
    pub fn open_list(&self, out: &mut Vec<u8>, metadata: &ListMeta) {
        match self.form {
            Form::Table(version, _) => {
                Self::open_table(out, version, |out| metadata.write(out));
                self.columns_key(out, true);
            }
            Form::Metadata(version) => {
                out.extend_from_slice(b"{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":");
                quote(out, version.api_version());
                out.extend_from_slice(b",\"metadata\":{");
                metadata.write(out);
                out.extend_from_slice(b"},\"items\":[");
            }
            Form::Object if self.resource.custom => {
                // Lists of custom resources have their keys sorted: the items come before the kind.
                out.extend_from_slice(b"{\"apiVersion\":");
                quote(out, self.resource.api_version());
                out.extend_from_slice(b",\"items\":[");
            }
            Form::Object => {
                out.extend_from_slice(b"{\"kind\":");
                quote(out, format_args!("{}List", self.resource.kind));
                out.extend_from_slice(b",\"apiVersion\":");
                quote(out, self.resource.api_version());
                out.extend_from_slice(b",\"metadata\":{");
                metadata.write(out);
                out.extend_from_slice(b"},\"items\":[");
            }
        }
    }

    /// Appends one element of a list.
    pub fn item(&self, out: &mut Vec<u8>, object: &Object, now: Time) {
        let resource_version = object.meta.resource_version;
        match self.form {
            Form::Table(version, include) => {
                self.row(out, object, resource_version, version, include, now);
            }
            Form::Metadata(version) => write_partial(out, object, resource_version, version),
            Form::Object if self.resource.custom => {
                object.write(out, self.resource, resource_version);
            }
            Form::Object => {
                // Items of a typed list carry neither kind nor apiVersion.
                let mut whole = Vec::new();
                object.write(&mut whole, self.resource, resource_version);
                let mut prefix = vec![b'{'];
                write_type(&mut prefix, self.resource);
                out.push(b'{');
                out.extend_from_slice(whole.get(prefix.len() + 1..).unwrap_or_default());
            }
        }
    }

    /// Appends the end of a list.
    pub fn close_list(&self, out: &mut Vec<u8>, metadata: &ListMeta) {
        if self.form == Form::Object && self.resource.custom {
            out.extend_from_slice(b"],\"kind\":");
            quote(out, format_args!("{}List", self.resource.kind));
            out.extend_from_slice(b",\"metadata\":{");
            metadata.write(out);
            out.extend_from_slice(b"}}");
        } else {
            out.extend_from_slice(b"]}");
        }
        out.push(b'\n');
    }

    fn open_table(out: &mut Vec<u8>, version: MetaVersion, meta: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(b"{\"kind\":\"Table\",\"apiVersion\":");
        quote(out, version.api_version());
        out.extend_from_slice(b",\"metadata\":{");
        meta(out);
        out.push(b'}');
    }

    fn columns_key(&self, out: &mut Vec<u8>, with_columns: bool) {
        json::key(out, "columnDefinitions");
        if with_columns {
            printers::columns(out, self);
        } else {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b",\"rows\":[");
    }

    fn row(
        &self,
        out: &mut Vec<u8>,
        object: &Object,
        resource_version: u64,
        version: MetaVersion,
        include: Include,
        now: Time,
    ) {
        out.extend_from_slice(b"{\"cells\":");
        printers::cells(out, self, object, now);
        printers::conditions(out, self, object);
        json::key(out, "object");
        match include {
            Include::None => out.extend_from_slice(b"null"),
            Include::Metadata => write_partial(out, object, resource_version, version),
            Include::Object => object.write(out, self.resource, resource_version),
        }
        out.push(b'}');
    }

    fn empty_object(&self, out: &mut Vec<u8>, resource_version: u64, ends: bool) {
        out.push(b'{');
        write_type(out, self.resource);
        out.extend_from_slice(b",\"metadata\":");
        self.empty_meta(out, resource_version, ends, self.resource.custom);
        if self.profile.writes_null_creation {
            // The metadata of templates inside are empty too.
            let nulled = self.resource.empty_body.replace(
                "\"metadata\":{}",
                "\"metadata\":{\"creationTimestamp\":null}",
            );
            out.extend_from_slice(nulled.as_bytes());
        } else {
            out.extend_from_slice(self.resource.empty_body.as_bytes());
        }
        out.push(b'}');
    }

    fn empty_partial(
        &self,
        out: &mut Vec<u8>,
        version: MetaVersion,
        resource_version: u64,
        ends: bool,
    ) {
        out.extend_from_slice(b"{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":");
        quote(out, version.api_version());
        out.extend_from_slice(b",\"metadata\":");
        self.empty_meta(out, resource_version, ends, false);
        out.push(b'}');
    }

    fn empty_meta(&self, out: &mut Vec<u8>, resource_version: u64, ends: bool, sorted: bool) {
        out.push(b'{');
        if sorted {
            self.end_annotations(out, ends);
        }
        json::key(out, "resourceVersion");
        quote(out, resource_version);
        if self.profile.writes_null_creation && !sorted {
            out.extend_from_slice(b",\"creationTimestamp\":null");
        }
        if !sorted {
            self.end_annotations(out, ends);
        }
        out.push(b'}');
    }

    fn end_annotations(&self, out: &mut Vec<u8>, ends: bool) {
        if !ends {
            return;
        }
        json::key(out, "annotations");
        out.extend_from_slice(b"{\"k8s.io/initial-events-end\":\"true\"");
        if self.profile.writes_blueprint {
            let (kind, version, custom) = match self.form {
                Form::Metadata(version) => (
                    "PartialObjectMetadata",
                    version.api_version().to_owned(),
                    false,
                ),
                _ => (
                    self.resource.kind,
                    self.resource.api_version(),
                    self.resource.custom,
                ),
            };
            let blueprint = if custom {
                format!("{{\"apiVersion\":\"{version}\",\"items\":[],\"kind\":\"{kind}List\"}}\n")
            } else {
                format!(
                    "{{\"kind\":\"{kind}List\",\"apiVersion\":\"{version}\",\"metadata\":{{}},\"items\":null}}\n"
                )
            };
            let encoded = super::base64::encode(blueprint.as_bytes(), super::base64::STANDARD);
            json::member(out, "kubernetes.io/initial-events-list-blueprint", &encoded);
        }
        out.push(b'}');
    }
}

/// The metadata of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta {
    /// The revision at which the list is exact.
    pub resource_version: u64,
    /// The token of the next page.
    pub continue_token: Option<String>,
    /// How many follow; unknown where a selector is used.
    pub remaining: Option<usize>,
}

impl ListMeta {
    fn write(&self, out: &mut Vec<u8>) {
        json::key(out, "resourceVersion");
        quote(out, self.resource_version);
        if let Some(token) = &self.continue_token {
            json::member(out, "continue", token);
        }
        if let Some(remaining) = self.remaining {
            json::key(out, "remainingItemCount");
            display(out, remaining);
        }
    }
}

fn write_partial(out: &mut Vec<u8>, object: &Object, resource_version: u64, version: MetaVersion) {
    out.extend_from_slice(b"{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":");
    quote(out, version.api_version());
    out.extend_from_slice(b",\"metadata\":");
    object.write_meta(out, resource_version, false);
    out.push(b'}');
}
