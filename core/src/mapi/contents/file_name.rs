//! Names of attachments that no receiver takes for a path.

/// The name as a file can have it: slashes and backslashes become `_`, as in what Outlook saves, so that `Invoice 12/2021.pdf` stays
/// whole. Steps to a directory above (`..`) say nothing and are left out. `None` where no name is left.
pub(super) fn safe(name: &str) -> Option<String> {
    let is_step = |segment: &str| matches!(segment.trim(), "" | "." | "..");
    let mut segments: Vec<&str> = name.trim().split(['/', '\\']).collect();
    while segments.last().is_some_and(|segment| is_step(segment)) {
        segments.pop();
    }
    let inner = segments.iter().skip_while(|segment| is_step(segment));
    let kept: Vec<String> =
        inner.filter(|segment| !matches!(segment.trim(), "." | "..")).map(|s| without_drive(s)).collect();
    let joined: String = kept.join("_").chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    Some(joined.trim().to_owned()).filter(|joined| !joined.is_empty())
}

/// `C:` of a path is `C_`: a receiver would take what follows for a file on that drive.
fn without_drive(segment: &str) -> String {
    match segment.as_bytes() {
        [drive, b':'] if drive.is_ascii_alphabetic() => segment.replace(':', "_"),
        _ => segment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_they_say_and_are_no_paths() {
        for (name, wanted) in [
            ("Invoice 12/2021.pdf", "Invoice 12_2021.pdf"),
            ("AC\\DC live.mp3", "AC_DC live.mp3"),
            ("2021/03/04 minutes.docx", "2021_03_04 minutes.docx"),
            ("Anna / Ben.txt", "Anna _ Ben.txt"),
            ("km/h.xls", "km_h.xls"),
            ("Angebot 5\\6\\7.doc", "Angebot 5_6_7.doc"),
            ("..\\..\\evil.exe", "evil.exe"),
            ("../../etc/passwd", "etc_passwd"),
            ("a/../b.txt", "a_b.txt"),
            ("/root.txt", "root.txt"),
            ("\\\\server\\share\\plan.doc", "server_share_plan.doc"),
            ("C:\\Temp\\x.doc", "C__Temp_x.doc"),
            ("folder/", "folder"),
            ("a\tb\u{0}c.txt", "a_b_c.txt"),
            ("Re: 1..2.txt", "Re: 1..2.txt"),
            ("...", "..."),
            (" plain name.pdf ", "plain name.pdf"),
        ] {
            assert_eq!(safe(name).as_deref(), Some(wanted), "{name}");
        }
        for name in ["", " ", "/", "..", "../..", "\\.\\"] {
            assert_eq!(safe(name), None, "{name}");
        }
    }
}
