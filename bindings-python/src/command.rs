//! The command line of the binary.

use pyo3::prelude::*;
use std::{ffi::OsString, process::ExitCode};

#[doc = include_str!(concat!(env!("OUT_DIR"), "/cli_main.txt"))]
#[pyfunction]
#[pyo3(signature = (argv), text_signature = None)]
pub(crate) fn cli_main(py: Python<'_>, argv: Vec<OsString>) -> u8 {
    let ended = py.detach(|| mailferry_cli::run([OsString::from("mailferry")].into_iter().chain(argv)));
    // An ExitCode does not tell its number, but it can be compared.
    (0..=u8::MAX).find(|status| ExitCode::from(*status) == ended).unwrap_or(u8::MAX)
}
