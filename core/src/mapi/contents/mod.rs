//! What a message object holds, whatever it becomes: its subject, whom it is from, its bodies and what is attached to it.
//!
//! Mail, calendar objects and cards are all made of it, and none of them knows the others for it.

mod attachment;
mod body;
mod decoding;
mod envelope;
mod file_name;
pub(super) mod media_type;

pub(super) use attachment::{AttachmentReader, attached_octets, media_type_of};
pub(super) use body::{Bodies, BodyText, bodies, bodies_of_mail};
pub(super) use envelope::{from, sender, subject};
