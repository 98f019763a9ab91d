use std::fmt::{self, Write};

/// Characters of one text that the page shows; the log has all of it.
const MOST_CHARS: usize = 300;

/// Text as HTML has it, in elements and in quoted attributes alike; what no page can show stands as U+FFFD.
pub(in crate::convert) struct Text<'a>(pub(in crate::convert) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, c) in self.0.chars().enumerate() {
            if number == MOST_CHARS {
                return f.write_char('…');
            }
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                c if c.is_control() || ('\u{FDD0}'..='\u{FDEF}').contains(&c) => f.write_char('\u{FFFD}')?,
                // Marks that turn the direction of what follows end with the text.
                c @ ('\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => write!(f, "&#{};", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A number with its thousands apart.
pub(in crate::convert) struct Number(pub(in crate::convert) u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// Octets in the largest unit of 1,024 that leaves a number.
pub(in crate::convert) struct Size(pub(in crate::convert) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let mut size = self.0 as f64;
        let mut unit = "B";
        for larger in units {
            if size < 1024.0 {
                break;
            }
            size /= 1024.0;
            unit = larger;
        }
        if unit == "B" { write!(f, "{} B", self.0) } else { write!(f, "{size:.1} {unit}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_text() {
        assert_eq!(Text("<b a='\"'>&\u{0}\n").to_string(), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{FFFD} ");
        assert_eq!(Text(&"<".repeat(1000)).to_string(), "&lt;".repeat(300) + "…");
    }

    #[test]
    fn numbers_are_read_easily() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(|number| Number(number).to_string()),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([1023, 1536, 5 << 30].map(|size| Size(size).to_string()), ["1023 B", "1.5 KiB", "5.0 GiB"]);
    }
}
