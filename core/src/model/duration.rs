use serde::Serialize;

/// A duration (RFC 5545 §3.3.6): days of the calendar, and then seconds.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duration {
    /// Days of the calendar, however long they are.
    pub days: i64,
    /// Seconds.
    pub seconds: i64,
}

impl Duration {
    /// Reads `P1DT2H30M`, `P2W`, `-PT15M`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, text) = match text.strip_prefix('-') {
            Some(text) => (-1, text),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mut duration, mut number, mut in_time, mut is_any) = (Self::default(), None::<i64>, false, false);
        for character in text.strip_prefix(['P', 'p'])?.chars() {
            if let Some(digit) = character.to_digit(10) {
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit.into())?);
                continue;
            }
            let (part, each) = match (in_time, character.to_ascii_uppercase()) {
                (false, 'T') if number.is_none() => {
                    in_time = true;
                    continue;
                }
                (false, 'W') => (&mut duration.days, 7),
                (false, 'D') => (&mut duration.days, 1),
                (true, 'H') => (&mut duration.seconds, 3_600),
                (true, 'M') => (&mut duration.seconds, 60),
                (true, 'S') => (&mut duration.seconds, 1),
                _ => return None,
            };
            *part = part.checked_add(number.take()?.checked_mul(each)?.checked_mul(sign)?)?;
            is_any = true;
        }
        (is_any && number.is_none()).then_some(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_days_and_seconds() {
        for (text, expected) in [
            ("P1D", Some((1, 0))),
            ("P2W", Some((14, 0))),
            ("P1DT2H30M5S", Some((1, 9_005))),
            ("-PT15M", Some((0, -900))),
            ("+PT0S", Some((0, 0))),
            ("pt1h", Some((0, 3_600))),
            ("P", None),
            ("PT", None),
            ("PT5", None),
            ("P1H", None),
            ("1H", None),
            ("PT99999999999999999999H", None),
        ] {
            let read = Duration::parse(text).map(|duration| (duration.days, duration.seconds));
            assert_eq!(read, expected, "{text}");
        }
    }
}
