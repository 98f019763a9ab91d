use super::names::{SyncPaths, UNFINISHED, is_there, refused, with_suffix};
use crate::{
    disk::{At, Disk},
    error::Result,
    write::KEPT,
};
use std::{fs, io, path::Path};

/// Removes what a run that was cut off has kept for the time being.
pub(in crate::convert) fn clear(paths: &SyncPaths, disk: &Disk) -> Result<()> {
    let archive = paths.archive();
    if !paths.is_archive() {
        return clear_kept(&archive, KEPT, disk);
    }
    let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    clear_kept(folder, &format!("{KEPT}{name}-"), disk)?;
    clear_archive(paths, disk)
}

/// Removes what an archive is written to before it is complete.
fn clear_archive(paths: &SyncPaths, disk: &Disk) -> Result<()> {
    let archive = paths.archive();
    let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
    let mut names = vec![archive.clone()];
    for number in 1.. {
        let part = archive.with_file_name(format!("{stem}.part{number:03}.zip"));
        // Of parts that a run before has completed, some may be written anew.
        let is_last = !is_there(&part) && !is_there(&with_suffix(part.clone(), UNFINISHED));
        names.push(part);
        if is_last {
            break;
        }
    }
    for name in names {
        let unfinished = [UNFINISHED, ".directory.unfinished"].map(|suffix| with_suffix(name.clone(), suffix));
        for path in unfinished {
            match disk.remove(At::beside(&path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error, &path)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Removes folders for the time being whose names start like this and end in six letters or digits.
fn clear_kept(folder: &Path, prefix: &str, disk: &Disk) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            disk.remove_tree(At::new(folder, &entry.file_name())).map_err(|error| refused(error, &entry.path()))?;
        }
    }
    Ok(())
}
