//! Mail, contacts and databases of other programs, which cannot be read: how they are recognised, and what to do with them instead.

use super::Head;
use crate::error::{Error, ErrorKind};

/// A format of another program.
pub(super) struct OtherProgram {
    /// What a file of it is.
    title: &'static str,
    /// The extensions of its files, in lower case.
    extensions: &'static [&'static str],
    /// What a person can do with one.
    instead: &'static str,
    /// Whether the first octets are those of one; for a text format, or one whose signature is not known, only its name tells.
    is_one: fn(&[u8]) -> bool,
}

impl OtherProgram {
    /// The error for a file of it.
    pub(super) fn error(&self) -> Error {
        Error::new(ErrorKind::UnknownFormat, format!("is {}, which cannot be read: {}", self.title, self.instead))
    }

    /// What a file of unknown octets might be by its name.
    pub(super) fn hint(&self) -> String {
        format!("by its name it is {}: {}", self.title, self.instead)
    }
}

/// The program whose signature the octets have. They cannot be mail as well, whatever of it stands in them.
pub(super) fn by_octets(octets: &[u8]) -> Option<&'static OtherProgram> {
    PROGRAMS.iter().find(|program| (program.is_one)(octets))
}

/// The program whose files are called so, for octets that nobody knows.
pub(super) fn by_name(head: &Head<'_>) -> Option<&'static OtherProgram> {
    PROGRAMS.iter().find(|program| head.has_extension(program.extensions))
}

const PROGRAMS: &[OtherProgram] = &[
    OtherProgram {
        title: "an OLE compound file without an Outlook message (such as a Word document)",
        extensions: &[],
        instead: "if it should be an Outlook message, save it once more from Outlook: its contents are lost",
        is_one: |octets| octets.starts_with(OLE),
    },
    OtherProgram {
        title: "mail of Outlook Express (DBX)",
        extensions: &["dbx"],
        instead: "save its messages as .eml files, for example with undbx, and convert the folder that they are in",
        // The class that follows tells messages, folders and what waits to be sent apart.
        is_one: |octets| octets.starts_with(b"\xCF\xAD\x12\xFE"),
    },
    OtherProgram {
        title: "mail of Outlook Express 4 (MBX)",
        extensions: &[],
        instead: "import it into a later Outlook Express or into Windows Live Mail, and save its messages as .eml files",
        is_one: |octets| (octets.starts_with(b"JMF6") || octets.starts_with(b"JMF9")) && octets.contains(&0),
    },
    OtherProgram {
        title: "a Windows Address Book (WAB)",
        extensions: &["wab"],
        instead: "open it on Windows, and export its contacts as vCards (.vcf)",
        is_one: |octets| {
            octets.starts_with(b"\x9C\xCB\xCB\x8D\x13\x75\xD2\x11\x91\x58\x00\xC0\x4F\x79\x56\xA4")
                || octets.starts_with(b"\x81\x32\x84\xC1\x85\x05\xD0\x11\xB2\x90\x00\xAA\x00\x3C\xF6\x76")
        },
    },
    OtherProgram {
        title: "a database of HCL (Lotus, IBM) Notes (NSF)",
        extensions: &["nsf", "ntf"],
        instead: "open it in Notes and export its messages as .eml files, or fetch them from the Domino server by IMAP",
        is_one: |octets| {
            octets.starts_with(b"\x1A\x00\x00\x03\x00\x00")
                || octets.starts_with(b"\x1A\x00\x00\x04\x00\x00")
                || octets.starts_with(b"NESM\x1A\x01")
        },
    },
    OtherProgram {
        title: "a database of Exchange or Windows Mail (EDB)",
        extensions: &["edb"],
        instead: "export its mailboxes into PST files, with New-MailboxExportRequest on an Exchange server",
        is_one: |octets| octets.get(4..8) == Some(b"\xEF\xCD\xAB\x89"),
    },
    OtherProgram {
        title: "a list of addresses that Outlook suggests (NK2)",
        extensions: &["nk2"],
        instead: "it contains no mail",
        is_one: |octets| octets.starts_with(b"\x0D\xF0\xAD\xBA"),
    },
    OtherProgram {
        title: "an index of Thunderbird or an address book of it (MSF, MAB)",
        extensions: &["msf", "mab"],
        instead: "mail is in the file of the same name without .msf; address books are exported from Thunderbird as vCards (.vcf)",
        is_one: |octets| octets.starts_with(b"// <!-- <mdb:mork:z"),
    },
    OtherProgram {
        title: "mail of The Bat! (TBB)",
        extensions: &["tbb"],
        instead: "export its folders in The Bat! as a Unix mailbox",
        is_one: |_| false,
    },
    OtherProgram {
        title: "mail of IncrediMail (IMM)",
        extensions: &["imm"],
        instead: "save its messages as .eml files, and convert the folder that they are in",
        is_one: |_| false,
    },
];

/// The signature of a compound file ([MS-CFB] 2.2).
const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

#[cfg(test)]
mod tests {
    use super::super::detect;
    use super::*;

    fn told(octets: &[u8], name: &str) -> String {
        let error = detect(&Head { octets, len: octets.len() as u64, name }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownFormat);
        error.to_string()
    }

    #[test]
    fn files_of_other_programs_are_known_by_their_octets() {
        let dbx = [
            b"\xCF\xAD\x12\xFE\xC5\xFD\x74\x6F".as_slice(),
            &[0; 99],
            b"\nFrom ann@x.example Thu Mar  4 11:20:30 2021\nSubject: a\n\nb\n",
        ];
        for (octets, title) in [
            (&*dbx.concat(), "Outlook Express (DBX)"),
            (b"\xCF\xAD\x12\xFE\xC6\xFD\x74\x6F\0\0", "undbx"),
            (b"JMF6\0\0\0\0", "Outlook Express 4"),
            (b"\x9C\xCB\xCB\x8D\x13\x75\xD2\x11\x91\x58\x00\xC0\x4F\x79\x56\xA4\0", "WAB"),
            (b"\x1A\0\0\x04\0\0\0\0", "NSF"),
            (b"\x1A\0\0\x03\0\0\0\0", "Domino"),
            (&[OLE, &[0; 600]].concat(), "OLE compound file"),
            (b"\0\0\0\0\xEF\xCD\xAB\x89\0", "EDB"),
            (b"// <!-- <mdb:mork:z v=\"1.4\"/> -->\n", "Thunderbird"),
        ] {
            for name in ["x", "mail.mbox", "mail.pst", "letter.eml"] {
                let error = told(octets, name);
                assert!(error.contains(title) && error.contains("cannot be read: "), "{name}: {error}");
            }
        }
    }

    #[test]
    fn a_name_only_tells_of_octets_that_nobody_knows() {
        for (name, title) in [("Inbox.DBX", "DBX"), ("a.nsf", "NSF"), ("b.wab", "WAB"), ("d.tbb", "The Bat!")] {
            let error = told(b"\x01\x02\x03\x04\x05", name);
            assert!(
                error.contains(title) && error.contains("by its name it is") && error.contains("01 02 03"),
                "{error}"
            );
        }
        let mail = b"From: a@b.example\nSubject: a\n\nb\n";
        for name in ["a.msg", "a.dbx", "a.imm"] {
            assert!(detect(&Head { octets: mail, len: mail.len() as u64, name }).is_ok(), "{name}");
        }
    }
}
