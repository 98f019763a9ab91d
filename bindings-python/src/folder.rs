//! The folders of a mailbox, with what they hold.

use mailferry::model;
use pyo3::{prelude::*, types::PyTuple};
use std::collections::BTreeMap;

#[doc = stub!("Folder")]
#[pyclass(frozen, weakref, module = "mailferry")]
pub(crate) struct Folder {
    names: Vec<String>,
    #[doc = stub!("Folder.role")]
    #[pyo3(get)]
    role: Option<&'static str>,
    #[doc = stub!("Folder.items")]
    #[pyo3(get)]
    items: u64,
    #[doc = stub!("Folder.bytes")]
    #[pyo3(get)]
    bytes: u64,
    #[doc = stub!("Folder.total")]
    #[pyo3(get)]
    total: u64,
    #[doc = stub!("Folder.children")]
    #[pyo3(get)]
    children: Py<PyTuple>,
}

#[pymethods]
impl Folder {
    #[doc = stub!("Folder.name")]
    #[getter]
    fn name(&self) -> &str {
        self.names.last().map_or("", |name| name)
    }

    #[doc = stub!("Folder.path")]
    #[getter]
    fn path(&self) -> String {
        self.names.join("/")
    }

    #[doc = stub!("Folder.names")]
    #[getter]
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.names)
    }

    #[doc = stub!("Folder.walk")]
    fn walk(slf: &Bound<'_, Self>) -> PyResult<Vec<Py<Self>>> {
        let mut all = vec![slf.clone().unbind()];
        for child in slf.get().children.bind(slf.py()) {
            all.extend(Self::walk(child.cast::<Self>()?)?);
        }
        Ok(all)
    }

    fn __repr__(&self) -> String {
        format!("<Folder {:?} items={} total={}>", self.path(), self.items, self.total)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let mut rows = vec![vec![self.path(), self.items.to_string(), self.bytes.to_string()]];
        let mut open: Vec<_> = self.children.bind(py).iter().rev().collect();
        while let Some(child) = open.pop() {
            let child = child.cast_into::<Self>()?;
            let this = child.get();
            rows.push(vec![this.path(), this.items.to_string(), this.bytes.to_string()]);
            open.extend(this.children.bind(py).iter().rev());
        }
        Ok(crate::document::table("Folders", &["folder", "items", "bytes"], rows))
    }
}

/// What was counted of each folder, by its names.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    pub(crate) items: u64,
    folders: BTreeMap<Vec<String>, (Option<&'static str>, u64, u64)>,
}

impl Counts {
    pub(crate) fn add(&mut self, item: &model::Item) {
        self.add_of(item.folder.path.names(), || item.folder.role.map(model::Role::as_str), item.size());
    }

    /// Adds an item of so many octets to the folder of these names.
    pub(crate) fn add_of(&mut self, names: &[String], role: impl FnOnce() -> Option<&'static str>, octets: u64) {
        self.items += 1;
        if !self.folders.contains_key(names) {
            self.folders.insert(names.to_vec(), (role(), 0, 0));
        }
        if let Some((_, items, bytes)) = self.folders.get_mut(names) {
            *items += 1;
            *bytes += octets;
        }
    }

    /// The folders directly below these names.
    pub(crate) fn tree(&self, py: Python<'_>, above: &[String]) -> PyResult<Py<PyTuple>> {
        let mut names: Vec<&String> = Vec::new();
        let below = self.folders.range(above.to_vec()..).take_while(|(names, _)| names.starts_with(above));
        for name in below.filter_map(|(names, _)| names.get(above.len())) {
            // In the order of the map, equal names follow one another.
            if names.last().is_none_or(|last| *last != name) {
                names.push(name);
            }
        }
        let folder = |name: &String| {
            let names: Vec<String> = above.iter().chain([name]).cloned().collect();
            let (role, items, bytes) = self.folders.get(&names).copied().unwrap_or_default();
            let children = self.tree(py, &names)?;
            let below = children.bind(py).iter().map(|child| Ok(child.cast::<Folder>()?.get().total));
            let total = items + below.sum::<PyResult<u64>>()?;
            Py::new(py, Folder { names, role, items, bytes, total, children })
        };
        let folders = names.into_iter().map(folder).collect::<PyResult<Vec<_>>>()?;
        Ok(PyTuple::new(py, folders)?.unbind())
    }
}
