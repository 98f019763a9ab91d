use super::{
    places::Places,
    source::{SourceId, SplitSource, shares_of_files},
};
use crate::{
    convert::{
        ConvertOptions, Decides, REPORT, SyncPaths,
        options::digest,
        outputs::{check, check_page, outputs},
        selection::Decided,
    },
    error::{Error, ErrorKind, Result},
    read::{Borders, Given, Mailbox, Shares},
    source::{FileSource, Source},
    write::{OutputForm, Packaging},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One share of a conversion.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// What it is called: a digest of its sources, of what it reads of them, and of the options that decide what is written.
    pub id: String,
    /// Its number among all, from 1.
    pub number: u64,
    /// Its sources, in order.
    pub sources: Vec<SourceId>,
    /// What it reads of them.
    pub range: SplitRange,
    /// Why it is larger than was asked for, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What is done with the items.
    #[serde(default, skip_serializing_if = "Pass::is_default")]
    pub pass: Pass,
    /// How it is done, as [`ConvertOptions::record`] keeps it.
    pub options: serde_json::Value,
    /// What [`decide_splits`](super::decide_splits) made of what the first pass found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::convert) decided: Option<Decided>,
}

/// What a share does with the items that it reads.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// It converts them.
    #[default]
    Convert,
    /// It looks at them, and keeps what all of them must be known by before the first can be decided upon:
    /// [`decide_splits`](super::decide_splits) makes of it the splits that convert.
    Survey,
}

impl Pass {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a share reads of its sources.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "lowercase")]
pub enum SplitRange {
    /// All of them.
    Whole,
    /// The messages of an mbox whose From_ line starts in these octets.
    Octets {
        /// The first of them.
        start: u64,
        /// The one behind the last.
        end: u64,
    },
    /// Items of a store by their numbers, in the order in which they are read.
    Items {
        /// The first of them, from 0.
        start: u64,
        /// The one behind the last; none where all that follow are read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<u64>,
    },
    /// Files of a directory by their numbers, in the order in which they are read.
    Files {
        /// The first of them, from 0.
        start: u64,
        /// The one behind the last; none where all that follow are read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<u64>,
    },
}

impl SplitRange {
    pub(super) fn borders(self) -> Borders {
        match self {
            Self::Whole => Borders::None,
            Self::Octets { start, end } => Borders::Octets(start..end),
            Self::Items { start, end } => Borders::Items(start, end),
            Self::Files { start, end } => Borders::Files(start, end),
        }
    }

    /// Whether the source of what is read was begun by another share.
    pub(super) fn goes_on(self) -> bool {
        match self {
            Self::Whole => false,
            Self::Octets { start, .. } | Self::Items { start, .. } | Self::Files { start, .. } => start > 0,
        }
    }
}

impl Split {
    fn new(sources: Vec<SourceId>, range: SplitRange, options: &ConvertOptions) -> Self {
        let mut split = Self {
            id: String::new(),
            number: 0,
            sources,
            range,
            because: None,
            pass: Pass::Convert,
            options: options.record(),
            decided: None,
        };
        split.name(options);
        split
    }

    /// Gives it the name that follows from all that it is.
    fn name(&mut self, options: &ConvertOptions) {
        let mut more = vec![serde_json::to_string(&self.range).unwrap_or_default()];
        more.extend(self.sources.iter().flat_map(|id| [id.uri.clone(), id.size.to_string(), id.version.clone()]));
        if self.pass == Pass::Survey {
            more.push("survey".to_owned());
        }
        more.extend(self.decided.iter().map(|decided| serde_json::to_string(decided).unwrap_or_default()));
        let id = digest(options, &[Decides::Octets, Decides::Places], &more);
        id.get(..32).unwrap_or(&id).clone_into(&mut self.id);
    }

    /// The same for this pass.
    pub(super) fn in_pass(mut self, pass: Pass, decided: Option<Decided>, options: &ConvertOptions) -> Self {
        (self.pass, self.decided) = (pass, decided);
        self.name(options);
        self
    }

    /// The same sources read whole.
    pub(super) fn whole(&self, sources: Vec<SourceId>, options: &ConvertOptions) -> Self {
        let whole = Self { number: self.number, ..Self::new(sources, SplitRange::Whole, options) };
        whole.in_pass(self.pass, None, options)
    }

    /// What it is called, for a person.
    pub(super) fn title(&self) -> String {
        let first = self.sources.first().map_or("", |id| &*id.uri);
        let what = match self.range {
            SplitRange::Whole => match self.sources.len() {
                1 => first.to_owned(),
                many => format!("{first} and {} more", many - 1),
            },
            SplitRange::Octets { start, end } => format!("bytes {start} to {end} of {first}"),
            SplitRange::Items { start, .. } => format!("items from {} on of {first}", start + 1),
            SplitRange::Files { start, .. } => format!("files from {} on in {first}", start + 1),
        };
        format!("{} ({what})", self.number)
    }

