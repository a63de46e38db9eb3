//! What a watch and a view are told, piece by piece: no text to parse, and nothing that could be misread.

use kube_watchlist::reflector::{Config, Resource};
use kube_watchlist::view::{ColumnChoice, Sort, ViewOptions};
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

/// A frame over this is refused unless the caller says otherwise: 16 MiB.
const FRAME_LIMIT: usize = 16 << 20;
/// The cap on the memory of the rows unless the caller says otherwise: 1 GiB.
const MEMORY_LIMIT: usize = 1 << 30;

/// What to watch, and how.
#[wasm_bindgen]
pub struct WatchConfig {
    pub(crate) core: Config,
    /// How cookies and the like go with a request; `None`: as `fetch` does by default.
    pub(crate) credentials: Option<RequestCredentials>,
}

#[wasm_bindgen]
impl WatchConfig {
    /// Of a resource in a namespace; an empty one means all of them, or a cluster-scoped resource.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new(group: String, version: String, resource: String, namespace: String) -> Self {
        Self {
            core: Config {
                resource: Resource {
                    group,
                    version,
                    resource,
                    namespace,
                    ..Resource::default()
                },
                limit_bytes: MEMORY_LIMIT,
                limit_frame: FRAME_LIMIT,
                seed: 0,
            },
            credentials: None,
        }
    }

    /// Selectors that the server applies; empty ones select everything.
    pub fn select(&mut self, labels: String, fields: String) {
        self.core.resource.label_selector = labels;
        self.core.resource.field_selector = fields;
    }

    /// The cap on the memory of the rows, in bytes; a 32-bit memory has no more than 4 GiB.
    #[wasm_bindgen(js_name = limitMemory)]
    pub fn limit_memory(&mut self, bytes: u32) {
        self.core.limit_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }

    /// The largest JSON document that is read, in bytes.
    #[wasm_bindgen(js_name = limitFrame)]
    pub fn limit_frame(&mut self, bytes: u32) {
        self.core.limit_frame = usize::try_from(bytes).unwrap_or(usize::MAX);
    }

    /// 64 random bits in two halves.
    pub fn seed(&mut self, high: u32, low: u32) {
        self.core.seed = (u64::from(high) << 32) | u64::from(low);
    }

    /// How credentials go with a request, in the words of `fetch`; others are passed over.
    pub fn credentials(&mut self, credentials: &str) {
        self.credentials = match credentials {
            "omit" => Some(RequestCredentials::Omit),
            "same-origin" => Some(RequestCredentials::SameOrigin),
            "include" => Some(RequestCredentials::Include),
            _ => None,
        };
    }
}

/// What a view shows. It begins as all rows in the columns of `kubectl get`.
#[wasm_bindgen]
#[derive(Default)]
pub struct ViewConfig(pub(crate) ViewOptions);

#[wasm_bindgen]
impl ViewConfig {
    /// All rows.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// All columns, as `kubectl get -o wide` shows.
    pub fn wide(&mut self) {
        self.0.columns = ColumnChoice::Wide;
    }

    /// These columns, in this order.
    pub fn columns(&mut self, names: Vec<String>) {
        self.0.columns = ColumnChoice::Names(names);
    }

    /// Adds a rule to the order, of less weight than those before.
    pub fn sort(&mut self, column: String, descending: bool) {
        self.0.sort.push(Sort { column, descending });
    }

    /// Rows in whose shown cells, name or namespace the text occurs.
    pub fn text(&mut self, text: String) {
        self.0.filter.text = text;
    }

    /// Rows of these namespaces.
    pub fn namespaces(&mut self, names: Vec<String>) {
        self.0.filter.namespaces = names;
    }

    /// Rows whose labels match the selector.
    pub fn labels(&mut self, selector: String) {
        self.0.filter.label_selector = selector;
    }

    /// Rows whose cell of this column has one of these texts.
    pub fn allow(&mut self, column: String, values: Vec<String>) {
        self.0.filter.columns.push((column, values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_told_everything() {
        let text = |text: &str| text.to_owned();
        let mut config = WatchConfig::new(text("apps"), text("v1"), text("deployments"), text("a"));
        assert_eq!(config.core.limit_frame, 16 << 20);
        assert_eq!(config.core.limit_bytes, 1 << 30);
        config.select(text("x=y"), text("metadata.name=z"));
        config.limit_memory(4096);
        config.limit_frame(512);
        config.seed(1, 2);
        config.credentials("same-origin");
        let resource = &config.core.resource;
        assert_eq!(resource.group, "apps");
        assert_eq!(resource.resource, "deployments");
        assert_eq!(resource.namespace, "a");
        assert_eq!(resource.label_selector, "x=y");
        assert_eq!(resource.field_selector, "metadata.name=z");
        assert_eq!(config.core.limit_bytes, 4096);
        assert_eq!(config.core.limit_frame, 512);
        assert_eq!(config.core.seed, (1 << 32) | 2);
        assert_eq!(config.credentials, Some(RequestCredentials::SameOrigin));
        config.credentials("whatever");
        assert_eq!(config.credentials, None);
    }

    #[test]
    fn a_view_is_told_everything() {
        let text = |text: &str| text.to_owned();
        let mut config = ViewConfig::new();
        assert_eq!(config.0, ViewOptions::default());
        config.wide();
        assert_eq!(config.0.columns, ColumnChoice::Wide);
        config.columns(vec![text("Name")]);
        assert_eq!(config.0.columns, ColumnChoice::Names(vec![text("Name")]));
        config.sort(text("Age"), true);
        config.sort(text("Name"), false);
        assert!(config.0.sort[0].descending);
        assert_eq!(config.0.sort[1].column, "Name");
        config.text(text("crash"));
        config.namespaces(vec![text("a")]);
        config.labels(text("x"));
        config.allow(text("Status"), vec![text("Pending")]);
        let filter = config.0.filter;
        assert_eq!(
            (filter.text.as_str(), filter.label_selector.as_str()),
            ("crash", "x")
        );
        assert_eq!(filter.namespaces, ["a"]);
        assert_eq!(filter.columns, [(text("Status"), vec![text("Pending")])]);
    }
}
