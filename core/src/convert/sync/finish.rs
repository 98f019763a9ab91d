use super::{
    begin::Sync,
    names::{FILES, GONE, REPORT, TABLE, UNFINISHED, refused, with_suffix},
    standing::StandingFiles,
};
use crate::{
    convert::{
        SyncLog,
        keys::{Key, Keys},
        report::{GoneItem, MOST_TOLD, Report, SyncReport},
        verify::archives,
    },
    disk::{At, Disk, File, link_in},
    error::{Error, ErrorKind, Result},
};
use std::{
    collections::HashSet,
    io::{self, BufWriter, Write},
    path::Path,
};

impl Sync {
    /// Writes the report, with which the sync is complete.
    ///
    /// One that was stopped before it had come as far as the run that was cut off is left as it is, to be resumed.
    ///
    /// # Errors
    /// When something cannot be written.
    pub(in crate::convert) fn finish(mut self, report: &mut Report, table: bool) -> Result<()> {
        let stopped = report.cancelled || report.error.is_some();
        self.lock.make_room();
        report.sync = Some(SyncReport {
            number: self.note.sync,
            settings: std::mem::take(&mut self.octets),
            folder_made: self.note.folder_made,
            form: std::mem::take(&mut self.form),
            damaged: self.journal.damaged.items,
            first_damaged: std::mem::take(&mut self.journal.damaged.first),
            rewritten: self.journal.rewritten,
            ..SyncReport::default()
        });
        if self.journal.log.is_behind() {
            if stopped {
                return Ok(());
            }
            let message = "has lines for items that are no longer in its source: undo that run with `mailferry undo`, and \
                           convert again";
            let log = self.journal.log.path().to_string_lossy();
            return Err(Error::new(ErrorKind::Destination, message).in_file(log));
        }
        if !stopped {
            self.tell_gone(report)?;
            if report.totals.migrated == 0 {
                self.remove_empty(report)?;
            }
        }
        if table {
            write_whole(&self.paths.beside(TABLE), &self.disk, |file| report.write_csv(file))?;
        }
        // The report says that all the rest is there, so it comes last.
        let whole = self.disk.sync().map_err(|error| refused(error, &self.paths.archive()));
        if let Err(error) = &whole {
            report.error.get_or_insert_with(|| error.to_string());
            report.refused = true;
        }
        let path = self.paths.beside(REPORT);
        write_whole(&path, &self.disk, |file| {
            serde_json::to_writer_pretty(&mut *file, report)?;
            file.write_all(b"\n")
        })?;
        self.disk.sync_name(At::beside(&path)).map_err(|error| refused(error, &path))?;
        whole?;
        // What a destination refused is done again by the next run. Nothing is synced behind it: a note that outlasts the power beside
        // a report that is complete is known for what it is, and a run that ends here has nothing left to do.
        if !report.refused {
            self.lock.complete();
        }
        Ok(())
    }

    /// Removes the archive, or the folder, that a further sync has made for itself and put no item in. Its log and its report stay.
    fn remove_empty(&self, report: &mut Report) -> Result<()> {
        if self.note.sync < 2 {
            return Ok(());
        }
        if self.paths.is_archive() {
            for archive in archives(&self.paths)? {
                self.disk.remove(At::beside(&archive)).map_err(|error| refused(error, &archive))?;
            }
        } else if self.paths.own_folder().is_some() && self.note.folder_made {
            let folder = self.paths.archive();
            match self.disk.remove_tree(At::beside(&folder)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error, &folder)),
                _ => {}
            }
        } else {
            return Ok(());
        }
        report.files.clear();
        write_whole(&self.paths.beside(FILES), &self.disk, |_| Ok(()))
    }

    /// Lists what the destination holds and the sources of this run, all of them read to their ends, do not.
    fn tell_gone(&mut self, report: &mut Report) -> Result<()> {
        let Some(sync) = &mut report.sync else { return Ok(()) };
        let journal = &mut self.journal;
        if journal.earlier.are_all_taken() {
            return Ok(());
        }
        let read: HashSet<&str> =
            report.sources.iter().filter(|source| source.error.is_none()).map(|source| source.file.as_str()).collect();
        let mut newer = Keys::default();
        journal.written.drain(..).for_each(|key| newer.push(key));
        newer.sort();
        let mut left_out = Keys::default();
        journal.left_out.drain(..).for_each(|key| left_out.push(key));
        left_out.sort();
        let path = self.paths.beside(GONE);
        let mut list = None;
        for (paths, _) in self.earlier.iter().rev() {
            let mut files = StandingFiles::of(paths, None)?;
            let mut identities = Vec::new();
            SyncLog::at(paths)?.for_each_line(|line, octets| {
                if !line.is_migrated() {
                    return Ok(());
                }
                let identity = Key::of_identity(&line);
                if paths.number() > 1 {
                    identities.extend(identity);
                }
                let Some(digest) = line.digest() else { return Ok(()) };
                // The run has taken each as often as it met it; what is left is what it did not meet.
                if !read.contains(&*line.source.file)
                    || !journal.earlier.take(Key::of_item(digest, line.folder_written()))
                    || !line.paths().all(|path| files.stands(path, line.size, None))
                {
                    return Ok(());
                }
                if identity.is_some_and(|key| newer.contains(key)) {
                    sync.changed += 1;
                    return Ok(());
                }
                if identity.is_some_and(|key| left_out.contains(key)) {
                    return Ok(());
                }
                sync.gone += 1;
                if sync.first_gone.len() < MOST_TOLD {
                    sync.first_gone.push(GoneItem {
                        sync: paths.number(),
                        id: line.id.to_string(),
                        folder: line.folder.to_string(),
                        subject: line.subject.clone(),
                        path: line.path.clone(),
                    });
                }
                let list = match &mut list {
                    Some(list) => list,
                    None => {
                        let file = self.disk.create_anew(At::beside(&path)).map_err(|error| refused(error, &path))?;
                        list.insert(BufWriter::new(file))
                    }
                };
                list.write_all(octets).and_then(|()| list.write_all(b"\n")).map_err(|error| refused(error, &path))
            })?;
            let mut both = Keys::default();
            newer.into_iter().chain(identities).for_each(|key| both.push(key));
            both.sort();
            newer = both;
        }
        match list {
            Some(mut list) => list.flush().map_err(|error| refused(error, &path)),
            None => Ok(()),
        }
    }
}

/// Writes a file that has its name only when it is complete, and what it holds outlasts a loss of power.
pub(in crate::convert) fn write_whole(
    path: &Path,
    disk: &Disk,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let unfinished = with_suffix(path.to_owned(), UNFINISHED);
    let written = disk.create_anew(At::beside(&unfinished)).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync()?;
        drop(file);
        disk.rename(At::beside(&unfinished), At::beside(path))
    });
    written.map_err(|error| {
        // Whether this succeeds or not, the error to tell is the first.
        if link_in(&error).is_none() {
            let _leftover = disk.remove(At::beside(&unfinished));
        }
        refused(error, path)
    })
}
