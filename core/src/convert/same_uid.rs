//! Calendar objects of one UID that do not stand together: a series and its changed occurrences in several VCALENDARs of a file, two
//! versions of an event, two events that were given the same UID.

use super::{Place, Skip};
use crate::{
    content_line::{ContentLine, ContentLines},
    mend::{self, Notes},
    model::{CalendarComponent, CalendarObject, FolderPath, Item},
    order,
    read::{Opened, ReadOptions, ics::IcsReader},
    source::Source,
};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};
use twox_hash::XxHash3_64;

/// Objects of one file whose UIDs are remembered; of more, those beyond stay on their own.
const MOST_REMEMBERED: usize = 1 << 20;
/// Objects of one file that are held because another has their UID.
const MOST_HELD: usize = 1 << 14;

/// Octets of a time zone that are compared.
const MOST_ZONE: usize = 1 << 16;

/// Joins the objects of one UID, a file at a time.
///
/// A file is read once before, for which 24 octets an object are held, and those that share their UID with an earlier one.
#[derive(Default)]
pub(super) struct SameUid {
    /// By the ordinal of an object, the group it is in.
    members: HashMap<u64, usize>,
    groups: Vec<Group>,
    /// By ordinal, what comes of an object that was decided upon with an earlier one.
    outcomes: HashMap<u64, Outcome>,
    /// The UIDs of the files before, by folder.
    earlier: HashSet<u64>,
    /// Those of the file in hand.
    own: HashSet<u64>,
}

/// Objects of one UID in the order of the file: those behind the first.
#[derive(Default)]
struct Group {
    others: Vec<(u64, CalendarObject)>,
    is_done: bool,
}

enum Outcome {
    /// It is part of the object of this ordinal now, or the same as it, or an older version of it.
    LeftOut(&'static str, u64),
    /// It is another object of the same UID, so it gets another one.
    OtherUid(u64),
}

/// What tells which of two components is the newer version, and whether they are of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Version {
    sequence: u64,
    changed: String,
    start: Vec<u8>,
    summary: Vec<u8>,
    recurrence_id: Option<Vec<u8>>,
    digest: u64,
}

impl SameUid {
    /// Looks through a file that was opened.
    pub(super) fn open(&mut self, opened: &Opened, options: &ReadOptions) {
        self.members.clear();
        self.groups.clear();
        self.outcomes.clear();
        self.earlier.extend(self.own.drain());
        if self.earlier.len() > MOST_REMEMBERED {
            self.earlier.clear();
        }
        if let Some(source) = opened.source.as_ref().filter(|_| opened.format == "ics") {
            self.look_through(source.clone(), &opened.name, options);
        }
    }

    /// Learns of objects in files before, by [what they are known by](Self::of_file).
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn know(&mut self, uids: &[u64]) {
        self.earlier.extend(uids);
    }

    /// What the objects of a file are known by.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn of_file(opened: &Opened, options: &ReadOptions) -> HashSet<u64> {
        let mut file = Self::default();
        file.open(opened, options);
        file.own
    }

    /// What cannot be read is told when it is read again.
    fn look_through(&mut self, source: Source, name: &str, options: &ReadOptions) {
        let Ok(mut reader) = IcsReader::open_identities(source, name, options) else { return };
        let mut seen: HashMap<u64, (u64, usize)> = HashMap::new();
        let mut held = 0;
        while let Ok(Some((ordinal, folder, object))) = reader.next_identity() {
            let Some(key) = key_of(&folder, &object) else { continue };
            match seen.entry(key) {
                Entry::Occupied(mut entry) if held < MOST_HELD => {
                    let Ok(object) = reader.whole(&object) else { return };
                    let (first, group) = *entry.get();
                    let group = match group {
                        usize::MAX => {
                            self.groups.push(Group::default());
                            let group = self.groups.len() - 1;
                            entry.insert((first, group));
                            self.members.insert(first, group);
                            group
                        }
                        group => group,
                    };
                    self.members.insert(ordinal, group);
                    self.groups
                        .get_mut(group)
                        .into_iter()
                        .for_each(|group| group.others.push((ordinal, object.clone())));
                    held += 1;
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(entry) if self.own.len() < MOST_REMEMBERED => {
                    entry.insert((ordinal, usize::MAX));
                    self.own.insert(key);
                }
                Entry::Vacant(_) => {}
            }
        }
    }

    /// Joins an object with those of its UID, or leaves it out because it was joined with an earlier one; what the mender has to call it
    /// instead of its UID.
    pub(super) fn decide(&mut self, item: &mut Item, place: Place, notes: &mut Notes) -> Result<Option<String>, Skip> {
        let at = |ordinal: u64| Place { ordinal, ..place };
        if let Some(key) = item.calendar().and_then(|object| key_of(&item.folder.path, object))
            && self.earlier.contains(&key)
        {
            notes.flag("an earlier file has an item of this UID in a calendar of this name");
        }
        match self.outcomes.get(&place.ordinal) {
            Some(Outcome::LeftOut(reason, kept)) => return Err(Skip { reason, duplicate_of: Some(at(*kept)) }),
            Some(Outcome::OtherUid(kept)) => {
                let uid = item.calendar().and_then(CalendarObject::uid).unwrap_or_default();
                notes.mended(format!("UID changed, because another item has the same: {}", at(*kept)));
                return Ok(Some(uid.to_owned()));
            }
            None => {}
        }
        let group = self.members.get(&place.ordinal).and_then(|group| self.groups.get_mut(*group));
        let Some(group) = group.filter(|group| !group.is_done) else { return Ok(None) };
        group.is_done = true;
        let others: Vec<_> = std::mem::take(&mut group.others);
        let others: Vec<_> = others.into_iter().filter(|(ordinal, _)| *ordinal > place.ordinal).collect();
        if let crate::model::ItemKind::Calendar(object) = &mut item.kind {
            let outcomes = join(object, place.ordinal, &others, notes);
            self.outcomes.extend(outcomes);
        }
        Ok(None)
    }
}

