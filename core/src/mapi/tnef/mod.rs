//! TNEF: message objects in octets, as Outlook and Exchange send them in `winmail.dat` ([MS-OXTNEF]).
//!
//! [`read_tnef`] gives the message object; [`decode_in_mail`] puts what the TNEF parts of a mail hold in their place.
//!
//! ```
//! use mailferry::{Limits, mapi::{pid, tnef::read_tnef}, source::Content};
//!
//! // The signature and a key, then attSubject (0x00018004) of the message: its length, its octets, the sum of these.
//! let subject = [&[0x78, 0x9F, 0x3E, 0x22, 1, 0, 1, 4, 0x80, 1, 0, 3, 0, 0, 0][..], b"Hi\0", &[0xB1, 0]].concat();
//! let message = read_tnef(&Content::from(subject), &Limits::default())?;
//! assert_eq!(message.properties.text(pid::SUBJECT, message.code_page, 99).as_deref(), Some("Hi"));
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! [MS-OXTNEF]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef/

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod attribute;
mod in_mail;
mod message;
mod properties;

pub use in_mail::decode_in_mail;
pub use message::read_tnef;
