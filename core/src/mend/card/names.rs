//! Names of groups, properties and parameters (RFC 6350 §3.3: letters, digits and `-`).

use crate::{content_line::Property, mend::Notes};

/// Replaces characters that no name has; whether anything was changed.
pub(super) fn spell(property: &mut Property, notes: &mut Notes) -> bool {
    let mut is_changed = false;
    if let Some(group) = &mut property.group {
        is_changed |= spell_name(group, "", notes);
    }
    is_changed |= spell_name(&mut property.name, "X-", notes);
    for parameter in &mut property.parameters {
        // A bare parameter of vCard 2.1 is a value.
        if !parameter.values.is_empty() && !parameter.name.is_empty() {
            is_changed |= spell_name(&mut parameter.name, "X-", notes);
        }
    }
    is_changed
}

fn spell_name(name: &mut String, prefix: &str, notes: &mut Notes) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.chars().all(is_legal) && !name.is_empty() {
        return false;
    }
    let legal: String = name.trim().chars().map(|c| if is_legal(c) { c } else { '-' }).collect();
    let has_prefix = legal.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let spelled =
        if has_prefix || prefix.is_empty() { legal } else { format!("{prefix}{}", legal.trim_start_matches('-')) };
    notes.mended(format!("invalid name replaced: {name} is now {spelled}"));
    *name = spelled;
    true
}
