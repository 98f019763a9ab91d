use super::{
    Found, Input, Inputs, ItemReader, Passed, ReadOptions, Unopened,
    input::Group,
    recovered,
    takeout::{Part, Parts, place_of},
};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    limits::Stop,
    model::{Folder, Item},
    source::Source,
};
use std::{collections::VecDeque, sync::Arc};

/// All items of any number of files, archives, directories and other sources, one after the other.
///
/// Single-message files in one directory or archive are one source, in the order of their files.
///
/// What cannot be opened or read is reported in its place; the rest follows. The items of a source are numbered from 1, and an
/// item that cannot be read has its number too.
///
/// ```
/// use mailferry::read::{Event, Mailbox, ReadOptions};
/// use std::sync::Arc;
///
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
/// let mut subjects = Vec::new();
/// while let Some(event) = mailbox.next_event() {
///     match event {
///         Event::Item(item) => subjects.push(item.message().map(|message| message.content().len())),
///         Event::Failed { error, .. } => return Err(error),
///         _ => {}
///     }
/// }
/// assert_eq!(subjects, [Some(17)]);
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct Mailbox {
    options: Arc<ReadOptions>,
    places: VecDeque<Given>,
    /// The parts of a Takeout, as they come.
    parts: Parts,
    inputs: Option<Inputs>,
    /// What they are in.
    place: Arc<str>,
    /// That its next part was not given.
    beside: Option<Defect>,
    open: Option<Open>,
    /// Found behind the source in hand, which has to be closed first.
    waiting: Option<Result<Found>>,
    /// What happened before anybody asked.
    early: VecDeque<Event>,
    /// Octets of sources that are done with.
    behind: u64,
    total: Option<u64>,
}

/// Where sources are to be looked for: anything that is a path is one.
#[derive(Clone)]
pub enum Given {
    /// A file, an archive or a directory.
    #[cfg(not(target_family = "wasm"))]
    Path(std::path::PathBuf),
    /// Octets from anywhere under a name, which advises their format and names their folder.
    Source(Arc<str>, Source),
    /// Items that a program makes, under a name: their reader is made anew whenever they are read.
    Items(Arc<str>, Arc<MakeReader>),
}

/// Makes the reader of items that are in no file.
pub type MakeReader = dyn Fn(&ReadOptions) -> Result<Box<dyn ItemReader>> + Send + Sync;

/// What the format of items is called that are in no file.
const MADE: &str = "items";

