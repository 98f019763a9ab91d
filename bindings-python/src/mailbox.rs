use crate::{
    access::Places,
    cancel::Cancel,
    error::{detached, options, raised},
    folder::Counts,
    index::Index,
    item::Item,
    log::{Level, log},
    options::Keywords,
    progress::Progress,
    source::{Raised, Sources},
    watch::Watch,
};
use mailferry::{
    Error,
    convert::{Place, Selection, Selector},
    read::{self, Event, ItemPlace, Lists, ReadOptions},
};
use pyo3::{
    exceptions::{PyIndexError, PyKeyError, PyTypeError, PyValueError},
    prelude::*,
    sync::MutexExt,
    types::{PyDict, PyInt, PyList, PySlice, PyString, PyTuple},
};
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Errors of items that were skipped, which are told one by one.
const MOST_TOLD: usize = 1_000;

#[doc = stub!("Mailbox")]
#[pyclass(frozen, weakref, module = "mailferry")]
pub(crate) struct Mailbox {
    pub(crate) opening: Opening,
    state: Mutex<State>,
    progress: Mutex<Told>,
    counts: Mutex<Option<Counts>>,
    access: Mutex<Access>,
    indexed: Mutex<Option<Arc<Indexed>>>,
}

/// Where all items lie, and what goes there.
struct Indexed {
    places: Places,
    access: Mutex<Option<read::Access>>,
}

/// Who is told how far it is, and when next.
struct Told {
    progress: Progress,
    watch: Watch,
}

/// A reading of its own, for items that are asked for by number.
#[derive(Default)]
struct Access {
    reading: Option<Reading>,
    /// How many items it gave.
    taken: usize,
    /// The source and the ordinal of the last.
    last: (u64, u64),
}

/// All that it takes to open a mailbox once more.
pub(crate) struct Opening {
    pub(crate) sources: Sources,
    pub(crate) reading: ReadOptions,
    pub(crate) selection: Selection,
    /// Whether what cannot be read is raised, not skipped.
    pub(crate) raises: bool,
    pub(crate) given: Py<PyDict>,
}

struct State {
    reading: Option<Reading>,
    /// Whether it was read to its end.
    ended: bool,
    skipped: Vec<Error>,
}

/// A mailbox that is being read.
pub(crate) struct Reading {
    pub(crate) mailbox: read::Mailbox,
    pub(crate) selector: Selector,
    /// The number of the source in hand, from 1.
    source: u64,
}

/// What comes next.
pub(crate) enum Next {
    Item(Box<mailferry::model::Item>, u64),
    Failed(Error),
    /// Something that is no item.
    Nothing,
    End,
}

impl Opening {
    pub(crate) fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        name: Option<String>,
        on_error: &str,
        cancel: Option<&Bound<'_, PyAny>>,
        given: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options = Keywords::new(py, given)?.reading()?;
        let (mut reading, selection) = (options.read, options.selection);
        reading.keep_objects = true;
        let given = given.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        Ok(Self {
            sources: Sources::new(source, name, Cancel::new(cancel)?)?,
            reading,
            selection,
            raises: raises(py, on_error)?,
            given: given.unbind(),
        })
    }

    /// Opens the sources, and reads them once where the selection needs it.
    pub(crate) fn start(&self, py: Python<'_>) -> PyResult<Reading> {
        self.start_with(py, Lists::Unused)
    }

    /// The same, with what `lists` tell where that is enough.
    pub(crate) fn start_with(&self, py: Python<'_>, lists: Lists) -> PyResult<Reading> {
        let cancel = &self.sources.cancel;
        cancel.check(py)?;
        let raised_inside = Arc::clone(&self.sources.raised);
        let interrupted = Raised::default();
        let started = detached(py, || {
            let mut reading = self.reading.clone();
            reading.lists = lists;
            let mut mailbox = self.sources.mailbox(&reading);
            mailbox.start()?;
            let mut watch = Watch::new();
            let other = self.sources.mailbox(&self.reading);
            let selector = Selector::surveying(&self.selection, other, &mut |_| match watch.signals() {
                Ok(()) if !raised_inside.is_any() && !cancel.is_asked() => ControlFlow::Continue(()),
                Ok(()) => ControlFlow::Break(()),
                Err(signal) => {
                    interrupted.keep(signal);
                    ControlFlow::Break(())
                }
            })?;
            Ok(Reading { mailbox, selector, source: 0 })
        })?;
        let inside = interrupted.take().or_else(|| raised_inside.take());
        match inside {
            Some(error) => Err(error),
            None => started.map_err(|error| self.sources.raised_of(py, &error)),
        }
    }
}

