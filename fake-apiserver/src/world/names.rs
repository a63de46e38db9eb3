//! Words of which plausible clusters are made.

/// Namespaces of teams, in the order in which a growing cluster gets them.
pub(super) const TEAMS: &[&str] = &[
    "storefront",
    "payments",
    "catalog",
    "search",
    "identity",
    "logistics",
    "analytics",
    "messaging",
    "media",
    "risk",
    "partners",
    "mobile-api",
    "data-platform",
    "ml-serving",
    "observability",
    "ingress",
    "billing",
    "warehouse",
    "support",
    "marketing",
];

/// What a deployment is about.
pub(super) const SUBJECTS: &[&str] = &[
    "checkout",
    "cart",
    "orders",
    "pricing",
    "inventory",
    "shipping",
    "refunds",
    "invoices",
    "ledger",
    "profile",
    "sessions",
    "tokens",
    "audit",
    "catalog",
    "reviews",
    "recommendations",
    "search",
    "suggest",
    "indexer",
    "images",
    "thumbnails",
    "uploads",
    "notifications",
    "emails",
    "webhooks",
    "campaigns",
    "segments",
    "reports",
    "exports",
    "metrics",
    "geocoder",
    "routes",
    "couriers",
    "stock",
    "suppliers",
    "contracts",
    "tax",
    "fraud",
    "scoring",
    "features",
];

/// What part of it a deployment is.
pub(super) const PARTS: &[&str] = &[
    "api",
    "web",
    "worker",
    "consumer",
    "gateway",
    "cache",
    "scheduler",
    "proxy",
    "sync",
    "store",
];

/// What cron jobs do, with their schedules.
pub(super) const CHORES: &[(&str, &str)] = &[
    ("backup", "0 3 * * *"),
    ("cleanup", "*/15 * * * *"),
    ("report", "30 6 * * 1"),
    ("reindex", "0 */4 * * *"),
    ("sync", "*/5 * * * *"),
    ("rotate-keys", "0 0 1 * *"),
    ("expire-sessions", "*/10 * * * *"),
    ("vacuum", "15 2 * * 0"),
];

/// Where nodes stand.
pub(super) const ZONES: &[&str] = &["eu-central-1a", "eu-central-1b", "eu-central-1c"];

/// Boats, for the custom resource.
pub(super) const BOATS: &[&str] = &[
    "argo",
    "beagle",
    "calypso",
    "dreadnought",
    "endurance",
    "fram",
    "golden-hind",
    "hulk",
    "intrepid",
    "jylland",
    "kon-tiki",
    "lusitania",
    "mayflower",
    "nautilus",
    "orca",
    "pequod",
];
