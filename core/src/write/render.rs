use super::{
    Eol, WriteOptions,
    collection::{Collections, Grouping},
    deflate::Deflater,
    deflated::Deflated,
    frames::{Frame, Frames},
    mbox::StateFields,
    octets::Octets,
    pool::Pool,
};
#[cfg(not(target_family = "wasm"))]
use super::{
    container::{Ahead, WrittenAhead},
    deflate::{BLOCK, Spread},
};
#[cfg(not(target_family = "wasm"))]
use crate::crew::Hands;
use crate::{
    crc32::Crc32,
    defect::Defect,
    error::{Error, Result},
    hex::hex,
    model::{CalendarObject, Fidelity, Item, ItemKind, Message},
    source::Content,
    word::words,
};
use sha2::{Digest, Sha256};
use std::{
    hash::Hasher as _,
    io::{self, Read as _},
    sync::Arc,
};
use twox_hash::XxHash3_64;

/// Octets that every digest sees before the next ones are taken, so that they stay in the processor's cache.
const WINDOW: usize = 64 << 10;

/// Octets of an item that tell its name apart, where no checksum does.
const NAMED_BY: u64 = 64 << 10;

words! {
    /// Which digest of the octets written is computed.
    #[derive(Default)]
    pub enum Checksums: "a digest" {
        /// SHA-256 (FIPS 180-4): it is in the item log and, shortened, in file names.
        #[default]
        Sha256 = "sha256",
        /// None: file names carry an XXH3-64 of the first 64 KiB and the length instead, which is faster and no proof of anything.
        None = "none",
    }
}

words! {
    /// How hard a ZIP archive is compressed.
    #[derive(Default)]
    pub enum ZipLevel: "a level of compression" {
        /// Not at all.
        Store = "store",
        /// As well as zlib's default level, in a fraction of its time.
        #[default]
        Fast = "fast",
        /// As well as deflate can within reason.
        Best = "best",
    }
}

/// Does what costs processor time before an item can be written: line ends, digests, deflate.
///
/// Any number of items can be rendered at once, on any thread and in any order: the outcome is the same.
#[derive(Clone, Default)]
pub struct Renderer {
    eol: Eol,
    checksums: Checksums,
    /// The level, where the container is a ZIP archive.
    zip: Option<ZipLevel>,
    collections: Collections,
    state: StateFields,
    /// Whether calendar objects and cards go to files of many.
    shares_file: bool,
    /// Whether messages become part of a larger file.
    messages_share: bool,
    /// Tells of the digest of an item's octets whether they need not be written.
    known: Option<Known>,
    /// Whether messages become message objects too.
    #[cfg(feature = "outlook")]
    objects: bool,
    resting: Resting,
    /// Where items with files of their own are written before their turn, and what is deflated of large ones is kept.
    #[cfg(not(target_family = "wasm"))]
    ahead: Option<Ahead>,
}

/// Octets of an event or a card that another thread is not asked for.
#[cfg(not(target_family = "wasm"))]
const QUICK: u64 = 8 << 10;

/// Tells of an item and the digest of its octets, in hexadecimal, whether they need not be written.
pub(crate) type Known = Arc<dyn Fn(&Item, &str) -> bool + Send + Sync>;

/// What one item after another uses.
#[derive(Clone, Default)]
struct Resting {
    octets: Pool<Vec<u8>>,
    deflaters: Pool<Box<Deflater>>,
    deflated: Pool<Vec<u8>>,
    frames: Frames,
    #[cfg(not(target_family = "wasm"))]
    blocks: Pool<Vec<u8>>,
    /// What deflates the blocks of large items.
    #[cfg(not(target_family = "wasm"))]
    hands: Option<Hands>,
}

impl Resting {
    /// What deflates an item of about `size` octets.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "there is one way"))]
    fn deflating(&self, level: ZipLevel, size: u64) -> Deflating<'_> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(hands) = self.hands.as_ref().filter(|_| size > BLOCK as u64) {
            return Deflating::Spread(Spread::new(hands.clone(), level, &self.deflaters, &self.blocks));
        }
        let mut deflater = self.deflaters.take().unwrap_or_else(|| Box::new(Deflater::new(level)));
        deflater.start();
        Deflating::Alone(deflater, &self.deflaters)
    }
}

