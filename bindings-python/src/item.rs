use crate::{
    address::Address,
    attachment::Attachment,
    date_time,
    defect::Defect,
    documents::{self, Event},
    error::{detached, raised},
    headers::Headers,
    made,
    mapi::MapiProperties,
    restore,
    source::Raised,
};
use mailferry::{
    Result, mime,
    model::{self, CalendarObject, CardView, ItemKind, Message, VCard},
};
use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyBytes, PyTuple},
};
use std::sync::Arc;

#[doc = stub!("Item")]
#[pyclass(frozen, weakref, module = "mailferry")]
pub(crate) struct Item {
    pub(crate) item: model::Item,
    /// The number of its source, from 1.
    pub(crate) source: u64,
    raised: Arc<Raised>,
}

impl Item {
    pub(crate) fn new(item: model::Item, source: u64, raised: Arc<Raised>) -> Self {
        Self { item, source, raised }
    }

    /// What was read, or else the exception that a caller's file raised, or that of the error.
    pub(crate) fn came_out<T>(&self, py: Python<'_>, read: Result<T>) -> PyResult<T> {
        read.map_err(|error| self.raised.take().unwrap_or_else(|| raised(py, &error)))
    }

    /// The message, where there has to be one.
    pub(crate) fn message(&self) -> PyResult<&Message> {
        self.item.message().ok_or_else(|| {
            PyTypeError::new_err(format!("this item is not a message: its kind is {}", self.item.kind.as_str()))
        })
    }

    /// What `read` reads of the message; the default of anything else.
    fn of_message<T: Default + Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(&Message) -> Result<T> + Send,
    ) -> PyResult<T> {
        match self.item.message() {
            Some(message) => self.came_out(py, detached(py, || read(message))?),
            None => Ok(T::default()),
        }
    }

    fn octets(&self) -> Result<Vec<u8>> {
        let mut octets = Vec::new();
        self.item.to_content()?.write_to(&mut octets)?;
        Ok(octets)
    }

    /// The octets for the interpreter, copied once where they lie in memory.
    pub(crate) fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        if let Some(octets) = self.item.message().and_then(|message| message.content().as_slice()) {
            return Ok(PyBytes::new(py, octets));
        }
        let octets = self.came_out(py, detached(py, || self.octets())?)?;
        Ok(PyBytes::new(py, &octets))
    }
}

fn addresses(message: &Message, get: fn(&Message) -> Result<Vec<mime::Address>>) -> Result<Vec<Address>> {
    Ok(Address::all(&get(message)?))
}

#[pymethods]
impl Item {
    #[doc = stub!("Item.id")]
    #[getter]
    fn id(&self) -> String {
        format!("{}:{}", self.source, self.item.origin.ordinal)
    }

