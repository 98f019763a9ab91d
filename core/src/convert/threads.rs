//! The threads on which items are opened and rendered, and what these may hold at a time.

use super::in_order::Opened;
use crate::{
    error::Result,
    limits::Stop,
    model::{Item, Message},
    read::{Open as _, Unopened},
    write::{Rendered, Renderer},
};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// Octets of items that are on their way at a time; one item a thread may have more.
const IN_FLIGHT: u64 = 2 << 20;
/// Between two looks at whether to stop, while an item is waited for.
const BETWEEN: Duration = Duration::from_millis(50);

/// Threads that open and render items.
pub(super) struct Threads {
    jobs: Option<Sender<Job>>,
    handles: Vec<JoinHandle<()>>,
    room: Arc<Room>,
    stop: Stop,
}

enum Job {
    Render { item: Box<Item>, held: Held, rendered: Sender<(Result<Rendered>, Held)> },
    Open { unopened: Unopened, opened: Sender<(Opened, Held)> },
}

impl Threads {
    /// Starts as many `threads` as are to be had; `None` where that is none.
    pub(super) fn start(renderer: &Renderer, threads: NonZeroUsize, stop: Stop) -> Option<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let room = Arc::new(Room::default());
        let mut handles = Vec::new();
        for _ in 0..threads.get() {
            let (queue, renderer, room) = (Arc::clone(&queue), renderer.clone(), Arc::clone(&room));
            let work = move || {
                while let Some(job) = next(&queue, &room) {
                    job.run(&renderer, &room);
                }
            };
            handles.extend(Builder::new().name("mailferry-item".into()).spawn(work).ok());
        }
        (!handles.is_empty()).then_some(Self { jobs: Some(jobs), handles, room, stop })
    }

    /// Whether no more items should be sent on their way.
    pub(super) fn are_full(&self) -> bool {
        self.room.state().octets >= IN_FLIGHT
    }

    pub(super) fn render(&self, item: &Item) -> Option<Arriving<Result<Rendered>>> {
        let held = Held::new(&self.room, item.size());
        self.send(|rendered| Job::Render { item: Box::new(item.clone()), held, rendered })
    }

    pub(super) fn open(&self, unopened: &Unopened) -> Option<Arriving<Opened>> {
        self.send(|opened| Job::Open { unopened: unopened.clone(), opened })
    }

    fn send<T>(&self, job: impl FnOnce(Sender<(T, Held)>) -> Job) -> Option<Arriving<T>> {
        let (sender, arrives) = channel();
        self.jobs.as_ref()?.send(job(sender)).ok()?;
        Some(Arriving { arrives, stop: self.stop.clone() })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.jobs = None;
        self.room.state().is_closed = true;
        self.room.changed.notify_all();
        for handle in self.handles.drain(..) {
            let _panicked = handle.join();
        }
    }
}

/// The next job, in the order they were sent: while one waits for room, so do those behind it, lest it waits for them.
fn next(queue: &Mutex<Receiver<Job>>, room: &Room) -> Option<Job> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let job = queue.recv().ok()?;
    match job {
        Job::Open { .. } => room.wait().then_some(job),
        Job::Render { .. } => Some(job),
    }
}

impl Job {
    fn run(self, renderer: &Renderer, room: &Arc<Room>) {
        // Nobody waits for it any more where the conversion was stopped.
        let _stopped = match self {
            Self::Render { item, held, rendered } => {
                let outcome = renderer.render(&item);
                parse_header(&item);
                rendered.send((outcome, held)).is_ok()
            }
            Self::Open { unopened, opened } => {
                let item = unopened.ahead();
                drop(unopened);
                let held = Held::new(room, item.as_ref().map_or(0, Item::size));
                item.iter().for_each(parse_header);
                opened.send((Opened::rendered_by(renderer, item), held)).is_ok()
            }
        };
    }
}

/// Parses what names and log will ask for, which the item keeps; whether that is possible is found where they ask.
fn parse_header(item: &Item) {
    let _kept = item.message().map(Message::header);
}

/// What a thread will send.
pub(super) struct Arriving<T> {
    arrives: Receiver<(T, Held)>,
    stop: Stop,
}

impl<T> Arriving<T> {
    /// Waits for it; `None` where the thread has gone.
    pub(super) fn wait(self) -> Option<T> {
        loop {
            match self.arrives.recv_timeout(BETWEEN) {
                Ok((arrived, _held)) => return Some(arrived),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Where it is asked for, the thread that reads will learn of it.
                Err(RecvTimeoutError::Timeout) => drop(self.stop.is_asked()),
            }
        }
    }
}

/// Room for items that are on their way.
#[derive(Default)]
struct Room {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    octets: u64,
    is_closed: bool,
}

impl Room {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room; `false` when nobody wants anything any more.
    fn wait(&self) -> bool {
        let is_full = |state: &mut State| state.octets >= IN_FLIGHT && !state.is_closed;
        let state = self.changed.wait_while(self.state(), is_full).unwrap_or_else(PoisonError::into_inner);
        !state.is_closed
    }
}

/// Room that is held for an item.
struct Held {
    octets: u64,
    room: Arc<Room>,
}

impl Held {
    fn new(room: &Arc<Room>, octets: u64) -> Self {
        room.state().octets += octets;
        Self { octets, room: Arc::clone(room) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.state().octets -= self.octets;
        self.room.changed.notify_one();
    }
}
