use crate::{error::Result, pst::le::u32_at, source::Content};

/// Octets that are read at a time, and how many such portions are kept.
const PAGE: u64 = 4096;
const KEPT: u64 = 64;

/// Records of one size that lie one behind the other, read where they are asked for.
pub(super) struct Pages {
    content: Content,
    kept: Vec<Option<(u64, Vec<u8>)>>,
}

impl Pages {
    pub(super) fn new(content: Content) -> Self {
        Self { content, kept: Vec::new() }
    }

    /// The octets behind `at`, as far as they lie in one portion: records whose length divides it are whole.
    pub(super) fn at(&mut self, at: u64) -> Result<&[u8]> {
        let page = at / PAGE;
        let place = usize::try_from(page % KEPT).unwrap_or(0);
        if self.kept.len() <= place {
            self.kept.resize(place.saturating_add(1), None);
        }
        let Some(kept) = self.kept.get_mut(place) else { return Ok(&[]) };
        if kept.as_ref().is_none_or(|(known, _)| *known != page) {
            let start = page.saturating_mul(PAGE);
            *kept = Some((page, self.content.slice(start..start.saturating_add(PAGE)).to_vec(PAGE as usize)?));
        }
        let skip = usize::try_from(at % PAGE).unwrap_or(0);
        Ok(kept.as_ref().and_then(|(_, octets)| octets.get(skip..)).unwrap_or_default())
    }

    /// The number at a place of a table of numbers; `None` behind its end.
    pub(super) fn number(&mut self, index: u32) -> Result<Option<u32>> {
        Ok(u32_at(self.at(u64::from(index) * 4)?, 0))
    }
}
