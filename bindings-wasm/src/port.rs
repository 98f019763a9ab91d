//! The two ports of JavaScript: octets to read at an offset, and octets that are written.
//!
//! Values of JavaScript belong to the thread that made them, while the core wants sources that any thread may read. So
//! they stay in a table of this thread, and what the core is given is their number in it.

use mailferry::source::ReadAt;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, Write},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// `{ name, size, readAt(offset, Uint8Array): number }`
    pub type SourcePort;

    #[wasm_bindgen(method, getter)]
    fn name(this: &SourcePort) -> String;

    #[wasm_bindgen(method, getter)]
    fn size(this: &SourcePort) -> f64;

    /// Fills some of the array from `offset` on and gives the number of octets.
    #[wasm_bindgen(method, catch, js_name = readAt)]
    fn read_at(this: &SourcePort, offset: f64, octets: &mut [u8]) -> Result<u32, JsValue>;

    /// `{ write(Uint8Array) }`; the array is not to be kept: the memory under it goes on being used.
    pub type SinkPort;

    #[wasm_bindgen(method, catch)]
    fn write(this: &SinkPort, octets: &[u8]) -> Result<(), JsValue>;

    /// What is written from now on is the archive of this name; for those that were told to ask for names.
    #[wasm_bindgen(method, catch)]
    fn begin(this: &SinkPort, name: &str) -> Result<(), JsValue>;
}

/// Whole numbers of JavaScript end here.
const MOST: f64 = 9_007_199_254_740_991.0;

thread_local! {
    static PORTS: RefCell<Ports> = const { RefCell::new(Ports { next: 0, values: BTreeMap::new() }) };
}

struct Ports {
    next: u32,
    values: BTreeMap<u32, JsValue>,
}

/// A value in the table of its thread, which is out of it when this is dropped.
struct Port(u32);

impl Port {
    fn new(value: JsValue) -> Self {
        PORTS.with_borrow_mut(|ports| {
            ports.next = ports.next.wrapping_add(1);
            ports.values.insert(ports.next, value);
            Self(ports.next)
        })
    }

    /// The value: another reference to it, so that the table is free while JavaScript runs.
    fn value<T: JsCast>(&self) -> io::Result<T> {
        let value = PORTS.with_borrow(|ports| ports.values.get(&self.0).cloned());
        let value = value.ok_or_else(|| io::Error::other("it belongs to another thread"))?;
        Ok(value.unchecked_into())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // When the thread ends, so does its table.
        let _ended = PORTS.try_with(|ports| ports.borrow_mut().values.remove(&self.0));
    }
}

/// A source whose octets JavaScript reads.
pub(crate) struct JsSource {
    port: Port,
    len: u64,
}

impl JsSource {
    /// The source and its name.
    pub(crate) fn new(port: SourcePort) -> (String, Self) {
        let (name, size) = (port.name(), port.size());
        // Whatever was said of it, the length is a whole number that both sides can tell.
        let len = size.clamp(0.0, MOST) as u64;
        (name, Self { port: Port::new(port.into()), len })
    }
}

impl ReadAt for JsSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = octets.len().min(left);
        let Some(octets) = octets.get_mut(..most).filter(|octets| !octets.is_empty()) else { return Ok(0) };
        let read = self.port.value::<SourcePort>()?.read_at(offset as f64, octets).map_err(refused)?;
        let read = usize::try_from(read).unwrap_or(usize::MAX);
        match read <= most {
            true => Ok(read),
            false => Err(io::Error::other("readAt returned more octets than requested")),
        }
    }
}

/// A sink that hands octets to JavaScript.
pub(crate) struct JsSink(Port);

impl JsSink {
    pub(crate) fn new(port: SinkPort) -> Self {
        Self(Port::new(port.into()))
    }

    /// The same for one archive after another: what is called with the name of each.
    pub(crate) fn named(port: SinkPort) -> impl FnMut(&str) -> io::Result<Self> {
        let port = Port::new(port.into());
        move |name| {
            let sink = port.value::<SinkPort>()?;
            sink.begin(name).map_err(refused)?;
            Ok(Self::new(sink))
        }
    }
}

impl Write for JsSink {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.value::<SinkPort>()?.write(octets).map_err(refused)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String)]
    fn text_of(value: &JsValue) -> String;
}

/// What JavaScript threw.
fn refused(thrown: JsValue) -> io::Error {
    io::Error::other(text_of(&thrown))
}
