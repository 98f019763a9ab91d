//! Maildir and Maildir++: a directory a folder, a file a message, its state in the name of the file.
//!
//! The layout is that of <https://cr.yp.to/proto/maildir.html>; folders inside a Maildir and their names follow Maildir++
//! (Courier) as Dovecot writes it.

mod file_name;
mod folder_name;

pub(super) use file_name::{FileName, words};
pub(super) use folder_name::{decoded, folder_names, unescaped};

use super::{FormatInfo, Score, message_file::MessageFile};

pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "maildir",
    title: "Maildir and Maildir++ (Dovecot, Courier, Stalwart): a directory with cur and new",
    extensions: &[],
    media_types: &["message/rfc822"],
    archived: &[],
    // Its files are known by where they lie.
    detect: |_| Score::No,
    open: |request| Ok(Box::new(MessageFile::whole(request).with_state_elsewhere())),
};
