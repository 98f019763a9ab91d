use super::{Place, Skip, decision::Gate};
use crate::model::Item;
use std::{fmt, ops::ControlFlow, sync::Arc};

/// A caller's change of each item before it is written: it may change the item, or leave it out for a reason of its own.
///
/// One that replaces octets adds a [`Transformed`](crate::DefectKind::Transformed) defect: then the log has `octets`
/// in `changed`, and the fidelity is no longer `verbatim`.
///
/// ```
/// use mailferry::convert::Transform;
/// use std::ops::ControlFlow;
///
/// let _without_contacts = Transform::new(|item| match item.card() {
///     Some(_) => ControlFlow::Break("excluded_contact"),
///     None => ControlFlow::Continue(()),
/// });
/// ```
#[derive(Clone)]
pub struct Transform(Arc<Change>);

type Change = dyn Fn(&mut Item) -> ControlFlow<&'static str> + Send + Sync;

impl Transform {
    /// What `change` makes of each item, in the order of the sources; the reason it breaks with is in the log.
    pub fn new(change: impl Fn(&mut Item) -> ControlFlow<&'static str> + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}

impl Gate for Transform {
    fn decide(&mut self, item: &mut Item, _: Place) -> Option<Skip> {
        (self.0)(item).break_value().map(Skip::because)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Defect, DefectKind,
        convert::Conversion,
        model::{ItemKind, Message},
        read::{Mailbox, ReadOptions},
        write::{EmlArchive, WriteOptions},
    };

    #[test]
    fn the_log_tells_what_was_replaced_and_what_was_left_out() {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        let octets = b"From a\nSubject: one\n\nHi\n\nFrom b\nSubject: two\n\nHo\n\nFrom c\nSubject: three\n\nHa\n";
        mailbox.add_source("Inbox.mbox", Arc::new(octets.to_vec()));
        let transform = Transform::new(|item| {
            match item.origin.ordinal {
                1 => {
                    item.kind = ItemKind::Message(Message::new(b"Subject: new\n\n".to_vec().into()));
                    item.defects.push(Defect::new(DefectKind::Transformed, ""));
                }
                2 => return ControlFlow::Break("unwanted"),
                _ => {}
            }
            ControlFlow::Continue(())
        });
        let mut log = Vec::new();
        let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
        let report = Conversion::new(mailbox, Box::new(archive), &mut log)
            .with_transform(transform)
            .run(&mut |_| ControlFlow::Continue(()));
        assert_eq!((report.totals.migrated, report.reasons.get("unwanted")), (2, Some(&1)));
        let lines: Vec<serde_json::Value> =
            log.split(|octet| *octet == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!((&lines[0]["fidelity"], &lines[0]["changed"][0]), (&"normalized".into(), &"octets".into()));
        assert_eq!((&lines[0]["subject"], &lines[1]["status"]), (&"new".into(), &"skipped".into()));
        assert_eq!((&lines[2]["fidelity"], lines[2].get("changed")), (&"verbatim".into(), None));
    }
}