impl Reading {
    /// What happens next, and whether it is selected.
    pub(crate) fn event(&mut self) -> Option<(Event, bool)> {
        let mut event = self.mailbox.next_event()?;
        let mut selected = true;
        match &mut event {
            Event::Opened(_) | Event::Failed { within: false, .. } => self.source += 1,
            Event::Item(item) => {
                let place = Place { source: self.source, ordinal: item.origin.ordinal };
                selected = self.selector.decide(item, place).is_none();
            }
            _ => {}
        }
        Some((event, selected))
    }

    pub(crate) fn next(&mut self) -> Next {
        match self.event() {
            None => Next::End,
            Some((Event::Item(item), true)) => Next::Item(item, self.source),
            Some((Event::Failed { error, .. }, _)) => Next::Failed(error),
            Some(_) => Next::Nothing,
        }
    }
}

/// Whether `on_error` asks for an exception.
pub(crate) fn raises(py: Python<'_>, on_error: &str) -> PyResult<bool> {
    match on_error {
        "raise" => Ok(true),
        "skip" => Ok(false),
        other => Err(options(py, &format!("on_error={other:?}: choose \"raise\" or \"skip\""))),
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/open.txt"))]
#[pyfunction]
#[pyo3(
    signature = (source, *, name=None, on_error="raise", progress=None, cancel=None, index=None, **options),
    text_signature = None
)]
#[allow(clippy::too_many_arguments, reason = "those of Python")]
pub(crate) fn open(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    index: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Mailbox> {
    let opening = Opening::new(py, source, name, on_error, cancel, options)?;
    let indexed = index.map(|path| Places::read(py, path, &opening)).transpose()?.map(Indexed::new);
    let reading = Some(opening.start(py)?);
    log(py, Level::Info, || format!("opened {}", opening.sources.describe()))?;
    let told = Told { progress: Progress::new(progress)?, watch: Watch::new() };
    Ok(Mailbox {
        opening,
        state: Mutex::new(State { reading, ended: false, skipped: Vec::new() }),
        progress: Mutex::new(told),
        counts: Mutex::default(),
        access: Mutex::default(),
        indexed: Mutex::new(indexed.map(Arc::new)),
    })
}

/// What a pickled mailbox is made anew by.
#[pyfunction]
#[pyo3(name = "_reopen")]
pub(crate) fn reopen(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    on_error: &str,
    options: &Bound<'_, PyDict>,
) -> PyResult<Mailbox> {
    open(py, source, name, on_error, None, None, None, Some(options))
}

impl Indexed {
    fn new(places: Places) -> Self {
        Self { places, access: Mutex::default() }
    }
}

impl Mailbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_reading<T: Send>(&self, py: Python<'_>, read: impl FnOnce(&mut Reading) -> T + Send) -> PyResult<T> {
        let done = detached(py, || self.state().reading.as_mut().map(read));
        // What a panic has left of it is read no further.
        let done = done.inspect_err(|_| self.state().reading = None)?;
        done.ok_or_else(|| PyValueError::new_err("the mailbox is closed"))
    }

    /// Tells how far it is, if it is time or at its end.
    fn tell(&self, py: Python<'_>, at_end: bool) -> PyResult<()> {
        let mut told = self.progress.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        if !told.watch.is_due() && !at_end || matches!(told.progress, Progress::Nobody) {
            return Ok(());
        }
        let (position, total) =
            self.with_reading(py, |reading| (reading.mailbox.position(), reading.mailbox.total()))?;
        told.progress.tell(py, position, total)?;
        if at_end { told.progress.end(py) } else { Ok(()) }
    }

    /// What stopped it from outside: an exception, or a token.
    fn stopped(&self, py: Python<'_>) -> PyResult<()> {
        let Sources { raised, cancel, .. } = &self.opening.sources;
        match raised.take() {
            Some(error) => Err(error),
            None => cancel.check(py),
        }
    }

    /// What it holds, by reading it once.
    fn counts(&self, py: Python<'_>) -> PyResult<Counts> {
        if let Some(counts) = &*self.counts.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner) {
            return Ok(counts.clone());
        }
        let mut counts = Counts::default();
        match self.indexed(py) {
            Some(indexed) => counts = indexed.places.counts(),
            None => self.each(py, |item, _| counts.add(item))?,
        }
        *self.counts.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner) = Some(counts.clone());
        Ok(counts)
    }

    /// Reads it once.
    fn each(&self, py: Python<'_>, mut met: impl FnMut(&mailferry::model::Item, u64) + Send) -> PyResult<()> {
        let mut reading = self.opening.start(py)?;
        let mut watch = Watch::new();
        loop {
            let goes_on = detached(py, || {
                loop {
                    match reading.next() {
                        Next::Item(item, source) => met(&item, source),
                        Next::End => return false,
                        Next::Failed(_) | Next::Nothing => {}
                    }
                    if watch.is_due() {
                        return true;
                    }
                }
            })?;
            py.check_signals()?;
            self.stopped(py)?;
            if !goes_on {
                return Ok(());
            }
        }
    }

    fn indexed(&self, py: Python<'_>) -> Option<Arc<Indexed>> {
        self.indexed.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The item at a place of the index.
    fn item_at(&self, py: Python<'_>, indexed: &Indexed, place: ItemPlace) -> PyResult<Item> {
        let Opening { sources, reading, .. } = &self.opening;
        let found = detached(py, || {
            let mut access = indexed.access.lock().unwrap_or_else(PoisonError::into_inner);
            let access = access.get_or_insert_with(|| {
                let mut options = reading.clone();
                options.limits.stop = sources.stop();
                read::Access::new(options, read::Access::sources(sources.mailbox(reading)))
            });
            access.item(place, || sources.mailbox(reading))
        })?;
        self.stopped(py)?;
        let mut item = match found {
            Ok(Some(item)) if item.origin.length == place.length => item,
            Ok(_) => {
                let message = format!(
                    "the item {}:{} is no longer where the index has it: the source was changed; make the index anew with save_index()",
                    place.source, place.ordinal
                );
                return Err(options(py, &message));
            }
            Err(error) => return Err(sources.raised_of(py, &error)),
        };
        // What names the folder of an mbox may lie around it.
        if let Some(folder) = indexed.places.folder(place).filter(|folder| folder.path != item.folder.path) {
            item.folder = folder;
        }
        Ok(Item::new(item, place.source, Arc::clone(&sources.raised)))
    }

    /// The next item of those that are asked for by number, which `is_wanted` is shown the number, source and ordinal of.
    fn seek(
        &self,
        py: Python<'_>,
        begins_before: impl Fn(&Access) -> bool,
        is_wanted: impl Fn(usize, (u64, u64)) -> std::cmp::Ordering,
    ) -> PyResult<Option<Item>> {
        let mut access = self.access.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        if access.reading.is_none() || begins_before(&access) {
            *access = Access { reading: Some(self.opening.start(py)?), ..Access::default() };
        }
        let Access { reading: Some(reading), taken, last } = &mut *access else { return Ok(None) };
        let mut watch = Watch::new();
        loop {
            let next = detached(py, || reading.next())?;
            self.stopped(py)?;
            match next {
                Next::Item(item, source) => {
                    let (number, place) = (*taken, (source, item.origin.ordinal));
                    (*taken, *last) = (number + 1, place);
                    match is_wanted(number, place) {
                        std::cmp::Ordering::Less => {}
                        std::cmp::Ordering::Equal => {
                            return Ok(Some(Item::new(*item, source, Arc::clone(&self.opening.sources.raised))));
                        }
                        std::cmp::Ordering::Greater => return Ok(None),
                    }
                }
                Next::End => {
                    *access = Access::default();
                    return Ok(None);
                }
                Next::Failed(_) | Next::Nothing => {}
            }
            if watch.is_due() {
                py.check_signals()?;
            }
        }
    }

    fn at(&self, py: Python<'_>, index: usize) -> PyResult<Option<Item>> {
        if let Some(indexed) = self.indexed(py) {
            return indexed.places.at(index).map(|place| self.item_at(py, &indexed, place)).transpose();
        }
        self.seek(py, |access| access.taken > index, |number, _| number.cmp(&index))
    }
}

