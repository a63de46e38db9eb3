//! What a view shows, in the words of its user.

/// How a table is to be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewOptions {
    /// Which columns, in which order.
    pub columns: ColumnChoice,
    /// By what rows are ordered, the weightiest first. Names that no column has (yet) are passed over. Rows that are equal in
    /// all of it are ordered by namespace, name and key, so the order is total; without any sort that is the order.
    pub sort: Vec<Sort>,
    /// Which rows.
    pub filter: Filter,
}

/// Which columns a view shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ColumnChoice {
    /// Those of priority 0, as `kubectl get` shows; of objects that have no namespace without the column for it.
    #[default]
    Default,
    /// All, as `kubectl get -o wide` shows.
    Wide,
    /// These, in this order. A name that no column has is passed over, and appears when the server begins to send it.
    Names(Vec<String>),
}

/// One rule of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// Name of the column; the first one of that name counts. It need not be shown.
    pub column: String,
    /// Greatest first. Rows that are equal in this column are in ascending order all the same.
    pub descending: bool,
}

/// Which rows a view shows: those that pass all of it. An empty part lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A substring of any shown cell, the name or the namespace, whatever the case of ASCII letters. Times in cells are compared as they were sent.
    pub text: String,
    /// Namespaces.
    pub namespaces: Vec<String>,
    /// A selector in Kubernetes' syntax, on the labels.
    pub label_selector: String,
    /// Allowed texts by column name. A name that no column has (yet) is passed over, and so is an empty list. Numbers and
    /// the like are compared by their JSON text, null is the empty text, times are compared as they were sent.
    pub columns: Vec<(String, Vec<String>)>,
}
