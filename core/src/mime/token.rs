use super::encoded_word::EncodedWord;

/// The tokens of a structured field (RFC 5322 §3.2), as an address list needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Space,
    /// Octets that are none of the others: atoms, dots, `@`, encoded words, domain literals.
    Text(&'a [u8]),
    /// What is between quotation marks, its quoted pairs as they are.
    Quoted(&'a [u8]),
    /// What is between parentheses, its quoted pairs and comments as they are.
    Comment(&'a [u8]),
    /// One of `<>,;:`.
    Special(u8),
}

/// Takes a field value apart, in time linear in its length.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
    /// The openers that were found never to be closed, so that the search is not repeated.
    unclosed: Vec<u8>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(value: &'a [u8]) -> Self {
        Self { rest: value, unclosed: Vec::new() }
    }

    /// The length of the token at the start, and what it is.
    fn token(&mut self) -> Option<(usize, Token<'a>)> {
        let rest = self.rest;
        let &first = rest.first()?;
        let closer = match first {
            b'"' => Some(b'"'),
            b'(' => Some(b')'),
            b'[' => Some(b']'),
            _ => None,
        };
        if let Some(len) = closer.and_then(|closer| self.enclosed_len(first, closer)) {
            let inside = rest.get(1..len - 1)?;
            let token = match first {
                b'"' => Token::Quoted(inside),
                b'(' => Token::Comment(inside),
                _ => Token::Text(rest.get(..len)?),
            };
            return Some((len, token));
        }
        match first {
            b'<' | b'>' | b',' | b';' | b':' => Some((1, Token::Special(first))),
            _ if first.is_ascii_whitespace() => {
                Some((rest.iter().take_while(|octet| octet.is_ascii_whitespace()).count(), Token::Space))
            }
            _ => {
                let len = text_len(rest).max(1);
                Some((len, Token::Text(rest.get(..len)?)))
            }
        }
    }

    fn enclosed_len(&mut self, opener: u8, closer: u8) -> Option<usize> {
        if self.unclosed.contains(&opener) {
            return None;
        }
        let len = enclosed_len(self.rest, opener, closer);
        if len.is_none() {
            self.unclosed.push(opener);
        }
        len
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (len, token) = self.token()?;
        self.rest = self.rest.get(len..)?;
        Some(token)
    }
}

fn text_len(octets: &[u8]) -> usize {
    let mut len = 0;
    while let Some(rest) = octets.get(len..) {
        len += match rest {
            [b'=', b'?', ..] => EncodedWord::parse_closed(rest).map_or(1, |(_, len)| len),
            [octet, ..] if !octet.is_ascii_whitespace() && !b"<>,;:\"([".contains(octet) => 1,
            _ => break,
        };
    }
    len
}

/// The length of what `opener` opens, both ends included.
fn enclosed_len(octets: &[u8], opener: u8, closer: u8) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, &octet) in octets.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if octet == closer && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ if octet == opener => depth += 1,
            _ => {}
        }
    }
    None
}

/// The octets that quoted pairs stand for.
pub(super) fn unquoted(inside: &[u8]) -> impl Iterator<Item = u8> {
    let mut escaped = false;
    inside.iter().copied().filter(move |&octet| {
        escaped = octet == b'\\' && !escaped;
        !escaped
    })
}

/// What stands behind the comments and white space at the start of a field value; nothing where a comment is not closed.
pub(super) fn without_leading_comments(value: &[u8]) -> &[u8] {
    let mut rest = value.trim_ascii_start();
    while rest.starts_with(b"(") {
        let len = enclosed_len(rest, b'(', b')').unwrap_or(rest.len());
        rest = rest.get(len..).unwrap_or_default().trim_ascii_start();
    }
    rest
}

/// A word without the quotation marks that do not belong around it.
pub(super) fn without_quotes(word: &[u8]) -> &[u8] {
    let word = word.strip_prefix(b"\"").unwrap_or(word);
    word.strip_suffix(b"\"").unwrap_or(word)
}
