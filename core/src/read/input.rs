use super::{
    FormatInfo, Head, Holds, ItemReader, ReadOptions, Request, Unopened,
    detect::{closer_look, detect, head_of, unknown},
    hints::Hints,
    part::PartReader,
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    model::{Folder, Item},
    source::{Source, Utf16},
};
use std::{fmt, sync::Arc};

/// One source of items: a file, or an entry of an archive, ready to be opened.
#[derive(Clone)]
pub struct Input {
    name: Arc<str>,
    source: Source,
    head: Vec<u8>,
    /// Whether the octets were in another encoding.
    transcoded: bool,
    defects: Vec<Defect>,
    /// The format that its place tells, whatever its octets look like, or that a closer look tells.
    format: Option<&'static FormatInfo>,
    /// What its place tells of its items.
    hints: Option<Arc<Hints>>,
    /// The directory or archive whose messages count as one source.
    group: Option<Arc<Group>>,
}

/// A directory or an archive that holds messages in files of their own: they are one source.
pub(super) struct Group {
    /// Its name.
    pub(super) name: Arc<str>,
    /// The octets of an archive.
    pub(super) source: Option<Source>,
}

impl Input {
    /// The octets of `source`, under the name that the origin of each item will carry; text in UTF-16 as UTF-8.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the first octets cannot be read.
    pub(super) fn new(name: Arc<str>, source: Source) -> Result<Self> {
        let in_file = |e: Error| e.in_file(&*name);
        let text = Utf16::detect(&source).map_err(in_file)?;
        let transcoded = text.is_some();
        let source = text.map_or(source, |text| Arc::new(text));
        let head = head_of(&*source).map_err(|e| in_file(e.into()))?;
        let format = closer_look(&source, &head).map_err(in_file)?;
        // What is known of compressed octets before they are read.
        let defects = source.take_defects();
        Ok(Self { name, source, head, transcoded, defects, format, hints: None, group: None })
    }

    /// What is wrong with the source by what is known before it is read.
    pub(super) fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }

    /// The same input with what its place tells: perhaps its format, and its items' folder and state.
    pub(super) fn placed(self, format: Option<&'static FormatInfo>, hints: Hints) -> Self {
        Self { format: format.or(self.format), hints: Some(Arc::new(hints)), ..self }
    }

    /// The same input as one of many in `group`, if it is a message in a file of its own.
    pub(super) fn grouped(self, group: &Arc<Group>) -> Self {
        let is_message = self.format().is_ok_and(|format| format.holds == Holds::Message);
        Self { group: is_message.then(|| Arc::clone(group)), ..self }
    }

    /// The directory or archive whose messages count as one source.
    pub(super) fn group(&self) -> Option<&Arc<Group>> {
        self.group.as_ref()
    }

    /// The same input, known to be defective before it is read.
    pub(super) fn with_defects(mut self, mut defects: Vec<Defect>) -> Self {
        self.defects.append(&mut defects);
        self
    }

    /// The name: the path as the user gave it, `archive.zip!Takeout/Mail/Inbox.mbox` for an entry of an archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The octets, as its reader will see them.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether its octets are in another encoding than those of the file.
    #[cfg(all(feature = "convert", not(target_family = "wasm")))]
    pub(super) fn is_transcoded(&self) -> bool {
        self.transcoded
    }

    /// The first octets, 64 KiB or all.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The format that the octets are of.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownFormat`], with what they look like.
    pub fn format(&self) -> Result<&'static FormatInfo> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        detect(&self.known()).map_err(|e| e.in_file(&*self.name))
    }

    fn known(&self) -> Head<'_> {
        Head { octets: &self.head, len: self.source.len(), name: &self.name }
    }

    /// Opens the source with the reader of its format; every error of that reader names this source.
    ///
    /// # Errors
    /// As [`Input::format`], and what the reader says.
    pub fn open(&self, options: &ReadOptions) -> Result<Box<dyn ItemReader>> {
        let request =
            Request { name: Arc::clone(&self.name), source: Arc::clone(&self.source), options: options.clone() };
        let reader = (self.format()?.open)(request).map_err(|e| match e.kind() {
            // A closer look than that of its head.
            ErrorKind::UnknownFormat => unknown(&self.known()).because(e).in_file(&*self.name),
            _ => e.in_file(&*self.name),
        })?;
        Ok(Box::new(NamedReader {
            reader: PartReader::over(reader, options.part.as_ref()),
            named: Named { name: Arc::clone(&self.name), transcoded: self.transcoded, hints: self.hints.clone() },
            source: Arc::clone(&self.source),
            cut: self.defects.iter().find(|defect| defect.cuts_short()).cloned(),
            defects: self.defects.clone(),
        }))
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({}, {} octets)", self.name, self.source.len())
    }
}

/// A reader whose errors name its source, and which tells what is wrong with the octets below it too.
struct NamedReader {
    reader: Box<dyn ItemReader>,
    named: Named,
    source: Source,
    defects: Vec<Defect>,
    /// Where the source breaks off.
    cut: Option<Defect>,
}

impl NamedReader {
    /// Tells the item that the source breaks off in.
    fn tell_cut(&self, item: &mut Item) {
        let Some(cut) = &self.cut else { return };
        let len = self.source.len();
        let reached = item.origin.offset.saturating_add(item.origin.length).max(self.reader.position());
        if reached >= len {
            let at = cut.offset().map(|offset| format!(" at byte {offset}")).unwrap_or_default();
            let detail = format!(
                "the source ends in this item, or right after it, and the rest is missing: {}{at}",
                cut.detail()
            );
            item.defects.push(Defect::new(DefectKind::Truncated, detail));
        }
    }
}

/// What each item of a source is told of it.
#[derive(Clone)]
struct Named {
    name: Arc<str>,
    transcoded: bool,
    hints: Option<Arc<Hints>>,
}

impl Named {
    fn tell(&self, item: Result<Item>) -> Result<Item> {
        let mut item = item.map_err(|e| e.in_file(&*self.name))?;
        if self.transcoded {
            item.defects.push(Defect::new(DefectKind::Utf16, "read as UTF-8"));
            item.note_change();
        }
        if let Some(hints) = &self.hints {
            hints.tell(&mut item);
        }
        Ok(item)
    }
}

impl ItemReader for NamedReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        let item = self.reader.next_item().transpose().map(|item| self.named.tell(item)).transpose()?;
        Ok(item.map(|mut item| {
            self.tell_cut(&mut item);
            item
        }))
    }

    fn next_ahead(&mut self) -> Option<Unopened> {
        let named = self.named.clone();
        self.reader.next_ahead().map(|unopened| unopened.then(move |item| named.tell(item)))
    }

    fn depends_on_rest(&self) -> bool {
        self.reader.depends_on_rest()
    }

    fn position(&self) -> u64 {
        self.reader.position()
    }

    fn folders(&self) -> Vec<Folder> {
        let folders = self.reader.folders();
        match &self.named.hints {
            Some(hints) => folders.iter().map(|folder| hints.placed(folder)).collect(),
            None => folders,
        }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        let mut defects = std::mem::take(&mut self.defects);
        defects.append(&mut self.source.take_defects());
        defects.append(&mut self.reader.take_defects());
        defects
    }
}
