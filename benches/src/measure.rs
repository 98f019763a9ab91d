//! What a process costs.

use crate::Result;
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wait4::Wait4;

/// What one run of a program cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time, in the program and for it in the system.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// The most memory held at a time, in octets.
    pub(crate) peak: u64,
}

/// Runs a program to its end; a failure is an error.
pub(crate) fn measure(command: &mut Command) -> Result<Cost> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let done = command.spawn()?.wait4()?;
    let wall = start.elapsed();
    if !done.status.success() {
        return Err(done.status.to_string().into());
    }
    Ok(Cost { cpu: done.rusage.utime + done.rusage.stime, wall, peak: done.rusage.maxrss })
}