#[pymethods]
impl Mailbox {
    /// Goes on where a loop was left, and begins anew at the end.
    fn __iter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let (py, this) = (slf.py(), slf.get());
        if py.detach(|| this.state().ended) {
            let reading = this.opening.start(py)?;
            py.detach(|| *this.state() = State { reading: Some(reading), ended: false, skipped: Vec::new() });
        }
        Ok(slf)
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        if self.opening.sources.are_read_once {
            return Err(PyTypeError::new_err("what an iterator gives has no length: give a list"));
        }
        usize::try_from(self.counts(py)?.items).map_err(|_| PyValueError::new_err("more items than can be counted"))
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(id) = key.cast::<PyString>() {
            let id = id.to_cow()?;
            let place =
                id.split_once(':').and_then(|(source, ordinal)| Some((source.parse().ok()?, ordinal.parse().ok()?)));
            let place: (u64, u64) =
                place.ok_or_else(|| PyKeyError::new_err(format!("{id}: the id of an item is two numbers: 1:42")))?;
            let item = match self.indexed(py) {
                Some(indexed) => indexed.places.of(place).map(|place| self.item_at(py, &indexed, place)).transpose()?,
                None => self.seek(py, |access| access.last >= place, |_, at| at.cmp(&place))?,
            };
            let item = item.ok_or_else(|| PyKeyError::new_err(id.to_string()))?;
            return Ok(Bound::new(py, item)?.into_any());
        }
        if let Ok(slice) = key.cast::<PySlice>() {
            let number = |name: &str| slice.getattr(name)?.extract::<Option<isize>>();
            let (start, stop, step) = (number("start")?, number("stop")?, number("step")?);
            let needs_len =
                start.is_some_and(|at| at < 0) || stop.is_none_or(|at| at < 0) || step.is_some_and(|step| step <= 0);
            let len = if needs_len {
                self.__len__(py)?
            } else {
                usize::try_from(stop.unwrap_or_default()).unwrap_or_default()
            };
            let length = isize::try_from(len).unwrap_or(isize::MAX);
            let at = slice.indices(length)?;
            let items = PyList::empty(py);
            let mut index = if at.step > 0 {
                at.start
            } else {
                at.start + (isize::try_from(at.slicelength).unwrap_or(1) - 1) * at.step
            };
            for _ in 0..at.slicelength {
                let Some(item) = self.at(py, usize::try_from(index).unwrap_or_default())? else { break };
                items.append(Bound::new(py, item)?)?;
                index += at.step.abs();
            }
            if at.step < 0 {
                items.reverse()?;
            }
            return Ok(items.into_any());
        }
        if !key.is_instance_of::<PyInt>() {
            return Err(PyTypeError::new_err(
                "a mailbox has items by number, by slice, and by id: box[0], box[:10], box[\"1:42\"]",
            ));
        }
        let index: isize = key.extract()?;
        let missing = || PyIndexError::new_err(format!("there is no item {index}"));
        let index = match usize::try_from(index) {
            Ok(index) => index,
            Err(_) => self.__len__(py)?.checked_sub(index.unsigned_abs()).ok_or_else(missing)?,
        };
        Ok(Bound::new(py, self.at(py, index)?.ok_or_else(missing)?)?.into_any())
    }

    #[doc = stub!("Mailbox.folders")]
    #[getter]
    fn folders(&self, py: Python<'_>) -> PyResult<Py<PyTuple>> {
        self.counts(py)?.tree(py, &[])
    }

    #[doc = stub!("Mailbox.filter")]
    #[pyo3(signature = (**options))]
    fn filter(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Mailbox> {
        let Opening { sources, raises, given, .. } = &self.opening;
        let all = given.bind(py).copy()?;
        if let Some(options) = options {
            all.update(options.as_mapping())?;
        }
        let on_error = if *raises { "raise" } else { "skip" };
        open(py, sources.given.bind(py), sources.name.clone(), on_error, None, None, None, Some(&all))
    }

    #[doc = stub!("Mailbox.save_index")]
    fn save_index(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<usize> {
        let indexed = match self.indexed(py) {
            Some(indexed) => indexed,
            None => {
                let mut places = Places::new(py, &self.opening)?;
                self.each(py, |item, source| places.add(item, source))?;
                Arc::new(Indexed::new(places))
            }
        };
        indexed.places.save(py, path)?;
        *self.indexed.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&indexed));
        Ok(indexed.places.len())
    }

    #[doc = stub!("Mailbox.save_attachments")]
    #[pyo3(signature = (folder, pattern="*"))]
    fn save_attachments<'py>(
        &self,
        py: Python<'py>,
        folder: &Bound<'py, PyAny>,
        pattern: &str,
    ) -> PyResult<Bound<'py, PyList>> {
        let (matches, saved) = (py.import("fnmatch")?.getattr("fnmatch")?, PyList::empty(py));
        let once_more = Bound::new(py, self.filter(py, None)?)?;
        for item in once_more.try_iter()? {
            for attachment in item?.getattr("attachments")?.try_iter()? {
                let attachment = attachment?;
                let name = attachment.getattr("name")?.extract::<Option<String>>()?.unwrap_or_default();
                if matches.call1((name.to_lowercase(), pattern.to_lowercase()))?.is_truthy()? {
                    saved.append(attachment.call_method1("save", (folder,))?)?;
                }
            }
        }
        Ok(saved)
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Item>> {
        let mut watch = Watch::new();
        let inside = &self.opening.sources.raised;
        loop {
            let next = self.with_reading(py, Reading::next)?;
            self.stopped(py)?;
            self.tell(py, matches!(next, Next::End))?;
            match next {
                Next::Item(item, source) => return Ok(Some(Item::new(*item, source, Arc::clone(inside)))),
                Next::End => {
                    py.detach(|| self.state().ended = true);
                    return Ok(None);
                }
                Next::Failed(error) if self.opening.raises => return Err(raised(py, &error)),
                Next::Failed(error) => {
                    log(py, Level::Warning, || error.to_string())?;
                    py.detach(|| {
                        let mut state = self.state();
                        if state.skipped.len() < MOST_TOLD {
                            state.skipped.push(error);
                        }
                    });
                }
                Next::Nothing => {}
            }
            if watch.is_due() {
                py.check_signals()?;
            }
        }
    }

    #[doc = stub!("Mailbox.errors")]
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let state = self.state.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let errors = state.skipped.iter().map(|error| raised(py, error).into_value(py));
        PyTuple::new(py, errors.collect::<Vec<_>>())
    }

    #[doc = stub!("Mailbox.position")]
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        self.with_reading(py, |reading| reading.mailbox.position())
    }

    #[doc = stub!("Mailbox.total")]
    #[getter]
    fn total(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.with_reading(py, |reading| reading.mailbox.total())
    }

    #[doc = stub!("Mailbox.index")]
    #[pyo3(signature = (*, content=true, batch_size=8192, columns=None))]
    fn index(slf: Bound<'_, Self>, content: bool, batch_size: usize, columns: Option<Vec<String>>) -> PyResult<Index> {
        Index::new(slf.py(), slf.clone().unbind(), content, batch_size, columns)
    }

    #[doc = stub!("Mailbox.close")]
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let mut state = self.state();
            (state.reading, state.ended) = (None, false);
        });
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        format!("<Mailbox {}>", self.opening.sources.describe())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let Opening { sources, raises, given, .. } = &self.opening;
        let on_error = if *raises { "raise" } else { "skip" };
        let arguments = (sources.given.bind(py), &sources.name, on_error, given.bind(py)).into_pyobject(py)?;
        Ok((py.import("mailferry._native")?.getattr("_reopen")?, arguments))
    }
}
