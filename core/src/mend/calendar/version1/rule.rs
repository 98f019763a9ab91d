//! The recurrence grammar of vCalendar 1.0 (§2.4.8 of its specification).

use crate::{
    date_time::civil,
    mend::calendar::moment::{Form, Moment},
};

const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// A rule as iCalendar has it: `W2 TU TH #5` is `FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5`. `None` for one that cannot be said there:
/// rules in rules, and times of day that differ by day.
///
/// What has neither a number nor an end happens twice; `#0` is for ever.
pub(super) fn convert(text: &str, start: Option<Moment>) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    // Some write the rules of iCalendar already.
    if upper.contains("FREQ=") {
        return Some(text.trim().to_owned());
    }
    let mut words = upper.split_whitespace();
    let (kind, interval) = kind_of(words.next()?)?;
    let (mut end, mut times, mut values) = (None, Vec::new(), Vec::new());
    for word in words {
        let word = word.trim_end_matches('$');
        if word.is_empty() {
            continue;
        }
        if let Some(count) = word.strip_prefix('#') {
            end = Some(match count.parse::<u32>().ok()? {
                0 => String::new(),
                count => format!(";COUNT={count}"),
            });
        } else if let Some(until) = (word.len() >= 8).then(|| Moment::lenient(word)).flatten() {
            end = Some(format!(";UNTIL={until}"));
        } else if word.len() == 4 && word.bytes().all(|octet| octet.is_ascii_digit()) {
            times.push((word.get(..2)?.parse::<u32>().ok()?, word.get(2..)?.parse::<u32>().ok()?));
        } else if kind_of(word).is_some() {
            return None;
        } else {
            // A time behind a day is of that day alone.
            if !times.is_empty() && kind != Kind::Daily {
                return None;
            }
            values.push(word);
        }
    }
    let mut rule = format!("FREQ={}", kind.frequency());
    if interval != 1 {
        rule += &format!(";INTERVAL={interval}");
    }
    rule += &match kind {
        Kind::Minutely | Kind::Daily => values.is_empty().then(String::new)?,
        Kind::Weekly => {
            let is_day = |word: &&str| DAYS.contains(word);
            values.iter().all(is_day).then(|| list("BYDAY", values.iter().map(|word| (*word).to_owned())))?
        }
        Kind::MonthlyByPosition => by_position(&values, start)?,
        Kind::MonthlyByDay => {
            list("BYMONTHDAY", values.iter().map(|word| month_day(word)).collect::<Option<Vec<_>>>()?)
        }
        Kind::YearlyByMonth => list("BYMONTH", numbers(&values, 12)?),
        Kind::YearlyByDay => list("BYYEARDAY", numbers(&values, 366)?),
    };
    rule += &of_times(&times, start)?;
    Some(rule + &end.unwrap_or_else(|| ";COUNT=2".to_owned()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Minutely,
    Daily,
    Weekly,
    MonthlyByPosition,
    MonthlyByDay,
    YearlyByMonth,
    YearlyByDay,
}

impl Kind {
    fn frequency(self) -> &'static str {
        match self {
            Self::Minutely => "MINUTELY",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::MonthlyByPosition | Self::MonthlyByDay => "MONTHLY",
            Self::YearlyByMonth | Self::YearlyByDay => "YEARLY",
        }
    }
}

/// `MP2`: what repeats, and every how many.
fn kind_of(word: &str) -> Option<(Kind, u32)> {
    let at = word.find(|character: char| character.is_ascii_digit())?;
    let (letters, interval) = word.split_at_checked(at)?;
    let kind = match letters {
        "M" => Kind::Minutely,
        "D" => Kind::Daily,
        "W" => Kind::Weekly,
        "MP" => Kind::MonthlyByPosition,
        "MD" => Kind::MonthlyByDay,
        "YM" => Kind::YearlyByMonth,
        "YD" => Kind::YearlyByDay,
        _ => return None,
    };
    interval.parse().ok().filter(|interval| *interval > 0).map(|interval| (kind, interval))
}

fn list(name: &str, values: impl IntoIterator<Item = String>) -> String {
    let values: Vec<_> = values.into_iter().collect();
    if values.is_empty() { String::new() } else { format!(";{name}={}", values.join(",")) }
}

fn numbers(words: &[&str], most: u32) -> Option<Vec<String>> {
    let number = |word: &&str| word.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
    words.iter().map(|word| Some(number(word)?.to_string())).collect()
}

/// `15`, `15+`, `1-` (the last), `LD` (the last).
fn month_day(word: &str) -> Option<String> {
    if word == "LD" {
        return Some("-1".to_owned());
    }
    let sign = if word.ends_with('-') { "-" } else { "" };
    let number = word.trim_end_matches(['+', '-']).parse::<u32>().ok().filter(|day| (1..=31).contains(day))?;
    Some(format!("{sign}{number}"))
}