/// What deflates the octets of an item: either way, to the same.
enum Deflating<'r> {
    Alone(Box<Deflater>, &'r Pool<Box<Deflater>>),
    #[cfg(not(target_family = "wasm"))]
    Spread(Spread),
}

impl Deflating<'_> {
    fn write(&mut self, octets: &[u8], out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Alone(deflater, _) => deflater.write(octets, out),
            #[cfg(not(target_family = "wasm"))]
            Self::Spread(spread) => spread.write(octets, out),
        }
    }

    fn finish(self, out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Alone(mut deflater, resting) => {
                deflater.finish(out)?;
                resting.put(deflater);
                Ok(())
            }
            #[cfg(not(target_family = "wasm"))]
            Self::Spread(mut spread) => spread.finish(out),
        }
    }
}

impl Renderer {
    /// What renders items as `options` say, for an [`ItemWriter`](super::ItemWriter) of one's own: line ends, the digest, what is
    /// changed in calendar objects and cards. Nothing is compressed, and no fields are added.
    ///
    /// ```
    /// use mailferry::{
    ///     model::{Folder, FolderPath, Item, ItemKind, Message},
    ///     source::Content,
    ///     write::{Eol, Fidelity, Renderer, WriteOptions},
    /// };
    ///
    /// let mut options = WriteOptions::default();
    /// options.eol = Eol::Lf;
    /// let message = Message::new(Content::from(b"Subject: Hi\r\n\r\nHello\r\n".to_vec()));
    /// let inbox = Folder { path: FolderPath::new(["Inbox"]), role: None };
    /// let item = Item::new(ItemKind::Message(message), inbox, Default::default());
    ///
    /// let rendered = Renderer::of(&options).render(&item)?;
    /// let mut octets = Vec::new();
    /// rendered.for_each_chunk(|chunk| {
    ///     octets.extend_from_slice(chunk);
    ///     Ok(())
    /// })?;
    /// assert_eq!(octets, b"Subject: Hi\n\nHello\n");
    /// assert_eq!((rendered.size(), rendered.fidelity()), (19, Fidelity::Normalized));
    /// assert!(rendered.sha256().is_some_and(|digest| digest[..2] == [0x35, 0xf2]) && rendered.xxh3().is_none());
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    pub fn of(options: &WriteOptions) -> Self {
        Self::new(options.eol, options.checksums, None).with_collections(options.collections.clone())
    }

    pub(crate) fn new(eol: Eol, checksums: Checksums, zip: Option<ZipLevel>) -> Self {
        Self { eol, checksums, zip, state: StateFields::None, ..Self::default() }
    }

    /// The same renderer with calendar objects and cards changed as `collections` says.
    pub(crate) fn with_collections(mut self, collections: Collections) -> Self {
        self.shares_file = collections.grouping != Grouping::EachItem;
        self.collections = collections;
        self
    }

    /// The same renderer with fields that tell the state of a message before its header section.
    pub(crate) fn with_state(mut self, state: StateFields) -> Self {
        self.state = state;
        self
    }

    /// The same renderer for messages that become part of a larger file, which alone is compressed; calendar objects and cards may have
    /// files of their own beside it.
    pub(crate) fn uncompressed(mut self) -> Self {
        self.messages_share = true;
        self
    }

    /// The same renderer, which makes message objects of messages.
    #[cfg(feature = "outlook")]
    pub(crate) fn with_objects(mut self) -> Self {
        self.objects = true;
        self
    }

    /// The same renderer, which deflates nothing that is `known`; of what is not, the octets are gone through twice.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "nothing is written to again"))]
    pub(crate) fn with_known(mut self, known: Option<Known>) -> Self {
        let deflates = self.zip.is_some_and(|level| level != ZipLevel::Store) && !self.messages_share;
        self.known = known.filter(|_| deflates);
        self
    }

