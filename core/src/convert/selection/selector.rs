use super::{
    Dedupe, FolderGlobs, Selection, Survey,
    duplicates::{Duplicates, join_labels},
    fold,
    sample::{Sample, group_of},
};
use crate::{
    convert::{Place, Skip, decision::Gate},
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mime::HeaderSection,
    model::{Folder, FolderPath, Item, ItemKind, Keywords, Message, Role},
    read::{Mailbox, role_of_path},
};
use std::{collections::BTreeSet, num::NonZeroUsize, ops::ControlFlow};

/// Folders for deleted or unwanted mail that are remembered, so that what is below them is known.
const MOST_REMEMBERED: usize = 1_000;

/// Applies a [`Selection`] to one item after the other.
///
/// The cheapest conditions are checked first, and nothing of an item is rendered or digested that is left out for another reason
/// than being a duplicate. An item that cannot be read is not left out: it fails, and the log says why.
pub struct Selector {
    selection: Selection,
    folders: FolderGlobs,
    skip_folders: FolderGlobs,
    labels: FolderGlobs,
    from: Vec<String>,
    to: Vec<String>,
    subject: Vec<String>,
    trash: Below,
    junk: Below,
    duplicates: Option<Duplicates>,
    sample: Option<Sample>,
    /// What was decided of all shares, where the items are those of one.
    #[cfg(not(target_family = "wasm"))]
    decisions: Option<std::sync::Arc<super::Decisions>>,
}

impl Selector {
    /// Why an item is left out that is not part of the sample.
    pub(in crate::convert) const NOT_IN_SAMPLE: &'static str = "excluded_sample";

    /// Why an item is left out that is equal to an earlier one.
    pub(in crate::convert) const DUPLICATE: &'static str = "duplicate";

