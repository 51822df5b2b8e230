//! The anneal command line.
fn main() {}
