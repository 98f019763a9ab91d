//! How files are imported at a target, what its limits are, how long it takes, how to check it and how to take it back: in English and
//! French, each sentence with its source and the date on which that was read.
//!
//! The texts are beside the profiles, in `guides/*.json`, a file each, and not in WebAssembly: a page loads them as a file.
//! `docs/import/*.md`, `mailferry targets NAME` and the page of a report are made of them.

use crate::word::words;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

words! {
    /// A language of the guides.
    #[derive(Default)]
    pub enum Language: "a language of the guides" {
        /// English.
        #[default]
        English = "en",
        /// French.
        French = "fr",
    }
}

/// A guide to one target.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// What to do, in order.
    pub steps: Vec<Advice>,
    /// What the target does not take, or takes otherwise.
    pub limits: Vec<Advice>,
    /// How long it takes.
    pub time: Vec<Advice>,
    /// How to see that all has arrived.
    pub check: Vec<Advice>,
    /// How to take it back.
    pub undo: Vec<Advice>,
}

/// One sentence of a guide.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
    /// Where that is said, or what program it was tried with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// When the source was read, or the program tried: a date (RFC 3339), nothing where neither was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
}

impl Advice {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::French => &self.fr,
        }
    }

    /// Its source and when that was read, in a language; nothing where there is no source.
    pub fn origin(&self, language: Language) -> Option<String> {
        let not_checked = match language {
            Language::English => "not checked",
            Language::French => "non vérifié",
        };
        let source = Some(&self.source).filter(|source| !source.is_empty())?;
        Some(format!("{source}, {}", self.checked.as_deref().unwrap_or(not_checked)))
    }
}

impl Guide {
    /// The headings and what stands below them, in the order in which it is needed.
    pub fn chapters(&self, language: Language) -> [(&'static str, &[Advice]); 5] {
        let [steps, limits, time, check, undo] = match language {
            Language::English => ["Import", "Limits", "Time", "Check", "Take it back"],
            Language::French => ["Importer", "Limites", "Durée", "Contrôler", "Revenir en arrière"],
        };
        [
            (steps, &*self.steps),
            (limits, &*self.limits),
            (time, &*self.time),
            (check, &*self.check),
            (undo, &*self.undo),
        ]
    }

    /// The guide in both languages as Markdown.
    pub fn markdown(&self, title: &str, name: &str) -> String {
        let mut text = format!("# {title}\n\n`--target {name}`. [Français](#français)\n");
        for language in Language::ALL {
            if *language == Language::French {
                text.push_str("\n## Français\n");
            }
            for (heading, advice) in self.chapters(*language) {
                if advice.is_empty() {
                    continue;
                }
                let level = if *language == Language::French { "###" } else { "##" };
                let _infallible = write!(text, "\n{level} {heading}\n");
                for (at, advice) in advice.iter().enumerate() {
                    let mark = if std::ptr::eq(heading, self.chapters(*language)[0].0) {
                        format!("{}.", at + 1)
                    } else {
                        "-".to_owned()
                    };
                    let origin = advice.origin(*language).map_or_else(String::new, |origin| format!(" ({origin})"));
                    let _infallible = writeln!(text, "{mark} {}{origin}", advice.text(*language));
                }
            }
        }
        text
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use crate::platform::Target;
    use std::{collections::BTreeMap, fs, path::Path};

    fn all() -> impl Iterator<Item = (&'static Target, &'static Guide)> {
        Target::all().iter().filter_map(|target| Some((target, target.guide.as_ref()?)))
    }

    #[test]
    fn every_target_has_a_guide_in_both_languages() {
        assert_eq!(all().count(), Target::all().len());
        for (target, guide) in all() {
            for (heading, advice) in guide.chapters(Language::English) {
                assert!(!advice.is_empty(), "{}: {heading}", target.name);
            }
            for advice in guide.chapters(Language::English).iter().flat_map(|(_, advice)| *advice) {
                assert!(!advice.en.is_empty() && !advice.fr.is_empty() && advice.en != advice.fr, "{}", advice.en);
                let date = advice.checked.as_deref().map(|date| date.parse::<crate::DateTime>().is_ok());
                assert!(date != Some(false) && (date.is_none() || !advice.source.is_empty()), "{}", advice.en);
                assert!(!advice.en.contains("—") && !advice.en.contains("{"), "{}", advice.en);
            }
            let converts = format!("--target {}", target.name);
            assert!(guide.steps.iter().any(|step| step.en.contains(&converts) && step.fr.contains(&converts)));
        }
    }

    /// `MAILFERRY_WRITE=1 cargo test -p mailferry --lib platform::guide` writes them anew.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "our own short files")]
    fn the_docs_are_made_of_the_guides() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        // No `serde_json::Map`: what order it keeps depends on the features that other crates of a build ask for.
        let mut index = BTreeMap::new();
        let mut files = Vec::new();
        for (target, guide) in all() {
            let text = guide.markdown(&target.title, &target.name);
            files.push((root.join(format!("docs/import/{}.md", target.name)), text));
            index.insert(&target.name, guide);
        }
        let json = serde_json::to_string(&index).unwrap() + "\n";
        files.push((root.join("bindings-wasm/npm/guides.json"), json));
        for (path, text) in files {
            if std::env::var_os("MAILFERRY_WRITE").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
        }
    }
}
