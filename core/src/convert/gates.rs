use super::{
    ConvertOptions, Place, Selector, Skip, Tagging, Transform,
    decision::{Decided, Gate, InSource},
    mend_gate::MendGate,
    misplaced_gate::MisplacedGate,
    moves::Moves,
    target_gate::TargetGate,
};
use crate::{
    model::{Folder, Item},
    platform::Target,
    read::{Opened, ReadOptions},
    write::{Grouping, WriteOptions},
};

/// What every item passes through before it is rendered: it is selected as the source has it, then transformed, then moved to
/// other folders and marked, then mended, and last looked at for whether it can stand on its own, and compared with what the target takes. They are in this order, whoever gives them
/// in which.
///
/// ```
/// use mailferry::convert::{ConvertOptions, Gates, Selector};
///
/// let options = ConvertOptions::default();
/// let _gates = Gates::new(Selector::new(&options.selection)?, &options);
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Default)]
pub struct Gates {
    pub(super) selector: Option<Selector>,
    pub(super) transforms: Vec<Transform>,
    pub(super) moves: Moves,
    pub(super) mend: Option<MendGate>,
    pub(super) misplaced: Option<MisplacedGate>,
    pub(super) target: Option<TargetGate>,
}

impl Gates {
    /// The gates that `options` ask for; `selector` applies their selection.
    pub fn new(selector: Selector, options: &ConvertOptions) -> Self {
        let mut gates = Self::default();
        gates.select(selector);
        gates.transforms.extend(options.transform.clone());
        let mut written = options.archive.clone();
        options.target.iter().for_each(|target| target.configure(&mut written));
        gates.moves = Moves::new(options.tagging.clone(), written.folder_rules());
        gates.mend = MendGate::new(&written.collections, &options.read);
        gates.misplaced = (written.collections.grouping != Grouping::OneFile).then_some(MisplacedGate);
        gates.target = options.target.map(TargetGate);
        gates
    }

    pub(super) fn select(&mut self, selector: Selector) {
        self.selector = (!selector.selects_all()).then_some(selector);
    }

    pub(super) fn tag(&mut self, tagging: Tagging) {
        self.moves.set_tagging(tagging);
    }

    pub(super) fn send_to(&mut self, target: &'static Target) {
        let mut written = WriteOptions::default();
        target.configure(&mut written);
        self.moves.set_rules(written.folder_rules());
        self.mend = self.mend.take().or_else(|| MendGate::new(&written.collections, &ReadOptions::default()));
        self.target = Some(TargetGate(target));
    }

    /// Whether every item passes as it is.
    pub(super) fn is_empty(&self) -> bool {
        let Self { selector, transforms, moves, mend, misplaced, target } = self;
        let is_same = selector.is_none() && transforms.is_empty() && moves.is_empty();
        is_same && mend.is_none() && misplaced.is_none() && target.is_none()
    }

    /// Learns of UIDs of calendar objects that files have which others read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn know_uids(&mut self, uids: &[u64]) {
        self.mend.iter_mut().for_each(|mend| mend.know_uids(uids));
    }

    /// Learns that the items that follow are of this source.
    pub(super) fn open(&mut self, opened: &Opened) {
        self.mend.iter_mut().for_each(|mend| mend.open(opened));
    }

    /// The gates, in their order.
    fn in_order(&mut self) -> impl Iterator<Item = &mut dyn Gate> {
        let Self { selector, transforms, moves, mend, misplaced, target } = self;
        let selector = selector.iter_mut().map(|gate| gate as &mut dyn Gate);
        let transforms = transforms.iter_mut().map(|gate| gate as &mut dyn Gate);
        let moves = [moves].into_iter().filter(|moves| !moves.is_empty()).map(|gate| gate as &mut dyn Gate);
        let mend = mend.iter_mut().map(|gate| gate as &mut dyn Gate);
        let misplaced = misplaced.iter_mut().map(|gate| gate as &mut dyn Gate);
        let target = target.iter_mut().map(|gate| gate as &mut dyn Gate);
        selector.chain(transforms).chain(moves).chain(mend).chain(misplaced).chain(target)
    }

    /// Why an item is left out; `None` where it goes on, as the gates have changed it.
    pub(super) fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        Skip::by_state(item).or_else(|| self.in_order().find_map(|gate| gate.decide(item, place)))
    }

    /// Whether a folder that holds no item is kept, and where.
    pub(super) fn keeps(&mut self, folder: &mut Folder) -> bool {
        self.in_order().all(|gate| gate.keeps(folder))
    }

    /// Leads `item` through the gates up to the first that leaves it out.
    pub(super) fn upon(&mut self, mut item: Item, place: Place) -> Decided {
        let in_source = (!self.is_empty()).then(|| InSource {
            folder: item.folder.clone(),
            labels: item.labels.clone(),
            size: item.size(),
        });
        let skip = self.decide(&mut item, place);
        let changed = |source: &InSource| {
            source.folder != item.folder || source.labels != item.labels || source.size != item.size()
        };
        Decided { in_source: in_source.filter(changed).map(Box::new), item, place, skip }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        convert::{Conversion, Selection, Selector, Tagging, Transform},
        model::{FolderPath, ItemKind, Message},
        platform::Target,
        read::{Mailbox, ReadOptions},
        write::{EmlArchive, WriteOptions},
    };
    use std::{ops::ControlFlow, sync::Arc};

    /// Each step of building a conversion.
    type Step = fn(Conversion<'_>) -> Conversion<'_>;

    const STEPS: [Step; 4] = [
        |conversion| {
            let selection = Selection { folders: vec!["Inbox".into()], ..Selection::default() };
            conversion.with_selector(Selector::new(&selection).unwrap())
        },
        |conversion| {
            conversion.with_transform(Transform::new(|item| {
                // It sees items that are selected, and as the source has them.
                assert_eq!(item.folder.path, FolderPath::new(["Inbox"]));
                item.kind = ItemKind::Message(Message::new(b"Subject: new\n\n".to_vec().into()));
                ControlFlow::Continue(())
            }))
        },
        |conversion| {
            let mut tagging = Tagging::default();
            (tagging.root_folder, tagging.subject_suffix) = (Some("Old".into()), Some(" [old]".into()));
            conversion.with_tagging(tagging)
        },
        |conversion| conversion.with_target(Target::named("generic").unwrap()),
    ];

    #[test]
    fn their_order_does_not_depend_on_that_of_the_calls() {
        let run = |order: &[usize]| {
            let mut mailbox = Mailbox::new(ReadOptions::default());
            for name in ["Inbox.mbox", "Other.mbox"] {
                mailbox.add_source(name, Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
            }
            let mut log = Vec::new();
            let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
            let conversion = Conversion::new(mailbox, Box::new(archive), &mut log);
            let conversion = order.iter().fold(conversion, |conversion, step| STEPS[*step](conversion));
            let report = conversion.run(&mut |_| ControlFlow::Continue(()));
            assert_eq!((report.totals.migrated, report.totals.skipped), (1, 1));
            String::from_utf8(log).unwrap()
        };
        let first = run(&[0, 1, 2, 3]);
        assert!(
            first.contains("\"subject\":\"new [old]\"") && first.contains("\"targetFolder\":\"Old/Inbox\""),
            "{first}"
        );
        for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            assert_eq!(run(&order), first);
        }
    }
}
