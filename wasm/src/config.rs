//! What a watch is told when it is opened.

use kube_watchlist::reflector::{Config, Resource};
use serde::Deserialize;
use web_sys::RequestCredentials;

/// A frame over this is refused unless the caller says otherwise: 16 MiB.
const FRAME_LIMIT: u32 = 16 << 20;
/// The cap on the memory of the rows unless the caller says otherwise: 1 GiB.
const MEMORY_LIMIT: u32 = 1 << 30;

/// Options of one watch, as `js/src/core.ts` writes them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WatchConfig {
    #[serde(default)]
    group: String,
    version: String,
    resource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    label_selector: String,
    #[serde(default)]
    field_selector: String,
    /// Bytes; what is over 4 GiB cannot be had in a 32-bit memory anyway.
    memory_limit_bytes: Option<u32>,
    frame_limit_bytes: Option<u32>,
    /// 64 random bits in two halves: a JSON number cannot hold them.
    seed: [u32; 2],
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Credentials {
    Omit,
    SameOrigin,
    Include,
}

impl WatchConfig {
    /// Reads the options.
    ///
    /// # Errors
    /// A sentence for the developer who called, where the text is not what `core.ts` writes.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("invalid watch options: {error}"))
    }

    /// How cookies and the like go with a request; `None`: as `fetch` does by default.
    pub(crate) fn credentials(&self) -> Option<RequestCredentials> {
        self.credentials.map(|credentials| match credentials {
            Credentials::Omit => RequestCredentials::Omit,
            Credentials::SameOrigin => RequestCredentials::SameOrigin,
            Credentials::Include => RequestCredentials::Include,
        })
    }

    /// The part that the core wants to know.
    pub(crate) fn into_core(self) -> Config {
        let bytes = |given: Option<u32>, default: u32| {
            usize::try_from(given.unwrap_or(default)).unwrap_or(usize::MAX)
        };
        Config {
            resource: Resource {
                group: self.group,
                version: self.version,
                resource: self.resource,
                namespace: self.namespace,
                label_selector: self.label_selector,
                field_selector: self.field_selector,
            },
            limit_bytes: bytes(self.memory_limit_bytes, MEMORY_LIMIT),
            limit_frame: bytes(self.frame_limit_bytes, FRAME_LIMIT),
            seed: (u64::from(self.seed[0]) << 32) | u64::from(self.seed[1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_least_and_the_most() {
        let least = WatchConfig::parse(r#"{"version":"v1","resource":"pods","seed":[1,2]}"#);
        let core = least.expect("the least is enough").into_core();
        assert_eq!(core.resource.resource, "pods");
        assert_eq!(core.resource.namespace, "");
        assert_eq!(core.limit_frame, 16 << 20);
        assert_eq!(core.seed, (1 << 32) | 2);

        let most = WatchConfig::parse(
            r#"{"group":"apps","version":"v1","resource":"deployments","namespace":"a","labelSelector":"x=y",
                "fieldSelector":"metadata.name=z","memoryLimitBytes":4096,"frameLimitBytes":64,"seed":[0,7],
                "credentials":"same-origin"}"#,
        )
        .expect("everything that may be said");
        assert_eq!(most.credentials(), Some(RequestCredentials::SameOrigin));
        let core = most.into_core();
        assert_eq!((core.limit_bytes, core.limit_frame), (4096, 64));
        assert_eq!(core.resource.label_selector, "x=y");
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "",
            "[]",
            r#"{"version":"v1","resource":"pods","seed":[1,2],"token":"x"}"#,
        ] {
            assert!(WatchConfig::parse(text).is_err(), "{text}");
        }
    }
}
