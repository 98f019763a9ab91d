use crate::{
    content_line::{ContentLines, Detail},
    defect::{Defect, DefectKind},
    error::Result,
    model::{
        Calendar, CalendarComponent, CalendarObject, Folder, FolderPath, Item, ItemKind, Origin, OverrideIndex,
        read_calendar, read_component,
    },
    order,
    read::{ItemReader, ReadOptions, content_lines},
    source::Source,
};
use std::sync::Arc;

/// Octets read at a time where an override stands far from its master.
const SIDE_WINDOW: usize = 16 << 10;

/// Octets of an override that are to be in the main window, so that it is read there.
const NEARBY: u64 = 8 << 10;

/// Folders that are remembered to be told.
const FOLDERS: usize = 10_000;

/// Reads the calendar objects of a file.
pub struct IcsReader {
    source: Source,
    name: Arc<str>,
    file_folder: Folder,
    lines: ContentLines,
    side: Option<ContentLines>,
    current: Option<Current>,
    folders: Vec<Folder>,
    defects: Vec<Defect>,
    max_overrides: usize,
    ordinal: u64,
    /// What is read of each component.
    detail: Detail,
}

/// The calendar whose components are being read.
struct Current {
    calendar: Arc<Calendar>,
    index: OverrideIndex,
    folder: Folder,
}

impl IcsReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let (source, lines, defects) = content_lines::open(source)?;
        Ok(Self {
            name: name.into(),
            file_folder: content_lines::folder_of_file(name, super::FORMAT.extensions),
            lines,
            side: None,
            current: None,
            folders: Vec::new(),
            defects,
            max_overrides: options.limits.overrides,
            ordinal: 0,
            detail: Detail::Parsed,
            source,
        })
    }

    /// The same, for [`Self::next_identity`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_identities(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        Ok(Self { detail: Detail::Nesting, ..Self::open(source, name, options)? })
    }

    /// The object that comes next, of whose components only the extent and the identity are known, its ordinal and its folder: what a look
    /// through all objects needs, several times as fast as reading them.
    ///
    /// # Errors
    /// As [`ItemReader::next_item`].
    pub(crate) fn next_identity(&mut self) -> Result<Option<(u64, FolderPath, CalendarObject)>> {
        loop {
            if let Some(components) = self.next_components()? {
                let Some(Current { calendar, folder, .. }) = &self.current else { return Ok(None) };
                self.ordinal += 1;
                let object = CalendarObject::new(calendar.clone(), components);
                return Ok(Some((self.ordinal, folder.path.clone(), object)));
            }
            if !self.next_calendar()? {
                return Ok(None);
            }
        }
    }

    /// An object of the calendar at hand, of which the identity is known, with all that its components say.
    ///
    /// # Errors
    /// Errors of the source.
    pub(crate) fn whole(&mut self, object: &CalendarObject) -> Result<CalendarObject> {
        let lines = self.side.get_or_insert_with(|| self.lines.with_own_window(SIDE_WINDOW));
        let mut components = Vec::new();
        for component in object.components() {
            lines.seek(component.offset());
            components.extend(read_component(lines, object.calendar(), Detail::Parsed)?);
        }
        Ok(CalendarObject::new(object.calendar().clone(), components))
    }

    /// Goes into the next calendar; false behind the last.
    fn next_calendar(&mut self) -> Result<bool> {
        let start = match &self.current {
            Some(current) => current.calendar.end(),
            None => 0,
        };
        if self.current.is_some() {
            self.lines.seek(start);
        }
        let found = read_calendar(&mut self.lines, &self.source, start, self.max_overrides, &mut self.defects)?;
        let Some((calendar, index)) = found else { return Ok(false) };
        if index.is_cut {
            let detail = format!("more than {} overrides: the rest are separate items", self.max_overrides);
            self.defects.push(Defect::new(DefectKind::OverrideLimit, detail).at(calendar.head().len()));
        }
        let folder = match calendar.name() {
            Some(name) => Folder { path: FolderPath::new([name]), role: None },
            None => self.file_folder.clone(),
        };
        if self.folders.last() != Some(&folder) && self.folders.len() < FOLDERS && !self.folders.contains(&folder) {
            self.folders.push(folder.clone());
        }
        self.current = Some(Current { calendar: Arc::new(calendar), index, folder });
        Ok(true)
    }

    /// The components of the object that comes next in the calendar at hand.
    fn next_components(&mut self) -> Result<Option<Vec<CalendarComponent>>> {
        let Some(current) = &mut self.current else { return Ok(None) };
        while let Some(component) = read_component(&mut self.lines, &current.calendar, self.detail)? {
            if current.index.is_taken(&component) {
                continue;
            }
            let mut components = vec![component];
            let companions = components.first().map(|first| current.index.take_companions(first)).unwrap_or_default();
            if companions.len() >= OverrideIndex::COMPANIONS {
                let detail = "too many overrides of one UID: the rest are separate items";
                self.defects.push(Defect::new(DefectKind::OverrideLimit, detail).at(self.lines.offset()));
            }
            let behind = self.lines.offset();
            for offset in companions {
                // Nearly always it stands close by.
                let nearby = self.lines.holds(behind.min(offset)..behind.max(offset.saturating_add(NEARBY)));
                let lines = match &mut self.side {
                    _ if nearby => &mut self.lines,
                    Some(side) => side,
                    None => self.side.insert(self.lines.with_own_window(SIDE_WINDOW)),
                };
                lines.seek(offset);
                components.extend(read_component(lines, &current.calendar, self.detail)?);
            }
            self.lines.seek(behind);
            order::sort_by_key(&mut components, CalendarComponent::offset);
            return Ok(Some(components));
        }
        Ok(None)
    }

    fn item(&mut self, calendar: Arc<Calendar>, folder: Folder, components: Vec<CalendarComponent>) -> Item {
        self.ordinal += 1;
        let object = CalendarObject::new(calendar, components);
        let mut defects: Vec<_> = object.defects().cloned().collect();
        let first = object.components().first();
        if first.is_none() {
            defects.push(Defect::new(DefectKind::CalendarObject, "a calendar without a component"));
        } else if !object.calendar().is_begun() {
            let detail = "a component outside of a calendar";
            defects
                .push(Defect::new(DefectKind::CalendarObject, detail).at(first.map_or(0, CalendarComponent::offset)));
        }
        let origin = Origin {
            source: self.name.clone(),
            ordinal: self.ordinal,
            offset: first.map_or(object.calendar().start(), CalendarComponent::offset),
            length: if first.is_some() { object.len() } else { object.calendar().end() - object.calendar().start() },
            ..Origin::default()
        };
        Item { defects, ..Item::new(ItemKind::Calendar(object), folder, origin) }
    }
}

impl ItemReader for IcsReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(components) = self.next_components()? {
                let Some(Current { calendar, folder, .. }) = &self.current else { return Ok(None) };
                return Ok(Some(self.item(calendar.clone(), folder.clone(), components)));
            }
            if !self.next_calendar()? {
                return Ok(None);
            }
            // Nothing but calendars without a component, from here to the end.
            if let Some(Current { calendar, folder, .. }) = &self.current
                && self.ordinal == 0
                && calendar.is_empty()
            {
                return Ok(Some(self.item(calendar.clone(), folder.clone(), Vec::new())));
            }
        }
    }

    fn position(&self) -> u64 {
        self.lines.offset()
    }

    fn folders(&self) -> Vec<Folder> {
        self.folders.clone()
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}
