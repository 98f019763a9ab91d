//! The command as its users meet it: the built binary, its files, its words and its exit status.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and what it reads is small"
)]

mod archive;
mod arrival;
mod bad_input;
mod collections;
mod fixtures;
mod harm;
#[cfg(unix)]
mod links;
mod moves;
mod newcomer;
mod older;
mod options;
mod outlook;
mod reading;
mod refusals;
#[cfg(unix)]
mod resume;
mod run;
mod safety;
mod selecting;
#[cfg(unix)]
mod signals;
mod splits;
mod surfaces;
