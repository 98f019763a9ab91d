//! The programs that are compared on a PST.

use crate::contestants::{CP, Contestant, TO_FOLDER, TO_FOLDER_SHA256, convert, program, rival};
use std::{env, fs, path::Path, process::Command};

/// All that read a PST, the measure of all things first.
pub(crate) const OF_PST: &[Contestant] = &[
    CP,
    TO_FOLDER,
    Contestant {
        name: "mailferry to a folder, no checksums, 2 threads",
        needs: None,
        share: 1,
        command: |store, out| convert(store, out, &["--jobs", "2", "--checksums", "none"]),
    },
    TO_FOLDER_SHA256,
    Contestant {
        name: "mailferry to a folder, 2 threads",
        needs: None,
        share: 1,
        command: |store, out| convert(store, out, &["--jobs", "2"]),
    },
    Contestant {
        name: "readpst -e",
        needs: Some("readpst"),
        share: 1,
        command: |store, out| {
            fs::create_dir_all(out)?;
            let mut command = program("readpst", &[Path::new("-e"), Path::new("-j"), Path::new("0"), Path::new("-o")]);
            command.arg(out).arg(store);
            Ok(command)
        },
    },
    Contestant {
        name: "pffexport",
        needs: Some("pffexport"),
        share: 1,
        command: |store, out| {
            let mut command = program("pffexport", &[Path::new("-q"), Path::new("-t")]);
            command.arg(out).arg(store);
            Ok(command)
        },
    },
    Contestant {
        name: "outlook-pst 1.2, properties only",
        needs: None,
        share: 1,
        command: |store, _| rival("outlook-pst", store),
    },
    Contestant {
        name: "java-libpst, texts and attachments",
        needs: Some("java"),
        share: 1,
        command: |store, out| {
            let classes = env::var_os("JAVA_LIBPST").ok_or("JAVA_LIBPST does not say where it is")?;
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/java/Export.java");
            let mut command = Command::new("java");
            command.arg("-cp").arg(classes).arg(source).arg(store).arg(out);
            Ok(command)
        },
    },
];
