//! An API server for the demo, the tests and the benchmarks of kube-watchlist.
