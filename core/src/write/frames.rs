use super::render::Digests;
use crate::{
    error::Result,
    model::{Calendar, CalendarComponent, CalendarObject},
    source::{Content, ReadAt as _},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Frames that are remembered: the objects of a calendar have few.
const MOST: usize = 8;

/// What calendar objects begin with, and its digests, so that what the objects of a calendar share is gone through once: the time
/// zones of a calendar can be longer than all of its events.
#[derive(Clone, Default)]
pub(super) struct Frames(Arc<Mutex<Vec<Arc<Frame>>>>);

/// The octets of a calendar object before its first component.
pub(super) struct Frame {
    calendar: Arc<Calendar>,
    zones: Vec<CalendarComponent>,
    pub(super) line_end: &'static str,
    pub(super) content: Content,
    pub(super) digests: Digests,
    /// Whether a line end of it was changed.
    pub(super) is_changed: bool,
}

impl Frames {
    /// The frame of an object, of which `read` finds out the digests where it is not known; `None` where it has no end of its own, so
    /// that what follows may be part of its last line.
    pub(super) fn of(
        &self,
        object: &CalendarObject,
        read: impl FnOnce(&Content) -> Result<(Digests, bool)>,
    ) -> Result<Option<Arc<Frame>>> {
        let line_end = object.line_end()?;
        let is_known = |frame: &&Arc<Frame>| {
            Arc::ptr_eq(&frame.calendar, object.calendar())
                && frame.line_end == line_end
                && object.zones().count() == frame.zones.len()
                && object.zones().zip(&frame.zones).all(|(zone, known)| zone.is_copy_of(known))
        };
        if let Some(known) = self.lock().iter().find(is_known) {
            return Ok(Some(known.clone()));
        }
        let content = object.frame()?;
        let mut last = [0];
        if content.is_empty() || content.read_at(content.len() - 1, &mut last)? != 1 || last != *b"\n" {
            return Ok(None);
        }
        let (digests, is_changed) = read(&content)?;
        let (calendar, zones) = (object.calendar().clone(), object.zones().cloned().collect());
        let frame = Arc::new(Frame { calendar, zones, line_end, content, digests, is_changed });
        let mut frames = self.lock();
        frames.truncate(MOST - 1);
        frames.insert(0, frame.clone());
        Ok(Some(frame))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Frame>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
