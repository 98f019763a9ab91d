use super::cursor::{Cursor, Restart};

/// Restarts kept; each holds 43 KiB.
const KEPT: usize = 32;
/// Octets between two restarts where they are densest.
const SPACING: u64 = 1 << 20;

/// Places from which inflating can begin: dense around where it went on last, exponentially sparser with the distance.
#[derive(Default)]
pub(super) struct Restarts(Vec<Restart>);

impl Restarts {
    /// The last one at or before `out`.
    pub(super) fn before(&self, out: u64) -> Option<&Restart> {
        let after = self.0.partition_point(|restart| restart.out <= out);
        self.0.get(after.checked_sub(1)?)
    }

    /// Keeps the place of `cursor`, unless one is kept near it.
    pub(super) fn keep(&mut self, cursor: &Cursor) {
        let out = cursor.out;
        let after = self.0.partition_point(|restart| restart.out <= out);
        let before = after.checked_sub(1).and_then(|i| self.0.get(i)).map_or(0, |restart| restart.out);
        let near_next = self.0.get(after).is_some_and(|next| next.out.saturating_sub(out) < SPACING);
        if out.saturating_sub(before) < SPACING || near_next {
            return;
        }
        let Some(restart) = cursor.restart() else { return };
        self.0.insert(after, restart);
        if self.0.len() > KEPT {
            self.drop_least_useful(out);
        }
    }

    /// Drops the restart whose loss makes the smallest gap in proportion to its distance from `focus`.
    fn drop_least_useful(&mut self, focus: u64) {
        let out = |i: usize| self.0.get(i).map(|restart| restart.out);
        let loss = |i: usize| {
            let here = out(i)?;
            let before = i.checked_sub(1).and_then(out).unwrap_or(0);
            let next = out(i.saturating_add(1)).unwrap_or(here.saturating_add(SPACING));
            Some(next.saturating_sub(before) as f64 / here.abs_diff(focus).saturating_add(SPACING) as f64)
        };
        let least = (0..self.0.len()).filter_map(|i| Some((loss(i)?, i))).min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, i)) = least {
            self.0.remove(i);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
