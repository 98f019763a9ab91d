//! Items that a program gives: its own, and messages of Python's `email`.

use crate::{
    date_time,
    error::raised,
    item::Item,
    mailbox::Mailbox,
    restore::kind_of,
    source::{Raised, given_as},
};
use mailferry::{
    Defect, DefectKind, Error, ErrorKind,
    model::{self, DateSource, Folder, FolderPath, ItemKind, Keywords, Label, Message, Origin, Received},
    read::{self, Event, Given, ItemReader, ReadOptions, role_of_path},
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    pybacked::PyBackedBytes,
    types::{PyDict, PyIterator, PyString},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const CONTENT: &str = "content";

/// Whether it is one item: an `Item`, a message of `email`, or a dict of what an item is.
pub(crate) fn is_item(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(given.is_instance_of::<Item>() || given.is_instance_of::<PyDict>() || is_email(given)?)
}

fn is_email(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(given.hasattr(intern!(given.py(), "as_bytes"))? && given.hasattr(intern!(given.py(), "get_content_type"))?)
}

/// Whether it is an iterator, less what can begin anew or be read by position.
pub(crate) fn is_read_once(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_other = given.is_instance_of::<Mailbox>() || given.hasattr(intern!(given.py(), "read"))?;
    Ok(!is_other && given.hasattr(intern!(given.py(), "__next__"))?)
}

/// What `iterable` gives, items and sources, as one source with this name.
pub(crate) fn given(iterable: &Bound<'_, PyAny>, name: &str, raised: &Arc<Raised>) -> PyResult<Given> {
    let is_mailbox = iterable.is_instance_of::<Mailbox>();
    let is_read_once = is_read_once(iterable)?;
    let (iterable, name, raised) = (iterable.clone().unbind(), Arc::<str>::from(name), Arc::clone(raised));
    let (begun, of_items) = (AtomicBool::new(false), Arc::clone(&name));
    let make = move |options: &ReadOptions| -> mailferry::Result<Box<dyn ItemReader>> {
        let begin = |py: Python<'_>| {
            if is_read_once && begun.swap(true, Ordering::Relaxed) {
                let message = "an iterator can be read once only: give a list, for options such as dedupe and sample, and to read it again";
                return Err(PyValueError::new_err(message));
            }
            let iterable = iterable.bind(py);
            // A mailbox that is being read elsewhere is read from its start here.
            let iterable = if is_mailbox { iterable.call_method0("filter")? } else { iterable.clone() };
            Ok(iterable.try_iter()?.unbind())
        };
        match Python::attach(begin) {
            Ok(iterator) => Ok(Box::new(Made {
                iterator,
                name: Arc::clone(&of_items),
                options: options.clone(),
                raised: Arc::clone(&raised),
                open: None,
                behind: 0,
            })),
            Err(error) => Err(kept(&raised, error)),
        }
    };
    Ok(Given::Items(name, Arc::new(make)))
}

/// Keeps an exception until it can be raised, and gives what the core is told meanwhile.
fn kept(raised: &Raised, error: PyErr) -> Error {
    raised.keep(error);
    Error::new(ErrorKind::Io, "the iterator of items raised an exception")
}

/// Reads items from an iterator.
struct Made {
    iterator: Py<PyIterator>,
    name: Arc<str>,
    options: ReadOptions,
    raised: Arc<Raised>,
    /// A source that it gave, which is in hand.
    open: Option<read::Mailbox>,
    behind: u64,
}

enum Taken {
    Item(Box<model::Item>),
    Source(Given),
}

impl Made {
    fn take(&self) -> PyResult<Option<Taken>> {
        Python::attach(|py| {
            let Some(given) = self.iterator.bind(py).clone().next().transpose()? else { return Ok(None) };
            if is_item(&given)? {
                return item_of(&given, &self.name).map(|item| Some(Taken::Item(Box::new(item))));
            }
            given_as(&given, None, &self.raised).map(|source| Some(Taken::Source(source)))
        })
    }
}

impl ItemReader for Made {
    fn next_item(&mut self) -> mailferry::Result<Option<model::Item>> {
        loop {
            let Some(mailbox) = &mut self.open else {
                match self.take().map_err(|error| kept(&self.raised, error))? {
                    None => return Ok(None),
                    Some(Taken::Item(item)) => {
                        self.behind += item.size();
                        return Ok(Some(*item));
                    }
                    Some(Taken::Source(given)) => {
                        let mut mailbox = read::Mailbox::new(self.options.clone());
                        mailbox.add(given);
                        self.open = Some(mailbox);
                    }
                }
                continue;
            };
            match mailbox.next_event() {
                Some(Event::Item(item)) => return Ok(Some(*item)),
                Some(Event::Failed { error, .. }) if self.raised.is_any() => return Err(error),
                Some(Event::Failed { error, .. }) => return Err(error.non_fatal()),
                Some(_) => {}
                None => {
                    self.behind += read::Mailbox::position(mailbox);
                    self.open = None;
                }
            }
        }
    }

    fn position(&self) -> u64 {
        self.behind + self.open.as_ref().map_or(0, read::Mailbox::position)
    }
}

