//! The threads of a run: what they do, in which order, and what that may hold at a time.
//!
//! There are two kinds of work. A *job* is all that is done for an item, and is waited for by the thread that gives it alone. A *part*
//! is a piece of a job: it waits for nothing, so that a job may wait for its parts wherever it runs. Parts go before jobs.

use crate::limits::Stop;
use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// Octets that jobs may hold for each thread; one job more may have begun.
pub(crate) const HELD: u64 = 3 << 19;
/// The same where they hold nothing but what was read: while one thread has an item of many megabytes in hand, the others have what fits
/// in here.
pub(crate) const HELD_AS_READ: u64 = 7 << 19;
/// Parts that are given and not taken back, beside one for each thread.
const PARTS_AHEAD: usize = 1;
/// Octets that any item counts for: it may keep others in memory which lie beside it.
pub(crate) const LEAST: u64 = 128 << 10;
/// Items on their way for each thread, however small they are: while one thread is busy with a large item, the others go on behind it.
const ITEMS_PER_THREAD: usize = 32;
/// The same for files that are read, of which nothing is kept.
const FILES_PER_THREAD: usize = 64;
/// Items on their way in all, each of which may be a file that is open, unless there are more than a fourth as many threads.
const MOST_ITEMS: usize = 256;
/// Between two looks at whether to stop, while a job is waited for.
const BETWEEN: Duration = Duration::from_millis(50);

/// Threads beside that of the caller, which does its part while it waits. They end with this.
pub(crate) struct Crew {
    hands: Hands,
    handles: Vec<JoinHandle<()>>,
    stop: Stop,
}

/// What gives parts to the threads of a [`Crew`].
#[derive(Clone)]
pub(crate) struct Hands(Arc<Queue>);

/// What will come of a job or a part.
pub(crate) struct Arriving<T, H = Held>(Receiver<(T, H)>);

/// Runs on any thread.
type Work = Box<dyn FnOnce() + Send>;

/// How many items should be on their way on so many threads.
pub(crate) fn most_items(threads: NonZeroUsize) -> usize {
    most(threads, ITEMS_PER_THREAD)
}

/// How many files should be on their way of which nothing is kept once they are read.
pub(crate) fn most_files(threads: NonZeroUsize) -> usize {
    most(threads, FILES_PER_THREAD)
}

fn most(threads: NonZeroUsize, for_each: usize) -> usize {
    let few = threads.get().saturating_mul(4);
    threads.get().saturating_mul(for_each).min(few.max(MOST_ITEMS))
}

impl Crew {
    /// Starts as many threads beside the caller's as make up `threads`, whose jobs may hold `held` octets for each; `None` where none is to be
    /// had.
    ///
    /// `stop` is asked on the caller's thread too while that waits: there may be nowhere else that it learns of it.
    pub(crate) fn start(threads: NonZeroUsize, held: u64, stop: Stop) -> Option<Self> {
        let most_held = held.saturating_mul(threads.get() as u64);
        let queue = Arc::new(Queue { threads: threads.get(), most_held, ..Queue::default() });
        let mut handles = Vec::new();
        for _ in 1..threads.get() {
            let queue = Arc::clone(&queue);
            let work = move || {
                while let Some(work) = queue.next() {
                    work();
                }
            };
            handles.extend(Builder::new().name("mailferry-item".into()).spawn(work).ok());
        }
        (!handles.is_empty()).then(|| Self { hands: Hands(queue), handles, stop })
    }

    /// What gives parts to them.
    pub(crate) fn hands(&self) -> Hands {
        self.hands.clone()
    }

    /// Whether no more jobs should be given.
    pub(crate) fn are_full(&self) -> bool {
        let queue = &self.hands.0;
        queue.state().octets >= queue.most_held
    }

