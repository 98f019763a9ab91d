//! Properties that a component must have.

use crate::mend::{Notes, draft::Draft};
use uuid::Uuid;

/// The UUID of what a component holds, the same in every run.
pub(super) fn uid_of(octets: &[u8]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, octets).to_string()
}

/// Adds a UID where there is none, or an empty one.
pub(super) fn require_uid(draft: &mut Draft, uid: &str, notes: &mut Notes) {
    let is_uid = |number: &usize| draft.depth(*number) == 1 && draft.line(*number).is_some_and(|line| line.is("UID"));
    let found: Vec<_> = draft.numbers().filter(is_uid).collect();
    if found.iter().any(|number| draft.line(*number).is_some_and(|line| !line.value.trim_ascii().is_empty())) {
        return;
    }
    let uid = format!("UID:{uid}").into_bytes();
    match found.first() {
        Some(empty) => draft.replace(*empty, uid),
        None => draft.insert(draft.end(), uid),
    }
    notes.mended("UID added");
}
