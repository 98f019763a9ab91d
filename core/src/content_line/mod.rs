//! The line grammar that iCalendar and vCard share (RFC 5545 §3.1, RFC 6350 §3.3).
//!
//! ```
//! use mailferry::content_line::{Component, Property};
//!
//! let mut octets = Vec::new();
//! Component::new("VEVENT").with(Property::text("SUMMARY", "Lunch, at last")).write_to(&mut octets);
//! assert_eq!(octets, b"BEGIN:VEVENT\r\nSUMMARY:Lunch\\, at last\r\nEND:VEVENT\r\n");
//! ```

mod charset;
mod component;
mod fold;
mod line;
mod lines;
mod property;
mod quoted_printable;
mod text;
mod walk;

pub use charset::decode_text;
pub(crate) use charset::is_utf8;
pub use component::Component;
pub use fold::{fold, unfold};
pub(crate) use line::Parts;
pub use line::{ContentLine, RawParameter, RawParameters};
pub use lines::{ContentLines, Line};
pub use property::{Parameter, Property};
pub use quoted_printable::{decode_quoted_printable, encode_quoted_printable};
pub use text::{decode_parameter, encode_parameter, escape_text, split_unescaped, unescape_text};
pub(crate) use walk::{Detail, Marker, Placement, Walked, tell, walk_component};
