//! Keyword arguments, which have the names of the options of the command.

use crate::{date_time, error};
use mailferry::{
    Error,
    convert::{Selection, Tagging},
    mapi::AddressMap,
    model::VCardVersion,
    read::{ReadOptions, mbox::Unquoting},
    write::{CardGroups, Checksums, Eol, Grouping, NameTemplate, OutputForm, Placement, WriteOptions, ZipLevel},
};
use pyo3::{conversion::FromPyObjectOwned, exceptions::PyTypeError, prelude::*, types::PyDict};
use std::{collections::BTreeMap, num::NonZeroU32};

/// Keyword arguments, less those that were taken.
pub(crate) struct Keywords<'py> {
    py: Python<'py>,
    given: Bound<'py, PyDict>,
}

impl<'py> Keywords<'py> {
    pub(crate) fn new(py: Python<'py>, given: Option<&Bound<'py, PyDict>>) -> PyResult<Self> {
        let given = given.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        Ok(Self { py, given })
    }

    /// The argument `name`; `None` where it was not given, or is None.
    pub(crate) fn object(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.given.get_item(name)?;
        if value.is_some() {
            self.given.del_item(name)?;
        }
        Ok(value.filter(|value| !value.is_none()))
    }

    /// The argument as what it has to be.
    pub(crate) fn take<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<Option<T>> {
        let Some(value) = self.object(name)? else { return Ok(None) };
        value.extract().map(Some).map_err(|wrong: T::Error| {
            let wrong: PyErr = wrong.into();
            PyTypeError::new_err(format!("{name}={value:?}: {}", wrong.value(self.py)))
        })
    }

