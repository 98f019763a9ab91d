use super::{
    EmlArchive, ItemWriter, WriteOptions,
    bundle::BundleWriter,
    container::{self, Container},
    ediscovery::EdiscoveryWriter,
    maildir::MaildirWriter,
    mbox::MboxWriter,
    proton::ProtonWriter,
};
use crate::{error::Result, word::words};
use std::io::{self, Write};
#[cfg(not(target_family = "wasm"))]
use {super::container::Ours, crate::disk::Disk, std::path::Path};

words! {
    /// The form in which items are written: what becomes a file, and where it is.
    ///
    /// ```
    /// use mailferry::write::OutputForm;
    ///
    /// assert_eq!("eml".parse::<OutputForm>()?, OutputForm::Eml);
    /// assert!("docx".parse::<OutputForm>().is_err());
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    #[derive(Default)]
    pub enum OutputForm: "a form of output" {
        /// Every message a file, in the folders of its source.
        #[default]
        Eml = "eml",
        /// An mbox a folder ([`MboxOptions`](super::MboxOptions)).
        Mbox = "mbox",
        /// Maildir++: a directory a folder, flags in the names of files.
        Maildir = "maildir",
        /// An import bundle: a bag (RFC 8493) in the layout of the Personal Data Portability Archive.
        Bundle = "bundle",
        /// A folder as Proton's export tool makes and restores it.
        Proton = "proton",
        /// Natives and a Concordance load file.
        Ediscovery = "ediscovery",
        /// A store of Outlook ([MS-PST]) with all mail in it.
        ///
        /// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
        Pst = "pst",
    }
}

impl OutputForm {
    /// Whether a further run into the same folder adds to what is there. One in another form is written next to it, whole in
    /// itself: what Proton's export tool restores would be imported a second time.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Eml | Self::Maildir)
    }
}

words! {
    /// What the files of a form are put in.
    #[derive(Default)]
    pub enum Packaging: "a packaging" {
        /// A folder of the file system.
        #[default]
        Folder = "folder",
        /// A ZIP archive (PKWARE APPNOTE 6.3), or several.
        Zip = "zip",
        /// A tar archive (POSIX.1-2024, pax interchange format).
        Tar = "tar",
        /// The same, compressed by gzip (RFC 1952).
        Tgz = "tgz",
        /// A store of Outlook, or several, and nothing around it: for [`OutputForm::Pst`].
        Pst = "pst",
    }
}

impl Packaging {
    /// How to name a destination, as text.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Folder => "a folder",
            Self::Zip => "a name that ends in .zip",
            Self::Tar => "a name that ends in .tar",
            Self::Tgz => "a name that ends in .tgz",
            Self::Pst => "a name that ends in .pst",
        }
    }

    /// What the name of a destination asks for: `.zip`, `.tar`, `.tgz`, `.tar.gz` or `.pst` in any case; else a folder.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        match name.rsplit_once('.') {
            Some((_, "zip")) => Self::Zip,
            Some((_, "tar")) => Self::Tar,
            Some((_, "tgz")) => Self::Tgz,
            Some((_, "pst")) => Self::Pst,
            Some((rest, "gz")) if rest.ends_with(".tar") => Self::Tgz,
            _ => Self::Folder,
        }
    }
}

/// A writer of the form that `options` ask for, at `path`; its name tells the [`Packaging`].
///
/// # Errors
/// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when something is there already, or it cannot be written; [`ErrorKind::Options`](crate::ErrorKind::Options) when what is
/// no ZIP archive is to be split, and for options that contradict each other.
#[cfg(not(target_family = "wasm"))]
pub fn create(path: impl AsRef<Path>, options: WriteOptions) -> Result<Box<dyn ItemWriter>> {
    let disk = Disk::new(options.fsync, options.mode);
    at(path.as_ref(), options, false, None, &disk)
}

/// The same; a folder may hold something where there are `ours`: what a run that was cut off has written. One part alone of what was
/// to be split gets the name of the whole: [`Product::Archive`](super::Product) says so.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn reopen(
    path: &Path,
    options: WriteOptions,
    ours: Option<Ours>,
    disk: &Disk,
) -> Result<Box<dyn ItemWriter>> {
    at(path, options, true, ours, disk)
}

#[cfg(not(target_family = "wasm"))]
fn at(path: &Path, options: WriteOptions, joins: bool, ours: Option<Ours>, disk: &Disk) -> Result<Box<dyn ItemWriter>> {
    options.check()?;
    let container = container::create(path, &options, joins, ours, disk)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    within(container, &base(&name), &store_name(&name), options)
}