/// What an object is known by: its UID, within its folder; of one without a UID the one that is made for it.
fn key_of(folder: &FolderPath, object: &CalendarObject) -> Option<u64> {
    let uid = match object.master()?.uid_hash() {
        Some(hash) => hash,
        None => XxHash3_64::oneshot(&mend::telling_octets(object.components().first()?).ok()?),
    };
    // Processes tell it to each other, so it is the same in each.
    let mut hasher = XxHash3_64::new();
    for name in folder.names() {
        hasher.write(name.as_bytes());
        hasher.write(&[0xFF]);
    }
    hasher.write(&uid.to_be_bytes());
    Some(hasher.finish())
}

/// Makes `object` what all of these are together, and gives what comes of the others.
fn join(
    object: &mut CalendarObject,
    ordinal: u64,
    others: &[(u64, CalendarObject)],
    notes: &mut Notes,
) -> Vec<(u64, Outcome)> {
    let mut members: Vec<(u64, &CalendarObject)> = vec![(ordinal, object)];
    members.extend(others.iter().map(|(ordinal, other)| (*ordinal, other)));
    let versions: Vec<Vec<Version>> =
        members.iter().map(|(_, member)| member.components().iter().map(Version::of).collect()).collect();
    let master = |at: usize| {
        versions.get(at).and_then(|versions| versions.iter().find(|version| version.recurrence_id.is_none()))
    };
    // The newest master; of equal ones the first.
    let mut winner: Option<usize> = None;
    for at in 0..members.len() {
        let is_newer = match (winner.and_then(master), master(at)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(best), Some(other)) => other.supersedes(best),
        };
        if is_newer {
            winner = Some(at);
        }
    }
    let best = winner.and_then(master);
    let mut outcomes = Vec::new();
    let mut joined: Vec<usize> = Vec::new();
    for (at, (member, object)) in members.iter().enumerate() {
        let outcome = match (best, master(at)) {
            (Some(best), Some(own)) if Some(at) != winner => {
                let is_same_zone =
                    winner.and_then(|best| members.get(best)).is_none_or(|(_, best)| has_zones_of(object, best));
                if own.digest == best.digest && is_same_zone {
                    Some(Outcome::LeftOut("duplicate", ordinal))
                } else if best.supersedes(own) {
                    Some(Outcome::LeftOut("superseded", ordinal))
                } else {
                    None
                }
            }
            _ => Some(Outcome::LeftOut("joined", ordinal)),
        };
        match outcome {
            // The one in hand is what the others are joined to; where it is another event than the winner, it stays what it is.
            None if at == 0 => return apart(&members, ordinal),
            None => outcomes.push((*member, Outcome::OtherUid(ordinal))),
            Some(outcome) => {
                joined.push(at);
                if at > 0 {
                    outcomes.push((*member, outcome));
                }
            }
        }
    }
    let calendar =
        winner.and_then(|at| members.get(at)).map_or(object.calendar(), |(_, member)| member.calendar()).clone();
    let mut components: Vec<(usize, CalendarComponent, Version)> = Vec::new();
    for at in joined {
        let (Some((_, member)), Some(versions)) = (members.get(at), versions.get(at)) else { continue };
        for (component, version) in member.components().iter().zip(versions) {
            if version.recurrence_id.is_none() {
                // Of masters only the newest; a further one of its own object is none of ours.
                if Some(at) == winner {
                    components.push((at, component.clone(), version.clone()));
                }
                continue;
            }
            match components.iter_mut().find(|(_, _, other)| other.recurrence_id == version.recurrence_id) {
                Some(other) if version.supersedes(&other.2) => *other = (at, component.clone(), version.clone()),
                Some(other) if other.2.digest == version.digest || other.2.supersedes(version) => {}
                Some(_) => {
                    notes.flag("two changed occurrences of one date");
                    components.push((at, component.clone(), version.clone()));
                }
                None => components.push((at, component.clone(), version.clone())),
            }
        }
    }
    // What comes from another VCALENDAR brings its zones along.
    let mut added: Vec<Arc<CalendarComponent>> = object.added_zones().to_vec();
    for (at, component, _) in &components {
        let Some((_, member)) = members.get(*at) else { continue };
        for id in component.zone_ids() {
            let is_there = calendar.zone_of(id).is_some() || added.iter().any(|zone| zone.zone_id() == Some(id));
            if let Some(zone) = member.calendar().zone_of(id).filter(|_| !is_there) {
                added.push(Arc::new(zone.clone()));
            }
        }
    }
    order::sort_by_key(&mut components, |(at, component, _)| (*at, component.offset()));
    for (member, outcome) in &outcomes {
        if let Outcome::LeftOut(reason, _) = outcome {
            notes.mended(match *reason {
                "superseded" => format!("older versions of the same UID left out: item {member}"),
                "duplicate" => format!("copies of the same UID left out: item {member}"),
                _ => format!("joined with what else has the same UID: item {member}"),
            });
        }
    }
    if let Some((newer, _)) = winner.filter(|at| *at > 0 && master(0).is_some()).and_then(|at| members.get(at)) {
        notes.mended(format!("replaced by a newer version of the same UID: item {newer}"));
    }
    let components = components.into_iter().map(|(_, component, _)| component).collect();
    *object = CalendarObject::joined(calendar, components, added);
    outcomes
}