/// One item that was given; `name` is the folder of what has none of its own.
fn item_of(given: &Bound<'_, PyAny>, name: &str) -> PyResult<model::Item> {
    if let Ok(item) = given.cast::<Item>() {
        return Ok(item.get().item.clone());
    }
    let py = given.py();
    if let Ok(fields) = given.cast::<PyDict>() {
        let fields = fields.copy()?;
        let content = fields.get_item(CONTENT)?;
        let content = content.ok_or_else(|| {
            PyValueError::new_err("a dict is an item if it has \"content\": octets, an EmailMessage or an Item")
        })?;
        fields.del_item(CONTENT)?;
        let mut item = item_of(&content, name)?;
        change(&mut item, &fields)?;
        return Ok(item);
    }
    let octets = octets_of(given)?.ok_or_else(|| {
        let kind = given.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("the content of an item is octets, an EmailMessage or an Item, not {kind}"))
    })?;
    let mut item = read_octets(octets).map_err(|error| raised(py, &error))?;
    item.origin.source = name.into();
    if item.folder.path.names().is_empty() || item.folder.path.names() == [ALONE] {
        item.folder = folder(vec![name.to_owned()]);
    }
    Ok(item)
}

/// What octets are called that have no name.
const ALONE: &str = "item";

/// The item that octets are.
fn read_octets(octets: Vec<u8>) -> mailferry::Result<model::Item> {
    let text = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&octets).trim_ascii_start();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()));
    let form = match () {
        () if begins("BEGIN:VCALENDAR") => "ics",
        () if begins("BEGIN:VCARD") => "vcf",
        () => "eml",
    };
    let (source, length) = (Arc::new(octets), 0);
    let mut mailbox = read::Mailbox::new(ReadOptions::default());
    mailbox.add_source(&format!("{ALONE}.{form}"), source.clone());
    match mailbox.next_where_item() {
        Some(item) => Ok(item),
        // What no reader takes for a message is one all the same, as its caller says so.
        None if form == "eml" => {
            let origin = Origin { ordinal: 1, length, ..Origin::default() };
            Ok(model::Item::new(ItemKind::Message(Message::new((*source).clone().into())), Folder::default(), origin))
        }
        None => Err(Error::new(ErrorKind::Malformed, format!("these octets have no item of .{form}"))),
    }
}

trait FirstItem {
    fn next_where_item(&mut self) -> Option<model::Item>;
}

impl FirstItem for read::Mailbox {
    fn next_where_item(&mut self) -> Option<model::Item> {
        self.find_map(Result::ok)
    }
}

/// Octets, or those of a message of `email`, whose lines end with CRLF.
fn octets_of(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    let py = given.py();
    if let Ok(octets) = given.extract::<PyBackedBytes>() {
        return Ok(Some(octets.to_vec()));
    }
    if !is_email(given)? {
        return Ok(None);
    }
    let keywords = PyDict::new(py);
    keywords.set_item("linesep", "\r\n")?;
    let policy = given.getattr("policy")?.call_method("clone", (), Some(&keywords))?;
    let keywords = PyDict::new(py);
    keywords.set_item("policy", policy)?;
    given.call_method("as_bytes", (), Some(&keywords))?.extract().map(Some)
}

/// Gives `item` other octets; `wrong` is what a caller is told who gives something else.
pub(crate) fn replace_content(item: &mut model::Item, given: &Bound<'_, PyAny>, wrong: &'static str) -> PyResult<()> {
    let octets = octets_of(given)?.ok_or_else(|| PyTypeError::new_err(wrong))?;
    let form = match &item.kind {
        ItemKind::Calendar(_) => "ics",
        ItemKind::Contact(_) => "vcf",
        _ => "eml",
    };
    item.kind = kind_of(form, &octets).map_err(|error| raised(given.py(), &error))?;
    item.origin.mbox = None;
    item.object = None;
    item.defects.push(Defect::new(DefectKind::Transformed, "the octets are those of a transform"));
    Ok(())
}

/// Changes what is known about an item: folder, labels, keywords and date of arrival.
pub(crate) fn change(item: &mut model::Item, changes: &Bound<'_, PyDict>) -> PyResult<()> {
    for (key, value) in changes {
        let key: String = key.extract()?;
        match &*key {
            _ if value.is_none() => {}
            "folder" => {
                let names = match value.cast::<PyString>() {
                    Ok(path) => path.to_cow()?.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                    Err(_) => value.extract::<Vec<String>>()?,
                };
                item.folder = folder(names);
            }
            "labels" => {
                let names: Vec<String> = value.extract()?;
                let known = |name: &String| item.labels.iter().find(|label| label.name == *name).cloned();
                let made = |name: String| known(&name).unwrap_or(Label { name, folder: None });
                item.labels = names.into_iter().map(made).collect();
            }
            "keywords" => {
                let mut keywords = Keywords::default();
                value.extract::<Vec<String>>()?.into_iter().for_each(|keyword| keywords.insert(keyword));
                item.keywords = keywords;
            }
            "received" => {
                item.received = Some(Received { at: date_time::from_python(&value)?, source: DateSource::Recorded })
            }
            other => {
                return Err(PyTypeError::new_err(format!(
                    "an item has no {other}: content, folder, labels, keywords and received can be given"
                )));
            }
        }
    }
    Ok(())
}

fn folder(names: Vec<String>) -> Folder {
    Folder { role: role_of_path(&names), path: FolderPath::new(names) }
}