    /// Gives a job that holds `waiting` octets until it begins, for which it waits until there is room, then `octets`, and more or less
    /// as it says.
    pub(crate) fn job<T: Send + 'static>(
        &self,
        waiting: u64,
        octets: u64,
        work: impl FnOnce(&mut Held) -> T + Send + 'static,
    ) -> Arriving<T> {
        let (done, arrives) = channel();
        let queue = &self.hands.0;
        let mut held = Held::new(queue, waiting);
        let of = Arc::clone(queue);
        let work = Box::new(move || {
            // Both were counted when the job was taken.
            held.octets = octets;
            let _running = Running(of);
            let outcome = work(&mut held);
            // Nobody waits for it any more where the run was stopped.
            let _stopped = done.send((outcome, held));
        });
        queue.push(|state| {
            state.queued += waiting;
            state.jobs.push_back(Job { work, waiting, octets });
        });
        Arriving(arrives)
    }

    /// Gives a job of which is not known what it will hold before it has begun.
    pub(crate) fn unmeasured_job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Held) -> T + Send + 'static,
    ) -> Arriving<T> {
        self.job(0, 0, work)
    }

    /// Waits for what comes of a job, and does other work meanwhile; `None` where its thread has gone.
    pub(crate) fn wait<T>(&self, arriving: &Arriving<T>) -> Option<T> {
        self.wait_with_room(arriving).map(|(arrived, _held)| arrived)
    }

    /// The same, and the room that it holds.
    pub(crate) fn wait_with_room<T>(&self, arriving: &Arriving<T>) -> Option<(T, Held)> {
        let Arriving(arrives) = arriving;
        loop {
            match arrives.try_recv() {
                Ok(arrived) => return Some(arrived),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let queue = &self.hands.0;
            let next = queue.state().take_awaited(queue.most_held);
            if let Some(work) = next {
                work();
                continue;
            }
            match arrives.recv_timeout(BETWEEN) {
                Ok(arrived) => return Some(arrived),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Where it is asked for, the thread that reads will learn of it.
                Err(RecvTimeoutError::Timeout) => drop(self.stop.is_asked()),
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.hands.0.close();
        for handle in self.handles.drain(..) {
            let _panicked = handle.join();
        }
    }
}

impl Hands {
    /// Takes room for a part; `None` where there is none until another part was taken back.
    pub(crate) fn room_for_part(&self) -> Option<PartHeld> {
        let queue = &self.0;
        let mut state = queue.state();
        let has_room = !state.is_closed && state.parts_out < queue.threads + PARTS_AHEAD;
        has_room.then(|| {
            state.parts_out += 1;
            PartHeld(Arc::clone(queue))
        })
    }

    /// Gives a part that has room: it waits for nothing.
    pub(crate) fn part<T: Send + 'static>(
        &self,
        held: PartHeld,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Arriving<T, PartHeld> {
        let (done, arrives) = channel();
        let work: Work = Box::new(move || {
            let outcome = work();
            let _stopped = done.send((outcome, held));
        });
        self.0.push(|state| state.parts.push_back(work));
        Arriving(arrives)
    }

    /// Waits for what comes of a part, and does other parts meanwhile; `None` where its thread has gone.
    pub(crate) fn wait<T>(&self, arriving: &Arriving<T, PartHeld>) -> Option<T> {
        let Arriving(arrives) = arriving;
        loop {
            match arrives.try_recv() {
                Ok((arrived, _held)) => return Some(arrived),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let part = self.0.state().parts.pop_front();
            match part {
                Some(part) => part(),
                // It is being done, and waits for nothing.
                None => return arrives.recv().ok().map(|(arrived, _held)| arrived),
            }
        }
    }
}

struct Job {
    work: Work,
    /// Octets that it holds until it begins.
    waiting: u64,
    /// And from then on.
    octets: u64,
}

/// Work in the order it was given, and the room for what comes of it.
#[derive(Default)]
struct Queue {
    threads: usize,
    /// Octets that jobs may hold.
    most_held: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    parts: VecDeque<Work>,
    jobs: VecDeque<Job>,
    /// Held by all jobs, and what came of them.
    octets: u64,
    /// Of these, held by jobs that have not begun.
    queued: u64,
    /// Jobs that have begun and not ended.
    running: usize,
    parts_out: usize,
    is_closed: bool,
    waiting: usize,
}

impl State {
    /// A part, or else the job that was given first: while that one waits for room, so do those behind it, lest it waits for them.
    fn take(&mut self, most_held: u64) -> Option<Work> {
        if let Some(part) = self.parts.pop_front() {
            return Some(part);
        }
        let begun = self.octets.saturating_sub(self.queued);
        let Job { work, waiting, octets } = self.jobs.pop_front_if(|_| begun < most_held)?;
        self.running += 1;
        self.queued = self.queued.saturating_sub(waiting);
        self.octets = self.octets.saturating_sub(waiting).saturating_add(octets);
        Some(work)
    }

    /// The same for the thread that waits for what comes of a job: where none runs, what it waits for has not begun, and what takes the
    /// room will not be taken before.
    fn take_awaited(&mut self, most_held: u64) -> Option<Work> {
        self.take(most_held).or_else(|| (self.running == 0).then(|| self.take(u64::MAX))?)
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, push: impl FnOnce(&mut State)) {
        let mut state = self.state();
        push(&mut state);
        self.wake_one(state);
    }

    /// Waits for work; `None` when nobody wants anything any more.
    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(work) = state.take(self.most_held) {
                return Some(work);
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
        let unwanted = (std::mem::take(&mut state.jobs), std::mem::take(&mut state.parts));
        drop(state);
        // What they hold is given back, which needs the state.
        drop(unwanted);
        self.changed.notify_all();
    }
}

/// Room that is held for a job.
pub(crate) struct Held {
    octets: u64,
    queue: Arc<Queue>,
}

impl Held {
    fn new(queue: &Arc<Queue>, octets: u64) -> Self {
        queue.state().octets += octets;
        Self { octets, queue: Arc::clone(queue) }
    }

    /// Holds `octets` from now on.
    pub(crate) fn hold(&mut self, octets: u64) {
        let mut state = self.queue.state();
        state.octets = state.octets.saturating_sub(self.octets).saturating_add(octets);
        let is_less = octets < self.octets;
        self.octets = octets;
        if is_less {
            self.queue.wake_one(state);
        }
    }

    /// Holds no more than `octets` from now on.
    pub(crate) fn hold_at_most(&mut self, octets: u64) {
        if octets < self.octets {
            self.hold(octets);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hold(0);
    }
}

/// A job that has begun, until it has ended whichever way.
struct Running(Arc<Queue>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
    }
}

/// Room that is held for a part.
pub(crate) struct PartHeld(Arc<Queue>);

impl Drop for PartHeld {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.parts_out = state.parts_out.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crew(threads: usize) -> Crew {
        Crew::start(NonZeroUsize::new(threads).unwrap(), HELD, Stop::default()).unwrap()
    }

    #[test]
    fn jobs_wait_for_their_parts_on_any_thread() {
        for threads in [2, 3, 8] {
            let crew = crew(threads);
            let jobs: Vec<_> = (0..40_u64)
                .map(|number| {
                    let hands = crew.hands();
                    crew.job(1 << 20, 1 << 20, move |_| {
                        let mut sum = 0;
                        let mut parts = VecDeque::new();
                        for i in 0..50 {
                            match hands.room_for_part() {
                                Some(held) => parts.push_back(hands.part(held, move || number * i)),
                                None => {
                                    sum += parts.pop_front().map_or(0, |part| hands.wait(&part).unwrap()) + number * i
                                }
                            }
                        }
                        sum + parts.iter().map(|part| hands.wait(part).unwrap()).sum::<u64>()
                    })
                })
                .collect();
            for (number, job) in (0_u64..).zip(&jobs) {
                assert_eq!(crew.wait(job), Some(number * 49 * 25));
            }
            assert_eq!(crew.hands.0.state().parts_out, 0);
        }
    }

    #[test]
    fn what_is_held_grows_with_the_threads_and_is_given_back() {
        for threads in [2, 8] {
            let crew = crew(threads);
            let mut jobs = Vec::new();
            while !crew.are_full() {
                jobs.push(crew.job(1 << 20, 1 << 20, |held| held.hold(1 << 20)));
            }
            assert_eq!(jobs.len() as u64, (threads as u64 * HELD).div_ceil(1 << 20));
            assert!(jobs.iter().all(|job| crew.wait(job).is_some()));
            assert!(!crew.are_full() && crew.hands.0.state().octets == 0);
        }
    }

    #[test]
    fn what_is_waited_for_is_done_though_what_came_of_later_items_takes_the_room() {
        let crew = crew(2);
        let later = crew.unmeasured_job(|held| held.hold(1 << 30));
        while crew.hands.0.state().octets < 1 << 30 || crew.hands.0.state().running > 0 {
            std::thread::yield_now();
        }
        let without_room = crew.unmeasured_job(|held| held.hold(1 << 30));
        let behind_it = crew.job(1, 1 << 20, |_| 5);
        assert_eq!(crew.wait(&behind_it), Some(5));
        assert!(crew.wait(&without_room).is_some() && crew.wait(&later).is_some());
    }

    #[test]
    fn a_job_that_panics_is_told_and_the_others_are_done() {
        let crew = crew(3);
        let panics = crew.job(1, 1, |_| std::panic::resume_unwind(Box::new(())));
        std::thread::sleep(Duration::from_millis(20));
        let others: Vec<_> = (0..20).map(|i| crew.job(1, 1, move |_| i)).collect();
        assert!(others.iter().enumerate().all(|(i, other)| crew.wait(other) == Some(i)));
        let _nothing: Option<()> = panics.0.recv().ok().map(|(nothing, _)| nothing);
    }

    #[test]
    fn no_part_has_room_once_it_ends() {
        let crew = crew(2);
        let hands = crew.hands();
        drop(crew);
        assert!(hands.room_for_part().is_none());
    }
}
