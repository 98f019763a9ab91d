use super::{LogLine, Report};
use serde::Serialize;
use std::fmt;

/// Reasons that are told one by one.
const MOST_REASONS: usize = 100;

/// The result of a run, for exit statuses, tables, pages and everything else that reports it.
///
/// Serialised as `{"state": "incomplete", "reasons": [{"what": "failed_items", "items": 3, "text": "3 items failed …"}]}`.
///
/// ```
/// use mailferry::convert::{Outcome, Report};
///
/// // Of nothing, nothing was migrated.
/// let outcome = Report::default().outcome();
/// assert_eq!(outcome.as_str(), "nothing_migrated");
/// assert_eq!(outcome.reasons()[0].to_string(), "the sources contain no items");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Every item of every source is at the destination, or was left out as it was asked or as the target says.
    Complete,
    /// Something was migrated, and something else was not that should have been.
    Incomplete(Vec<Shortfall>),
    /// None of the items is at the destination.
    NothingMigrated(Vec<Shortfall>),
}

/// Why a run is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// Somebody stopped it before its end.
    Cancelled,
    /// The destination could no longer be written, or something at it could not be used.
    Stopped {
        /// What happened.
        error: String,
    },
    /// Items could not be read or written.
    FailedItems {
        /// How many.
        items: u64,
    },
    /// A source, or the rest of it, could not be read.
    FailedSource {
        /// What happened; it names the source.
        error: String,
    },
    /// A source ends before its end.
    CutShort {
        /// Its name.
        source: String,
        /// Where it breaks off.
        place: String,
    },
    /// Further sources that failed or were cut short, beyond those that are listed.
    MoreSources {
        /// How many more.
        sources: u64,
    },
    /// There were no items.
    NoItems,
    /// All items were left out.
    AllSkipped {
        /// How many.
        items: u64,
        /// The reason that most of them have.
        reason: String,
    },
}

impl Outcome {
    pub(super) fn of(report: &Report) -> Self {
        let mut reasons = Vec::new();
        if report.cancelled {
            reasons.push(Shortfall::Cancelled);
        }
        reasons.extend(report.error.iter().map(|error| Shortfall::Stopped { error: error.clone() }));
        if report.totals.failed > 0 {
            reasons.push(Shortfall::FailedItems { items: report.totals.failed });
        }
        let mut sources = report.sources.iter().filter_map(|source| match (&source.error, &source.cut_short) {
            (Some(error), _) => Some(Shortfall::FailedSource { error: error.clone() }),
            (None, Some(place)) => Some(Shortfall::CutShort { source: source.file.clone(), place: place.clone() }),
            (None, None) => None,
        });
        reasons.extend(sources.by_ref().take(MOST_REASONS));
        let more = sources.count() as u64;
        if more > 0 {
            reasons.push(Shortfall::MoreSources { sources: more });
        }
        let totals = report.totals;
        let there = totals.migrated + report.reasons.get(LogLine::ALREADY_MIGRATED).copied().unwrap_or(0);
        if there > 0 || report.cancelled {
            return if reasons.is_empty() { Self::Complete } else { Self::Incomplete(reasons) };
        }
        if totals.available == 0 {
            reasons.push(Shortfall::NoItems);
        } else if totals.skipped > 0 {
            let most = report.reasons.iter().max_by_key(|(_, items)| **items);
            let reason = most.map(|(reason, _)| reason.clone()).unwrap_or_default();
            reasons.push(Shortfall::AllSkipped { items: totals.skipped, reason });
        }
        Self::NothingMigrated(reasons)
    }

    /// The stable name: `complete`, `incomplete`, `nothing_migrated`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete(_) => "incomplete",
            Self::NothingMigrated(_) => "nothing_migrated",
        }
    }

    /// Whether nothing is left to be done.
    pub fn is_complete(&self) -> bool {
        *self == Self::Complete
    }

    /// Why it is not complete; empty where it is.
    pub fn reasons(&self) -> &[Shortfall] {
        match self {
            Self::Complete => &[],
            Self::Incomplete(reasons) | Self::NothingMigrated(reasons) => reasons,
        }
    }
}

/// One line for a person: the end and its first reasons.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Incomplete(_) => "incomplete",
            Self::NothingMigrated(_) => "nothing was migrated",
        })?;
        for (at, reason) in self.reasons().iter().take(3).enumerate() {
            f.write_str(if at == 0 { ": " } else { "; " })?;
            reason.fmt(f)?;
        }
        match self.reasons().len() {
            0..=3 => Ok(()),
            all => write!(f, "; and {} more reasons", all - 3),
        }
    }
}