/// The same to the writers that `open` gives for the names of archives: for `name`, which tells the [`Packaging`], or, where
/// [`WriteOptions::zip_split`] asks for parts of `x.zip`, for `x.part001.zip`, `x.part002.zip` … A writer has all of its
/// archive, and is flushed and let go of, before the next one is asked for. What they are given is what [`create`] writes to
/// files of these names: with `x.pst` that is what is no message, too, as `x.pst.other/calendars/Calendar.ics`.
///
/// ```
/// use mailferry::write::{WriteOptions, create_with};
///
/// let mut options = WriteOptions::default();
/// options.zip_split = Some(480_000_000);
/// let open = |name: &str| {
///     assert_eq!(name, "mail.part001.zip");
///     Ok(std::io::sink())
/// };
/// create_with("mail.zip", open, options)?.finish()?;
/// # Ok::<(), mailferry::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when `open` refuses; [`ErrorKind::Options`](crate::ErrorKind::Options) when it is to be a folder, or what is not a ZIP archive
/// is to be split, and for options that contradict each other.
pub fn create_with<W: Write + Send + 'static>(
    name: &str,
    open: impl FnMut(&str) -> io::Result<W> + Send + 'static,
    options: WriteOptions,
) -> Result<Box<dyn ItemWriter>> {
    options.check()?;
    let container = container::named(name, open, &options)?;
    within(container, &base(name), &store_name(name), options)
}

/// How a store is called, without what its name ends in: as the destination, where it is that, and else `mail`.
fn store_name(name: &str) -> String {
    match Packaging::of_name(name) {
        Packaging::Pst => name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
        _ => "mail".to_owned(),
    }
}

/// The folder of a bag in a destination of this name.
fn base(name: &str) -> String {
    match Packaging::of_name(name) {
        Packaging::Folder => String::new(),
        _ => name.split_once('.').map_or(BASE.to_owned(), |(stem, _)| format!("{stem}/")),
    }
}

/// One archive to `writer`, in one pass; [`WriteOptions::zip_split`] is ignored.
///
/// # Errors
/// [`ErrorKind::Options`](crate::ErrorKind::Options) when it is to be a folder, and for options that contradict each other.
pub fn stream(
    writer: impl Write + Send + 'static,
    packaging: Packaging,
    options: WriteOptions,
) -> Result<Box<dyn ItemWriter>> {
    options.check()?;
    let container = container::stream(writer, packaging, &options)?;
    within(container, BASE, "mail", options)
}

/// The folder of a bag in an archive that has no name.
const BASE: &str = "bundle/";

fn within(
    container: Box<dyn Container>,
    base: &str,
    store: &str,
    options: WriteOptions,
) -> Result<Box<dyn ItemWriter>> {
    Ok(match options.form {
        OutputForm::Eml => Box::new(EmlArchive::new(container, options)),
        OutputForm::Mbox => Box::new(MboxWriter::new(container, options)),
        OutputForm::Maildir => Box::new(MaildirWriter::new(container, options)),
        OutputForm::Bundle => Box::new(BundleWriter::new(container, base, options)?),
        OutputForm::Proton => Box::new(ProtonWriter::new(container, options)),
        OutputForm::Ediscovery => Box::new(EdiscoveryWriter::new(container, options)?),
        #[cfg(feature = "outlook")]
        OutputForm::Pst => Box::new(super::pst::StoreWriter::new(container, store, options)),
        #[cfg(not(feature = "outlook"))]
        OutputForm::Pst => {
            let message = format!("{store}.pst cannot be written: this build has no support for Outlook");
            return Err(crate::error::Error::new(crate::error::ErrorKind::Unsupported, message));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_packaging() {
        for (name, packaging) in [
            ("x.zip", Packaging::Zip),
            ("X.ZIP", Packaging::Zip),
            ("x.tar", Packaging::Tar),
            ("x.tar.gz", Packaging::Tgz),
            ("Mail.PST", Packaging::Pst),
            ("x.tgz", Packaging::Tgz),
            ("x.gz", Packaging::Folder),
            ("x", Packaging::Folder),
            ("zip", Packaging::Folder),
        ] {
            assert_eq!(Packaging::of_name(name), packaging, "{name}");
        }
    }

    #[test]
    fn every_form_has_a_name_of_its_own() {
        for form in OutputForm::ALL {
            assert_eq!(form.to_string().parse::<OutputForm>().unwrap(), *form);
        }
    }
}
