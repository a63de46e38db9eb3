//! Times in cells: kept as instants, printed as kubectl would print them now.
