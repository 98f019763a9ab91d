//! Folders by their handles, so that nobody can put a link in the place of one meanwhile.

use super::Kind;
use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, renameat, statat, unlinkat},
    io::retry_on_intr,
};
use std::{ffi::OsStr, fs::File, io, os::fd::OwnedFd, path::Path};

/// A folder that is open.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The permissions, in a type that is as wide as the system has it.
#[allow(clippy::useless_conversion, reason = "it is of 16 bits elsewhere than on Linux")]
fn mode(bits: u32) -> Mode {
    Mode::from_bits_truncate(bits.try_into().unwrap_or_default())
}

impl Folder {
    /// The folder at a path that the user has named.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self(retry_on_intr(|| open(path, FOLDER, Mode::empty()))?))
    }

    /// The folder of this name in it, made with the permissions `make` if that is asked for and it is not there.
    pub(super) fn within(&self, name: &OsStr, make: Option<u32>) -> io::Result<Self> {
        if let Some(bits) = make {
            match mkdirat(&self.0, name, mode(bits)) {
                Err(error) if error != rustix::io::Errno::EXIST => return Err(error.into()),
                _ => {}
            }
        }
        Ok(Self(retry_on_intr(|| openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()))?))
    }

    pub(super) fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        Ok(match FileType::from_raw_mode(statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        })
    }

    /// A new file.
    pub(super) fn create(&self, name: &OsStr, bits: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(retry_on_intr(|| openat(&self.0, name, flags, mode(bits)))?.into())
    }

    /// The file of this name, made if it is not there.
    pub(super) fn open(&self, name: &OsStr, bits: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(retry_on_intr(|| openat(&self.0, name, flags, mode(bits)))?.into())
    }

    pub(super) fn rename(&self, from: &OsStr, folder: &Self, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &folder.0, to)?)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Whether one call syncs all of a file system.
pub(super) const SYNCS_FILE_SYSTEMS: bool = cfg!(target_os = "linux");

/// Syncs all of the file system that a folder is on, unless it is `last`, and gives which it is.
#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(folder: &Path, last: Option<u64>) -> io::Result<u64> {
    let folder = retry_on_intr(|| open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()))?;
    let device = rustix::fs::fstat(&folder)?.st_dev;
    if last != Some(device) {
        match retry_on_intr(|| rustix::fs::syncfs(&folder)) {
            // Some sandboxes know only the call for all file systems.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => rustix::fs::sync(),
            synced => synced?,
        }
    }
    Ok(device)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync_file_system(_folder: &Path, _last: Option<u64>) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Syncs a file as well as its file system can.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    let synced = match file.sync_all() {
        // macOS asks more of a disk than network shares can do.
        Err(error) if is_unsupported(&error) => rustix::fs::fsync(file).map_err(io::Error::from),
        synced => synced,
    };
    synced.or_else(|error| if is_unsupported(&error) { Ok(()) } else { Err(error) })
}

/// Syncs the names in a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        // Who may write in a folder may not always list it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        folder => sync_file(&folder?),
    }
}

/// Whether a file system knows no such call: some network shares sync no folders, or nothing.
fn is_unsupported(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let unsupported = [Errno::INVAL, Errno::NOTTY, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS];
    Errno::from_io_error(error).is_some_and(|errno| unsupported.contains(&errno))
}