    /// How it is done.
    ///
    /// # Errors
    /// When its options cannot be read back.
    pub fn options(&self) -> Result<ConvertOptions> {
        ConvertOptions::from_record(&self.options)
    }
}

/// Shares of a conversion of what is at the paths `sources`, each of about `target_size` octets of them.
///
/// An mbox is shared by octets, a PST or OST by items, a directory by files; what cannot be is one share and says why. Small
/// files are put together. Nothing but the first octets of each is read, and the tables of a PST.
///
/// Where all items must be known before the first is decided upon (samples, duplicates, calendar objects of one UID), these splits look
/// at them ([`Pass::Survey`]), and [`decide_splits`](super::decide_splits) makes the splits of the conversion of what they found out.
///
/// # Errors
/// When a source is not there; [`ErrorKind::Options`] when the options ask for what only one run of all can do.
pub fn plan_splits<P: Into<PathBuf>>(
    sources: impl IntoIterator<Item = P>,
    options: &ConvertOptions,
    target_size: u64,
) -> Result<Vec<Split>> {
    let sources = sources.into_iter().map(|path| SplitSource::at(&path.into())).collect::<Result<Vec<_>>>()?;
    plan_splits_of(sources, options, target_size)
}

/// The same of any sources.
///
/// # Errors
/// The same.
pub fn plan_splits_of(sources: Vec<SplitSource>, options: &ConvertOptions, target_size: u64) -> Result<Vec<Split>> {
    check_options(options)?;
    let target_size = target_size.max(1);
    // The command line names all sources: in each of ten thousand splits it would be ten thousand times as long.
    let plain = &ConvertOptions { arguments: None, ..options.clone() };
    let mut planned = Planned { options: plain, target_size, splits: Vec::new(), small: Vec::new() };
    for set in in_order(sources) {
        match set.as_slice() {
            [source] => planned.add(source)?,
            // A Takeout is one source.
            _ => planned.add_small(set.into_iter().map(|source| source.id).collect()),
        }
    }
    planned.put_together();
    let mut splits = looking_first(planned.splits, plain);
    (1..).zip(&mut splits).for_each(|(number, split)| split.number = number);
    if splits.is_empty() {
        return Err(Error::new(ErrorKind::Options, "there is nothing to read: name at least one source"));
    }
    Ok(splits)
}

/// The splits, of which those look at their items first of whose items something must be known before any is decided upon.
fn looking_first(splits: Vec<Split>, options: &ConvertOptions) -> Vec<Split> {
    let of_all = options.selection.needs_survey();
    // Calendar objects of one UID are in files that are read whole.
    let has_calendars = |split: &Split| matches!(split.range, SplitRange::Whole | SplitRange::Files { .. });
    let mends = options.for_target().archive.collections.ics.mend
        && splits.iter().filter(|split| has_calendars(split)).count() > 1;
    let first = |split: Split| match of_all || (mends && has_calendars(&split)) {
        true => split.in_pass(Pass::Survey, None, options),
        false => split,
    };
    splits.into_iter().map(first).collect()
}

/// The sources in the order in which one run reads them.
fn in_order(sources: Vec<SplitSource>) -> Vec<Vec<SplitSource>> {
    let given = sources.iter().map(|source| source.given.clone()).collect();
    let mut by_name: HashMap<_, VecDeque<_>> = HashMap::new();
    sources.into_iter().for_each(|source| by_name.entry(source.given.name()).or_default().push_back(source));
    let mut take = |given: Given| by_name.get_mut(&given.name())?.pop_front();
    let sets = Mailbox::in_order(given);
    sets.into_iter().map(|set| set.into_iter().filter_map(&mut take).collect()).collect()
}

struct Planned<'o> {
    options: &'o ConvertOptions,
    target_size: u64,
    splits: Vec<Split>,
    /// Sources that are read whole, to be put together.
    small: Vec<SourceId>,
}

