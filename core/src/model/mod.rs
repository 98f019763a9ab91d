//! The one model that every format is read into and written from.
//!
//! It is the standards themselves: a mail item *is* an RFC 5322 message, a calendar item an iCalendar object (RFC 5545),
//! a contact a vCard (RFC 6350). What a mailbox knows beside that — folder, labels, flags, date of delivery — stands in
//! [`Item`].

mod calendar;
mod card_view;
mod document_view;
mod duration;
mod event_view;
mod fidelity;
mod folder;
mod item;
mod keywords;
mod line_end;
mod mbox_origin;
mod message;
mod message_view;
mod said;
mod system_label;
mod vcard;

pub use calendar::{Calendar, CalendarComponent, CalendarObject, CalendarTime, ComponentKind};
pub(crate) use calendar::{OverrideIndex, PRODUCT, read_calendar, read_component, stated_zone};
pub use card_view::{CardView, LabelledView, PostalAddressView};
pub use document_view::{ComponentView, DefectView, DocumentView, PropertyView};
pub use duration::Duration;
pub use event_view::{AttendeeView, EventView};
pub use fidelity::Fidelity;
pub use folder::{Folder, FolderPath, Role};
pub use item::{DateSource, Item, ItemKind, Label, Object, Origin, Received};
pub use keywords::Keywords;
pub use mbox_origin::{MboxOrigin, MboxQuoting};
pub use message::{Attachment, Message};
pub use message_view::{AttachmentView, MailboxView, MessageView};
pub(crate) use system_label::SystemLabel;
pub(crate) use vcard::read_card;
pub use vcard::{VCard, VCardVersion};
