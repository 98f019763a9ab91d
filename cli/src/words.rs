//! Options that are one of the core's words: the list is the core's, the help is ours.

use clap::{
    Arg, Command, Error,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use mailferry::Word;
use std::ffi::OsStr;

/// Reads a word, and lists the words in the help.
#[derive(Clone)]
pub(crate) struct Words<W: 'static> {
    known: &'static [W],
    help: fn(W) -> &'static str,
}

/// The parser of an option that is any of the words; `help` says of each what it means, and may be empty.
pub(crate) fn words<W: Word>(help: fn(W) -> &'static str) -> Words<W> {
    Words { known: W::ALL, help }
}

/// The same for some of the words.
pub(crate) fn some_words<W: Word>(known: &'static [W]) -> Words<W> {
    Words { known, help: |_| "" }
}

impl<W: Word> Words<W> {
    fn values(&self) -> impl Iterator<Item = PossibleValue> {
        self.known.iter().map(|word| {
            let value = PossibleValue::new(word.as_str());
            match (self.help)(*word) {
                "" => value,
                help => value.help(help),
            }
        })
    }
}

impl<W: Word> TypedValueParser for Words<W> {
    type Value = W;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<W, Error> {
        let known = value.to_str().and_then(|word| word.parse().ok()).filter(|word| self.known.contains(word));
        match known {
            Some(word) => Ok(word),
            None => {
                let name = PossibleValuesParser::new(self.values()).parse_ref(command, argument, value)?;
                let wrong = |error: mailferry::Error| Error::raw(clap::error::ErrorKind::InvalidValue, error);
                name.parse().map_err(wrong)
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values()))
    }
}
