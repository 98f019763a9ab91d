//! The least that a program does which has every octet in its hands and writes it: what a conversion costs above that is the
//! price of understanding the mail.

use crate::Result;
use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    time::UNIX_EPOCH,
};

/// Octets in memory at a time: as much as the command reads at a time, so that they stay in the processor's cache.
const WINDOW: usize = 256 << 10;

/// Copies a file and looks at nothing.
pub(crate) fn file(path: &Path, out: &Path) -> Result<(u64, u64)> {
    let (mut source, mut copy) = (File::open(path)?, File::create(out)?);
    let mut window = vec![0; WINDOW];
    let mut octets = 0;
    loop {
        let n = source.read(&mut window)?;
        if n == 0 {
            return Ok((1, octets));
        }
        copy.write_all(&window[..n])?;
        octets += n as u64;
    }
}

/// Parts a file into files of `each` octets, every one under a temporary name until it is complete, with a date and a line in
/// a log.
pub(crate) fn folder(path: &Path, out: &Path, each: usize) -> Result<(u64, u64)> {
    let mut source = File::open(path)?;
    fs::create_dir_all(out)?;
    let mut log = File::create(out.with_extension("log"))?;
    let mut window = vec![0; WINDOW.max(each)];
    let (mut files, mut octets) = (0, 0);
    loop {
        let n = source.read(&mut window[..each])?;
        if n == 0 {
            return Ok((files, octets));
        }
        let (unfinished, name) = (out.join(".unfinished"), out.join(format!("{files:08}.eml")));
        let mut file = File::create_new(&unfinished)?;
        file.write_all(&window[..n])?;
        file.set_modified(UNIX_EPOCH)?;
        drop(file);
        fs::rename(&unfinished, &name)?;
        writeln!(log, "{}", name.display())?;
        files += 1;
        octets += n as u64;
    }
}
