//! Options whose value is one of several words: each is declared once, with its names, and everything else follows from that.

use crate::error::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr};

/// A value that is one of several words, which are the same on a command line, in JSON and in a report.
///
/// ```
/// use mailferry::{Word, write::Eol};
///
/// fn names<W: Word>() -> Vec<&'static str> {
///     W::ALL.iter().map(|word| word.as_str()).collect()
/// }
/// assert_eq!(names::<Eol>(), ["keep", "crlf", "lf"]);
/// assert_eq!("crlf".parse::<Eol>()?, Eol::Crlf);
/// # Ok::<(), mailferry::Error>(())
/// ```
pub trait Word: Copy + Eq + fmt::Debug + fmt::Display + FromStr<Err = Error> + Send + Sync + 'static {
    /// All values, in the order in which they are listed.
    const ALL: &'static [Self];

    /// The name of the value.
    fn as_str(self) -> &'static str;
}

/// Declares an enum of words: the name of each value, then other spellings that are understood too.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident: $what:literal {
        $($(#[$of:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+
    }) => {
        $(#[$meta])*
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Their names, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($word,)+];

            /// The name: on a command line, in JSON, in a report.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::word::Word for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(word: &str) -> $crate::error::Result<Self> {
                match word {
                    $($word $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err($crate::word::unknown(word, $what, Self::NAMES)),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                $crate::word::parsed(deserializer)
            }
        }
    };
}

pub(crate) use words;

/// The error for a word that is none of `names`.
pub(crate) fn unknown(word: &str, what: &str, names: &[&str]) -> Error {
    Error::new(ErrorKind::Options, format!("{word:?} is not {what}: choose one of {}", names.join(", ")))
}

/// Reads a value from its text.
pub(crate) fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err = Error>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro is for what is public")]
mod tests {
    words! {
        /// Of these tests.
        #[derive(Default)]
        pub enum Colour: "a colour" {
            /// The first.
            #[default]
            Red = "red",
            /// Spelled in two ways.
            Grey = "grey" | "gray",
        }
    }

    #[test]
    fn a_word_is_the_same_everywhere() {
        for (word, name) in Colour::ALL.iter().zip(Colour::NAMES) {
            assert_eq!((word.as_str(), &*word.to_string()), (*name, *name));
            assert_eq!(name.parse::<Colour>().unwrap(), *word);
            assert_eq!(serde_json::to_value(word).unwrap(), *name);
            assert_eq!(serde_json::from_value::<Colour>((*name).into()).unwrap(), *word);
        }
        assert_eq!(serde_json::from_str::<Colour>("\"gray\"").unwrap(), Colour::Grey);
        assert_eq!(Colour::default().as_str(), "red");
    }

    #[test]
    fn another_word_is_refused_with_the_list() {
        let told = "\"blue\" is not a colour: choose one of red, grey";
        assert_eq!("blue".parse::<Colour>().unwrap_err().to_string(), told);
        assert_eq!(serde_json::from_str::<Colour>("\"blue\"").unwrap_err().to_string(), told);
        assert!(serde_json::from_str::<Colour>("1").is_err());
    }
}
