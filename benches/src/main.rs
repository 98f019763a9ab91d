//! Rivals and measurements.
fn main() {}