    /// Applies a selection to the items of a share, of which `decisions` tell what must be known of all.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn decided(selection: &Selection, decisions: std::sync::Arc<super::Decisions>) -> Self {
        Self { decisions: Some(decisions), duplicates: None, sample: None, ..Self::compiled(selection) }
    }

    /// Applies a selection that asks for nothing that must be known of all items beforehand.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] when it asks for a sample or for duplicates: then [`Selector::surveying`] is what is wanted.
    pub fn new(selection: &Selection) -> Result<Self> {
        match selection.needs_survey() {
            true => {
                let message = "a sample, and leaving out duplicates, require that the sources are read twice";
                Err(Error::new(ErrorKind::Options, message))
            }
            false => Ok(Self::compiled(selection)),
        }
    }

    /// Applies any selection, to the items of a mailbox with the same sources and options as `mailbox`, which is read to its
    /// end where the selection [needs it](Selection::needs_survey). `observe` is asked after every item whether to continue.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] when it was not to go on. What cannot be read is not an error here: it will be one again.
    pub fn surveying(
        selection: &Selection,
        mailbox: Mailbox,
        observe: &mut dyn FnMut(&Mailbox) -> ControlFlow<()>,
    ) -> Result<Self> {
        Self::surveying_on_threads(selection, mailbox, NonZeroUsize::MIN, observe)
    }

    /// The same, with the mailbox read on `threads` threads. What is selected does not depend on their number.
    ///
    /// # Errors
    /// As [`Selector::surveying`].
    pub fn surveying_on_threads(
        selection: &Selection,
        mailbox: Mailbox,
        threads: NonZeroUsize,
        observe: &mut dyn FnMut(&Mailbox) -> ControlFlow<()>,
    ) -> Result<Self> {
        let mut survey = Survey::on_threads(selection, mailbox, threads);
        while survey.step() {
            if survey.mailbox().is_some_and(|mailbox| observe(mailbox).is_break()) {
                return Err(Error::new(ErrorKind::Cancelled, "stopped before anything was written"));
            }
        }
        Ok(survey.finish())
    }

    /// Whether it leaves everything as it is.
    pub(in crate::convert) fn selects_all(&self) -> bool {
        self.selection == Selection::default()
    }

    /// Why the item at `place` is left out; `None` where it is selected. It is given the labels of its duplicates, and a
    /// warning where its date had to be known and is not.
    ///
    /// Items are to come in the order of their sources, each once.
    pub fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        if let Some(reason) = self.excludes(item) {
            return Some(Skip::because(reason));
        }
        #[cfg(not(target_family = "wasm"))]
        if let Some(decisions) = self.decisions.clone() {
            // Which item is kept is told where the shares are put together: its place is one among all.
            if decisions.kept(place).is_some() {
                return Some(Skip::because(Self::DUPLICATE));
            }
            if self.selection.sample.is_some() && !decisions.takes(place) {
                return Some(Skip::because(Self::NOT_IN_SAMPLE));
            }
            join_labels(item, decisions.labels(place));
            return self.mark_undated(item);
        }
        if let Some(kept) = self.duplicates.as_ref().and_then(|duplicates| duplicates.kept(place)) {
            return Some(Skip { reason: Self::DUPLICATE, duplicate_of: Some(kept) });
        }
        if self.sample.as_mut().is_some_and(|sample| !sample.takes(group_of(item))) {
            return Some(Skip::because(Self::NOT_IN_SAMPLE));
        }
        if let Some(duplicates) = &self.duplicates {
            join_labels(item, duplicates.joined(place));
        }
        self.mark_undated(item)
    }

    fn mark_undated(&self, item: &mut Item) -> Option<Skip> {
        if item.received.is_none() && self.selection.is_dated() {
            item.defects.push(Defect::new(
                DefectKind::Undated,
                "kept, because an item without a date cannot be selected by date",
            ));
        }
        None
    }

    pub(super) fn compiled(selection: &Selection) -> Self {
        let folded = |texts: &[String]| texts.iter().map(|text| fold(text)).collect();
        Self {
            folders: FolderGlobs::new(&selection.folders),
            skip_folders: FolderGlobs::new(&selection.skip_folders),
            labels: FolderGlobs::new(&selection.labels),
            from: folded(&selection.from),
            to: folded(&selection.to),
            subject: folded(&selection.subject),
            trash: Below::new(Role::Trash),
            junk: Below::new(Role::Junk),
            duplicates: (selection.dedupe != Dedupe::Off).then(|| Duplicates::new(selection.dedupe)),
            sample: selection.sample.map(|size| Sample::new(size, selection.seed)),
            #[cfg(not(target_family = "wasm"))]
            decisions: None,
            selection: selection.clone(),
        }
    }

    /// What is to be known of an item in the first pass, whatever was before it.
    pub(super) fn look(&self, item: &Item) -> Looked {
        let is_out = self.excludes_by_place(item).or_else(|| self.excludes_by_itself(item)).is_some();
        let duplicates = self.duplicates.as_ref().filter(|_| !is_out);
        Looked { is_out, digests: duplicates.and_then(|duplicates| duplicates.digests(item)) }
    }

    /// Takes note of an item in the first pass.
    pub(super) fn look_at(&mut self, item: &Item, place: Place, looked: Option<Looked>) {
        let Some(digests) = self.selected(item, looked) else { return };
        let is_out = !digests.is_empty()
            && self.duplicates.as_mut().is_some_and(|all| all.look_at(&item.labels, place, digests));
        if !is_out {
            self.sample.iter_mut().for_each(|sample| sample.count(group_of(item)));
        }
    }

    /// What an item is known by that is selected, if no other is equal to it; none where it cannot be read or nothing is compared.
    pub(super) fn selected(&mut self, item: &Item, looked: Option<Looked>) -> Option<Vec<[u32; 4]>> {
        // What is left out by its place tells nothing of its folder.
        if self.excludes_by_place(item).or_else(|| self.excludes_by_role(item)).is_some() {
            return None;
        }
        let Looked { is_out, digests } = looked.unwrap_or_else(|| self.look(item));
        (!is_out).then(|| digests.unwrap_or_default())
    }

    pub(super) fn end_of_first_pass(&mut self) {
        self.duplicates.iter_mut().for_each(Duplicates::end_of_first_pass);
        self.sample.iter_mut().for_each(Sample::end_of_first_pass);
    }

    /// Why the item is left out for what it is by itself.
    fn excludes(&mut self, item: &Item) -> Option<&'static str> {
        let by_place = self.excludes_by_place(item);
        by_place.or_else(|| self.excludes_by_role(item)).or_else(|| self.excludes_by_itself(item))
    }

    /// The same for its kind and its folder.
    fn excludes_by_place(&self, item: &Item) -> Option<&'static str> {
        if let Some(skip) = Skip::by_state(item) {
            return Some(skip.reason);
        }
        let Selection { kinds, .. } = &self.selection;
        if !kinds.is_empty() && kinds.iter().all(|kind| kind.as_str() != item.kind.as_str()) {
            return Some("excluded_kind");
        }
        self.excludes_path(&item.folder.path).then_some("excluded_folder")
    }

    /// The same for what its folder is for, which those met before tell.
    fn excludes_by_role(&mut self, item: &Item) -> Option<&'static str> {
        let Selection { skip_trash, skip_junk, .. } = &self.selection;
        // A store that knows its folders tells those above before those below; else names have to do.
        let named = item.origin.node.is_none();
        if *skip_trash && (self.trash.holds(&item.folder, named) || item.keywords.contains(Keywords::DELETED)) {
            return Some("excluded_trash");
        }
        if *skip_junk && self.junk.holds(&item.folder, named) {
            return Some("excluded_junk");
        }
        None
    }

    /// The same for what it is, wherever it is.
    fn excludes_by_itself(&self, item: &Item) -> Option<&'static str> {
        let Selection { after, before, larger, smaller, .. } = &self.selection;
        if let Some(at) = item.received.map(|received| received.at.unix_seconds())
            && (after.is_some_and(|after| at < after.unix_seconds())
                || before.is_some_and(|before| at >= before.unix_seconds()))
        {
            return Some("excluded_date");
        }
        let is_labelled = || item.labels.iter().any(|label| self.labels.any_matches(label.name.split('/')));
        if !self.labels.is_empty() && !is_labelled() {
            return Some("excluded_label");
        }
        let size = item.size();
        if larger.is_some_and(|than| size <= than) || smaller.is_some_and(|than| size >= than) {
            return Some("excluded_size");
        }
        self.excludes_by_content(item)
    }

    fn excludes_path(&self, path: &FolderPath) -> bool {
        let names = path.names();
        (!self.folders.is_empty() && !self.folders.any_matches(names)) || self.skip_folders.any_matches(names)
    }

    /// The same for what has to be read of it.
    fn excludes_by_content(&self, item: &Item) -> Option<&'static str> {
        let texts = [
            (&self.from, &["From"][..], "excluded_from"),
            (&self.to, &["To", "Cc", "Bcc"], "excluded_to"),
            (&self.subject, &["Subject"], "excluded_subject"),
        ];
        for (wanted, names, reason) in texts {
            let is_in = |text: &str| {
                let text = fold(text);
                wanted.iter().any(|wanted| text.contains(wanted))
            };
            let met = wanted.is_empty()
                || match &item.kind {
                    ItemKind::Message(message) => any_field(message, names, is_in),
                    ItemKind::Calendar(object) => names == ["Subject"] && object.summary().is_some_and(is_in),
                    ItemKind::Contact(card) => names == ["Subject"] && card.name().is_some_and(is_in),
                };
            if !met {
                return Some(reason);
            }
        }
        let attached = |message: &Message| message.attachments().map_or(true, |attachments| !attachments.is_empty());
        (self.selection.has_attachment && !item.message().is_some_and(attached)).then_some("excluded_attachment")
    }
}