    /// A flag; false where it was not given.
    pub(crate) fn flag(&self, name: &str) -> PyResult<bool> {
        Ok(self.take(name)?.unwrap_or(false))
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> PyResult<Option<T>> {
        let Some(given) = self.take::<String>(name)? else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let known: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
                Err(error::options(self.py, &format!("{name}={given:?}: there are {}", known.join(", "))))
            }
        }
    }

    /// A text, or several.
    fn texts(&self, name: &str) -> PyResult<Vec<String>> {
        match self.object(name)? {
            None => Ok(Vec::new()),
            Some(value) => match value.extract::<String>() {
                Ok(text) => Ok(vec![text]),
                Err(_) => value.extract(),
            },
        }
    }

    /// What reads a text, with its error as an exception.
    fn parsed<T: std::str::FromStr<Err = Error>>(&self, name: &str) -> PyResult<Option<T>> {
        let text: Option<String> = self.take(name)?;
        text.map(|text| text.parse().map_err(|wrong| error::raised(self.py, &wrong))).transpose()
    }

    /// Octets: a number, or text such as 480M.
    fn size(&self, name: &str) -> PyResult<Option<u64>> {
        let Some(value) = self.object(name)? else { return Ok(None) };
        if let Ok(size) = value.extract() {
            return Ok(Some(size));
        }
        let size = mailferry::write::size(&value.extract::<String>()?);
        size.map(Some).map_err(|wrong| error::options(self.py, &format!("{name}: {wrong}")))
    }

    fn date(&self, name: &str) -> PyResult<Option<mailferry::DateTime>> {
        self.object(name)?.map(|date| date_time::from_python(&date)).transpose()
    }

    /// Makes sure that nothing is left.
    pub(crate) fn end(self) -> PyResult<()> {
        match self.given.keys().iter().next() {
            Some(name) => Err(PyTypeError::new_err(format!("there is no option {name}"))),
            None => Ok(()),
        }
    }

    pub(crate) fn reading(&self) -> PyResult<ReadOptions> {
        let mut options = ReadOptions::default();
        let rules =
            [("auto", Unquoting::Auto), ("rd", Unquoting::Mboxrd), ("o", Unquoting::Mboxo), ("raw", Unquoting::Raw)];
        options.unquoting = self.word("mbox_quoting", &rules)?.unwrap_or_default();
        options.hidden = self.flag("hidden")?;
        options.recover = self.flag("recover")?;
        options.keep_rtf = self.flag("keep_rtf")?;
        options.code_page = self.take("code_page")?;
        let mut addresses = AddressMap::default();
        for (exchange, internet) in self.take::<BTreeMap<String, String>>("address_map")?.unwrap_or_default() {
            addresses.insert(&exchange, &internet);
        }
        options.addresses = addresses;
        Ok(options)
    }

    pub(crate) fn selection(&self) -> PyResult<Selection> {
        let mut selection = Selection::default();
        for kind in self.texts("kind")? {
            let known = serde_json::from_value(kind.as_str().into());
            let none =
                |_| error::options(self.py, &format!("kind={kind:?}: there are mail, event, task, journal, contact"));
            selection.kinds.push(known.map_err(none)?);
        }
        selection.folders = self.texts("folder")?;
        selection.skip_folders = self.texts("skip_folder")?;
        selection.skip_trash = self.flag("skip_trash")?;
        selection.skip_junk = self.flag("skip_junk")?;
        selection.after = self.date("after")?;
        selection.before = self.date("before")?;
        selection.labels = self.texts("label")?;
        selection.from = self.texts("sender")?;
        selection.to = self.texts("recipient")?;
        selection.subject = self.texts("subject")?;
        selection.larger = self.size("larger")?;
        selection.smaller = self.size("smaller")?;
        selection.has_attachment = self.flag("has_attachment")?;
        selection.sample = self.take("sample")?;
        selection.seed = self.take("seed")?.unwrap_or_default();
        if let Some(dedupe) = self.take::<String>("dedupe")? {
            let none = |_| error::options(self.py, &format!("dedupe={dedupe:?}: there are off, exact, loose"));
            selection.dedupe = serde_json::from_value(dedupe.as_str().into()).map_err(none)?;
        }
        Ok(selection)
    }

    pub(crate) fn tagging(&self) -> PyResult<Tagging> {
        let mut tagging = Tagging::default();
        tagging.add_labels = self.texts("add_label")?;
        if let Some(map) = self.object("map_folder")? {
            tagging.map_folders =
                map.call_method0("items")?.try_iter()?.map(|pair| pair?.extract()).collect::<PyResult<_>>()?;
        }
        tagging.root_folder = self.take("root_folder")?;
        tagging.subject_suffix = self.take("subject_suffix")?;
        Ok(tagging)
    }

    pub(crate) fn writing(&self) -> PyResult<WriteOptions> {
        let mut options = WriteOptions::default();
        if let Some(form) = self.parsed::<OutputForm>("form")? {
            options.form = form;
        }
        let places = [("primary", Placement::Primary), ("every", Placement::Every)];
        options.placement = self.word("labels", &places)?.unwrap_or_default();
        let ends = [("keep", Eol::Keep), ("crlf", Eol::Crlf), ("lf", Eol::Lf)];
        options.eol = self.word("eol", &ends)?.unwrap_or_default();
        if let Some(names) = self.parsed::<NameTemplate>("names")? {
            options.names = names;
        }
        if let Some(shard) = self.take::<u32>("shard")? {
            options.shard = NonZeroU32::new(shard);
        }
        let levels = [("store", ZipLevel::Store), ("fast", ZipLevel::Fast), ("best", ZipLevel::Best)];
        options.zip_level = self.word("zip_level", &levels)?.unwrap_or_default();
        options.zip_split = self.size("split")?;
        let digests = [("sha256", Checksums::Sha256), ("none", Checksums::None)];
        options.checksums = self.word("checksums", &digests)?.unwrap_or_default();
        let collections = &mut options.collections;
        collections.grouping = self.parsed::<Grouping>("collect")?.unwrap_or_default();
        collections.vcf.version = self.word("vcard", &[("3.0", VCardVersion::V3), ("4.0", VCardVersion::V4)])?;
        collections.vcf.add_uid = self.flag("card_uids")?;
        collections.vcf.groups = self.parsed::<CardGroups>("card_groups")?.unwrap_or_default();
        collections.ics.strip_scheduling = self.flag("no_invitations")?;
        collections.ics.iana_zones = self.flag("iana_zones")?;
        collections.ics.complete_zones = collections.ics.iana_zones;
        Ok(options)
    }
}
