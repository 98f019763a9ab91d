//! Items that travel between processes: their octets, and what their mailbox knew about them.

use crate::{attachment::Attachment, error::raised, item::Item};
use mailferry::{
    DateTime, Defect, DefectKind, Limits,
    model::{
        self, CalendarObject, DateSource, Folder, FolderPath, ItemKind, Keywords, Label, Message, Origin, Received,
        Role, VCard,
    },
    read::{Mailbox, ReadOptions},
    source::Source,
};
use pyo3::{
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::{PyBytes, PyDict, PyTuple},
};
use std::sync::Arc;

const ROLES: &[Role] = &[Role::Inbox, Role::Sent, Role::Drafts, Role::Trash, Role::Junk, Role::Archive, Role::All];

pub(crate) type FolderState = (Vec<String>, Option<String>);

/// What `__reduce__` gives: the function that makes the item anew, and its arguments.
pub(crate) fn state<'py>(py: Python<'py>, item: &Item) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
    let model::Item { folder, origin, keywords, labels, received, kind, defects, provenance, .. } = &item.item;
    let state = PyDict::new(py);
    let of_folder = |folder: &Folder| (folder.path.names().to_vec(), folder.role.map(|role| role.as_str().to_owned()));
    state.set_item("folder", of_folder(folder))?;
    let Origin { ordinal, offset, length, node, .. } = *origin;
    state.set_item("origin", (&*origin.source, origin.key.as_deref(), item.source, ordinal, offset, length, node))?;
    state.set_item("keywords", keywords.iter().collect::<Vec<_>>())?;
    let of_label = |label: &Label| (label.name.clone(), label.folder.as_ref().map(of_folder));
    state.set_item("labels", labels.iter().map(of_label).collect::<Vec<_>>())?;
    state.set_item("received", received.map(|received| (received.at.to_string(), received.source.as_str())))?;
    let of_defect = |defect: &Defect| (defect.kind().as_str(), defect.detail().to_owned(), defect.offset());
    state.set_item("defects", defects.iter().map(of_defect).collect::<Vec<_>>())?;
    state.set_item("provenance", provenance.as_str())?;
    let form = match kind {
        ItemKind::Calendar(_) => "ics",
        ItemKind::Contact(_) => "vcf",
        _ => "eml",
    };
    let restore = py.import("mailferry._native")?.getattr("_restore_item")?;
    Ok((restore, (form, item.to_bytes(py)?, state).into_pyobject(py)?))
}

#[pyfunction]
#[pyo3(name = "_restore_item")]
pub(crate) fn restore_item(
    py: Python<'_>,
    form: &str,
    octets: &Bound<'_, PyBytes>,
    state: &Bound<'_, PyDict>,
) -> PyResult<Item> {
    let get = |key: &str| {
        state.get_item(key)?.ok_or_else(|| PyValueError::new_err(format!("the state of an item has no {key}")))
    };
    let kind = kind_of(form, octets.as_bytes()).map_err(|error| raised(py, &error))?;
    type OriginState = (String, Option<String>, u64, u64, u64, u64, Option<u32>);
    let (source, key, number, ordinal, offset, length, node): OriginState = get("origin")?.extract()?;
    let mut keywords = Keywords::default();
    get("keywords")?.extract::<Vec<String>>()?.into_iter().for_each(|keyword| keywords.insert(keyword));
    let labels: Vec<(String, Option<FolderState>)> = get("labels")?.extract()?;
    let received: Option<(String, String)> = get("received")?.extract()?;
    let received = received.and_then(|(at, source)| {
        Some(Received { at: at.parse::<DateTime>().ok()?, source: DateSource::of_name(&source) })
    });
    let defects: Vec<(String, String, Option<u64>)> = get("defects")?.extract()?;
    let item = model::Item {
        folder: folder_of(get("folder")?.extract()?),
        origin: Origin { source: source.into(), key: key.map(Into::into), ordinal, offset, length, mbox: None, node },
        keywords,
        labels: labels.into_iter().map(|(name, folder)| Label { name, folder: folder.map(folder_of) }).collect(),
        received,
        kind,
        defects: defects.into_iter().filter_map(defect_of).collect(),
        provenance: match &*get("provenance")?.extract::<String>()? {
            "normalized" => model::Fidelity::Normalized,
            "synthesized" => model::Fidelity::Synthesized,
            _ => model::Fidelity::Verbatim,
        },
        // No reader gives an item that was.
        mended: Vec::new(),
        // No reader gives an item that is.
        expunged: false,
        // Its store is not at hand.
        object: None,
    };
    Ok(Item::new(item, number, Arc::default()))
}

#[pyfunction]
#[pyo3(name = "_restore_attachment")]
pub(crate) fn restore_attachment(item: &Bound<'_, Item>, number: usize) -> PyResult<Py<Attachment>> {
    let attachments = item.getattr("attachments")?.cast_into::<PyTuple>()?;
    let attachment = attachments.get_item(number).map_err(|_| PyIndexError::new_err("attachment not found"))?;
    Ok(attachment.cast_into::<Attachment>()?.unbind())
}

/// What octets are in a form that is known.
pub(crate) fn kind_of(form: &str, octets: &[u8]) -> mailferry::Result<ItemKind> {
    let source: Source = Arc::new(octets.to_vec());
    Ok(match form {
        "ics" => match CalendarObject::parse(source.clone(), &Limits::default()) {
            Ok(object) => ItemKind::Calendar(object),
            // A calendar without a component is an item to its reader only.
            Err(error) => read_alone("item.ics", source).ok_or(error)?,
        },
        "vcf" => ItemKind::Contact(VCard::parse(source)?),
        _ => ItemKind::Message(Message::new(source.into())),
    })
}

/// The only item of a file.
fn read_alone(name: &str, source: Source) -> Option<ItemKind> {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source(name, source);
    mailbox.find_map(Result::ok).map(|item| item.kind)
}

pub(crate) fn folder_of((names, role): FolderState) -> Folder {
    let role = role.and_then(|role| ROLES.iter().copied().find(|known| known.as_str() == role));
    Folder { path: FolderPath::new(names), role }
}

fn defect_of((kind, detail, offset): (String, String, Option<u64>)) -> Option<Defect> {
    let defect = Defect::new(DefectKind::named(&kind)?, detail);
    Some(match offset {
        Some(offset) => defect.at(offset),
        None => defect,
    })
}
