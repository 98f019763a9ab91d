//! The names of months, as real mail has them in dates that should be English (RFC 5322 §3.3).

use unicode_normalization::UnicodeNormalization;

/// Names of months without accents, in the languages that programs are known to have written dates in: English, German,
/// French, Spanish, Italian, Portuguese, Dutch, Danish, Norwegian, Swedish, Finnish, Polish (which declines them).
const NAMES: [&[&str]; 12] = [
    &[
        "january", "januar", "janner", "janvier", "enero", "gennaio", "janeiro", "januari", "tammikuu", "styczen",
        "stycznia",
    ],
    &["february", "februar", "fevrier", "febrero", "febbraio", "fevereiro", "februari", "helmikuu", "luty", "lutego"],
    &["march", "maerz", "marz", "mars", "marzo", "marco", "maart", "marts", "maaliskuu", "marzec", "marca"],
    &["april", "avril", "abril", "aprile", "huhtikuu", "kwiecien", "kwietnia"],
    &["may", "mai", "mayo", "maggio", "maio", "mei", "maj", "maja", "toukokuu"],
    &["june", "juni", "juin", "junio", "giugno", "junho", "kesakuu", "czerwiec", "czerwca"],
    &["july", "juli", "juillet", "julio", "luglio", "julho", "heinakuu", "lipiec", "lipca"],
    &["august", "aout", "agosto", "augustus", "augusti", "elokuu", "sierpien", "sierpnia"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro", "syyskuu", "wrzesien", "wrzesnia"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro", "lokakuu", "pazdziernik", "pazdziernika"],
    &["november", "novembre", "noviembre", "novembro", "marraskuu", "listopad", "listopada"],
    &[
        "december",
        "dezember",
        "decembre",
        "diciembre",
        "dicembre",
        "dezembro",
        "desember",
        "joulukuu",
        "grudzien",
        "grudnia",
    ],
];

/// Abbreviations that are no start of a name.
const SHORT: &[(&str, i64)] = &[("mrz", 3), ("mrt", 3), ("sept", 9), ("syys", 9), ("loka", 10), ("marras", 11)];

/// The first three letters that are a month whatever follows; misspelt names are common.
const STARTS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Days of the week that start like months.
const DAYS: &[&str] = &["mardi", "martes", "martedi", "marti", "maandag", "maanantai", "maanantaina"];

/// Letters of a name that say which month it is; in Finnish, March and November need more.
const LETTERS: usize = 3;

/// The month of this name or of an abbreviation of it.
pub(super) fn month(word: &str) -> Option<i64> {
    if let [a, b, c] = word.as_bytes() {
        // What nearly every date has.
        match &[a.to_ascii_lowercase(), b.to_ascii_lowercase(), c.to_ascii_lowercase()] {
            b"mon" | b"tue" | b"wed" | b"thu" | b"fri" | b"sat" | b"sun" => return None,
            b"jan" => return Some(1),
            b"feb" => return Some(2),
            b"mar" => return Some(3),
            b"apr" => return Some(4),
            b"may" => return Some(5),
            b"jun" => return Some(6),
            b"jul" => return Some(7),
            b"aug" => return Some(8),
            b"sep" => return Some(9),
            b"oct" => return Some(10),
            b"nov" => return Some(11),
            b"dec" => return Some(12),
            _ => {}
        }
    }
    let word = plain(word);
    if word.len() < LETTERS || DAYS.contains(&&*word) {
        return None;
    }
    if let Some((_, number)) = SHORT.iter().find(|(short, _)| *short == word) {
        return Some(*number);
    }
    let is_name = |name: &&str| {
        // Letters that were lost with their charset fit any.
        let fits = name.bytes().zip(word.bytes()).all(|(letter, other)| letter == other || other == b'?');
        // Finnish declines by endings: `elokuuta`.
        fits && (word.len() <= name.len() || name.ends_with("kuu"))
    };
    let mut found = NAMES.iter().zip(1..).filter(|(names, _)| names.iter().any(&is_name));
    let first = found.next().map(|(_, number)| number);
    match (first, found.next()) {
        (Some(number), None) => Some(number),
        (Some(_), Some(_)) => None,
        (None, _) => STARTS.iter().zip(1..).find(|(start, _)| word.starts_with(**start)).map(|(_, number)| number),
    }
}

/// Whether a month of this name may as well be a day of the week in another language: French `mar.` is `mardi`.
pub(super) fn is_day_too(word: &str) -> bool {
    if !word.starts_with(['m', 'M']) {
        return false;
    }
    let word = plain(word);
    DAYS.iter().any(|day| day.starts_with(&*word))
}

/// The word in lower-case ASCII: without accents, and with `?` for what is no letter of these languages.
fn plain(word: &str) -> String {
    let letters = word.nfd().filter(|char| !('\u{300}'..'\u{370}').contains(char)).flat_map(char::to_lowercase);
    letters
        .map(|char| match char {
            'ø' => 'o',
            'ł' => 'l',
            'æ' => 'a',
            char if char.is_ascii() => char,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_twelve_languages() {
        for (names, number) in [
            ("Jan January Jänner janv. janvier ene enero gen gennaio januari tammikuuta sty stycznia", 1),
            ("Feb févr fevrier febrero febbraio fev helmikuuta lutego", 2),
            ("Mar März Mrz mrt maart mars marzo março marts maalis maaliskuuta marca", 3),
            ("Apr avr. avril abr abril aprile huhti kwietnia", 4),
            ("May Mai mei maj maja mag maggio maio touko", 5),
            ("Jun juin juni giu giugno junho kesä kesäkuuta cze czerwca", 6),
            ("Jul juil. juillet luglio lug julho heinä lip lipca", 7),
            ("Aug août aout ago agosto augustus augusti elo elokuuta sie sierpnia", 8),
            ("Sep Sept sept. septiembre setiembre set settembre setembro syys wrz września", 9),
            ("Oct Okt oktober octobre ott ottobre out outubro lokakuuta paź październik pa?", 10),
            ("Nov noviembre novembro marraskuuta marras lis listopada", 11),
            ("Dec Dez déc. diciembre dic dicembre des desember joulukuuta gru grudnia", 12),
        ] {
            for name in names.split(' ') {
                assert_eq!(month(name.trim_end_matches('.')), Some(number), "{name}");
            }
        }
        for name in ["mardi", "martes", "maanantai", "lun", "dom", "xyz", "ma", "", "jui", "lör", "śr", "kl"] {
            assert_eq!(month(name), None, "{name}");
        }
        assert!(is_day_too("Mar") && is_day_too("maa") && !is_day_too("mai"));
    }
}
