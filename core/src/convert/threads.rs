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
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// Octets of items that are on their way at a time; one item a thread may have more.
const IN_FLIGHT: u64 = 2 << 20;
/// Between two looks at whether to stop, while an item is waited for.
const BETWEEN: Duration = Duration::from_millis(50);

/// Threads that open and render items; the caller's is one of them while it waits.
pub(super) struct Threads {
    queue: Arc<Queue>,
    renderer: Renderer,
    handles: Vec<JoinHandle<()>>,
    stop: Stop,
}

enum Job {
    Render { item: Box<Item>, held: Held, rendered: Sender<(Result<Rendered>, Held)> },
    Open { unopened: Unopened, opened: Sender<(Opened, Held)> },
}

impl Threads {
    /// Starts as many beside the caller's as make up `threads`; `None` where none is to be had.
    pub(super) fn start(renderer: &Renderer, threads: NonZeroUsize, stop: Stop) -> Option<Self> {
        let queue = Arc::new(Queue::default());
        let mut handles = Vec::new();
        for _ in 1..threads.get() {
            let (queue, renderer) = (Arc::clone(&queue), renderer.clone());
            let work = move || {
                while let Some(job) = queue.next() {
                    job.run(&renderer, &queue);
                }
            };
            handles.extend(Builder::new().name("mailferry-item".into()).spawn(work).ok());
        }
        (!handles.is_empty()).then(|| Self { queue, renderer: renderer.clone(), handles, stop })
    }

    /// Whether no more items should be sent on their way.
    pub(super) fn are_full(&self) -> bool {
        self.queue.state().octets >= IN_FLIGHT
    }

    pub(super) fn render(&self, item: &Item) -> Receiver<(Result<Rendered>, Held)> {
        let (rendered, arrives) = channel();
        let held = Held::new(&self.queue, item.size());
        self.queue.push(Job::Render { item: Box::new(item.clone()), held, rendered });
        arrives
    }

    pub(super) fn open(&self, unopened: &Unopened) -> Receiver<(Opened, Held)> {
        let (opened, arrives) = channel();
        self.queue.push(Job::Open { unopened: unopened.clone(), opened });
        arrives
    }

    /// Waits for what a thread sends, and does its part meanwhile; `None` where the thread has gone.
    pub(super) fn wait<T>(&self, arrives: &Receiver<(T, Held)>) -> Option<T> {
        loop {
            match arrives.try_recv() {
                Ok((arrived, _held)) => return Some(arrived),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            if let Some(job) = self.queue.take() {
                job.run(&self.renderer, &self.queue);
                continue;
            }
            match arrives.recv_timeout(BETWEEN) {
                Ok((arrived, _held)) => return Some(arrived),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Where it is asked for, the thread that reads will learn of it.
                Err(RecvTimeoutError::Timeout) => drop(self.stop.is_asked()),
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
        for handle in self.handles.drain(..) {
            let _panicked = handle.join();
        }
    }
}

impl Job {
    fn run(self, renderer: &Renderer, queue: &Arc<Queue>) {
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
                let held = Held::new(queue, item.as_ref().map_or(0, Item::size));
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

/// Jobs in the order they were sent, and the room for what comes of them.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    octets: u64,
    is_closed: bool,
    waiting: usize,
}

impl State {
    /// The job that was sent first: while that one waits for room, so do those behind it, lest it waits for them.
    fn take(&mut self) -> Option<Job> {
        let has_room = self.octets < IN_FLIGHT;
        self.jobs.pop_front_if(|job| has_room || matches!(job, Job::Render { .. }))
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) {
        let mut state = self.state();
        state.jobs.push_back(job);
        self.wake_one(state);
    }

    /// A job, unless there is none or it has to wait.
    fn take(&self) -> Option<Job> {
        self.state().take()
    }

    /// Waits for a job; `None` when nobody wants anything any more.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(job) = state.take() {
                return Some(job);
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    fn wake_one(&self, state: MutexGuard<'_, State>) {
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.changed.notify_one();
        }
    }

    fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let unwanted = std::mem::take(&mut state.jobs);
        drop(state);
        // What they hold is given back, which needs the state.
        drop(unwanted);
        self.changed.notify_all();
    }
}

/// Room that is held for an item.
pub(super) struct Held {
    octets: u64,
    queue: Arc<Queue>,
}

impl Held {
    fn new(queue: &Arc<Queue>, octets: u64) -> Self {
        queue.state().octets += octets;
        Self { octets, queue: Arc::clone(queue) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.octets -= self.octets;
        self.queue.wake_one(state);
    }
}
