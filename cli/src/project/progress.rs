//! How far a project is: all of it by octets and mailboxes, each mailbox in work, and failures as they come.

use crate::{args, terminal::plain};
use indicatif::{HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailferry::convert::{MailboxReport, Progress, ProjectMailbox, ProjectReport};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Between two lines, where progress goes to a file or another program.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_JSON_LINES: Duration = Duration::from_millis(250);
const BETWEEN_DRAWS: Duration = Duration::from_millis(100);
/// Files of a directory that are added up; of larger ones the size is an estimate.
const MOST_FILES: usize = 100_000;

/// Shows it on standard error.
pub(super) struct ProjectProgress {
    how: How,
    state: Mutex<State>,
}

enum How {
    Bars { all: ProgressBar, bars: MultiProgress },
    Text,
    Json,
    None,
}

struct State {
    mailboxes: Vec<Mailbox>,
    ended: usize,
    started: Instant,
    last: Option<Instant>,
}

struct Mailbox {
    title: String,
    line: u64,
    /// Octets of its files.
    size: u64,
    /// Octets of them that are done with, as far as that is known.
    done: u64,
    items: u64,
    is_in_work: bool,
    bar: Option<ProgressBar>,
}

impl ProjectProgress {
    pub(super) fn new(how: args::Progress, mailboxes: &[ProjectMailbox]) -> Self {
        let how = match how {
            args::Progress::None => How::None,
            args::Progress::Json => How::Json,
            args::Progress::Auto if io::stderr().is_terminal() => {
                let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                How::Bars { all: bars.add(ProgressBar::new(0).with_style(style())), bars }
            }
            args::Progress::Auto => How::Text,
        };
        let is_shown = !matches!(how, How::None);
        let mailboxes = mailboxes.iter().map(|mailbox| Mailbox {
            title: mailbox.name.clone().unwrap_or_else(|| mailbox.destination.to_string_lossy().into_owned()),
            line: mailbox.line,
            size: if is_shown { mailbox.sources.iter().map(|source| size_of(source)).sum() } else { 0 },
            done: 0,
            items: 0,
            is_in_work: false,
            bar: None,
        });
        let state = State { mailboxes: mailboxes.collect(), ended: 0, started: Instant::now(), last: None };
        if let How::Bars { all, .. } = &how {
            all.set_length(state.total());
        }
        Self { how, state: Mutex::new(state) }
    }

    /// Between items of the mailbox at the place `at`.
    pub(super) fn show(&self, at: usize, now: Progress<'_>) {
        if matches!(self.how, How::None) {
            return;
        }
        // Where another thread shows something, the next item will do.
        let Ok(mut state) = self.state.try_lock() else { return };
        if let Some(mailbox) = state.mailboxes.get_mut(at) {
            mailbox.done = match now.total {
                Some(total) if total > 0 => {
                    let part = u128::from(mailbox.size) * u128::from(now.position.min(total)) / u128::from(total);
                    u64::try_from(part).unwrap_or(mailbox.size)
                }
                _ => now.position.min(mailbox.size),
            };
            mailbox.items = now.report.totals.available;
            mailbox.is_in_work = true;
        }
        let between = match self.how {
            How::Bars { .. } => BETWEEN_DRAWS,
            How::Text => BETWEEN_LINES,
            How::Json | How::None => BETWEEN_JSON_LINES,
        };
        if state.last.is_some_and(|last| last.elapsed() < between)
            || state.last.is_none() && matches!(self.how, How::Text) && state.started.elapsed() < between
        {
            return;
        }
        state.last = Some(Instant::now());
        match &self.how {
            How::Bars { all, bars } => {
                all.set_position(state.done());
                all.set_message(format!("{} of {} mailboxes", state.ended, state.mailboxes.len()));
                for mailbox in state.mailboxes.iter_mut().filter(|mailbox| mailbox.is_in_work) {
                    let bar = mailbox.bar.get_or_insert_with(|| {
                        bars.add(
                            ProgressBar::new(mailbox.size)
                                .with_style(style_of_one())
                                .with_prefix(plain(&mailbox.title)),
                        )
                    });
                    bar.set_position(mailbox.done);
                    bar.set_message(mailbox.items.to_string());
                }
            }
            How::Text => say(&state.text()),
            How::Json => say(&state.json().to_string()),
            How::None => {}
        }
    }

    /// When a mailbox is done with.
    pub(super) fn ended(&self, report: &MailboxReport) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended += 1;
        if let Some(mailbox) = state.mailboxes.iter_mut().find(|mailbox| mailbox.line == report.line) {
            (mailbox.done, mailbox.is_in_work) = (mailbox.size, false);
            if let Some(bar) = mailbox.bar.take() {
                bar.finish_and_clear();
            }
        }
        let why = report.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
        let line = format!("{}: {}{}", plain(&report.title()), report.state.as_str(), plain(&why));
        match &self.how {
            How::Bars { all, .. } => all.println(line),
            How::Text => say(&line),
            How::Json => say(&json!({ "event": "mailbox", "mailbox": report }).to_string()),
            How::None => {}
        }
    }

    pub(super) fn finish(&self, report: &ProjectReport) {
        match &self.how {
            How::Bars { all, .. } => all.finish_and_clear(),
            How::Json => {
                let end = json!({ "event": "end", "complete": report.is_complete(), "cancelled": report.cancelled, "totals": report.totals });
                say(&end.to_string());
            }
            How::Text | How::None => {}
        }
    }
}

