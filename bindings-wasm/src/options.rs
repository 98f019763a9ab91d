//! How things are asked for: a JSON object of options by their names in the core, in camel case.

use mailferry::{
    Error, ErrorKind, Result,
    convert::{ConvertOptions, OptionInfo},
    read::{Mailbox, ReadOptions},
    source::Source,
    write::{Packaging, WriteOptions, ZipLevel},
};
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::{
    paged::Paged,
    port::{JsSource, SourcePort},
};

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) options: ConvertOptions,
    /// What an archive is packed as, which only the name of a file tells elsewhere.
    pub(crate) packaging: Packaging,
}

/// Reads options, or what a report keeps of them; empty text is none.
///
/// # Errors
/// [`ErrorKind::Options`] for what is not known or not so.
pub(crate) fn read(json: &str) -> Result<Asked> {
    let mut given = object(json)?;
    if given.contains_key("scheme") {
        let options = ConvertOptions::from_record(&Value::Object(given))?;
        return Ok(Asked { options, packaging: Packaging::Zip });
    }
    let packaging = match given.remove("packaging") {
        None | Some(Value::Null) => Packaging::Zip,
        Some(name) => match name.as_str().unwrap_or_default().parse()? {
            Packaging::Folder => {
                return Err(wrong("packaging: a folder cannot be written to a sink, choose an archive"));
            }
            archive => archive,
        },
    };
    let mut options = ConvertOptions::from_names(&given)?;
    if ["compress", "zipLevel"].iter().all(|name| given.get(*name).is_none_or(Value::is_null)) {
        // In a browser the processor is what there is least of.
        options.archive.zip_level = ZipLevel::Store;
    }
    Ok(Asked { options, packaging })
}

/// Reads options of reading, of which there are no others where nothing is written; empty text is none.
///
/// # Errors
/// [`ErrorKind::Options`] for what is not known or not so.
pub(crate) fn reading(json: &str) -> Result<ConvertOptions> {
    let given = object(json)?;
    let is_other =
        |name: &&String| *name != "select" && !OptionInfo::named(name).is_some_and(OptionInfo::is_of_reading);
    match given.keys().find(is_other) {
        Some(name) => Err(wrong(&format!("unknown reading option {name}"))),
        None => ConvertOptions::from_names(&given),
    }
}

fn object(json: &str) -> Result<Map<String, Value>> {
    if json.is_empty() {
        return Ok(Map::new());
    }
    // As the core does: to read from text would be the same code once more.
    match serde_json::from_slice(json.as_bytes()) {
        Ok(Value::Object(given)) => Ok(given),
        Ok(_) => Err(wrong("the options are not an object")),
        Err(error) => Err(wrong(&format!("invalid options: {error}"))),
    }
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Options, message.to_owned())
}

impl Asked {
    /// The name of an archive that is packed so.
    pub(crate) fn file_name(&self, stem: &str) -> String {
        format!("{stem}.{}", self.packaging)
    }

    /// How it is written, with what the target asks for.
    pub(crate) fn archive(&self) -> WriteOptions {
        let mut archive = self.options.archive.clone();
        self.options.target.iter().for_each(|target| target.configure(&mut archive));
        archive
    }
}

/// Sources that may be read more than once.
#[derive(Clone)]
pub(crate) struct Sources(Vec<(String, Arc<Paged<JsSource>>)>);

impl Sources {
    pub(crate) fn new(ports: Vec<SourcePort>) -> Self {
        let named = ports.into_iter().map(|port| {
            let (name, source) = JsSource::new(port);
            (name, Arc::new(Paged::new(source)))
        });
        Self(named.collect())
    }

    /// All of them, each under its name.
    pub(crate) fn named(self) -> impl Iterator<Item = (String, Source)> {
        self.0.into_iter().map(|(name, source)| (name, source as Source))
    }

    /// The items of all of them.
    ///
    /// # Errors
    /// Why the first cannot be opened, when none of them can.
    pub(crate) fn mailbox(&self, options: &ReadOptions) -> Result<Mailbox> {
        let mut mailbox = self.unopened(options);
        mailbox.start()?;
        Ok(mailbox)
    }

    /// The same, before it is known whether any of them can be opened.
    pub(crate) fn unopened(&self, options: &ReadOptions) -> Mailbox {
        let mut mailbox = Mailbox::new(options.clone());
        for (name, source) in &self.0 {
            mailbox.add_source(name, source.clone());
        }
        mailbox
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailferry::{
        model::VCardVersion,
        read::{mbox::Unquoting, tnef::TnefParts},
        write::{CardGroups, OutputForm},
    };

    #[test]
    fn what_is_not_known_is_refused() {
        for json in [
            "{\"selekt\":{}}",
            "{\"select\":{\"folder\":[]}}",
            "{\"mboxQuoting\":\"x\"}",
            "[",
            "[]",
            "{\"hidden\":1}",
            "{\"as\":\"mbox\"}",
            "{\"packaging\":\"zip\"}",
        ] {
            let error = reading(json).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Options, "{json}");
        }
        for json in [
            "{\"as\":\"docx\"}",
            "{\"vcard\":\"2.1\"}",
            "{\"cardGroups\":\"trees\"}",
            "{\"shard\":0}",
            "{\"split\":0}",
            "{\"created\":\"today\"}",
            "{\"packaging\":\"folder\"}",
            "{\"target\":\"fidonet\"}",
            "{\"scheme\":2}",
        ] {
            let error = read(json).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Options, "{json}");
        }
    }

    #[test]
    fn everything_can_be_asked_for() {
        let json = r#"{"as":"bundle","packaging":"tgz","labels":"every","eol":"crlf","checksums":"none","names":"{date}",
            "shard":9,"compress":"best","collect":"500","vcard":"4.0","cardUids":true,"cardGroups":"cards","yearlessDates":"hyphens",
            "mend":true,"noInvitations":true,"ianaZones":true,"attachments":true,"created":"2024-01-01T00:00:00Z","tnef":"decode",
            "tagging":{"rootFolder":"Old","mapFolders":[["a","b"]]}}"#;
        let asked = read(json).unwrap();
        let options = asked.archive();
        assert_eq!((asked.packaging, options.form), (Packaging::Tgz, OutputForm::Bundle));
        assert_eq!((&*asked.file_name("x"), options.zip_level), ("x.tgz", ZipLevel::Best));
        assert_eq!(options.collections.vcf.version, Some(VCardVersion::V4));
        assert_eq!(options.collections.vcf.groups, CardGroups::Cards);
        assert!(options.collections.ics.strip_scheduling && options.created.is_some());
        assert_eq!((asked.options.read.tnef, asked.options.tagging.map_folders.len()), (TnefParts::Decode, 1));
        let asked = read(r#"{"target":"gmail"}"#).unwrap();
        assert_eq!((asked.archive().form, asked.archive().zip_level), (OutputForm::Mbox, ZipLevel::Store));
        let asked = read(r#"{"target":"zoho","split":500000000}"#).unwrap();
        assert!(asked.archive().zip_split < asked.options.archive.zip_split, "the target asks for less");
        let options = reading(r#"{"mboxQuoting":"raw","select":{"kinds":["mail"],"skipTrash":true}}"#).unwrap();
        assert_eq!(options.read.unquoting, Unquoting::Raw);
        assert!(options.selection.skip_trash);
        let record = options.record().to_string();
        assert_eq!(read(&record).unwrap().options.read.unquoting, Unquoting::Raw);
    }
}