    /// The same renderer, which gives blocks of large items to `hands` to deflate.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn with_hands(mut self, hands: Hands) -> Self {
        self.resting.hands = Some(hands);
        self
    }

    /// The same renderer, which writes items with files of their own before their turn, where other threads have time for it, or keeps
    /// there what is deflated of large ones.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn with_ahead(mut self, ahead: Option<Ahead>) -> Self {
        self.ahead = ahead;
        self
    }

    /// Writes the file of an item where it can be written before its turn.
    #[cfg(not(target_family = "wasm"))]
    fn write_ahead(&self, item: &Item, rendered: &mut Rendered) {
        let shares = if item.message().is_some() { self.messages_share } else { self.shares_file };
        let is_file = self.zip.is_none() && !shares;
        if let Some(ahead) = self.ahead.as_ref().filter(|_| is_file && self.resting.hands.is_some()) {
            let size = rendered.size;
            let mut written = 0;
            let file = ahead.write(|write| {
                rendered.for_each_chunk(|octets| {
                    written += octets.len() as u64;
                    write(octets)
                })
            });
            rendered.ahead = std::sync::Mutex::new(file.filter(|_| written == size));
        }
    }

    /// Whether an item is rendered in less time than another thread needs to take it: a small one whose octets are read, and no more.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn is_quick(&self, item: &Item) -> bool {
        item.message().is_none() && self.shares_file && item.size() < QUICK
    }

    /// Whether no more is held of what is rendered than was read: it is stored as it is, or in its own file already.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn holds_as_read(&self) -> bool {
        let is_plain = match self.zip {
            Some(level) => level == ZipLevel::Store,
            None => self.ahead.is_some(),
        };
        is_plain && !self.messages_share
    }

    /// Octets that `item` and what is rendered of it may hold at a time.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn may_hold(&self, item: &Item) -> u64 {
        let most = match self.zip {
            // What is larger is gone through where it lies.
            _ if self.holds_as_read() && item.size() > super::octets::HELD => 0,
            None | Some(ZipLevel::Store) => super::octets::HELD,
            Some(_) => Deflated::most_held(self.ahead.as_ref()),
        };
        item.holds(most).max(crate::crew::LEAST)
    }

    /// The item as it is, if it is known.
    fn render_known(&self, item: &Item, content: &Content) -> Result<Option<Rendered>> {
        let Some(known) = &self.known else { return Ok(None) };
        let plain = Self { zip: Some(ZipLevel::Store), known: None, ..self.clone() }.render_octets(content.clone())?;
        let digest = plain.sha256().map(|digest| hex(digest)).or(plain.xxh3().map(|digest| format!("{digest:016x}")));
        Ok(Some(plain).filter(|_| digest.is_some_and(|digest| known(item, &digest))))
    }

    /// Reads the octets of `item` once and gives them ready to be written.
    ///
    /// # Errors
    /// Not fatal: what its source says, when it cannot be read to its end.
    pub fn render(&self, item: &Item) -> Result<Rendered> {
        let render = || match &item.kind {
            ItemKind::Message(message) => self.render_message(item, message),
            ItemKind::Calendar(object) => match self.collections.object(object)? {
                Some((object, defects)) => Ok(self.render_calendar(&object)?.changed(defects)),
                None => self.render_calendar(object),
            },
            ItemKind::Contact(card) => match self.collections.card(card)? {
                Some((content, defects)) => Ok(self.render_member(content, true)?.changed(defects)),
                None => self.render_member(card.to_content()?, true),
            },
        };
        #[cfg_attr(target_family = "wasm", expect(unused_mut, reason = "nothing is written before its turn"))]
        let mut rendered = render().map_err(Error::non_fatal)?;
        #[cfg(not(target_family = "wasm"))]
        self.write_ahead(item, &mut rendered);
        Ok(rendered)
    }

    #[cfg(feature = "outlook")]
    fn render_object(&self, item: &Item, message: &Message) -> Result<Rendered> {
        use crate::mapi::{Known, from_message};
        let labels = item.labels.iter().filter(|label| match &label.folder {
            Some(folder) => folder.role.is_none() && *folder != item.folder,
            None => true,
        });
        let known = Known {
            keywords: item.keywords.clone(),
            received: item.received.map(|received| received.at),
            labels: labels.map(|label| label.name.clone()).collect(),
        };
        let mut rendered = self.render_as_message(message.content().clone())?;
        let object = from_message(message, &known, &mut rendered.defects)?;
        rendered.object = Some(Box::new(object));
        rendered.fidelity = Fidelity::Synthesized;
        Ok(rendered)
    }

    fn render_message(&self, item: &Item, message: &Message) -> Result<Rendered> {
        #[cfg(feature = "outlook")]
        if self.objects {
            return self.render_object(item, message);
        }
        let content = message.content().clone();
        let fields = self.state.of(item, message);
        if fields.is_empty() {
            return self.render_known(item, &content)?.map_or_else(|| self.render_as_message(content), Ok);
        }
        let mut start = [0; 1 << 10];
        let n = content.reader().read(&mut start)?;
        let line_end = memchr::memchr(b'\n', start.get(..n).unwrap_or_default());
        let is_crlf = line_end.and_then(|at| start.get(at.checked_sub(1)?)) == Some(&b'\r');
        let fields = if is_crlf { fields.replace('\n', "\r\n") } else { fields };
        let mut rendered = self.render_as_message(Content::join([fields.into_bytes().into(), content]))?;
        rendered.fidelity = Fidelity::Normalized;
        Ok(rendered)
    }

    fn render_as_message(&self, content: Content) -> Result<Rendered> {
        self.render_as(content, self.eol, self.zip.filter(|_| !self.messages_share))
    }

    /// Renders a calendar object; in a file of many it takes no more than its components.
    fn render_calendar(&self, object: &CalendarObject) -> Result<Rendered> {
        if !self.shares_file || object.is_empty() {
            return self.render_member(object.to_content()?, false);
        }
        let eol = self.eol_of(false);
        let read = |content: &Content| {
            let mut digests = Digests::new(self.checksums, false);
            let octets = Octets::Streamed { content: content.clone(), eol };
            let is_changed = octets.for_each_chunk(|chunk| {
                digests.update(chunk);
                Ok(())
            })?;
            Ok((digests, is_changed))
        };
        match self.resting.frames.of(object, read)? {
            Some(frame) => self.render_behind(&frame, object.rest()?, eol),
            None => self.render_member(object.to_content()?, false),
        }
    }

    /// Renders what follows a frame whose digests are known.
    fn render_behind(&self, frame: &Frame, rest: Content, eol: Eol) -> Result<Rendered> {
        let content = Content::join([frame.content.clone(), rest.clone()]);
        let (octets, changed_early) = Octets::new(rest, eol, &self.resting.octets)?;
        let mut digests = frame.digests.clone();
        let changed_late = octets.for_each_chunk(|chunk| {
            chunk.chunks(WINDOW).for_each(|window| digests.update(window));
            Ok(())
        })?;
        let end = match eol {
            Eol::Keep => frame.line_end.len(),
            Eol::Crlf => 2,
            Eol::Lf => 1,
        };
        let shared = frame.digests.size + (b"END:VCALENDAR".len() + end) as u64;
        let own = digests.size.saturating_sub(shared);
        let is_changed = frame.is_changed || changed_early || changed_late;
        let mut rendered = self.rendered(Octets::Streamed { content, eol }, digests, None, None, is_changed);
        rendered.share = Some(own);
        Ok(rendered)
    }

    /// Renders what goes to a file with others: only that file is compressed.
    fn render_member(&self, content: Content, is_card: bool) -> Result<Rendered> {
        let zip = if self.shares_file { None } else { self.zip };
        self.render_as(content, self.eol_of(is_card), zip)
    }

    /// Renders a whole file of calendars, or of cards.
    pub(super) fn render_lines(&self, content: Content, are_cards: bool) -> Result<Rendered> {
        self.render_as(content, self.eol_of(are_cards), self.zip)
    }

    /// The line end of calendars, or of cards: what is mended for a target has the one that their standards ask for.
    fn eol_of(&self, are_cards: bool) -> Eol {
        let mends = if are_cards { self.collections.vcf.mend } else { self.collections.ics.mend };
        if mends { Eol::Crlf } else { self.eol }
    }

    /// What takes the digests of octets that come bit by bit.
    pub(super) fn digests(&self) -> Digests {
        Digests::new(self.checksums, self.zip.is_some())
    }

    pub(crate) fn render_octets(&self, content: Content) -> Result<Rendered> {
        self.render_as(content, self.eol, self.zip)
    }

    fn render_as(&self, content: Content, eol: Eol, zip: Option<ZipLevel>) -> Result<Rendered> {
        let (octets, changed_early) = Octets::new(content, eol, &self.resting.octets)?;
        let mut digests = Digests::new(self.checksums, zip.is_some());
        let level = zip.filter(|level| *level != ZipLevel::Store);
        let mut deflating = level.map(|level| {
            let size = octets.about();
            let deflated = Deflated::new(&self.resting.deflated);
            #[cfg(not(target_family = "wasm"))]
            let deflated = deflated.kept_in(self.ahead.as_ref());
            (self.resting.deflating(level, size), deflated)
        });
        let changed_late = octets.for_each_chunk(|chunk| {
            for window in chunk.chunks(WINDOW) {
                digests.update(window);
                if let Some((deflater, deflated)) = &mut deflating {
                    deflater.write(window, |out| deflated.push(out))?;
                }
            }
            Ok(())
        })?;
        let deflated = match deflating {
            Some((deflater, mut deflated)) => {
                deflater.finish(|out| deflated.push(out))?;
                (deflated.size() < digests.size).then_some(deflated)
            }
            None => None,
        };
        Ok(self.rendered(octets, digests, deflated, zip, changed_early || changed_late))
    }

    fn rendered(
        &self,
        octets: Octets,
        mut digests: Digests,
        deflated: Option<Deflated>,
        zip: Option<ZipLevel>,
        is_changed: bool,
    ) -> Rendered {
        let (size, crc32) = (digests.size, digests.crc32.take());
        let (sha256, xxh3) = digests.finish();
        let name_digest = match (sha256, xxh3) {
            (Some(sha256), _) => hex12(&sha256),
            (None, xxh3) => hex12(&xxh3.unwrap_or(0).to_be_bytes()),
        };
        let fidelity = if is_changed { Fidelity::Normalized } else { Fidelity::Verbatim };
        Rendered {
            octets,
            size,
            share: None,
            sha256,
            xxh3,
            name_digest,
            crc32: crc32.map(Crc32::value),
            deflated,
            level: zip.unwrap_or_default(),
            resting: self.resting.clone(),
            fidelity,
            defects: Vec::new(),
            #[cfg(not(target_family = "wasm"))]
            ahead: std::sync::Mutex::default(),
            #[cfg(feature = "outlook")]
            object: None,
        }
    }
}

