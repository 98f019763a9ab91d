//! How things are asked for, in JSON.

use mailferry::{
    DateTime, Error, ErrorKind, Result,
    convert::Selection,
    mapi::AddressMap,
    model::VCardVersion,
    read::{Mailbox, ReadOptions, mbox::Unquoting},
    source::Source,
    target::Target,
    write::{CardGroups, Checksums, Eol, Grouping, OutputForm, Packaging, Placement, WriteOptions, ZipLevel},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroU64},
    str::FromStr,
    sync::Arc,
};

use crate::{
    paged::Paged,
    port::{JsSource, SourcePort},
};

/// How sources are read, and which of their items are taken.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Reading {
    mbox_quoting: MboxQuoting,
    hidden: bool,
    recover: bool,
    keep_rtf: bool,
    /// Internet addresses by Exchange addresses.
    addresses: BTreeMap<String, String>,
    pub(crate) select: Selection,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MboxQuoting {
    #[default]
    Auto,
    Rd,
    O,
    Raw,
}

/// What is written, and how.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Writing {
    #[serde(rename = "as", deserialize_with = "parsed")]
    form: OutputForm,
    /// The name of the target, which has its own way with some of what follows.
    target: Option<String>,
    packaging: Archive,
    labels: Labels,
    eol: LineEnds,
    checksums: Digest,
    names: Option<String>,
    shard: Option<NonZeroU32>,
    compress: Compress,
    /// Octets that no part reaches.
    pub(crate) split: Option<NonZeroU64>,
    #[serde(deserialize_with = "parsed")]
    collect: Grouping,
    vcard: Option<Version>,
    card_uids: bool,
    card_groups: CardGroups,
    no_invitations: bool,
    iana_zones: bool,
    pub(crate) attachments: bool,
    created: Option<DateTime>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Archive {
    #[default]
    Zip,
    Tar,
    Tgz,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Labels {
    #[default]
    Primary,
    Every,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineEnds {
    #[default]
    Keep,
    Crlf,
    Lf,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Digest {
    #[default]
    Sha256,
    None,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Compress {
    #[default]
    Store,
    Fast,
    Best,
}

#[derive(Clone, Copy, Deserialize)]
enum Version {
    #[serde(rename = "3.0")]
    V3,
    #[serde(rename = "4.0")]
    V4,
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    deserializer: D,
) -> std::result::Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Reads options; empty text is none.
///
/// # Errors
/// [`ErrorKind::Options`] for what is not known or not so.
pub(crate) fn read<T: DeserializeOwned + Default>(json: &str) -> Result<T> {
    if json.is_empty() {
        return Ok(T::default());
    }
    // As the core does: to read from text would be the same code once more.
    serde_json::from_slice(json.as_bytes())
        .map_err(|error| Error::new(ErrorKind::Options, format!("the options are not right: {error}")))
}

impl Reading {
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.unquoting = match self.mbox_quoting {
            MboxQuoting::Auto => Unquoting::Auto,
            MboxQuoting::Rd => Unquoting::Mboxrd,
            MboxQuoting::O => Unquoting::Mboxo,
            MboxQuoting::Raw => Unquoting::Raw,
        };
        options.hidden = self.hidden;
        options.recover = self.recover;
        options.keep_rtf = self.keep_rtf;
        let mut addresses = AddressMap::default();
        self.addresses.iter().for_each(|(exchange, internet)| addresses.insert(exchange, internet));
        options.addresses = addresses;
        options
    }
}

/// Sources that may be read more than once.
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

impl Writing {
    pub(crate) fn packaging(&self) -> Packaging {
        match self.packaging {
            Archive::Zip => Packaging::Zip,
            Archive::Tar => Packaging::Tar,
            Archive::Tgz => Packaging::Tgz,
        }
    }

    /// The name of an archive that is packed so.
    pub(crate) fn file_name(&self, stem: &str) -> String {
        let ending = match self.packaging {
            Archive::Zip => "zip",
            Archive::Tar => "tar",
            Archive::Tgz => "tgz",
        };
        format!("{stem}.{ending}")
    }

    /// # Errors
    /// [`ErrorKind::Options`] when there is no such target.
    pub(crate) fn target(&self) -> Result<Option<&'static Target>> {
        self.target.as_deref().map(Target::named).transpose()
    }

    /// # Errors
    /// [`ErrorKind::Options`] for a template of names that is none, and a target that there is not.
    pub(crate) fn options(&self) -> Result<WriteOptions> {
        let mut options = WriteOptions::default();
        options.form = self.form;
        options.placement = match self.labels {
            Labels::Primary => Placement::Primary,
            Labels::Every => Placement::Every,
        };
        options.eol = match self.eol {
            LineEnds::Keep => Eol::Keep,
            LineEnds::Crlf => Eol::Crlf,
            LineEnds::Lf => Eol::Lf,
        };
        options.checksums = match self.checksums {
            Digest::Sha256 => Checksums::Sha256,
            Digest::None => Checksums::None,
        };
        if let Some(names) = &self.names {
            options.names = names.parse()?;
        }
        options.shard = self.shard;
        options.zip_level = match self.compress {
            Compress::Store => ZipLevel::Store,
            Compress::Fast => ZipLevel::Fast,
            Compress::Best => ZipLevel::Best,
        };
        options.zip_split = self.split.map(NonZeroU64::get);
        let collections = &mut options.collections;
        collections.grouping = self.collect;
        collections.vcf.version = self.vcard.map(|version| match version {
            Version::V3 => VCardVersion::V3,
            Version::V4 => VCardVersion::V4,
        });
        collections.vcf.add_uid = self.card_uids;
        collections.vcf.groups = self.card_groups;
        collections.ics.strip_scheduling = self.no_invitations;
        collections.ics.iana_zones = self.iana_zones;
        collections.ics.complete_zones = self.iana_zones;
        options.created = self.created;
        self.target()?.into_iter().for_each(|target| target.configure(&mut options));
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused() {
        for json in
            ["{\"selekt\":{}}", "{\"select\":{\"folder\":[]}}", "{\"mboxQuoting\":\"x\"}", "[", "{\"hidden\":1}"]
        {
            let error = read::<Reading>(json).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Options, "{json}");
        }
        for json in [
            "{\"as\":\"docx\"}",
            "{\"vcard\":\"2.1\"}",
            "{\"cardGroups\":\"trees\"}",
            "{\"shard\":0}",
            "{\"split\":0}",
            "{\"created\":\"today\"}",
        ] {
            let error = read::<Writing>(json).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Options, "{json}");
        }
    }

    #[test]
    fn everything_can_be_asked_for() {
        let json = r#"{"as":"bundle","packaging":"tgz","labels":"every","eol":"crlf","checksums":"none","names":"{date}",
            "shard":9,"compress":"best","collect":"500","vcard":"4.0","cardUids":true,"cardGroups":"cards",
            "noInvitations":true,"ianaZones":true,"attachments":true,"created":"2024-01-01T00:00:00Z"}"#;
        let writing = read::<Writing>(json).unwrap();
        let options = writing.options().unwrap();
        assert_eq!((writing.packaging(), options.form), (Packaging::Tgz, OutputForm::Bundle));
        assert_eq!(options.collections.vcf.version, Some(VCardVersion::V4));
        assert_eq!(options.collections.vcf.groups, CardGroups::Cards);
        assert!(options.collections.ics.strip_scheduling && options.created.is_some());
        let writing = read::<Writing>(r#"{"target":"gmail"}"#).unwrap();
        assert_eq!(writing.options().unwrap().form, OutputForm::Mbox);
        let writing = read::<Writing>(r#"{"target":"zoho","split":500000000}"#).unwrap();
        assert!(writing.options().unwrap().zip_split < writing.split.map(NonZeroU64::get), "the target asks for less");
        assert!(read::<Writing>(r#"{"target":"fidonet"}"#).unwrap().options().is_err());
        let reading = read::<Reading>(r#"{"mboxQuoting":"raw","select":{"kinds":["mail"],"skipTrash":true}}"#).unwrap();
        assert_eq!(reading.options().unquoting, Unquoting::Raw);
        assert!(reading.select.skip_trash);
    }
}
