//! BagIt (RFC 8493): a payload under `data/`, and the digest of every file in a manifest.

#[cfg(not(target_family = "wasm"))]
use super::Home;
use super::{Container, Entry, add_told};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    hex::hex,
    source::Content,
    write::{
        Checksums, Eol, Lost, Product, Rendered, Renderer, ZipLevel,
        growing::{Growing, refused},
        product::Tell,
    },
};
use std::fmt::Write as _;

const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const MANIFEST: &str = "manifest-sha256.txt";

/// A bag in another container.
pub(crate) struct Bag {
    inner: Box<dyn Container>,
    /// The folder that the bag is, in an archive (§4), with a slash behind it.
    base: String,
    lines: Growing,
    manifest: usize,
    files: u64,
    octets: u64,
    date: Option<DateTime>,
    profile: &'static str,
}

impl Bag {
    pub(crate) fn new(inner: Box<dyn Container>, base: String, date: Option<DateTime>, profile: &'static str) -> Self {
        #[cfg(not(target_family = "wasm"))]
        let mut lines = Growing::within(inner.home());
        #[cfg(target_family = "wasm")]
        let mut lines = Growing::default();
        let manifest = lines.begin();
        Self { inner, base, lines, manifest, files: 0, octets: 0, date, profile }
    }

    fn tag_file(&mut self, name: &str, content: Content, tags: &mut String, tell: &mut Tell<'_>) -> Result<()> {
        let renderer = Renderer::new(Eol::Keep, Checksums::Sha256, self.inner.zip_level());
        let rendered = renderer.render_octets(content)?;
        if let Some(sha256) = rendered.sha256() {
            tags.push_str(&line(sha256, name));
        }
        let path = format!("{}{name}", self.base);
        add_told(&mut *self.inner, Entry { replaces: true, ..Entry::file(&path, None) }, &rendered, tell)
    }
}

/// A line of a manifest (§2.1.3): digest, two blanks, path, in which `%` and line ends are told by their numbers.
fn line(sha256: &[u8], path: &str) -> String {
    let path = path.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D");
    format!("{}  {path}\n", hex(sha256))
}

impl Container for Bag {
    fn zip_level(&self) -> Option<ZipLevel> {
        self.inner.zip_level()
    }

    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let Some(sha256) = rendered.sha256() else {
            return Err(Error::new(
                ErrorKind::Options,
                "a bag needs the SHA-256 of every file: do not use --checksums none",
            ));
        };
        let within = format!("{}data/{}", self.base, entry.path);
        let recorded = self.inner.entry(Entry { path: &within, ..entry }, rendered)?;
        // Where it stands, if a file of others has its name; the parts of an archive have their own before it.
        let path = recorded.rsplit_once('!').map_or(&*recorded, |(_, path)| path);
        let path = if path == within { path } else { &recorded };
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        self.lines.append(self.manifest, line(sha256, path).as_bytes()).map_err(refused)?;
        self.files += 1;
        self.octets += rendered.size();
        Ok(recorded)
    }

    fn standing(&self, path: &str) -> Option<String> {
        self.inner.standing(&format!("{}data/{path}", self.base))
    }

    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<Home> {
        self.inner.home()
    }

    #[cfg(not(target_family = "wasm"))]
    fn secure(&mut self) -> Result<()> {
        self.inner.secure()
    }

    fn is_taken(&self, path: &str) -> bool {
        self.inner.is_taken(&format!("{}data/{path}", self.base))
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.inner.take_products()
    }

    fn take_lost(&mut self) -> Option<Lost> {
        self.inner.take_lost()
    }

    fn add_folder(&mut self, path: &str) -> Result<()> {
        self.inner.add_folder(&format!("{}data/{path}", self.base))
    }

    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        let mut tags = String::new();
        self.tag_file("bagit.txt", DECLARATION.as_bytes().to_vec().into(), &mut tags, tell)?;
        let mut info = format!("Bag-Software-Agent: mailferry {}\n", env!("CARGO_PKG_VERSION"));
        if let Some(date) = self.date {
            let date = date.to_string();
            let _infallible = writeln!(info, "Bagging-Date: {}", date.get(..10).unwrap_or(&date));
        }
        let _infallible = writeln!(info, "External-Description: Mail, calendars and contacts; layout {}", self.profile);
        let _infallible = writeln!(info, "Payload-Oxum: {}.{}", self.octets, self.files);
        self.tag_file("bag-info.txt", info.into_bytes().into(), &mut tags, tell)?;
        let manifest = self.lines.take(self.manifest)?;
        self.tag_file(MANIFEST, manifest, &mut tags, tell)?;
        let mut untold = String::new();
        self.tag_file("tagmanifest-sha256.txt", tags.into_bytes().into(), &mut untold, tell)?;
        self.inner.finish(tell)
    }
}