/// Whether the zones that an object names are defined alike for another: else equal lines are other times.
fn has_zones_of(object: &CalendarObject, other: &CalendarObject) -> bool {
    let (own, others) = (object.calendar(), other.calendar());
    let octets = |zone: Option<&CalendarComponent>| zone.map(|zone| zone.content().to_vec(MOST_ZONE).ok());
    let mut ids = object.components().iter().flat_map(CalendarComponent::zone_ids);
    Arc::ptr_eq(own, others) || ids.all(|id| octets(own.zone_of(id)) == octets(others.zone_of(id)))
}

/// All but the first get UIDs of their own.
fn apart(members: &[(u64, &CalendarObject)], ordinal: u64) -> Vec<(u64, Outcome)> {
    members.iter().skip(1).map(|(member, _)| (*member, Outcome::OtherUid(ordinal))).collect()
}

impl Version {
    fn of(component: &CalendarComponent) -> Self {
        let mut version = Self::default();
        let content = component.content();
        let mut hasher = DefaultHasher::new();
        let source: Source = Arc::new(content);
        let Ok(mut lines) = ContentLines::new(source) else { return version };
        let mut depth = 0_usize;
        while let Ok(Some(line)) = lines.next_line() {
            let Some(content) = ContentLine::parse(line.head) else { continue };
            if !content.is("DTSTAMP") {
                line.head.hash(&mut hasher);
            }
            depth += usize::from(content.is("BEGIN"));
            if depth == 1 {
                version.take(&content);
            }
            depth = depth.saturating_sub(usize::from(content.is("END")));
        }
        version.digest = hasher.finish();
        version
    }

    fn take(&mut self, line: &ContentLine<'_>) {
        let text = || String::from_utf8_lossy(line.value).trim().to_owned();
        if line.is("SEQUENCE") {
            self.sequence = text().parse().unwrap_or(0);
        } else if line.is("DTSTAMP") || line.is("LAST-MODIFIED") {
            self.changed = self.changed.clone().max(text());
        } else if line.is("DTSTART") {
            self.start = line.value.trim_ascii().to_vec();
        } else if line.is("SUMMARY") {
            self.summary = line.value.trim_ascii().to_vec();
        } else if line.is("RECURRENCE-ID") {
            self.recurrence_id = Some(line.value.trim_ascii().to_vec());
        }
    }

    /// Whether this is a newer version of the other (RFC 5546 §2.1.5). What says only when it was written has to be of the same event by
    /// its start or its summary: some programs give all events one UID.
    fn supersedes(&self, other: &Self) -> bool {
        if self.sequence != other.sequence {
            return self.sequence > other.sequence;
        }
        let is_same = self.start == other.start || (!self.summary.is_empty() && self.summary == other.summary);
        is_same && !other.changed.is_empty() && self.changed > other.changed
    }
}
