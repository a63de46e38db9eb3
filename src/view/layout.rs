//! What a view's options mean for the columns that the table has now.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::key::CellKey;
use super::options::{ColumnChoice, ViewOptions};
use crate::clock::{Millis, Timestamp};
use crate::selector::{Selector, SelectorError};
use crate::store::{RowId, RowRef, Store};
use crate::table::{CellRef, Cells, Column};
use crate::time_cells::{self, TimeRule};

/// What of a resource decides how its rows are shown.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) resource: String,
}

/// Options, resolved against columns.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Of the store, when this was made.
    pub(super) epoch: u64,
    /// Indices of the shown columns.
    pub(super) shown: Vec<usize>,
    /// How many cells a row has, by its columns.
    width: usize,
    rules: Vec<Option<TimeRule>>,
    sort: Vec<SortColumn>,
    filter: Checks,
    /// Spans are compared as they are at this time.
    reference: Timestamp,
}

/// How long an order stands in which some spans run and others do not.
const STANDS: Millis = Millis::from_secs(60);

#[derive(Clone, Copy, Debug)]
struct SortColumn {
    index: usize,
    descending: bool,
}

#[derive(Clone, Debug)]
struct Checks {
    text: String,
    namespaces: Vec<String>,
    selector: Selector,
    columns: Vec<(usize, Vec<String>)>,
}

impl Layout {
    /// Checks what can be checked without columns.
    pub(super) fn check(options: &ViewOptions) -> Result<Selector, SelectorError> {
        Selector::parse(&options.filter.label_selector)
    }

    /// `selector` is what [`Layout::check`] made of the options.
    pub(super) fn new(
        options: &ViewOptions,
        selector: &Selector,
        kind: &Kind,
        store: &Store,
        now: Timestamp,
    ) -> Self {
        let columns = &store.columns().0;
        let index = |name: &str| columns.iter().position(|column| column.name == name);
        // All objects of a resource have a namespace, or none has.
        let first = store.ids().next().and_then(|id| store.row(id));
        let is_cluster_scoped = first.is_some_and(|row| row.namespace.is_empty());
        let shown = match &options.columns {
            ColumnChoice::Default => indices(columns, |column| {
                column.priority == 0 && !(is_cluster_scoped && is_namespace(column))
            }),
            ColumnChoice::Wide => indices(columns, |_| true),
            ColumnChoice::Names(names) => names.iter().filter_map(|name| index(name)).collect(),
        };
        let filter = &options.filter;
        Self {
            epoch: store.columns_epoch(),
            shown,
            width: columns.len(),
            rules: time_cells::rules(&kind.group, &kind.resource, columns),
            sort: options
                .sort
                .iter()
                .filter_map(|sort| {
                    Some(SortColumn {
                        index: index(&sort.column)?,
                        descending: sort.descending,
                    })
                })
                .collect(),
            filter: Checks {
                text: filter.text.clone(),
                namespaces: filter.namespaces.clone(),
                selector: selector.clone(),
                columns: filter
                    .columns
                    .iter()
                    .filter(|(_, allowed)| !allowed.is_empty())
                    .filter_map(|(name, allowed)| Some((index(name)?, allowed.clone())))
                    .collect(),
            },
            reference: now,
        }
    }

    /// How long after `now` the order has to be made anew, since spans that run overtake others; `None`: never. Also where the
    /// wall clock was set back.
    pub(super) fn stands(&self, now: Timestamp) -> Option<Millis> {
        let runs = |sort: &SortColumn| {
            let rule = self.rules.get(sort.index).copied().flatten();
            matches!(rule, Some(TimeRule::Running { .. }))
        };
        let age = Millis(now.0.abs_diff(self.reference.0));
        let left = STANDS.0.saturating_sub(age.0);
        self.sort.iter().any(runs).then_some(Millis(left))
    }

