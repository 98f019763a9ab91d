use super::{
    local::Local,
    recurrence::{End, Frequency, Pattern, Recurrence},
};

const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The recurrence as an RRULE ([MS-OXCICAL] 2.1.3.2.2); `until` writes the last moment of the series.
pub(super) fn rrule(recurrence: &Recurrence, until: impl FnOnce(Local) -> String) -> String {
    let period = recurrence.period.max(1);
    let is_yearly = recurrence.frequency == Frequency::Yearly && period.is_multiple_of(12);
    let (frequency, interval) = match (recurrence.frequency, recurrence.pattern) {
        (Frequency::Daily, Pattern::Day) => ("DAILY", (period / 1440).max(1)),
        // "Every weekday" is a daily series with days of the week, and then the period is of no use.
        (Frequency::Daily, _) => ("WEEKLY", 1),
        (Frequency::Weekly, Pattern::Day) => ("DAILY", (period / 1440).max(1)),
        (Frequency::Weekly, _) => ("WEEKLY", period),
        (Frequency::Yearly, _) if is_yearly => ("YEARLY", period / 12),
        (Frequency::Monthly | Frequency::Yearly, _) => ("MONTHLY", period),
    };
    let mut parts = vec![format!("FREQ={frequency}")];
    match recurrence.end {
        End::Never => {}
        End::Count(count) => parts.push(format!("COUNT={}", count.max(1))),
        End::Date(date) => parts.push(format!("UNTIL={}", until(date))),
    }
    if interval > 1 {
        parts.push(format!("INTERVAL={interval}"));
    }
    if is_yearly && recurrence.pattern != Pattern::Day {
        parts.push(format!("BYMONTH={}", recurrence.start_date.month()));
    }
    match recurrence.pattern {
        Pattern::Day => {}
        Pattern::Week(days) => {
            parts.push(format!("BYDAY={}", weekdays(days)));
            if frequency == "WEEKLY" && interval > 1 {
                let first = usize::try_from(recurrence.first_day_of_week).ok().and_then(|day| DAYS.get(day));
                parts.push(format!("WKST={}", first.copied().unwrap_or("SU")));
            }
        }
        Pattern::MonthEnd | Pattern::Month(31..) => parts.push("BYMONTHDAY=-1".to_owned()),
        // A day that a month lacks is its last day: the last of those that it has.
        Pattern::Month(day @ 29..=30) => {
            let days: Vec<String> = (28..=day).map(|day| day.to_string()).collect();
            parts.push(format!("BYMONTHDAY={};BYSETPOS=-1", days.join(",")));
        }
        Pattern::Month(day) => parts.push(format!("BYMONTHDAY={}", day.max(1))),
        Pattern::MonthNth(days, nth) => {
            let nth = if (1..=4).contains(&nth) { nth.to_string() } else { "-1".to_owned() };
            match days.count_ones() {
                1 => parts.push(format!("BYDAY={nth}{}", weekdays(days))),
                _ => parts.push(format!("BYDAY={};BYSETPOS={nth}", weekdays(days))),
            }
        }
    }
    parts.join(";")
}

fn weekdays(days: u32) -> String {
    let days: Vec<&str> = DAYS.iter().enumerate().filter(|(i, _)| days >> i & 1 == 1).map(|(_, day)| *day).collect();
    if days.is_empty() { DAYS.join(",") } else { days.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(frequency: Frequency, pattern: Pattern, period: u32, end: End) -> String {
        let recurrence = Recurrence {
            frequency,
            pattern,
            calendar: 0,
            period,
            end,
            is_regenerating: false,
            first_day_of_week: 1,
            deleted: Vec::new(),
            start_date: Local(1_709_164_800),
            times: None,
            exceptions: Vec::new(),
            is_cut: false,
        };
        rrule(&recurrence, Local::date)
    }

    #[test]
    fn every_pattern_is_a_rule() {
        use Frequency::*;
        for (frequency, pattern, period, end, rule) in [
            (Daily, Pattern::Day, 2880, End::Never, "FREQ=DAILY;INTERVAL=2"),
            (Daily, Pattern::Week(0x3e), 1, End::Count(3), "FREQ=WEEKLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR"),
            (Weekly, Pattern::Week(2), 2, End::Never, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=MO"),
            (Monthly, Pattern::Month(15), 1, End::Date(Local(0)), "FREQ=MONTHLY;UNTIL=19700101;BYMONTHDAY=15"),
            (Monthly, Pattern::Month(31), 1, End::Never, "FREQ=MONTHLY;BYMONTHDAY=-1"),
            (Monthly, Pattern::Month(30), 1, End::Never, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
            (Monthly, Pattern::MonthNth(4, 2), 1, End::Never, "FREQ=MONTHLY;BYDAY=2TU"),
            (Monthly, Pattern::MonthNth(0x3e, 5), 1, End::Never, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
            (Yearly, Pattern::Month(29), 12, End::Never, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
            (Yearly, Pattern::MonthNth(1, 1), 24, End::Never, "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYDAY=1SU"),
        ] {
            assert_eq!(of(frequency, pattern, period, end), rule);
        }
    }
}