impl Given {
    pub(crate) fn name(&self) -> Arc<str> {
        match self {
            #[cfg(not(target_family = "wasm"))]
            Self::Path(path) => path.to_string_lossy().into(),
            Self::Source(name, _) | Self::Items(name, _) => Arc::clone(name),
        }
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            #[cfg(not(target_family = "wasm"))]
            Self::Path(path) => path.fmt(f),
            Self::Source(name, source) => write!(f, "{name:?} of {} octets", source.len()),
            Self::Items(name, _) => write!(f, "items of {name:?}"),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl<P: Into<std::path::PathBuf>> From<P> for Given {
    fn from(path: P) -> Self {
        Self::Path(path.into())
    }
}

struct Open {
    /// The reader of the file in hand; none between two files of one source.
    reader: Option<Box<dyn ItemReader>>,
    /// Whether it gave a fatal error: it is asked for nothing more, as it might give the same one for ever.
    is_over: bool,
    /// The name of the file in hand.
    name: Arc<str>,
    /// Its octets.
    len: u64,
    /// Items so far, those that cannot be read included.
    items: u64,
    /// Of a source of many files: the directory or archive, and their format.
    group: Option<(Arc<Group>, &'static str)>,
    closed: Closed,
}

/// Defects of a source of many files that are told.
const MOST_DEFECTS: usize = 1_000;

/// What happens while a [`Mailbox`] is read.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event {
    /// A source was recognised and opened; what follows up to [`Event::Closed`] is of it.
    Opened(Opened),
    /// An item.
    Item(Box<Item>),
    /// Something cannot be read.
    Failed {
        /// What happened, and where.
        error: Error,
        /// `false`: a source cannot be opened. `true`: an item of the source in hand cannot be read, or all that is left
        /// of it when the error is [fatal](Error::is_fatal).
        within: bool,
    },
    /// An entry of an archive or a file in a directory is not a source.
    Passed(Passed),
    /// A source is done with; or the archive or directory that sources came from, if something is wrong with it or it has
    /// folders without an item.
    Closed(Closed),
}

/// A source that was opened.
#[non_exhaustive]
#[derive(Clone)]
pub struct Opened {
    /// Its name: the path as it was given, `archive.zip!Takeout/Mail/Inbox.mbox` for an entry of an archive; of messages in
    /// files of their own that of the directory or archive.
    pub name: Arc<str>,
    /// The name of its format, as in [`FORMATS`](super::FORMATS); `items` of those that a program makes.
    pub format: &'static str,
    /// Its octets; none for a directory, whose messages are one source, and for items that a program makes.
    pub source: Option<Source>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({}, {})", self.name, self.format)
    }
}

/// What is known of a source when it is done with.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Its folders without items.
    pub folders: Vec<Folder>,
    /// What was wrong with the source itself.
    pub defects: Vec<Defect>,
    /// Where the source ends too early, if it does: what should follow is missing.
    pub cut_short: Option<String>,
}

impl Closed {
    /// Adds what was wrong with `name`, up to `most` defects.
    fn tell(&mut self, name: &str, defects: Vec<Defect>, most: usize) {
        let room = most.saturating_sub(self.defects.len());
        let cut =
            defects.iter().find(|defect| defect.cuts_short()).map(|defect| format!("{name}: ends too early: {defect}"));
        self.cut_short = self.cut_short.take().or(cut);
        self.defects.extend(defects.into_iter().take(room));
    }
}

impl Mailbox {
    /// A mailbox without sources.
    pub fn new(options: ReadOptions) -> Self {
        Self {
            options: Arc::new(options),
            places: VecDeque::new(),
            parts: Parts::default(),
            inputs: None,
            place: "".into(),
            beside: None,
            open: None,
            waiting: None,
            early: VecDeque::new(),
            behind: 0,
            total: Some(0),
        }
    }

    /// Adds a file, an archive or a directory.
    #[cfg(not(target_family = "wasm"))]
    pub fn add_path(&mut self, path: impl Into<std::path::PathBuf>) {
        let path = path.into();
        let is_plain = |path: &std::path::Path| {
            let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
            const PACKED: [&str; 13] =
                ["gz", "tgz", "zip", "tar", "bz2", "tbz", "tbz2", "xz", "txz", "zst", "zstd", "tzst", "tzs"];
            !extension.is_some_and(|extension| PACKED.iter().any(|e| extension == *e))
        };
        let len = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        self.total = self.total.filter(|_| is_plain(&path) && !path.is_dir()).map(|total| total + len);
        self.place(Given::Path(path));
    }

    /// Adds a place behind the others; the parts of a Google Takeout come together and in their order, however they were given.
    fn place(&mut self, place: Given) {
        let names = self.places.iter().map(|place| std::borrow::Cow::Owned(place.name().to_string()));
        let at = place_of(&place.name(), names).unwrap_or(self.places.len());
        self.places.insert(at, place);
    }

    /// That the next part of a Takeout lies beside the one at `place`, and was not given.
    fn next_part_beside(&self, place: &Given) -> Option<Defect> {
        let part = Part::named(&place.name())?;
        let following = self.places.front().and_then(|next| Part::named(&next.name()));
        if following.is_some_and(|next| next.is_of_set(&part)) {
            return None;
        }
        match place {
            #[cfg(not(target_family = "wasm"))]
            Given::Path(path) => path.with_file_name(part.next()).is_file().then(|| {
                let detail = format!(
                    "{} lies beside it and was not given: a Takeout is complete with all its parts",
                    part.next()
                );
                Defect::new(crate::DefectKind::Structure, detail)
            }),
            Given::Source(..) | Given::Items(..) => None,
        }
    }

