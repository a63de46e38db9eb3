//! A request as the model sees it: a method, a path, a query and the few headers that matter.

/// A request without its transport.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET` and so on.
    pub method: String,
    /// The path without query, still percent-encoded.
    pub path: String,
    /// The query's parameters, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The `Accept` header.
    pub accept: String,
    /// The `Accept-Encoding` header.
    pub accept_encoding: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The body of a write.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET of a path with its query (`/api/v1/pods?watch=1`), for tests and simulations.
    #[must_use]
    pub fn get(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: parse_query(query),
            ..Self::default()
        }
    }

    /// The same request with this `Accept` header.
    #[must_use]
    pub fn accept(mut self, accept: &str) -> Self {
        accept.clone_into(&mut self.accept);
        self
    }

    /// The first value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Errors are pretty-printed for browsers, curl and Wget, or where `pretty` asks for it.
    #[must_use]
    pub(crate) fn wants_pretty(&self) -> bool {
        match self.parameter("pretty") {
            Some(value) => !matches!(value, "0" | "false"),
            None => ["Mozilla/5.0", "curl", "Wget"]
                .iter()
                .any(|prefix| self.user_agent.starts_with(prefix)),
        }
    }

    /// The server compresses where the list of encodings has a token that is exactly `gzip`.
    #[must_use]
    pub fn takes_gzip(&self) -> bool {
        self.accept_encoding
            .split(',')
            .any(|token| token.trim() == "gzip")
    }
}

/// Decodes a query: `+` and `%20` are spaces, what is no UTF-8 is replaced.
#[must_use]
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                percent_decode(&key.replace('+', " ")),
                percent_decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Decodes percent signs; what follows one without being two hexadecimal digits stays.
#[must_use]
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/version`.
    Version,
    /// `/api`.
    Core,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    GroupVersion(String, String),
    /// A collection or an object.
    Resource(ResourcePath),
    /// `/healthz`, `/livez`, `/readyz`.
    Health,
    /// Nothing that an API server has.
    Unknown,
}

/// A path of a collection or an object, not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) namespace: String,
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
}

pub(crate) fn target(path: &str) -> Target {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(percent_decode)
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["version"] => Target::Version,
        ["healthz" | "livez" | "readyz"] => Target::Health,
        ["api"] => Target::Core,
        ["apis"] => Target::Groups,
        ["apis", group] => Target::Group((*group).to_owned()),
        ["api", version] => Target::GroupVersion(String::new(), (*version).to_owned()),
        ["apis", group, version] => {
            Target::GroupVersion((*group).to_owned(), (*version).to_owned())
        }
        ["api", version, rest @ ..] => resource_path("", version, rest),
        ["apis", group, version, rest @ ..] => resource_path(group, version, rest),
        _ => Target::Unknown,
    }
}

fn resource_path(group: &str, version: &str, rest: &[&str]) -> Target {
    let (namespace, rest) = match rest {
        // A namespace itself, its status and its finalizer are objects of the cluster scope.
        ["namespaces", namespace, rest @ ..]
            if !matches!(rest.first(), None | Some(&("status" | "finalize"))) =>
        {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    let (resource, name, subresource) = match rest {
        [resource] => (*resource, "", ""),
        [resource, name] => (*resource, *name, ""),
        [resource, name, subresource] => (*resource, *name, *subresource),
        _ => return Target::Unknown,
    };
    Target::Resource(ResourcePath {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        assert_eq!(
            parse_query("fieldSelector=metadata.name%3Dweb+0&watch&x=%zz%"),
            [
                ("fieldSelector", "metadata.name=web 0"),
                ("watch", ""),
                ("x", "%zz%")
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn paths_name_their_targets() {
        let resource = |path| match target(path) {
            Target::Resource(found) => (found.namespace, found.resource, found.name),
            other => panic!("{path}: {other:?}"),
        };
        let owned = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(resource("/api/v1/pods"), owned("", "pods", ""));
        assert_eq!(
            resource("/api/v1/namespaces/shop/pods/web-0"),
            owned("shop", "pods", "web-0")
        );
        assert_eq!(
            resource("/api/v1/namespaces/shop"),
            owned("", "namespaces", "shop")
        );
        assert_eq!(
            resource("/apis/apps/v1/deployments"),
            owned("", "deployments", "")
        );
        assert_eq!(
            target("/apis/apps/v1"),
            Target::GroupVersion("apps".into(), "v1".into())
        );
        assert_eq!(target("/nothing"), Target::Unknown);
    }
}