    #[doc = stub!("Item.kind")]
    #[getter]
    fn kind(&self) -> &'static str {
        self.item.kind.as_str()
    }

    #[doc = stub!("Item.source")]
    #[getter]
    fn source(&self) -> &str {
        &self.item.origin.source
    }

    #[doc = stub!("Item.ordinal")]
    #[getter]
    fn ordinal(&self) -> u64 {
        self.item.origin.ordinal
    }

    #[doc = stub!("Item.offset")]
    #[getter]
    fn offset(&self) -> u64 {
        self.item.origin.offset
    }

    #[doc = stub!("Item.length")]
    #[getter]
    fn length(&self) -> u64 {
        self.item.origin.length
    }

    #[doc = stub!("Item.size")]
    #[getter]
    fn size(&self) -> u64 {
        self.item.size()
    }

    #[doc = stub!("Item.folder")]
    #[getter]
    fn folder(&self) -> String {
        self.item.folder.path.to_string()
    }

    #[doc = stub!("Item.folder_names")]
    #[getter]
    fn folder_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.item.folder.path.names())
    }

    #[doc = stub!("Item.role")]
    #[getter]
    fn role(&self) -> Option<&'static str> {
        self.item.folder.role.map(model::Role::as_str)
    }

    #[doc = stub!("Item.labels")]
    #[getter]
    fn labels(&self) -> Vec<&str> {
        self.item.labels.iter().map(|label| &*label.name).collect()
    }

    #[doc = stub!("Item.keywords")]
    #[getter]
    fn keywords(&self) -> Vec<&str> {
        self.item.keywords.iter().collect()
    }

    #[doc = stub!("Item.received")]
    #[getter]
    fn received<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.item.received.map_or(Ok(None), |received| date_time::to_python(py, received.at))
    }

    #[doc = stub!("Item.date_source")]
    #[getter]
    fn date_source(&self) -> Option<&'static str> {
        self.item.received.map(|received| received.source.as_str())
    }

    #[doc = stub!("Item.date")]
    #[getter]
    fn date<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.of_message(py, Message::date)?.map_or(Ok(None), |date| date_time::to_python(py, date))
    }

    #[doc = stub!("Item.subject")]
    #[getter]
    fn subject(&self, py: Python<'_>) -> PyResult<Option<String>> {
        match &self.item.kind {
            ItemKind::Calendar(object) => Ok(object.summary().map(str::to_owned)),
            ItemKind::Contact(card) => Ok(card.name().map(str::to_owned)),
            _ => self.of_message(py, Message::subject),
        }
    }

    #[doc = stub!("Item.sender")]
    #[getter]
    fn sender(&self, py: Python<'_>) -> PyResult<Option<Address>> {
        let from = self.authors(py)?.into_iter().next();
        Ok(from)
    }

    #[doc = stub!("Item.authors")]
    #[getter]
    fn authors(&self, py: Python<'_>) -> PyResult<Vec<Address>> {
        self.of_message(py, |message| addresses(message, Message::from))
    }

    #[doc = stub!("Item.to")]
    #[getter]
    fn to(&self, py: Python<'_>) -> PyResult<Vec<Address>> {
        self.of_message(py, |message| addresses(message, Message::to))
    }

    #[doc = stub!("Item.cc")]
    #[getter]
    fn cc(&self, py: Python<'_>) -> PyResult<Vec<Address>> {
        self.of_message(py, |message| addresses(message, Message::cc))
    }

    #[doc = stub!("Item.bcc")]
    #[getter]
    fn bcc(&self, py: Python<'_>) -> PyResult<Vec<Address>> {
        self.of_message(py, |message| addresses(message, Message::bcc))
    }

    #[doc = stub!("Item.reply_to")]
    #[getter]
    fn reply_to(&self, py: Python<'_>) -> PyResult<Vec<Address>> {
        self.of_message(py, |message| addresses(message, Message::reply_to))
    }

    #[doc = stub!("Item.message_id")]
    #[getter]
    fn message_id(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.of_message(py, Message::message_id)
    }

    #[doc = stub!("Item.in_reply_to")]
    #[getter]
    fn in_reply_to(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.of_message(py, Message::in_reply_to)
    }

    #[doc = stub!("Item.references")]
    #[getter]
    fn references(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.of_message(py, Message::references)
    }

    #[doc = stub!("Item.headers")]
    #[getter]
    fn headers(&self, py: Python<'_>) -> PyResult<Headers> {
        let fields = self.of_message(py, |message| {
            let fields = message.header()?.fields();
            Ok(fields.map(|field| (field.name().to_owned(), message.field_text(&field))).collect::<Vec<_>>())
        })?;
        Ok(Headers::of(fields))
    }

    #[doc = stub!("Item.header")]
    fn header(&self, py: Python<'_>, name: &str) -> PyResult<Option<String>> {
        self.of_message(py, |message| Ok(message.header()?.first(name).map(|field| message.field_text(&field))))
    }

    #[doc = stub!("Item.raw_header")]
    fn raw_header<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let read = |message: &Message| Ok(message.header()?.first(name).map(|field| field.value().to_vec()));
        Ok(self.of_message(py, read)?.map(|octets| PyBytes::new(py, &octets)))
    }

    #[doc = stub!("Item.text")]
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.of_message(py, |message| match message.reading_text()? {
            Some(text) => Ok(Some(text)),
            None => message.text(),
        })
    }

    #[doc = stub!("Item.html")]
    #[getter]
    fn html(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.of_message(py, Message::html)
    }

    #[doc = stub!("Item.attachments")]
    // Made anew each time: attachments hold their item, and were the item to hold them, neither would ever be freed.
    #[getter]
    fn attachments<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, this) = (slf.py(), slf.get());
        let Some(message) = this.item.message() else { return Ok(PyTuple::empty(py)) };
        let attachments = this.came_out(py, detached(py, || message.attachments())?)?;
        let list: Vec<_> = attachments
            .iter()
            .enumerate()
            .map(|(number, attachment)| Bound::new(py, Attachment::new(slf.clone().unbind(), number, attachment)))
            .collect::<PyResult<_>>()?;
        PyTuple::new(py, list)
    }

    #[doc = stub!("Item.event")]
    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(object) = self.item.calendar() else { return Ok(None) };
        let event = self.came_out(py, detached(py, || Event::of(object))?)?;
        event.map(|event| event.into_python(py)).transpose()
    }

    #[doc = stub!("Item.card")]
    #[getter]
    fn card<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(card) = self.item.card() else { return Ok(None) };
        let view = self.came_out(py, detached(py, || CardView::of(card))?)?;
        documents::card(py, view).map(Some)
    }

    #[doc = stub!("Item.mapi")]
    #[getter]
    fn mapi(&self) -> Option<MapiProperties> {
        MapiProperties::of(&self.item)
    }

    #[doc = stub!("Item.uid")]
    #[getter]
    fn uid(&self) -> Option<&str> {
        self.item.calendar().and_then(CalendarObject::uid).or(self.item.card().and_then(VCard::uid))
    }

    #[doc = stub!("Item.start")]
    #[getter]
    fn start(&self) -> Option<String> {
        self.item.calendar().and_then(CalendarObject::start).map(ToString::to_string)
    }

    #[doc = stub!("Item.recurring")]
    #[getter]
    fn recurring(&self) -> Option<bool> {
        self.item.calendar().map(CalendarObject::is_recurring)
    }

    #[doc = stub!("Item.defects")]
    #[getter]
    fn defects(&self, py: Python<'_>) -> PyResult<Vec<Defect>> {
        let mut all: Vec<_> = self.item.defects.iter().map(Defect::of).collect();
        let of_message = self.of_message(py, Message::all_defects)?;
        all.extend(of_message.iter().map(Defect::of));
        Ok(all)
    }

    #[doc = stub!("Item.to_email")]
    fn to_email<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.message()?;
        let keywords = pyo3::types::PyDict::new(py);
        keywords.set_item("policy", py.import(intern!(py, "email.policy"))?.getattr("default")?)?;
        let octets = self.to_bytes(py)?;
        py.import(intern!(py, "email"))?.getattr("message_from_bytes")?.call((octets,), Some(&keywords))
    }

    #[doc = stub!("Item.replace")]
    #[pyo3(signature = (*, content=None, folder=None, labels=None, keywords=None, received=None))]
    fn replace<'py>(
        &self,
        py: Python<'py>,
        content: Option<Bound<'py, PyAny>>,
        folder: Option<Bound<'py, PyAny>>,
        labels: Option<Bound<'py, PyAny>>,
        keywords: Option<Bound<'py, PyAny>>,
        received: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let mut item = self.item.clone();
        let changes = pyo3::types::PyDict::new(py);
        for (name, value) in [("folder", folder), ("labels", labels), ("keywords", keywords), ("received", received)] {
            changes.set_item(name, value)?;
        }
        made::change(&mut item, &changes)?;
        if let Some(content) = content {
            made::replace_content(&mut item, &content, "the content of an item is octets or an EmailMessage")?;
        }
        Ok(Self::new(item, self.source, Arc::clone(&self.raised)))
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.to_bytes(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let subject = self.subject(py)?.unwrap_or_default();
        let subject = subject.into_pyobject(py)?.repr()?;
        Ok(format!("<Item {} {} {subject}>", self.id(), self.kind()))
    }

    /// The header of it; nothing of a message is shown that could be markup.
    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (py, this) = (slf.py(), slf.get());
        let joined = |list: Vec<Address>| list.iter().map(Address::__str__).collect::<Vec<_>>().join(", ");
        let received = this.received(py)?.map(|received| received.str().map(|text| text.to_string())).transpose()?;
        let attachments = Self::attachments(slf)?.iter().map(|one| one.getattr("name")?.extract::<Option<String>>());
        let attachments: Vec<_> = attachments.collect::<PyResult<_>>()?;
        let attachments = attachments.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(", ");
        let rows = [
            ("kind", this.kind().to_owned()),
            ("folder", this.folder()),
            ("received", received.unwrap_or_default()),
            ("start", this.start().unwrap_or_default()),
            ("from", joined(this.authors(py)?)),
            ("to", joined(this.to(py)?)),
            ("attachments", attachments),
            ("size", this.size().to_string()),
        ];
        let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
        let caption = format!("{} {}", this.id(), this.subject(py)?.unwrap_or_default());
        Ok(crate::document::table(&caption, &["", ""], rows))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        restore::state(py, self)
    }
}