impl State {
    fn total(&self) -> u64 {
        self.mailboxes.iter().map(|mailbox| mailbox.size).fold(0, u64::saturating_add)
    }

    fn done(&self) -> u64 {
        self.mailboxes.iter().map(|mailbox| mailbox.done).fold(0, u64::saturating_add)
    }

    /// Octets a second, and the seconds that are left at that rate.
    fn rate(&self) -> (f64, Option<f64>) {
        let rate = self.done() as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let left = self.total().saturating_sub(self.done()) as f64;
        (rate, (rate > 0.0).then(|| left / rate))
    }

    fn text(&self) -> String {
        let (rate, left) = self.rate();
        let left = left
            .map(|left| format!(", {} left", HumanDuration(Duration::from_secs_f64(left.min(1e9)))))
            .unwrap_or_default();
        let working: Vec<_> = self
            .mailboxes
            .iter()
            .filter(|mailbox| mailbox.is_in_work)
            .map(|mailbox| format!("{} ({} items)", plain(&mailbox.title), mailbox.items))
            .collect();
        format!(
            "{} of {} mailboxes, {} of {}, {}/s{left}; in work: {}",
            self.ended,
            self.mailboxes.len(),
            HumanBytes(self.done()),
            HumanBytes(self.total()),
            HumanBytes(rate as u64),
            working.join(", ")
        )
    }

    fn json(&self) -> Value {
        let (rate, left) = self.rate();
        let working: Vec<_> = self.mailboxes.iter().filter(|mailbox| mailbox.is_in_work).map(|mailbox| {
            json!({ "line": mailbox.line, "mailbox": mailbox.title, "position": mailbox.done, "total": mailbox.size, "items": mailbox.items })
        }).collect();
        json!({
            "event": "progress",
            "position": self.done(),
            "total": self.total(),
            "mailboxes": { "ended": self.ended, "of": self.mailboxes.len() },
            "bytesPerSecond": rate.round(),
            "secondsLeft": left.map(f64::round),
            "working": working,
        })
    }
}

/// Octets of a file, or of those in a directory.
fn size_of(path: &Path) -> u64 {
    let mut waiting = vec![path.to_owned()];
    let (mut size, mut files) = (0_u64, 0);
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path)
            .and_then(|own| if own.is_symlink() && files == 0 { fs::metadata(&path) } else { Ok(own) })
        else {
            continue;
        };
        files += 1;
        if files > MOST_FILES {
            break;
        }
        if metadata.is_dir() {
            waiting.extend(
                fs::read_dir(&path)
                    .into_iter()
                    .flatten()
                    .filter_map(Result::ok)
                    .take(MOST_FILES)
                    .map(|entry| entry.path()),
            );
        } else if metadata.is_file() {
            size = size.saturating_add(metadata.len());
        }
    }
    size
}

fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _unheard = writeln!(io::stderr(), "{line}");
}

fn style() -> ProgressStyle {
    let template = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta} · {msg}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn style_of_one() -> ProgressStyle {
    let template = "  {bar:20} {bytes}/{total_bytes} · {msg} items · {prefix}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
