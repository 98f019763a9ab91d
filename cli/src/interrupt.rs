use mailferry::Stop;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// Whether the user asked to stop, by Ctrl-C or a signal. Asked twice, the process ends at once.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on; a process has one handler, whatever number of commands it runs.
    pub(crate) fn catch() -> Self {
        static CAUGHT: OnceLock<Interrupt> = OnceLock::new();
        let caught = CAUGHT.get_or_init(|| {
            let asked = Arc::new(AtomicBool::new(false));
            let again = Arc::clone(&asked);
            // Where no handler can be set, Ctrl-C ends the process, as it does everywhere.
            let _unset = ctrlc::set_handler(move || {
                if again.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
            });
            Self(asked)
        });
        caught.0.store(false, Ordering::Relaxed);
        caught.clone()
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What ends the reading of sources in the middle of an item too.
    pub(crate) fn stop(&self) -> Stop {
        let asked = self.clone();
        Stop::when(move || asked.is_asked())
    }
}
