use crate::args;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailferry::convert::{self, Columns, Report};
use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// Between two lines, where progress goes to a file or another program.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_JSON_LINES: Duration = Duration::from_millis(250);

/// Shows how far a conversion is, on standard error.
pub(crate) enum Progress {
    Bar(ProgressBar),
    Text { last: Instant },
    Json { last: Instant, position: u64, total: Option<u64> },
    None,
}

impl Progress {
    pub(crate) fn new(how: args::Progress) -> Self {
        let last = Instant::now();
        match how {
            args::Progress::None => Self::None,
            args::Progress::Json => Self::Json { last, position: 0, total: None },
            args::Progress::Auto if io::stderr().is_terminal() => Self::Bar(
                ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style(false)),
            ),
            args::Progress::Auto => Self::Text { last },
        }
    }

    pub(crate) fn show(&mut self, now: convert::Progress<'_>) {
        match self {
            Self::None => {}
            Self::Bar(bar) => {
                if bar.length() != now.total {
                    now.total.into_iter().for_each(|total| bar.set_length(total));
                    bar.set_style(style(now.total.is_some()));
                }
                bar.set_position(now.position);
                bar.set_message(now.report.totals.available.to_string());
            }
            Self::Text { last } if last.elapsed() >= BETWEEN_LINES => {
                *last = Instant::now();
                let of_total = match now.total {
                    Some(total) if total > 0 => {
                        let percent = u128::from(now.position) * 100 / u128::from(total);
                        format!(" of {} ({percent}%)", HumanBytes(total))
                    }
                    _ => String::new(),
                };
                say(&format!("{}{of_total}, {} items", HumanBytes(now.position), now.report.totals.available));
            }
            Self::Text { .. } => {}
            Self::Json { last, position, total } => {
                (*position, *total) = (now.position, now.total);
                if last.elapsed() >= BETWEEN_JSON_LINES {
                    *last = Instant::now();
                    say(&json(now.position, now.total, &now.report.totals));
                }
            }
        }
    }

    /// Clears the bar; the last of JSON lines tells how it ended.
    pub(crate) fn finish(&self, report: &Report) {
        match self {
            Self::Bar(bar) => bar.finish_and_clear(),
            Self::Json { position, total, .. } => say(&json(*position, *total, &report.totals)),
            Self::Text { .. } | Self::None => {}
        }
    }
}

fn json(position: u64, total: Option<u64>, totals: &Columns) -> String {
    serde_json::json!({ "position": position, "total": total, "totals": totals }).to_string()
}

fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _unheard = writeln!(io::stderr(), "{line}");
}

fn style(known_total: bool) -> ProgressStyle {
    let template = if known_total {
        "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta} · {msg} items"
    } else {
        "{spinner} {bytes} {bytes_per_sec} {elapsed} · {msg} items"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
