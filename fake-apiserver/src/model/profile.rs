//! How API servers of different versions behave.

use std::fmt;
use std::str::FromStr;

/// The behaviour of one Kubernetes version with its default feature gates.
///
/// The sources are named in `docs` of the project: KEP-3157 and the gates' history, judged by
/// recorded exchanges with real servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Profile {
    /// `1.37`, as `--profile` takes it.
    pub name: &'static str,
    /// `v1.37.2`, as `/version` reports it.
    pub git_version: &'static str,
    /// The minor version.
    pub minor: u32,
    /// What the server makes of `sendInitialEvents`.
    pub watch_list: WatchList,
    /// `as=Table` is refused on a `WatchList` request (1.32 and 1.33).
    pub refuses_table_watch_list: bool,
    /// Parameters are validated before the media type is negotiated (1.32 and 1.33).
    pub validates_first: bool,
    /// `WatchList` responses are compressed, one gzip member a flush (1.37).
    pub compresses_watch_list: bool,
    /// Empty metadata carry `"creationTimestamp":null` (before 1.34).
    pub writes_null_creation: bool,
    /// The end bookmark carries the annotation with a blueprint of the list (1.32, 1.33).
    pub writes_blueprint: bool,
    /// The version in which `/api` and `/apis` list all resources at once, if they do.
    pub aggregated_discovery: Option<&'static str>,
    /// A pod's Restarts say when the last one was, and are text (since 1.22).
    pub dates_restarts: bool,
}

/// What a server makes of `sendInitialEvents` on a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchList {
    /// It streams the list and ends it with a bookmark.
    On,
    /// It knows the parameter and refuses it: 422, field `sendInitialEvents`.
    Off,
    /// It does not know the parameter, but refuses `resourceVersionMatch` on a watch: 422
    /// (1.19 to 1.26).
    RefusesMatch,
    /// It knows neither and ignores both (1.18 and before).
    Ignored,
}

const NEWEST: Profile = Profile {
    name: "1.37",
    git_version: "v1.37.2",
    minor: 37,
    watch_list: WatchList::On,
    refuses_table_watch_list: false,
    validates_first: false,
    compresses_watch_list: true,
    writes_null_creation: false,
    writes_blueprint: false,
    aggregated_discovery: Some("v2"),
    dates_restarts: true,
};

/// Every profile, the newest version first.
pub const PROFILES: &[Profile] = &[
    NEWEST,
    Profile {
        name: "1.37-watchlist-off",
        watch_list: WatchList::Off,
        ..NEWEST
    },
    Profile {
        name: "1.34",
        git_version: "v1.34.4",
        minor: 34,
        compresses_watch_list: false,
        ..NEWEST
    },
    Profile {
        name: "1.33",
        git_version: "v1.33.13",
        minor: 33,
        watch_list: WatchList::Off,
        refuses_table_watch_list: true,
        validates_first: true,
        compresses_watch_list: false,
        writes_null_creation: true,
        writes_blueprint: true,
        ..NEWEST
    },
    Profile {
        name: "1.32",
        git_version: "v1.32.13",
        minor: 32,
        refuses_table_watch_list: true,
        validates_first: true,
        compresses_watch_list: false,
        writes_null_creation: true,
        writes_blueprint: true,
        ..NEWEST
    },
    Profile {
        name: "1.31",
        git_version: "v1.31.0",
        minor: 31,
        watch_list: WatchList::Off,
        compresses_watch_list: false,
        writes_null_creation: true,
        ..NEWEST
    },
    Profile {
        name: "1.26",
        git_version: "v1.26.15",
        minor: 26,
        watch_list: WatchList::RefusesMatch,
        compresses_watch_list: false,
        writes_null_creation: true,
        aggregated_discovery: None,
        ..NEWEST
    },
    Profile {
        name: "1.18",
        git_version: "v1.18.20",
        minor: 18,
        watch_list: WatchList::Ignored,
        compresses_watch_list: false,
        writes_null_creation: true,
        aggregated_discovery: None,
        dates_restarts: false,
        ..NEWEST
    },
];

impl Default for Profile {
    fn default() -> Self {
        NEWEST
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let named = PROFILES.iter().find(|profile| profile.name == name);
        named.copied().ok_or(UnknownProfile)
    }
}

/// A name that no profile has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownProfile;

impl fmt::Display for UnknownProfile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        write!(out, "no such profile; there are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownProfile {}