    /// What was given, in the order in which it is read; what belongs together stands together.
    #[cfg(all(feature = "convert", not(target_family = "wasm")))]
    pub(crate) fn in_order(given: Vec<Given>) -> Vec<Vec<Given>> {
        let mut mailbox = Self::new(ReadOptions::default());
        given.into_iter().for_each(|given| mailbox.place(given));
        let mut together: Vec<Vec<Given>> = Vec::new();
        for given in mailbox.places {
            let part = Part::named(&given.name());
            let before = together.last().and_then(|set| Part::named(&set.last()?.name()));
            let is_of_set = part.zip(before).is_some_and(|(part, before)| part.is_of_set(&before));
            match together.last_mut().filter(|_| is_of_set) {
                Some(set) => set.push(given),
                None => together.push(vec![given]),
            }
        }
        together
    }

    /// Adds octets from anywhere under a name, which advises their format and names their folder.
    pub fn add_source(&mut self, name: &str, source: Source) {
        self.total = self.total.map(|total| total + source.len());
        self.place(Given::Source(name.into(), source));
    }

    /// Adds what was given.
    pub fn add(&mut self, given: impl Into<Given>) {
        let given = given.into();
        match given {
            #[cfg(not(target_family = "wasm"))]
            Given::Path(path) => self.add_path(path),
            Given::Source(name, source) => self.add_source(&name, source),
            Given::Items(..) => {
                self.total = None;
                self.place(given);
            }
        }
    }

    /// What may end the reading from outside.
    pub(crate) fn stop(&self) -> &Stop {
        &self.options.limits.stop
    }

    /// How many octets of the sources were read.
    pub fn position(&self) -> u64 {
        self.behind + self.open.as_ref().and_then(|open| open.reader.as_ref()).map_or(0, |reader| reader.position())
    }

    /// How many octets there are in all; `None` where archives hide it.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Makes sure that there is something to read, before anything is made ready to take it.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can.
    pub fn start(&mut self) -> Result<()> {
        const MOST_EARLY: usize = 10_000;
        while self.open.is_none() && self.early.len() < MOST_EARLY {
            let Some(event) = self.advance() else { break };
            self.early.push_back(event);
        }
        // Folders without an item are something, too.
        let opened = self.early.iter().any(|event| match event {
            Event::Opened(_) => true,
            Event::Closed(closed) => !closed.folders.is_empty(),
            _ => false,
        });
        if opened || self.early.len() == MOST_EARLY {
            return Ok(());
        }
        let first = self.early.drain(..).find_map(|event| match event {
            Event::Failed { error, .. } => Some(error),
            Event::Closed(closed) => closed.cut_short.map(|cut| Error::new(ErrorKind::Malformed, cut)),
            _ => None,
        });
        Err(first.unwrap_or_else(|| Error::new(ErrorKind::UnknownFormat, "nothing readable was found")))
    }

    /// What happens next; `None` when all sources are done with.
    pub fn next_event(&mut self) -> Option<Event> {
        self.early.pop_front().or_else(|| self.advance())
    }

    /// The next item, with its number in its source, where it may be opened while others are found; `None` where
    /// [`Mailbox::next_event`] is to be asked once those that were given are opened.
    pub(crate) fn next_ahead(&mut self) -> Option<(u64, Unopened)> {
        let open = self.open.as_mut().filter(|_| self.early.is_empty())?;
        let unopened = open.reader.as_mut().filter(|_| !open.is_over)?.next_ahead()?;
        open.items += 1;
        let (ordinal, options) = (open.items, Arc::clone(&self.options));
        Some((ordinal, unopened.then(move |item| finished(item?, ordinal, &options))))
    }