/// The first 12 hexadecimal digits.
fn hex12(digest: &[u8]) -> String {
    hex(digest.get(..6).unwrap_or(digest))
}

/// The digests of octets that come bit by bit.
#[derive(Clone)]
pub(super) struct Digests {
    size: u64,
    sha256: Option<Sha256>,
    xxh3: Option<XxHash3_64>,
    crc32: Option<Crc32>,
}

impl Digests {
    fn new(checksums: Checksums, for_zip: bool) -> Self {
        let proof = checksums == Checksums::Sha256;
        Self {
            size: 0,
            sha256: proof.then(Sha256::new),
            xxh3: (!proof).then(XxHash3_64::new),
            crc32: for_zip.then(Crc32::default),
        }
    }

    pub(super) fn update(&mut self, octets: &[u8]) {
        let before = self.size;
        self.size += octets.len() as u64;
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(octets);
        }
        if let Some(xxh3) = self.xxh3.as_mut().filter(|_| before < NAMED_BY) {
            let left = usize::try_from(NAMED_BY - before).unwrap_or(usize::MAX);
            xxh3.write(octets.get(..left).unwrap_or(octets));
        }
        if let Some(crc32) = &mut self.crc32 {
            crc32.update(octets);
        }
    }

    /// The SHA-256, or, without one, the XXH3-64 of the first 64 KiB and of the number of octets.
    pub(super) fn finish(mut self) -> (Option<[u8; 32]>, Option<u64>) {
        if let Some(xxh3) = self.xxh3.as_mut().filter(|_| self.size > NAMED_BY) {
            xxh3.write(&self.size.to_le_bytes());
        }
        (self.sha256.map(|sha256| sha256.finalize().into()), self.xxh3.map(|xxh3| xxh3.finish()))
    }
}

