use super::decision::{Gate, Place, Skip};
use crate::model::{CalendarObject, Item, ItemKind};

/// Leaves out what no calendar takes outside of another component, such as a VALARM without its event, where calendars are written anew
/// in other files. In a calendar that is written whole it stays where it stood.
pub(super) struct MisplacedGate;

impl Gate for MisplacedGate {
    fn decide(&mut self, item: &mut Item, _place: Place) -> Option<Skip> {
        let ItemKind::Calendar(object) = &item.kind else { return None };
        is_misplaced(object).then(|| Skip::because("misplaced_component"))
    }
}

fn is_misplaced(object: &CalendarObject) -> bool {
    let components = object.components();
    !components.is_empty() && components.iter().all(crate::model::CalendarComponent::is_misplaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{ItemReader as _, ReadOptions, ics::IcsReader};
    use std::sync::Arc;

    #[test]
    fn what_belongs_into_another_component_is_left_out() {
        let names = [
            ("VALARM", true),
            ("valarm", true),
            ("STANDARD", true),
            ("AVAILABLE", true),
            ("VEVENT", false),
            ("VFREEBUSY", false),
            ("VAVAILABILITY", false),
            ("X-OF-OTHERS", false),
        ];
        for (name, left_out) in names {
            let calendar = format!("BEGIN:VCALENDAR\r\nBEGIN:{name}\r\nUID:1\r\nEND:{name}\r\nEND:VCALENDAR\r\n");
            let mut reader =
                IcsReader::open(Arc::new(calendar.into_bytes()), "x.ics", &ReadOptions::default()).unwrap();
            let mut item = reader.next_item().unwrap().unwrap();
            let skip = MisplacedGate.decide(&mut item, Place { source: 1, ordinal: 1 });
            assert_eq!(skip.is_some(), left_out, "{name}");
        }
    }
}
