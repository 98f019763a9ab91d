/// A token of RTF (Rich Text Format Specification 1.9.1, "RTF Syntax").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// A control word and its parameter: `\fs20`.
    Word(&'a [u8], Option<i32>),
    /// A control symbol: `\~`, `\{`, `\*`, and a backslash before a line end as `\n`.
    Symbol(u8),
    /// An octet by its two digits: `\'e9`.
    Hex(u8),
    /// Octets unchanged, without line ends and NULs.
    Text(&'a [u8]),
}

/// The tokens of some RTF, whatever its octets are; the data of `\bin` is left out.
///
/// They may come piece by piece: text goes on in the next piece, data of `\bin` is left out there too.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
    /// Octets of data that are still to be left out.
    left_out: usize,
}

/// What stands next.
pub(super) enum Step<'a> {
    Token(Token<'a>),
    /// Nothing that counts.
    Nothing,
    End,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(rtf: &'a [u8]) -> Self {
        Self::behind(rtf, 0)
    }

    /// Those of a further piece, at whose start so many octets are to be left out.
    pub(super) fn behind(rtf: &'a [u8], left_out: usize) -> Self {
        let mut tokens = Self { rest: rtf, left_out: 0 };
        tokens.leave_out(left_out);
        tokens
    }

    /// Octets that are not read yet.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Octets that are to be left out of the next piece.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    fn leave_out(&mut self, n: usize) {
        let here = n.min(self.rest.len());
        self.take(here);
        self.left_out = n - here;
    }

    fn take_while(&mut self, mut wanted: impl FnMut(u8) -> bool) -> &'a [u8] {
        let n = self.rest.iter().position(|octet| !wanted(*octet)).unwrap_or(self.rest.len());
        self.take(n)
    }

    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(n).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn take_if(&mut self, octet: u8) -> bool {
        let is_next = self.rest.first() == Some(&octet);
        if is_next {
            self.take(1);
        }
        is_next
    }

    fn word(&mut self) -> Option<Token<'a>> {
        let name = self.take_while(|octet| octet.is_ascii_alphabetic());
        let sign = match self.rest {
            [b'-', digit, ..] if digit.is_ascii_digit() => {
                self.take(1);
                -1
            }
            _ => 1,
        };
        let digits = self.take_while(|octet| octet.is_ascii_digit());
        let magnitude =
            digits.iter().fold(0_i32, |n, digit| n.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
        let parameter = (!digits.is_empty()).then_some(sign * magnitude);
        self.take_if(b' ');
        if name == b"bin" {
            self.leave_out(usize::try_from(magnitude).unwrap_or(0));
            return None;
        }
        Some(Token::Word(name, parameter))
    }

    fn hex(&mut self) -> Option<Token<'a>> {
        let digit = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (high, low) = match self.rest {
            [high, low, ..] => (digit(high)?, digit(low)?),
            _ => return None,
        };
        self.take(2);
        Some(Token::Hex(high << 4 | low))
    }
}

impl<'a> Tokens<'a> {
    /// The next token, where it is one.
    pub(super) fn step(&mut self) -> Step<'a> {
        let Some(first) = self.rest.first() else { return Step::End };
        let token = match first {
            b'{' => {
                self.take(1);
                Some(Token::Open)
            }
            b'}' => {
                self.take(1);
                Some(Token::Close)
            }
            b'\r' | b'\n' | 0 => {
                self.take(1);
                None
            }
            b'\\' => {
                self.take(1);
                match self.rest.first() {
                    Some(letter) if letter.is_ascii_alphabetic() => self.word(),
                    Some(b'\'') => {
                        self.take(1);
                        self.hex()
                    }
                    Some(b'\r' | b'\n') => {
                        self.take_if(b'\r');
                        self.take_if(b'\n');
                        Some(Token::Symbol(b'\n'))
                    }
                    Some(&symbol) => {
                        self.take(1);
                        Some(Token::Symbol(symbol))
                    }
                    None => None,
                }
            }
            _ => {
                let text = self.take_while(|octet| !matches!(octet, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0));
                Some(Token::Text(text))
            }
        };
        token.map_or(Step::Nothing, Step::Token)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.step() {
                Step::Token(token) => return Some(token),
                Step::Nothing => {}
                Step::End => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(rtf: &[u8]) -> Vec<Token<'_>> {
        Tokens::new(rtf).collect()
    }

    #[test]
    fn a_space_after_a_control_word_belongs_to_it() {
        assert_eq!(
            tokens(b"{\\b  x\\u-10179?}"),
            [
                Token::Open,
                Token::Word(b"b", None),
                Token::Text(b" x"),
                Token::Word(b"u", Some(-10_179)),
                Token::Text(b"?"),
                Token::Close
            ]
        );
    }

    #[test]
    fn escapes_line_ends_and_binary_data() {
        assert_eq!(
            tokens(b"\\'e9\\{\\\r\na\r\nb\\bin3 }}}c"),
            [
                Token::Hex(0xe9),
                Token::Symbol(b'{'),
                Token::Symbol(b'\n'),
                Token::Text(b"a"),
                Token::Text(b"b"),
                Token::Text(b"c")
            ]
        );
    }

    #[test]
    fn broken_ends_are_no_tokens() {
        for rtf in [&b"\\"[..], b"\\'", b"\\'4", b"\\bin99999999999 x", b"\\'zz"] {
            assert!(tokens(rtf).iter().all(|token| matches!(token, Token::Text(_))), "{rtf:?}");
        }
    }
}