/// Both digests that a log may have of a file: its SHA-256, and the XXH3-64 of its first 64 KiB and of the number of octets.
pub(crate) fn file_digests(content: &Content) -> io::Result<[String; 2]> {
    let mut digests = Digests { size: 0, sha256: Some(Sha256::new()), xxh3: Some(XxHash3_64::new()), crc32: None };
    content.for_each_chunk(|octets| {
        digests.update(octets);
        Ok(())
    })?;
    let (sha256, xxh3) = digests.finish();
    Ok([hex(&sha256.unwrap_or_default()), format!("{:016x}", xxh3.unwrap_or_default())])
}

/// An item ready to be written: its octets, which are gone through in pieces and never held whole, and what was found out about
/// them on the way. It belongs to no writer; whoever implements [`ItemWriter`](super::ItemWriter) is given one for each item.
pub struct Rendered {
    octets: Octets,
    size: u64,
    /// How many of them are the item's alone, where others share the rest.
    share: Option<u64>,
    sha256: Option<[u8; 32]>,
    xxh3: Option<u64>,
    name_digest: String,
    crc32: Option<u32>,
    deflated: Option<Deflated>,
    level: ZipLevel,
    resting: Resting,
    fidelity: Fidelity,
    defects: Vec<Defect>,
    /// The file that it was written to before its turn.
    #[cfg(not(target_family = "wasm"))]
    ahead: std::sync::Mutex<Option<WrittenAhead>>,
    /// The message object, where one was asked for.
    #[cfg(feature = "outlook")]
    object: Option<Box<crate::mapi::MapiMessage>>,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rendered({} octets, {}, {})", self.size, self.name_digest, self.fidelity.as_str())
    }
}

