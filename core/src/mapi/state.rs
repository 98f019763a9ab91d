//! What a store knows of an item beside the item itself.

use super::{PropertyBag, pid};
use crate::model::{DateSource, Keywords, Received};

/// Bits of PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6).
const READ: i64 = 0x01;
const UNSENT: i64 = 0x08;

/// Bits of PidTagMessageStatus ([MS-OXCMSG] 2.2.1.8).
const DELETED: i64 = 0x08;
const ANSWERED: i64 = 0x200;

/// The value of PidTagFlagStatus for an item that is flagged and not done yet ([MS-OXOFLAG] 2.2.1.1).
const FLAGGED: i64 = 2;

/// Values of PidTagLastVerbExecuted ([MS-OXOMSG] 2.2.1.15): reply, reply to all, forward.
const REPLY: i64 = 102;
const REPLY_TO_ALL: i64 = 103;
const FORWARD: i64 = 104;

/// The states of the item with these properties.
pub fn keywords(properties: &PropertyBag) -> Keywords {
    let integer = |id| properties.integer(id).unwrap_or(0);
    let (flags, status, verb) =
        (integer(pid::MESSAGE_FLAGS), integer(pid::MESSAGE_STATUS), integer(pid::LAST_VERB_EXECUTED));
    let states = [
        (Keywords::SEEN, flags & READ != 0),
        (Keywords::DRAFT, flags & UNSENT != 0),
        (Keywords::DELETED, status & DELETED != 0),
        (Keywords::ANSWERED, status & ANSWERED != 0 || matches!(verb, REPLY | REPLY_TO_ALL)),
        (Keywords::FORWARDED, verb == FORWARD),
        (Keywords::FLAGGED, integer(pid::FLAG_STATUS) == FLAGGED),
    ];
    let mut keywords = Keywords::default();
    for (keyword, _) in states.into_iter().filter(|(_, is_so)| *is_so) {
        keywords.insert(keyword);
    }
    keywords
}

/// When the item with these properties arrived, or else was sent.
pub fn received(properties: &PropertyBag) -> Option<Received> {
    let known =
        [(pid::MESSAGE_DELIVERY_TIME, DateSource::DeliveryTime), (pid::CLIENT_SUBMIT_TIME, DateSource::SubmitTime)];
    known.into_iter().find_map(|(id, source)| Some(Received { at: properties.time(id)?.date_time()?, source }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapi::{FileTime, PropertyValue};

    #[test]
    fn states_are_those_of_the_flags() {
        let mut bag = PropertyBag::default();
        bag.insert(pid::MESSAGE_FLAGS, PropertyValue::Integer32(0x09));
        bag.insert(pid::LAST_VERB_EXECUTED, PropertyValue::Integer32(103));
        bag.insert(pid::FLAG_STATUS, PropertyValue::Integer32(1));
        let keywords = keywords(&bag);
        assert_eq!(keywords.iter().collect::<Vec<_>>(), ["$answered", "$draft", "$seen"]);
    }

    #[test]
    fn what_was_never_delivered_was_sent() {
        let mut bag = PropertyBag::default();
        assert_eq!(received(&bag), None);
        bag.insert(pid::CLIENT_SUBMIT_TIME, PropertyValue::Time(FileTime(116_444_736_000_000_000)));
        assert_eq!(received(&bag).map(|received| received.source), Some(DateSource::SubmitTime));
        bag.insert(pid::MESSAGE_DELIVERY_TIME, PropertyValue::Time(FileTime(116_444_736_010_000_000)));
        assert_eq!(received(&bag).map(|received| received.at.unix_seconds()), Some(1));
    }
}