/// `1+ 2- SU MO`: positions, and the days that they are of; again and again. Without any the position of the start.
fn by_position(words: &[&str], start: Option<Moment>) -> Option<String> {
    if words.is_empty() {
        let start = start?;
        let weekday = usize::try_from((start.midnight() / 86_400 + 4).rem_euclid(7)).ok()?;
        return Some(format!(";BYDAY={}{}", (civil(start.wall).day - 1) / 7 + 1, DAYS.get(weekday)?));
    }
    let (mut positions, mut days, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let flush = |positions: &mut Vec<String>, days: &mut Vec<&str>, found: &mut Vec<String>| {
        for position in positions.iter() {
            found.extend(days.iter().map(|day| format!("{position}{day}")));
        }
        positions.clear();
        days.clear();
    };
    for word in words {
        if DAYS.contains(word) {
            days.push(*word);
            continue;
        }
        if !days.is_empty() {
            flush(&mut positions, &mut days, &mut found);
        }
        let sign = if word.ends_with('-') { "-" } else { "" };
        let number = word.trim_end_matches(['+', '-']).parse::<u32>().ok().filter(|nth| (1..=5).contains(nth))?;
        positions.push(format!("{sign}{number}"));
    }
    if days.is_empty() {
        // Positions without days are of the day of the start.
        let start = start?;
        let weekday = usize::try_from((start.midnight() / 86_400 + 4).rem_euclid(7)).ok()?;
        days.push(DAYS.get(weekday)?);
    }
    flush(&mut positions, &mut days, &mut found);
    (!found.is_empty()).then(|| list("BYDAY", found))
}

/// Times of day; nothing for that of the start.
fn of_times(times: &[(u32, u32)], start: Option<Moment>) -> Option<String> {
    let Some((_, minute)) = times.first() else { return Some(String::new()) };
    let start = start.filter(|start| start.form != Form::Date).map(|start| civil(start.wall));
    if let ([(hour, minute)], Some(start)) = (times, start)
        && (i64::from(*hour), i64::from(*minute)) == (start.hour, start.minute)
    {
        return Some(String::new());
    }
    let is_right = times.iter().all(|(hour, other)| *hour < 24 && other == minute && *minute < 60);
    let hours: Vec<_> = times.iter().map(|(hour, _)| hour.to_string()).collect();
    is_right.then(|| format!(";BYHOUR={};BYMINUTE={minute}", hours.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_of_icalendar() {
        let start = Moment::lenient("19960705T090000");
        for (old, new) in [
            ("D1 #5", "FREQ=DAILY;COUNT=5"),
            ("D1 #0", "FREQ=DAILY"),
            ("D4", "FREQ=DAILY;INTERVAL=4;COUNT=2"),
            ("D1 19971224T000000Z", "FREQ=DAILY;UNTIL=19971224T000000Z"),
            ("D2 0600 1200 1800 #6", "FREQ=DAILY;INTERVAL=2;BYHOUR=6,12,18;BYMINUTE=0;COUNT=6"),
            ("D1 0900 #3", "FREQ=DAILY;COUNT=3"),
            ("M15 #4", "FREQ=MINUTELY;INTERVAL=15;COUNT=4"),
            ("W1 #4", "FREQ=WEEKLY;COUNT=4"),
            ("W1 19961224", "FREQ=WEEKLY;UNTIL=19961224"),
            ("W2 TU TH #5", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5"),
            ("W2 MO WE 20010101T120000Z", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20010101T120000Z"),
            ("w1 mo tu we th fr #0", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("W1 MO$ #2", "FREQ=WEEKLY;BYDAY=MO;COUNT=2"),
            ("MP1 1+ SU #3", "FREQ=MONTHLY;BYDAY=1SU;COUNT=3"),
            ("MP1 1+ TU 1- TU #5", "FREQ=MONTHLY;BYDAY=1TU,-1TU;COUNT=5"),
            ("MP6 1+ MO #5", "FREQ=MONTHLY;INTERVAL=6;BYDAY=1MO;COUNT=5"),
            ("MP2 1+ 1- FR SU #4", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1FR,1SU,-1FR,-1SU;COUNT=4"),
            ("MP1 #3", "FREQ=MONTHLY;BYDAY=1FR;COUNT=3"),
            ("MP1 2+ #3", "FREQ=MONTHLY;BYDAY=2FR;COUNT=3"),
            ("MD1 1 15- #4", "FREQ=MONTHLY;BYMONTHDAY=1,-15;COUNT=4"),
            ("MD1 2- #0", "FREQ=MONTHLY;BYMONTHDAY=-2"),
            ("MD1 LD #6", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=6"),
            ("MD1 7 #12", "FREQ=MONTHLY;BYMONTHDAY=7;COUNT=12"),
            ("MD1 #12", "FREQ=MONTHLY;COUNT=12"),
            ("YM1 6 7 #8", "FREQ=YEARLY;BYMONTH=6,7;COUNT=8"),
            ("YM1 #0", "FREQ=YEARLY"),
            ("YM2 1 #3", "FREQ=YEARLY;INTERVAL=2;BYMONTH=1;COUNT=3"),
            ("YD1 1 100 200 300 #4", "FREQ=YEARLY;BYYEARDAY=1,100,200,300;COUNT=4"),
            ("YD1 #10", "FREQ=YEARLY;COUNT=10"),
            ("FREQ=DAILY;COUNT=2", "FREQ=DAILY;COUNT=2"),
        ] {
            assert_eq!(convert(old, start).as_deref(), Some(new), "{old}");
        }
    }

    #[test]
    fn what_icalendar_cannot_say_is_none() {
        for old in [
            "",
            "X1",
            "D0",
            "D1 SU",
            "W1 TU 1200 TH 1130 #4",
            "MP1 1+ SU #2 D1 #3",
            "MD1 32",
            "YM1 13",
            "D1 #x",
            "D1 0600 1230",
        ] {
            assert_eq!(convert(old, Moment::lenient("19960705T090000")), None, "{old}");
        }
    }
}
