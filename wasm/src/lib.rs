//! The browser driver of kube-watchlist.