impl Planned<'_> {
    fn add(&mut self, source: &SplitSource) -> Result<()> {
        let id = &source.id;
        if id.size <= self.target_size {
            self.add_small(vec![id.clone()]);
            return Ok(());
        }
        self.put_together();
        if let Some(root) = source.directory() {
            return self.add_directory(root, &id.uri);
        }
        let octets: Source = match &source.given {
            Given::Path(path) => Arc::new(FileSource::open(path)?),
            Given::Source(_, octets) => octets.clone(),
            Given::Items(name, _) => {
                let message = format!("{name}: items that a program makes cannot be shared among processes");
                return Err(Error::new(ErrorKind::Options, message));
            }
        };
        match Shares::of(&id.uri, octets, &self.options.read)? {
            Shares::Octets => {
                for (start, end) in cuts(id.size, id.size.div_ceil(self.target_size)) {
                    self.push(vec![id.clone()], SplitRange::Octets { start, end });
                }
            }
            // What is below a folder is known by items of it, which another share may read.
            Shares::Items(_) if self.options.selection.skip_trash || self.options.selection.skip_junk => {
                self.push(vec![id.clone()], SplitRange::Whole);
                if let Some(split) = self.splits.last_mut() {
                    split.because =
                        Some("what lies below its folders for trash and junk is found by reading it in order".into());
                }
            }
            Shares::Items(items) => {
                let parts = id.size.div_ceil(self.target_size).min(items.max(1));
                for (start, end) in cuts(items, parts) {
                    let end = Some(end).filter(|end| *end < items);
                    self.push(vec![id.clone()], SplitRange::Items { start, end });
                }
            }
            Shares::None(because) => {
                self.push(vec![id.clone()], SplitRange::Whole);
                if let Some(split) = self.splits.last_mut() {
                    split.because = Some(because.into());
                }
            }
        }
        Ok(())
    }

    fn add_directory(&mut self, root: &Path, uri: &str) -> Result<()> {
        let mut shares = shares_of_files(root, uri, self.target_size)?.into_iter().peekable();
        while let Some((start, id)) = shares.next() {
            let end = shares.peek().map(|(next, _)| *next);
            self.push(vec![id], SplitRange::Files { start, end });
        }
        Ok(())
    }

    fn add_small(&mut self, sources: Vec<SourceId>) {
        let octets = |sources: &[SourceId]| sources.iter().fold(0_u64, |sum, id| sum.saturating_add(id.size));
        if octets(&self.small).saturating_add(octets(&sources)) > self.target_size {
            self.put_together();
        }
        self.small.extend(sources);
    }

    fn put_together(&mut self) {
        let small = std::mem::take(&mut self.small);
        if !small.is_empty() {
            self.push(small, SplitRange::Whole);
        }
    }

    fn push(&mut self, sources: Vec<SourceId>, range: SplitRange) {
        self.splits.push(Split::new(sources, range, self.options));
    }
}

/// `0..end` in `parts` parts that are about equal.
fn cuts(end: u64, parts: u64) -> impl Iterator<Item = (u64, u64)> {
    let cut = move |part: u64| {
        let at = u128::from(end) * u128::from(part) / u128::from(parts.max(1));
        u64::try_from(at).unwrap_or(end)
    };
    (0..parts).map(move |part| (cut(part), cut(part + 1)))
}

/// Makes sure that every share can be done without the others.
fn check_options(options: &ConvertOptions) -> Result<()> {
    let written = options.for_target();
    written.archive.check()?;
    let whole_run = |option: &str, why: &str| {
        let message =
            format!("{option}: {why}, so it cannot be shared among splits: leave it out, or run one conversion");
        Err(Error::new(ErrorKind::Options, message))
    };
    if options.transform.is_some() {
        return whole_run("transform", "it is a function");
    }
    if written.archive.zip_split.is_some() {
        return whole_run("split", "parts of archives are filled one after the other; each split writes one already");
    }
    if written.archive.names.has_ordinal() {
        return whole_run("names", "{ordinal} counts the items of the whole source");
    }
    if !matches!(written.archive.form, OutputForm::Eml | OutputForm::Mbox | OutputForm::Maildir) {
        return whole_run("as", "this form is one whole");
    }
    Ok(())
}

fn packaging(destination: &Path) -> Packaging {
    Packaging::of_name(&destination.file_name().unwrap_or_default().to_string_lossy())
}

/// Makes sure that shares can be written to `places`.
pub(super) fn check_destination(places: &Places, sources: &[SourceId], page: Option<&Path>) -> Result<()> {
    let destination = places.destination();
    let refused =
        |message: &'static str| Err(Error::new(ErrorKind::Destination, message).in_file(destination.to_string_lossy()));
    if !matches!(packaging(destination), Packaging::Folder | Packaging::Zip) {
        return refused(
            "splits write a folder or ZIP archives: choose a name that ends in .zip, or one without such an ending",
        );
    }
    let paths = SyncPaths::new(destination, 1);
    check(&outputs(&paths, page), sources.iter().map(|id| Path::new(&id.uri)), &paths)?;
    page.map_or(Ok(()), check_page)?;
    if !places.splits().exists() {
        let is_filled = fs::read_dir(destination).map_or(destination.exists(), |mut entries| entries.next().is_some());
        if is_filled || paths.beside(REPORT).exists() {
            return refused(
                "something was written there before, to which splits cannot add: choose another destination",
            );
        }
    }
    let whole = |path: &Path| fs::canonicalize(path).ok();
    let around = destination.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for id in sources {
        let source = Path::new(&id.uri);
        if source.is_dir()
            && let (Some(source), Some(around)) = (whole(source), whole(around))
            && around.starts_with(&source)
        {
            return refused("is inside a source: choose a destination that is in none");
        }
    }
    Ok(())
}
