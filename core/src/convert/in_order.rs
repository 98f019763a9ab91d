//! Rendering on several threads, with the outcome in the order of the items.

use super::decision::Decided;
#[cfg(not(target_family = "wasm"))]
use crate::model::Item;
use crate::{
    error::Result,
    limits::Stop,
    write::{Rendered, Renderer},
};
use std::{collections::VecDeque, num::NonZeroUsize};
#[cfg(not(target_family = "wasm"))]
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Octets of items that are on their way at a time; one item may have more.
const IN_FLIGHT: u64 = 2 << 20;
/// Items on their way for each thread.
const ITEMS_PER_THREAD: usize = 4;
/// Between two looks at whether to stop, while an item is waited for.
#[cfg(not(target_family = "wasm"))]
const BETWEEN: Duration = Duration::from_millis(50);

/// Renders items, each while others are read and written, and gives them back in the order they came.
pub(super) struct InOrder {
    renderer: Renderer,
    under_way: VecDeque<UnderWay>,
    octets: u64,
    most_items: usize,
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "nothing is waited for"))]
    stop: Stop,
    #[cfg(not(target_family = "wasm"))]
    threads: Option<Threads>,
}

struct UnderWay {
    decided: Decided,
    size: u64,
    /// Where its rendering will arrive; `None` when it is rendered where it is taken.
    #[cfg(not(target_family = "wasm"))]
    rendered: Option<Receiver<Result<Rendered>>>,
}

#[cfg(not(target_family = "wasm"))]
struct Threads {
    jobs: Sender<Job>,
    handles: Vec<JoinHandle<()>>,
}

#[cfg(not(target_family = "wasm"))]
struct Job {
    item: Item,
    rendered: Sender<Result<Rendered>>,
}

impl InOrder {
    /// Renders on `threads` threads beside the caller's; on the caller's where there is one, or threads are not to be had.
    ///
    /// `stop` is asked on the caller's thread too while that waits: there may be nowhere else that it learns of it.
    pub(super) fn new(renderer: Renderer, threads: NonZeroUsize, stop: Stop) -> Self {
        Self {
            stop,
            most_items: if threads.get() == 1 { 1 } else { threads.get().saturating_mul(ITEMS_PER_THREAD) },
            under_way: VecDeque::new(),
            octets: 0,
            #[cfg(not(target_family = "wasm"))]
            threads: (threads.get() > 1).then(|| Threads::start(&renderer, threads)).flatten(),
            renderer,
        }
    }

    /// Whether the next item has to wait until one was taken.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= self.most_items || (self.octets >= IN_FLIGHT && !self.under_way.is_empty())
    }

    /// Sends an item on its way; one that is left out only waits for its turn.
    pub(super) fn push(&mut self, decided: Decided) {
        let size = decided.item.size();
        self.octets += size;
        self.under_way.push_back(UnderWay {
            #[cfg(not(target_family = "wasm"))]
            rendered: match &decided.skip {
                Some(_) => None,
                None => self.threads.as_ref().and_then(|threads| threads.render(&decided.item)),
            },
            decided,
            size,
        });
    }

    /// The item that was pushed first of those on their way, rendered unless it is left out.
    pub(super) fn take(&mut self) -> Option<(Decided, Option<Result<Rendered>>)> {
        let under_way = self.under_way.pop_front()?;
        self.octets -= under_way.size;
        #[cfg(not(target_family = "wasm"))]
        if let Some(rendered) = under_way.rendered.and_then(|arrives| self.wait(&arrives)) {
            return Some((under_way.decided, Some(rendered)));
        }
        let decided = under_way.decided;
        let rendered = decided.skip.is_none().then(|| self.renderer.render(&decided.item));
        Some((decided, rendered))
    }

    /// What arrives from a thread; `None` where that has gone.
    #[cfg(not(target_family = "wasm"))]
    fn wait(&self, arrives: &Receiver<Result<Rendered>>) -> Option<Result<Rendered>> {
        loop {
            match arrives.recv_timeout(BETWEEN) {
                Ok(rendered) => return Some(rendered),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Where it is asked for, the thread that renders will learn of it.
                Err(RecvTimeoutError::Timeout) => drop(self.stop.is_asked()),
            }
        }
    }
}

#[cfg(not(target_family = "wasm"))]
impl Threads {
    fn start(renderer: &Renderer, threads: NonZeroUsize) -> Option<Self> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let mut handles = Vec::new();
        for _ in 0..threads.get() {
            let queue = Arc::clone(&queue);
            let renderer = renderer.clone();
            let work = move || {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Job { item, rendered }) = job else { break };
                    // Nobody waits for it any more where the conversion was stopped.
                    let _stopped = rendered.send(renderer.render(&item));
                }
            };
            handles.extend(std::thread::Builder::new().name("mailferry-render".into()).spawn(work).ok());
        }
        (!handles.is_empty()).then_some(Self { jobs, handles })
    }

    fn render(&self, item: &Item) -> Option<Receiver<Result<Rendered>>> {
        let (rendered, arrives) = channel();
        self.jobs.send(Job { item: item.clone(), rendered }).ok().map(|()| arrives)
    }
}

#[cfg(not(target_family = "wasm"))]
impl Drop for InOrder {
    fn drop(&mut self) {
        if let Some(Threads { jobs, handles }) = self.threads.take() {
            drop(jobs);
            for handle in handles {
                let _panicked = handle.join();
            }
        }
    }
}