/// Whether a field with one of `names` is as wanted; of a message that cannot be read nothing is known.
fn any_field(message: &Message, names: &[&str], is_wanted: impl Fn(&str) -> bool) -> bool {
    let any = |header: &HeaderSection<'_>| {
        names.iter().any(|name| header.all(name).any(|field| is_wanted(&message.field_text(&field))))
    };
    message.header().map_or(true, any)
}

/// What was found out about an item by itself.
#[derive(Default)]
pub(in crate::convert) struct Looked {
    is_out: bool,
    digests: Option<Vec<[u32; 4]>>,
}

impl Gate for Selector {
    fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        self.decide(item, place)
    }

    fn keeps(&mut self, folder: &mut Folder) -> bool {
        let Selection { skip_trash, skip_junk, .. } = self.selection;
        let is_out = self.excludes_path(&folder.path)
            || (skip_trash && self.trash.holds(folder, true))
            || (skip_junk && self.junk.holds(folder, true));
        !is_out
    }
}

impl Selection {
    /// Whether all items must be seen before the first can be decided upon: the sources are read twice.
    pub fn needs_survey(&self) -> bool {
        self.sample.is_some() || self.dedupe != Dedupe::Off
    }

    fn is_dated(&self) -> bool {
        self.after.is_some() || self.before.is_some()
    }
}

/// The folders of one role, and those below them.
struct Below {
    role: Role,
    known: BTreeSet<FolderPath>,
}

impl Below {
    fn new(role: Role) -> Self {
        Self { role, known: BTreeSet::new() }
    }

    /// Whether `folder` is one of them. The files of an archive come in any order, those below before those above: what is
    /// above is known by its name where it was not met yet and `named` tells that names are what readers go by.
    fn holds(&mut self, folder: &Folder, named: bool) -> bool {
        let path = &folder.path;
        if folder.role == Some(self.role) {
            if self.known.len() < MOST_REMEMBERED {
                self.known.insert(path.clone());
            }
            return true;
        }
        let names = path.names();
        folder.role.is_none()
            && (1..names.len()).any(|depth| {
                let above = names.get(..depth).unwrap_or_default();
                (named && role_of_path(above) == Some(self.role))
                    || (!self.known.is_empty() && self.known.contains(&FolderPath::new(above.iter().cloned())))
            })
    }
}
