use crate::args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailferry::convert;
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// Between two lines, where progress goes to a file or another program.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_JSON_LINES: Duration = Duration::from_millis(250);

/// Shows how far a conversion is, on standard error.
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines { every: Duration, last: Instant, json: bool },
    None,
}

impl Progress {
    pub(crate) fn new(how: args::Progress) -> Self {
        let last = Instant::now();
        match how {
            args::Progress::None => Self::None,
            args::Progress::Json => Self::Lines { every: BETWEEN_JSON_LINES, last, json: true },
            args::Progress::Auto if std::io::stderr().is_terminal() => Self::Bar(
                ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10)).with_style(style(false)),
            ),
            args::Progress::Auto => Self::Lines { every: BETWEEN_LINES, last, json: false },
        }
    }

    pub(crate) fn show(&mut self, progress: convert::Progress<'_>) {
        match self {
            Self::None => {}
            Self::Bar(bar) => {
                if bar.length() != progress.total {
                    progress.total.into_iter().for_each(|total| bar.set_length(total));
                    bar.set_style(style(progress.total.is_some()));
                }
                bar.set_position(progress.position);
                bar.set_message(progress.report.totals.available.to_string());
            }
            Self::Lines { every, last, json } => {
                if last.elapsed() < *every {
                    return;
                }
                *last = Instant::now();
                let (position, total) = (progress.position, progress.total);
                let totals = progress.report.totals;
                if *json {
                    eprintln!("{}", serde_json::json!({ "position": position, "total": total, "totals": totals }));
                } else {
                    let of_total = match total {
                        Some(total) if total > 0 => {
                            format!(" of {} ({}%)", indicatif::HumanBytes(total), position * 100 / total)
                        }
                        _ => String::new(),
                    };
                    eprintln!("{}{of_total}, {} items", indicatif::HumanBytes(position), totals.available);
                }
            }
        }
    }

    pub(crate) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn style(known_total: bool) -> ProgressStyle {
    let template = if known_total {
        "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta} · {msg} items"
    } else {
        "{spinner} {bytes} {bytes_per_sec} {elapsed} · {msg} items"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
