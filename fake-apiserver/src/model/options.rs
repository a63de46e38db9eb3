//! The parameters of LIST and WATCH: decoded, defaulted and validated as real servers do.

use super::profile::{Profile, WatchList};
use super::request::Request;
use super::status::{Cause, Refusal};

/// `ListOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListOptions {
    pub(crate) watch: bool,
    pub(crate) allow_bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) version: String,
    pub(crate) version_match: String,
    pub(crate) continue_token: String,
    pub(crate) limit: u64,
    /// Seconds; `None` where the client leaves it to the server.
    pub(crate) timeout: Option<u64>,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) include_object: String,
}

impl ListOptions {
    /// Reads the query; 400 for what is no number.
    pub(crate) fn decode(request: &Request, profile: &Profile) -> Result<Self, Refusal> {
        let text = |name| request.parameter(name).unwrap_or_default().to_owned();
        let known = !matches!(
            profile.watch_list,
            WatchList::RefusesMatch | WatchList::Ignored
        );
        let matched = profile.watch_list != WatchList::Ignored;
        let mut options = Self {
            watch: boolean(request.parameter("watch")).unwrap_or(false),
            allow_bookmarks: boolean(request.parameter("allowWatchBookmarks")).unwrap_or(false),
            send_initial_events: boolean(request.parameter("sendInitialEvents")).filter(|_| known),
            version: text("resourceVersion"),
            version_match: if matched {
                text("resourceVersionMatch")
            } else {
                String::new()
            },
            continue_token: text("continue"),
            limit: number(request.parameter("limit"))?.unwrap_or(0),
            timeout: number(request.parameter("timeoutSeconds"))?.filter(|&seconds| seconds > 0),
            label_selector: text("labelSelector"),
            field_selector: text("fieldSelector"),
            include_object: text("includeObject"),
        };
        options.set_defaults(profile);
        Ok(options)
    }

    /// With the gate on, a legacy watch from "" or "0" is a `WatchList` request.
    fn set_defaults(&mut self, profile: &Profile) {
        let legacy = matches!(self.version.as_str(), "" | "0")
            && self.send_initial_events.is_none()
            && self.version_match.is_empty();
        if profile.watch_list == WatchList::On && self.watch && legacy {
            self.send_initial_events = Some(true);
            "NotOlderThan".clone_into(&mut self.version_match);
        }
    }

    /// True where an end bookmark is due.
    pub(crate) fn is_watch_list(&self) -> bool {
        self.watch && self.send_initial_events == Some(true) && self.allow_bookmarks
    }

    /// `ValidateListOptions`: 422 with a cause for each wrong field.
    pub(crate) fn validate(&self, profile: &Profile) -> Result<(), Refusal> {
        let mut causes = Vec::new();
        if self.watch && profile.watch_list != WatchList::RefusesMatch {
            self.validate_watch(profile, &mut causes);
        } else {
            self.validate_list(profile, &mut causes);
        }
        if causes.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid_list_options(&causes))
        }
    }

    fn validate_watch(&self, profile: &Profile, causes: &mut Vec<Cause>) {
        let newest = self.version_match == "NotOlderThan";
        if self.send_initial_events.is_some() {
            if !newest {
                causes.push(forbidden(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                ));
            }
            if profile.watch_list == WatchList::Off {
                causes.push(forbidden(
                    "sendInitialEvents",
                    "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
                ));
            }
        }
        if self.version_match.is_empty() {
            return;
        }
        if self.send_initial_events.is_none() {
            causes.push(forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        if !newest {
            causes.push(self.unsupported_match("\"NotOlderThan\""));
        }
        if !self.continue_token.is_empty() {
            causes.push(forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
    }

    fn validate_list(&self, profile: &Profile, causes: &mut Vec<Cause>) {
        if !self.version_match.is_empty() {
            let mut forbid = |message| causes.push(forbidden("resourceVersionMatch", message));
            if self.watch {
                forbid("resourceVersionMatch is forbidden for watch");
            }
            if self.version.is_empty() {
                forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if !self.continue_token.is_empty() {
                forbid("resourceVersionMatch is forbidden when continue is provided");
            }
            if !matches!(self.version_match.as_str(), "Exact" | "NotOlderThan") {
                causes.push(self.unsupported_match("\"Exact\", \"NotOlderThan\", \"\""));
            }
            if self.version_match == "Exact" && self.version == "0" {
                causes.push(forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
                ));
            }
        }
        if self.send_initial_events.is_some() && profile.minor >= 27 {
            causes.push(forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
    }

    fn unsupported_match(&self, supported: &str) -> Cause {
        let given = &self.version_match;
        Cause {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {given:?}: supported values: {supported}"),
            field: "resourceVersionMatch",
        }
    }
}

fn forbidden(field: &'static str, message: &str) -> Cause {
    Cause {
        reason: "FieldValueForbidden",
        message: format!("Forbidden: {message}"),
        field,
    }
}

/// Only `false`, `0` and absence are false: anything else, even an empty value, is true.
fn boolean(value: Option<&str>) -> Option<bool> {
    value.map(|text| !matches!(text, "false" | "0"))
}

fn number(value: Option<&str>) -> Result<Option<u64>, Refusal> {
    let Some(text) = value.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let parsed = text.parse::<i64>().map_err(|_| {
        Refusal::bad_request(format!(
            "strconv.ParseInt: parsing {text:?}: invalid syntax"
        ))
    })?;
    Ok(Some(u64::try_from(parsed).unwrap_or(0)))
}
