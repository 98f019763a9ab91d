use super::{
    attendee, calendar,
    clock::{Clock, utc},
    common,
    local::Local,
    recurrence::{Exception, Recurrence, Times},
    rule::rrule,
    zone::Zone,
};
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    mapi::{AttachmentBody, FileTime, Guid, MapiMessage, Translation, pid, values::Values},
};
use std::collections::BTreeMap;

const SET: Guid = Guid::PSETID_APPOINTMENT;
const SEQUENCE: u32 = 0x8201;
const BUSY_STATUS: u32 = 0x8205;
const LOCATION: u32 = 0x8208;
const START_WHOLE: u32 = 0x820D;
const END_WHOLE: u32 = 0x820E;
const SUB_TYPE: u32 = 0x8215;
const RECUR: u32 = 0x8216;
const STATE_FLAGS: u32 = 0x8217;
const PROPOSED_START_WHOLE: u32 = 0x8250;
const PROPOSED_END_WHOLE: u32 = 0x8251;
const COUNTER_PROPOSAL: u32 = 0x8257;
const COMMON_START: u32 = 0x8516;
const COMMON_END: u32 = 0x8517;

/// Bits of PidLidAppointmentStateFlags ([MS-OXOCAL] 2.2.1.10).
const IS_MEETING: i64 = 1;
const IS_CANCELLED: i64 = 4;

