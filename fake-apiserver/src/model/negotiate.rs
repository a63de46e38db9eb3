//! Which form of an answer the `Accept` header asks for.

use super::options::ListOptions;
use super::profile::Profile;
use super::status::Refusal;

/// The form of objects in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The objects themselves.
    Object,
    /// `PartialObjectMetadata`.
    Metadata(MetaVersion),
    /// Rows of a Table.
    Table(MetaVersion, Include),
}

/// The version of `meta.k8s.io`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaVersion {
    /// `meta.k8s.io/v1`.
    V1,
    /// `meta.k8s.io/v1beta1`.
    V1Beta1,
}

impl MetaVersion {
    /// The `apiVersion`.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// What stands in the `object` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// Null.
    None,
    /// `PartialObjectMetadata`.
    Metadata,
    /// The whole object.
    Object,
}

const TYPES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const STREAM_TYPES: &str =
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// What is asked for: decides which forms a clause may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch,
}

/// The form to answer in. Includes of a Table are checked later: [`include()`].
pub(crate) fn negotiate(
    accept: &str,
    verb: Verb,
    options: &ListOptions,
    profile: &Profile,
) -> Result<Form, Refusal> {
    let refuses_table = profile.refuses_table_watch_list && options.is_watch_list();
    for clause in clauses(accept) {
        let Some(kind) = clause.media else { continue };
        match clause.form(verb, refuses_table) {
            Some(form) if kind == Media::Json => return Ok(form),
            // YAML is no stream, and this server writes none.
            Some(_) if verb == Verb::Watch => return Err(Refusal::not_acceptable(STREAM_TYPES)),
            _ => {}
        }
    }
    Err(Refusal::not_acceptable(TYPES))
}

/// Errors are written for a media type without transformation; where no clause is one, they are
/// pretty-printed JSON.
pub(crate) fn error_is_negotiable(accept: &str) -> bool {
    clauses(accept).any(|clause| clause.media == Some(Media::Json) && clause.kind.is_empty())
}

/// Checks `includeObject` where a Table was negotiated.
pub(crate) fn include(form: Form, include_object: &str) -> Result<Form, Refusal> {
    let Form::Table(version, _) = form else {
        return Ok(form);
    };
    let include = match include_object {
        "" | "Metadata" => Include::Metadata,
        "Object" => Include::Object,
        "None" => Include::None,
        other => {
            return Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            )));
        }
    };
    Ok(Form::Table(version, include))
}

/// True where the clauses ask for aggregated discovery of `version`.
pub(crate) fn wants_aggregated_discovery(accept: &str, version: &str) -> bool {
    clauses(accept)
        .find(|clause| clause.media == Some(Media::Json))
        .is_some_and(|clause| {
            clause.kind == "APIGroupDiscoveryList"
                && clause.group == "apidiscovery.k8s.io"
                && clause.version == version
        })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    Json,
    Yaml,
}

struct Clause<'a> {
    /// `None` for a type that is not served.
    media: Option<Media>,
    wildcard: bool,
    quality: f32,
    kind: &'a str,
    group: &'a str,
    version: &'a str,
}

impl Clause<'_> {
    fn form(&self, verb: Verb, refuses_table: bool) -> Option<Form> {
        if self.kind.is_empty() {
            return Some(Form::Object);
        }
        let version = match (self.group, self.version) {
            ("meta.k8s.io", "v1") => MetaVersion::V1,
            ("meta.k8s.io", "v1beta1") => MetaVersion::V1Beta1,
            _ => return None,
        };
        match (self.kind, verb) {
            ("Table", _) if !refuses_table => Some(Form::Table(version, Include::Metadata)),
            ("PartialObjectMetadata", Verb::Get | Verb::Watch)
            | ("PartialObjectMetadataList", Verb::List) => Some(Form::Metadata(version)),
            _ => None,
        }
    }
}

/// The clauses in the order in which they are tried: by quality, wildcards last.
fn clauses(accept: &str) -> impl Iterator<Item = Clause<'_>> {
    let accept = if accept.trim().is_empty() {
        "*/*"
    } else {
        accept
    };
    let mut clauses: Vec<Clause<'_>> = accept.split(',').map(clause).collect();
    clauses.sort_by(|a, b| {
        b.quality
            .total_cmp(&a.quality)
            .then(a.wildcard.cmp(&b.wildcard))
    });
    clauses.into_iter()
}

fn clause(text: &str) -> Clause<'_> {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let (media, wildcard) = match media_type {
        "application/json" => (Some(Media::Json), false),
        "application/yaml" => (Some(Media::Yaml), false),
        "*/*" | "application/*" => (Some(Media::Json), true),
        _ => (None, false),
    };
    let mut clause = Clause {
        media,
        wildcard,
        quality: 1.0,
        kind: "",
        group: "",
        version: "",
    };
    for part in parts {
        match part.split_once('=') {
            Some(("q", quality)) => clause.quality = quality.parse().unwrap_or(1.0),
            Some(("as", kind)) => clause.kind = kind,
            Some(("g", group)) => clause.group = group,
            Some(("v", version)) => clause.version = version,
            _ => {}
        }
    }
    clause
}