impl Shortfall {
    /// The stable name, in snake case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Stopped { .. } => "stopped",
            Self::FailedItems { .. } => "failed_items",
            Self::FailedSource { .. } => "failed_source",
            Self::CutShort { .. } => "cut_short",
            Self::MoreSources { .. } => "more_sources",
            Self::NoItems => "no_items",
            Self::AllSkipped { .. } => "all_skipped",
        }
    }
}

/// What happened, for a person.
impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("it was stopped before it was complete"),
            Self::Stopped { error } | Self::FailedSource { error } => f.write_str(error),
            Self::FailedItems { items: 1 } => f.write_str("1 item failed"),
            Self::FailedItems { items } => write!(f, "{items} items failed"),
            Self::CutShort { source, place } => {
                let place =
                    place.strip_prefix(&**source).map_or(&**place, |place| place.trim_start_matches([':', ' ']));
                write!(f, "{source} is cut short: {place}")
            }
            Self::MoreSources { sources } => write!(f, "{sources} more sources failed or are cut short"),
            Self::NoItems => f.write_str("the sources contain no items"),
            Self::AllSkipped { items, reason } => write!(f, "all {items} items were skipped, most of them as {reason}"),
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'o> {
            state: &'o str,
            #[serde(skip_serializing_if = "<[Shortfall]>::is_empty")]
            reasons: &'o [Shortfall],
        }

        Document { state: self.as_str(), reasons: self.reasons() }.serialize(serializer)
    }
}

impl Serialize for Shortfall {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Default, Serialize)]
        struct Document<'s> {
            what: &'s str,
            #[serde(skip_serializing_if = "Option::is_none")]
            items: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            source: Option<&'s str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'s str>,
            text: String,
        }

        let mut document = Document { what: self.as_str(), text: self.to_string(), ..Document::default() };
        match self {
            Self::FailedItems { items } => document.items = Some(*items),
            Self::AllSkipped { items, reason } => (document.items, document.reason) = (Some(*items), Some(&**reason)),
            Self::CutShort { source, .. } => document.source = Some(source),
            _ => {}
        }
        document.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{Columns, SourceReport};

    fn report(migrated: u64, failed: u64, skipped: u64) -> Report {
        let available = migrated + failed + skipped;
        Report { totals: Columns { available, migrated, failed, skipped, bytes: 0 }, ..Report::default() }
    }

    #[test]
    fn only_what_lost_nothing_is_complete() {
        assert_eq!(report(3, 0, 0).outcome(), Outcome::Complete);
        assert_eq!(report(3, 0, 2).outcome(), Outcome::Complete);
        assert_eq!(report(3, 1, 0).outcome().as_str(), "incomplete");
        assert_eq!(report(0, 0, 0).outcome(), Outcome::NothingMigrated(vec![Shortfall::NoItems]));
        assert_eq!(report(0, 2, 0).outcome().as_str(), "nothing_migrated");
        let mut refused = report(0, 0, 71);
        refused.reasons.insert("target_takes_no_mail".into(), 71);
        assert_eq!(
            refused.outcome().to_string(),
            "nothing was migrated: all 71 items were skipped, most of them as target_takes_no_mail"
        );
        // A delta without news.
        let mut delta = report(0, 0, 14);
        delta.reasons.insert("already_migrated".into(), 14);
        assert_eq!(delta.outcome(), Outcome::Complete);
    }

    #[test]
    fn sources_that_broke_off_make_it_incomplete_and_are_named() {
        let mut cut = report(3, 0, 0);
        cut.sources =
            vec![
                SourceReport { file: "a.mbox".into(), cut_short: Some("at byte 9".into()), ..Default::default() };
                150
            ];
        let outcome = cut.outcome();
        assert_eq!(outcome.reasons().len(), MOST_REASONS + 1);
        assert_eq!(outcome.reasons()[0].to_string(), "a.mbox is cut short: at byte 9");
        assert_eq!(outcome.reasons()[MOST_REASONS].to_string(), "50 more sources failed or are cut short");
        let json = serde_json::to_value(&cut).unwrap();
        assert_eq!(json["outcome"]["state"], "incomplete");
        assert_eq!(json["outcome"]["reasons"][0]["what"], "cut_short");
        let again: Report = serde_json::from_value(json).unwrap();
        assert_eq!(again.outcome(), outcome);
    }
}