    /// Passes over items of the source in hand without opening them, as far as its format allows that, and at most up to the one of
    /// this number, which comes next then. Nothing is told of them.
    pub fn pass_over(&mut self, ordinal: u64) {
        while self.open.as_ref().is_some_and(|open| open.items + 1 < ordinal) && self.next_ahead().is_some() {}
    }

    /// Leaves the source in hand: what comes next is of the one behind it. Nothing is told of what was not read.
    pub fn leave_source(&mut self) {
        if !self.early.is_empty() {
            return;
        }
        let Some(open) = self.open.take() else { return };
        self.behind += open.len;
        let Some((group, format)) = open.group else { return };
        while let Some(found) = self.next_found() {
            let is_same = |input: &Input| {
                input.group().is_some_and(|its| Arc::ptr_eq(its, &group))
                    && input.format().is_ok_and(|its| its.name == format)
            };
            if !matches!(&found, Ok(Found::Input(input)) if is_same(input)) {
                self.waiting = Some(found);
                return;
            }
        }
    }

    fn advance(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.next_of_file() {
                return Some(event);
            }
            match self.next_found() {
                Some(Ok(Found::Input(input))) => match self.go_on(input) {
                    Some(event) => return Some(event),
                    None => continue,
                },
                Some(Ok(Found::Passed(passed))) => return Some(Event::Passed(passed)),
                Some(Err(error)) if self.open.is_some() => {
                    self.waiting = Some(Err(error));
                    return self.close();
                }
                Some(Err(error)) => return Some(failed(error)),
                None if self.open.is_some() => return self.close(),
                None => {}
            }
            if let Some(mut inputs) = self.inputs.take() {
                let (mut defects, folders) = (inputs.take_defects(), inputs.take_folders());
                defects.extend(self.beside.take());
                if !defects.is_empty() || !folders.is_empty() {
                    let mut closed = Closed { folders, ..Closed::default() };
                    closed.tell(&self.place, defects, usize::MAX);
                    return Some(Event::Closed(closed));
                }
            }
            let limits = &self.options.limits;
            let place = self.places.front()?;
            if let Some(error) = self.parts.missing_before(&place.name()) {
                return Some(failed(error));
            }
            let place = self.places.pop_front()?;
            self.place = place.name();
            self.beside = self.next_part_beside(&place);
            let inputs = match place {
                #[cfg(not(target_family = "wasm"))]
                Given::Path(path) => {
                    Inputs::at_path(path, limits).map(|inputs| inputs.part(self.options.part.as_ref()))
                }
                Given::Source(name, source) => Inputs::new(name, source, limits),
                Given::Items(name, make) => return Some(self.open_made(name, &*make).unwrap_or_else(failed)),
            };
            match inputs {
                Ok(inputs) => self.inputs = Some(inputs),
                Err(error) => return Some(failed(error)),
            }
        }
    }

    fn next_found(&mut self) -> Option<Result<Found>> {
        self.waiting.take().or_else(|| self.inputs.as_mut()?.next())
    }

    /// What the file in hand gives; `None` when there is none, or no more of one that others may follow in the same source.
    fn next_of_file(&mut self) -> Option<Event> {
        let open = self.open.as_mut()?;
        let reader = open.reader.as_mut()?;
        match if open.is_over { Ok(None) } else { reader.next_item() } {
            Ok(Some(item)) => {
                open.items += 1;
                Some(match finished(item, open.items, &self.options) {
                    Ok(item) => Event::Item(Box::new(item)),
                    Err(error) => Event::Failed { error, within: true },
                })
            }
            Ok(None) => {
                let most = if open.group.is_some() { MOST_DEFECTS } else { usize::MAX };
                open.closed.tell(&open.name, reader.take_defects(), most);
                open.closed.folders.append(&mut reader.folders());
                open.reader = None;
                self.behind += open.len;
                match open.group {
                    Some(_) => None,
                    None => self.close(),
                }
            }
            // The next call closes it.
            Err(error) => {
                open.items += 1;
                open.is_over = error.is_fatal();
                let error = if open.group.is_some() { error.non_fatal() } else { error };
                Some(Event::Failed { error, within: true })
            }
        }
    }

    /// Reads on in the next file; `None` when it is one more of the source in hand.
    fn go_on(&mut self, input: Input) -> Option<Event> {
        let group = input.group().and_then(|group| Some((Arc::clone(group), input.format().ok()?.name)));
        let Some(open) = &mut self.open else {
            return Some(match group {
                Some(group) => self.open_group(group, input),
                None => self.open(&input).unwrap_or_else(failed),
            });
        };
        let is_same = |(group, format): &(Arc<Group>, &str)| {
            open.group.as_ref().is_some_and(|(open, its)| Arc::ptr_eq(open, group) && its == format)
        };
        if !group.as_ref().is_some_and(is_same) {
            self.waiting = Some(Ok(Found::Input(input)));
            return self.close();
        }
        (open.name, open.len) = (input.name().into(), input.source().len());
        match input.open(&self.options) {
            Ok(reader) => {
                open.reader = Some(reader);
                open.is_over = false;
                None
            }
            Err(error) => {
                open.items += 1;
                Some(Event::Failed { error: error.non_fatal(), within: true })
            }
        }
    }

    fn open_group(&mut self, group: (Arc<Group>, &'static str), first: Input) -> Event {
        let opened = Opened { name: Arc::clone(&group.0.name), format: group.1, source: group.0.source.clone() };
        let name = Arc::clone(&group.0.name);
        self.open = Some(Open {
            reader: None,
            is_over: false,
            name,
            len: 0,
            items: 0,
            group: Some(group),
            closed: Closed::default(),
        });
        self.waiting = Some(Ok(Found::Input(first)));
        Event::Opened(opened)
    }

    fn open(&mut self, input: &Input) -> Result<Event> {
        let reader = Some(input.open(&self.options)?);
        let source = input.source().clone();
        let len = source.len();
        let opened = Opened { name: input.name().into(), format: input.format()?.name, source: Some(source) };
        let name = Arc::clone(&opened.name);
        self.open = Some(Open { reader, is_over: false, name, len, items: 0, group: None, closed: Closed::default() });
        Ok(Event::Opened(opened))
    }

    fn open_made(&mut self, name: Arc<str>, make: &MakeReader) -> Result<Event> {
        let reader = Some(make(&self.options)?);
        let opened = Opened { name: Arc::clone(&name), format: MADE, source: None };
        self.open =
            Some(Open { reader, is_over: false, name, len: 0, items: 0, group: None, closed: Closed::default() });
        Ok(Event::Opened(opened))
    }

    fn close(&mut self) -> Option<Event> {
        self.open.take().map(|open| Event::Closed(open.closed))
    }
}

/// What is done to every item: it gets its number in its source, and what the options ask for.
fn finished(mut item: Item, ordinal: u64, options: &ReadOptions) -> Result<Item> {
    item.origin.ordinal = ordinal;
    #[cfg(feature = "outlook")]
    super::tnef::decode_parts(&mut item, options).map_err(Error::non_fatal)?;
    if item.expunged && options.recover {
        recovered::recover(&mut item, &options.limits).map_err(Error::non_fatal)?;
    }
    Ok(item)
}

/// A source cannot be opened.
fn failed(error: Error) -> Event {
    Event::Failed { error, within: false }
}

/// The items alone, and what could not be read in their place.
impl Iterator for Mailbox {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_event()? {
                Event::Item(item) => return Some(Ok(*item)),
                Event::Failed { error, .. } => return Some(Err(error)),
                Event::Opened(_) | Event::Closed(_) | Event::Passed(_) => {}
            }
        }
    }
}