/// An appointment or meeting as VEVENTs: the master, then what differs from it.
pub(in crate::mapi) fn appointment(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Component {
    let values = Values::of(message);
    let is_meeting = values.integer((SET, STATE_FLAGS)).unwrap_or(0) & IS_MEETING != 0;
    let people = if is_meeting { attendee::attendees(message, translation, defects) } else { Vec::new() };
    let mut events = Events { message, values, translation, people, proposed: None, defects };
    let (zone, components) = events.components();
    calendar(None, zone.into_iter().collect(), components)
}

/// The calendar part of a meeting request, cancellation or answer, with its METHOD (RFC 5546); `None` for any other mail.
pub(in crate::mapi) fn meeting(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Option<(&'static str, String)> {
    let values = Values::of(message);
    let class = values.text(pid::MESSAGE_CLASS)?.to_ascii_uppercase();
    let kind = class.strip_prefix("IPM.SCHEDULE.MEETING.")?;
    values.time((SET, START_WHOLE))?;
    let (method, people) = match kind {
        kind if kind.starts_with("REQUEST") => ("REQUEST", attendee::attendees(message, translation, defects)),
        kind if kind.starts_with("CANCELED") => ("CANCEL", attendee::attendees(message, translation, defects)),
        kind => {
            let status = match kind.strip_prefix("RESP.")?.get(..3)? {
                "POS" => "ACCEPTED",
                "NEG" => "DECLINED",
                _ => "TENTATIVE",
            };
            ("REPLY", attendee::reply(message, translation, status, defects))
        }
    };
    let proposed = proposed_span(values).filter(|_| method == "REPLY");
    let method = if proposed.is_some() { "COUNTER" } else { method };
    let mut events = Events { message, values, translation, people, proposed, defects };
    let (zone, mut components) = events.components();
    if proposed.is_some() {
        for (name, lid) in [("X-MS-OLK-ORIGINALSTART", START_WHOLE), ("X-MS-OLK-ORIGINALEND", END_WHOLE)] {
            let original = values.time((SET, lid)).map(|time| utc(name, time));
            components.iter_mut().for_each(|event| event.properties.extend(original.clone()));
        }
    }
    if method == "CANCEL" {
        let set = |event: &mut Component| {
            event.properties.retain(|property| !property.is("STATUS"));
            event.properties.push(Property::new("STATUS", "CANCELLED"));
        };
        components.iter_mut().for_each(set);
    }
    // The bodies and attachments stand in the mail itself.
    for event in &mut components {
        event.properties.retain(|property| !property.is("X-ALT-DESC") && !property.is("ATTACH"));
    }
    let mut octets = Vec::new();
    calendar(Some(method), zone.into_iter().collect(), components).write_to(&mut octets);
    Some((method, String::from_utf8_lossy(&octets).into_owned()))
}

/// Another time that an answer proposes ([MS-OXOCAL] 2.2.7.1, 2.2.7.3).
fn proposed_span(values: Values<'_>) -> Option<(FileTime, FileTime)> {
    let (start, end) = (values.time((SET, PROPOSED_START_WHOLE))?, values.time((SET, PROPOSED_END_WHOLE))?);
    (values.is_true((SET, COUNTER_PROPOSAL)) && start <= end).then_some((start, end))
}

/// Gives the overrides what their master says and they do not: an exception keeps only what differs, an override stands alone.
fn inherit(components: &mut [Component]) {
    const INHERITED: [&str; 6] = ["SUMMARY", "DESCRIPTION", "X-ALT-DESC", "CLASS", "PRIORITY", "CATEGORIES"];
    let Some((master, overrides)) = components.split_first_mut() else { return };
    for event in overrides {
        let has_own_body = event.property("DESCRIPTION").is_some() || event.property("X-ALT-DESC").is_some();
        for name in INHERITED {
            let is_body = matches!(name, "DESCRIPTION" | "X-ALT-DESC");
            if event.property(name).is_none() && !(is_body && has_own_body) {
                event.properties.extend(master.property(name).cloned());
            }
        }
    }
}

struct Events<'a, 'd> {
    message: &'a MapiMessage,
    values: Values<'a>,
    translation: &'a Translation,
    people: Vec<Property>,
    /// The time that is proposed in place of the meeting's own (METHOD:COUNTER, RFC 5546 §3.2.7).
    proposed: Option<(FileTime, FileTime)>,
    defects: &'d mut Vec<Defect>,
}

impl Events<'_, '_> {
    fn components(&mut self) -> (Option<Zone>, Vec<Component>) {
        let recurrence = self.recurrence();
        let series = recurrence.as_ref().and_then(|recurrence| Some((recurrence, recurrence.times?)));
        let mut zone = Zone::of(self.values, self.defects);
        if let (None, Some((recurrence, times))) = (&zone, series) {
            zone = self.zone_of_series(recurrence, times);
        }
        let clock = Clock { zone, is_all_day: self.values.is_true((SET, SUB_TYPE)) };
        let mut components = Vec::new();
        let uid = common::uid(self.values);
        match series {
            Some((recurrence, times)) => {
                let start = recurrence.start_date.plus_minutes(times.start.into());
                let end = recurrence.start_date.plus_minutes(times.end.into());
                let mut master = self.event(&uid, self.message, &clock, (start, end), None);
                self.repeat(&mut master, recurrence, times, &clock);
                components.push(master);
                self.exceptions(&uid, recurrence, &clock, &mut components);
                inherit(&mut components);
            }
            None => {
                if let Some((start, end)) = self.span() {
                    let span = (clock.local(start), clock.local(end));
                    components.push(self.event(&uid, self.message, &clock, span, None));
                } else {
                    self.defects.push(Defect::new(DefectKind::NoDate, "an appointment without a start"));
                    let mut event = Component::new("VEVENT");
                    common::describe(&mut event, &uid, self.message, self.translation, self.defects);
                    components.push(event);
                }
            }
        }
        (clock.zone.filter(|_| !clock.is_all_day), components)
    }

    fn recurrence(&mut self) -> Option<Recurrence> {
        let value = self.values.octets((SET, RECUR))?.first(1 << 20).ok()?;
        let recurrence = Recurrence::parse(&value, self.message.code_page);
        let problem = match &recurrence {
            None => "the recurrence cannot be read: only one event is written",
            Some(recurrence) if recurrence.times.is_none() => "the recurrence is incomplete: only one event is written",
            Some(recurrence) if recurrence.is_cut => "the exceptions of the recurrence cannot all be read",
            Some(recurrence) if !matches!(recurrence.calendar, 0..=2 | 9..=12) => {
                "the recurrence does not use the Gregorian calendar: its dates may differ"
            }
            Some(_) => return recurrence,
        };
        self.defects.push(Defect::new(DefectKind::Recurrence, problem));
        recurrence
    }

    /// The start and the end; an event without an end is over when it starts.
    fn span(&self) -> Option<(FileTime, FileTime)> {
        if self.proposed.is_some() {
            return self.proposed;
        }
        let at = |lid: u32, common: u32, id: u16| {
            let whole = self.values.time((SET, lid)).or_else(|| self.values.time((Guid::PSETID_COMMON, common)));
            whole.or_else(|| self.values.time(id))
        };
        let start = at(START_WHOLE, COMMON_START, pid::START_DATE)?;
        let end = at(END_WHOLE, COMMON_END, pid::END_DATE).filter(|end| *end >= start);
        Some((start, end.unwrap_or(start)))
    }

    /// A series that names no zone tells its offset by its first start, in UTC and on its clock.
    fn zone_of_series(&mut self, recurrence: &Recurrence, times: Times) -> Option<Zone> {
        let start = Local::in_utc(self.span()?.0);
        let shown = recurrence.start_date.plus_minutes(times.start.into());
        let minutes = (shown.0 - start.0) / 60;
        let detail = "a series without a time zone: the UTC offset of its first start was used for all";
        self.defects.push(Defect::new(DefectKind::TimeZone, detail));
        let minutes = i32::try_from(minutes).ok().filter(|minutes| minutes.abs() <= 14 * 60)?;
        (minutes != 0).then(|| Zone::fixed(minutes))
    }

    fn repeat(&mut self, master: &mut Component, recurrence: &Recurrence, times: Times, clock: &Clock) {
        let at_start = |day: Local| day.plus_minutes(times.start.into());
        let rule = rrule(recurrence, |last| clock.until(at_start(last)));
        master.properties.push(Property::new("RRULE", rule));
        for day in &recurrence.deleted {
            let is_moved = |exception: &Exception| exception.original_start.midnight() == day.midnight();
            if !recurrence.exceptions.iter().any(is_moved) {
                master.properties.push(clock.property("EXDATE", at_start(*day)));
            }
        }
    }

    /// Occurrences that differ: what the recurrence says of them, and the message embedded for each, opened one at a time.
    fn exceptions(&mut self, uid: &str, recurrence: &Recurrence, clock: &Clock, components: &mut Vec<Component>) {
        let attachments = self.message.attachments.clone();
        let count = if recurrence.exceptions.is_empty() { 0 } else { attachments.len() };
        let starts = (0..count.min(self.translation.limits.entities)).filter_map(|index| {
            let attachment = attachments.open(index).ok()?;
            Some((common::exception_start(&attachment, self.message)?, index))
        });
        let starts: BTreeMap<Local, usize> = starts.collect();
        for exception in &recurrence.exceptions {
            let embedded = starts.get(&exception.start).and_then(|index| match attachments.open(*index).ok()?.body {
                AttachmentBody::Message(embedded) => embedded.open().ok(),
                _ => None,
            });
            let message = embedded.as_ref().unwrap_or(self.message);
            let is_all_day = exception.is_all_day.unwrap_or(clock.is_all_day);
            let own = Clock { is_all_day, ..clock.clone() };
            let mut event = self.event(uid, message, &own, (exception.start, exception.end), Some(exception));
            event.properties.insert(1, clock.property("RECURRENCE-ID", exception.original_start));
            components.push(event);
        }
    }

    fn event(
        &mut self,
        uid: &str,
        message: &MapiMessage,
        clock: &Clock,
        (start, end): (Local, Local),
        exception: Option<&Exception>,
    ) -> Component {
        let mut event = Component::new("VEVENT");
        common::describe(&mut event, uid, message, self.translation, self.defects);
        let own = Values::of(message);
        let either = |lid: u32| own.get((SET, lid)).or_else(|| self.values.get((SET, lid)));
        let changed = |name: &str, text: Option<&String>| text.map(|text| Property::text(name, text));
        if let Some(summary) = exception.and_then(|exception| changed("SUMMARY", exception.subject.as_ref())) {
            event.properties.retain(|property| !property.is("SUMMARY"));
            event.properties.push(summary);
        }
        let location = exception.and_then(|exception| changed("LOCATION", exception.location.as_ref())).or_else(|| {
            let location = either(LOCATION)?.text(message.code_page, 1 << 16)?;
            (!location.trim().is_empty()).then(|| Property::text("LOCATION", &location))
        });
        event.properties.extend(location);
        // A whole day ends at the midnight behind it, and lasts one day at least.
        let end = if clock.is_all_day { end.max(start.plus_minutes(24 * 60)) } else { end.max(start) };
        event.properties.push(clock.property("DTSTART", start));
        event.properties.push(clock.property("DTEND", end));
        let busy = exception.and_then(|exception| exception.busy_status);
        let busy = busy.or_else(|| either(BUSY_STATUS)?.integer()).unwrap_or(2);
        let shown = match busy {
            0 => "FREE",
            1 => "TENTATIVE",
            3 => "OOF",
            4 => "WORKINGELSEWHERE",
            _ => "BUSY",
        };
        event.properties.push(Property::new("TRANSP", if busy == 0 { "TRANSPARENT" } else { "OPAQUE" }));
        event.properties.push(Property::new("X-MICROSOFT-CDO-BUSYSTATUS", shown));
        let state = either(STATE_FLAGS).and_then(|value| value.integer()).unwrap_or(0);
        if state & IS_CANCELLED != 0 {
            event.properties.push(Property::new("STATUS", "CANCELLED"));
        } else if busy == 1 {
            event.properties.push(Property::new("STATUS", "TENTATIVE"));
        }
        if let Some(sequence) = either(SEQUENCE).and_then(|value| value.integer()).filter(|n| *n >= 0) {
            event.properties.push(Property::new("SEQUENCE", sequence.to_string()));
        }
        event.properties.extend(self.people.iter().cloned());
        if exception.is_none() || !std::ptr::eq(message, self.message) {
            common::attach(&mut event, message, self.translation, self.defects);
        }
        let (delta, set) = exception.map_or((None, None), |e| (e.reminder_delta, e.reminder_set));
        let values = if own.get((Guid::PSETID_COMMON, 0x8503)).is_some() { own } else { self.values };
        event.components.extend(common::alarm(values, delta, set, true));
        event
    }
}