impl Rendered {
    /// What could not be kept as it was.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The message object that was made of it.
    #[cfg(feature = "outlook")]
    pub(crate) fn object(&self) -> Option<&crate::mapi::MapiMessage> {
        self.object.as_deref()
    }

    /// The file that it was written to before its turn, for the first who asks.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn take_written_ahead(&self) -> Option<WrittenAhead> {
        self.ahead.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// How many octets are written, before a container compresses them.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many octets the item takes: of a calendar object in a file of many its components alone, without the properties and time
    /// zones that stand in that file once.
    pub fn own_size(&self) -> u64 {
        self.share.unwrap_or(self.size)
    }

    /// The same octets, changed for a target.
    fn changed(mut self, defects: Vec<Defect>) -> Self {
        self.defects = defects;
        self.fidelity = Fidelity::Normalized;
        self
    }

    /// The SHA-256 of the octets written, where [`Checksums`] asks for it.
    pub fn sha256(&self) -> Option<&[u8; 32]> {
        self.sha256.as_ref()
    }

    /// The XXH3-64 of the first 64 KiB of the octets written and, where there are more, of their number; where there is no
    /// SHA-256.
    pub fn xxh3(&self) -> Option<u64> {
        self.xxh3
    }

    /// The 12 hexadecimal digits in the file name: the first of the SHA-256, or of the [name's own digest](Checksums::None) where there is none.
    pub fn name_digest(&self) -> &str {
        &self.name_digest
    }

    /// How the octets written relate to those of the source.
    pub fn fidelity(&self) -> Fidelity {
        self.fidelity
    }

    /// The CRC-32 of the octets, which a ZIP archive wants; none was computed for a directory.
    pub(crate) fn crc32(&self) -> Option<u32> {
        self.crc32
    }

    /// The threads of the run, where it has others than the one that writes.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn hands(&self) -> Option<&Hands> {
        self.resting.hands.as_ref()
    }

    /// What deflates a stream of level `level` beside the thread that writes it, where there are threads for it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn spread(&self, level: ZipLevel) -> Option<Spread> {
        // Others than those of items, which may be of another level.
        self.resting.hands.clone().map(|hands| Spread::new(hands, level, &Pool::default(), &self.resting.blocks))
    }

    /// Octets that it holds.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn holds(&self) -> u64 {
        self.octets.holds() + self.deflated.as_ref().map_or(0, Deflated::holds)
    }

    /// How many octets they deflate to, where that was asked for and is fewer.
    pub(crate) fn deflated_size(&self) -> Option<u64> {
        self.deflated.as_ref().map(Deflated::size)
    }

    /// Calls `f` with the octets that are to be written, a piece at a time, [`Rendered::size`] of them in all. May be called again:
    /// what is too large to be held is read again from its source.
    ///
    /// # Errors
    /// What `f` says, which ends it, or the source.
    pub fn for_each_chunk(&self, f: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.octets.for_each_chunk(f).map(|_changed| ())
    }

    /// Calls `f` with the deflated octets, a piece at a time.
    pub(crate) fn for_each_deflated_chunk(&self, mut f: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if let Some(done) = self.deflated.as_ref().and_then(|deflated| deflated.for_each_chunk(&mut f)) {
            return done;
        }
        let mut deflater = self.resting.deflating(self.level, self.size);
        self.for_each_chunk(|chunk| deflater.write(chunk, &mut f))?;
        deflater.finish(f)
    }
}
