//! The numbers of an XML property list, as far as the state of a message needs them.

/// A property list: one dictionary of keys and values.
pub(super) struct Plist<'o>(&'o [u8]);

impl<'o> Plist<'o> {
    pub(super) fn parse(octets: &'o [u8]) -> Self {
        Self(octets)
    }

    /// The value of `key` where it is a number: an `<integer>`, a `<real>` cut to whole, or a number that stands as `<string>`.
    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        let opening = format!("<key>{key}</key>");
        let at = memchr::memmem::find(self.0, opening.as_bytes())?;
        let value = self.0.get(at + opening.len()..)?.trim_ascii_start();
        let tag = ["<integer>", "<real>", "<string>"].into_iter().find(|tag| value.starts_with(tag.as_bytes()))?;
        let text = value.get(tag.len()..)?;
        let text = str::from_utf8(text.get(..memchr::memchr(b'<', text)?)?).ok()?.trim();
        let whole = text.split('.').next()?;
        whole.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_found_by_their_keys() {
        let plist = Plist::parse(
            b"<plist version=\"1.0\"><dict>\n\t<key>flags</key>\n\t<integer>8590195713</integer>\n<key>a</key><real>12.5</real>\
              <key>b</key><string>no</string><key>c</key><true/></dict></plist>",
        );
        assert_eq!(plist.integer("flags"), Some(8_590_195_713));
        assert_eq!(plist.integer("a"), Some(12));
        for key in ["b", "c", "d"] {
            assert_eq!(plist.integer(key), None, "{key}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(octets in "(<key>|flags|</key>|<integer>|[0-9<>]{0,4}){0,12}") {
            Plist::parse(octets.as_bytes()).integer("flags");
        }
    }
}