    /// The cells of a row, as many as there are columns at most.
    pub(super) fn cells<'a>(&self, row: &RowRef<'a>) -> Vec<CellRef<'a>> {
        Cells::new(row.cells).take(self.width).collect()
    }

    /// By which rule a cell runs with time.
    pub(super) fn rule(&self, index: usize, cells: &[CellRef<'_>]) -> Option<TimeRule> {
        let rule = (*self.rules.get(index)?)?;
        let TimeRule::Running {
            status,
            completions,
        } = rule
        else {
            return Some(rule);
        };
        let text = |index: Option<usize>| cells.get(index?)?.as_str();
        let (status_text, completions_text) = (text(status), text(completions));
        Some(rule.in_row(|index| {
            if Some(index) == status {
                status_text.as_deref()
            } else {
                completions_text.as_deref()
            }
        }))
    }

    /// Whether the row passes the filter.
    pub(super) fn passes(&self, row: &RowRef<'_>) -> bool {
        let checks = &self.filter;
        if !checks.namespaces.is_empty()
            && !checks
                .namespaces
                .iter()
                .any(|allowed| allowed == row.namespace)
        {
            return false;
        }
        if !checks.selector.is_empty() && !checks.selector.matches_raw(row.labels) {
            return false;
        }
        if checks.columns.is_empty() && checks.text.is_empty() {
            return true;
        }
        let cells = self.cells(row);
        let allowed = checks.columns.iter().all(|(index, allowed)| {
            let text = cells.get(*index).map(plain_text).unwrap_or_default();
            allowed.iter().any(|allowed| *allowed == text)
        });
        allowed
            && (checks.text.is_empty()
                || contains(row.name, &checks.text)
                || contains(row.namespace, &checks.text)
                || self.shown.iter().any(|&index| {
                    cells
                        .get(index)
                        .is_some_and(|cell| contains(&plain_text(cell), &checks.text))
                }))
    }

    /// Eight bytes that order rows as [`Layout::compare`] does, as far as they go.
    pub(super) fn prefix(&self, row: &RowRef<'_>) -> u64 {
        let Some(sort) = self.sort.first() else {
            let text = row.namespace.bytes().chain([0]).chain(row.name.bytes());
            let padded = text.chain(std::iter::repeat(0)).take(8);
            return padded.fold(0, |prefix, byte| prefix << 8 | u64::from(byte));
        };
        let prefix = self.key(sort.index, row).prefix();
        if sort.descending { !prefix } else { prefix }
    }

    /// The total order of rows, by what their cells say and then as [`Store::compare_keys`] has it.
    pub(super) fn compare(&self, store: &Store, a: RowId, b: RowId) -> Ordering {
        if !self.sort.is_empty()
            && let (Some(a), Some(b)) = (store.row(a), store.row(b))
        {
            let order = self.compare_cells(&a, &b);
            if order.is_ne() {
                return order;
            }
        }
        store.compare_keys(a, b)
    }

    fn compare_cells(&self, a: &RowRef<'_>, b: &RowRef<'_>) -> Ordering {
        for sort in &self.sort {
            // Equal bytes that are no time are equal keys: columns like Status have few values.
            if self.rules.get(sort.index).is_none_or(Option::is_none)
                && raw(sort.index, a) == raw(sort.index, b)
            {
                continue;
            }
            let order = self.key(sort.index, a).cmp(&self.key(sort.index, b));
            if order.is_ne() {
                return if sort.descending {
                    order.reverse()
                } else {
                    order
                };
            }
        }
        Ordering::Equal
    }

    fn key(&self, index: usize, row: &RowRef<'_>) -> CellKey {
        let Some(Some(rule)) = self.rules.get(index).copied() else {
            return CellKey::new(raw(index, row), None);
        };
        let cells = match rule {
            TimeRule::Running { .. } => self.cells(row),
            _ => Vec::new(),
        };
        let rule = self.rule(index, &cells).unwrap_or(rule);
        let cell = Cells::new(row.cells).nth(index);
        let text = cell.and_then(|cell| cell.as_str()).unwrap_or_default();
        let created = row.creation_timestamp;
        let span = time_cells::span(rule, &text, created, row.received, self.reference);
        match span {
            // An age follows from the metadata, whatever the cell is.
            Some(_) => CellKey::from_text(&text, span),
            None => CellKey::new(cell.map(|cell| cell.raw()), None),
        }
    }
}

fn indices(columns: &[Column], shown: impl Fn(&Column) -> bool) -> Vec<usize> {
    let numbered = columns.iter().enumerate();
    numbered
        .filter(|(_, column)| shown(column))
        .map(|(index, _)| index)
        .collect()
}

/// Whether the column shows `metadata.namespace`, as generic columns and those of a custom resource say it.
fn is_namespace(column: &Column) -> bool {
    column.description.ends_with(": .metadata.namespace")
}

fn raw<'a>(index: usize, row: &RowRef<'a>) -> Option<&'a [u8]> {
    Cells::new(row.cells).nth(index).map(|cell| cell.raw())
}

/// What a filter compares: the text of a string, the JSON text of anything else, nothing for null.
fn plain_text<'a>(cell: &CellRef<'a>) -> Cow<'a, str> {
    match cell.as_str() {
        Some(text) => text,
        None if cell.is_null() => Cow::Borrowed(""),
        None => String::from_utf8_lossy(cell.raw()),
    }
}

/// Whether a text contains another, whatever the case of ASCII letters: as the sort has it.
fn contains(text: &str, part: &str) -> bool {
    let mut windows = text.as_bytes().windows(part.len());
    windows.any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
