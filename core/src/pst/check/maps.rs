//! Allocation maps and the maps of maps against the space that pages and blocks take ([MS-PST] 2.2.2.7.2 to 2.2.2.7.6).

use super::{
    Check,
    file::RECORD,
    findings::Place,
    rules::Rule,
    sorted::Sorted,
    trees::{A_BLOCK, A_MAP, Regions, be, region},
};
use crate::{
    error::Result,
    pst::{
        Variant,
        le::{u16_at, u32_at, u64_at},
    },
};
use std::collections::HashMap;

const FREE_MAP: u8 = 0x82;
const PAGE_MAP: u8 = 0x83;
const ALLOCATION_MAP: u8 = 0x84;
const FREE_PAGE_MAP: u8 = 0x85;
const DENSITY_LIST: u8 = 0x86;

/// Sections that one page map is for.
const OF_A_PAGE_MAP: u64 = 8;
/// Octets of a page as page maps count them.
const PAGE: u64 = 512;
/// Entries that a density list has at most, and the most free slots that one can tell.
const DENSITIES: usize = 119;
const MOST_FREE: u64 = 0xFFF;

impl Check {
    /// Sections of which the map is in the file.
    fn sections(&self) -> u64 {
        let (after, section) = (self.file.len.saturating_sub(self.file.first_map()), self.file.section());
        let whole = after.checked_div(section).unwrap_or(0);
        let rest = after.checked_rem(section).unwrap_or(0);
        whole.saturating_add((rest >= self.file.variant.page_size() as u64).into())
    }

    fn section_start(&self, section: u64) -> u64 {
        section.saturating_mul(self.file.section()).saturating_add(self.file.first_map())
    }

    /// The types of the pages at the start of a section, and where they are.
    fn maps_of(&self, section: u64) -> Vec<(u8, u64)> {
        let mut kinds = vec![ALLOCATION_MAP];
        if self.file.variant != Variant::Unicode4k {
            if section.is_multiple_of(OF_A_PAGE_MAP) {
                kinds.push(PAGE_MAP);
            }
            let is_at = |first: u64, every: u64| {
                section.checked_sub(first).is_some_and(|section| section.is_multiple_of(every))
            };
            if is_at(128, 496) {
                kinds.push(FREE_MAP);
            }
            if is_at(8192, 496 * 64) {
                kinds.push(FREE_PAGE_MAP);
            }
        }
        let size = self.file.variant.page_size();
        kinds.into_iter().zip((self.section_start(section)..).step_by(size)).collect()
    }

    /// The octets of a map without what stands around them.
    fn map_octets<'a>(&self, page: &'a [u8]) -> &'a [u8] {
        // In the ANSI layout they stand behind four octets of padding.
        let at = if self.file.variant == Variant::Ansi { 4 } else { 0 };
        page.get(at..).and_then(|page| page.get(..self.file.map_size())).unwrap_or_default()
    }

    fn page_map(&self, section: u64) -> Result<Option<Vec<u8>>> {
        let first = section.saturating_sub(section % OF_A_PAGE_MAP);
        let at = self.section_start(first).saturating_add(PAGE);
        self.file.charge(PAGE as usize)?;
        let page = self.file.octets(at, PAGE as usize)?;
        Ok(page.map(|page| self.map_octets(&page).to_vec()))
    }

    /// Finds out whether the maps of maps are in use, as up to Outlook 2007: then header and page maps both show it. Gives the space that
    /// page maps have free.
    pub(super) fn age(&self) -> Result<()> {
        if self.file.variant == Variant::Unicode4k {
            return Ok(());
        }
        let mut free = 0_u64;
        for section in (0..self.sections()).step_by(OF_A_PAGE_MAP as usize) {
            let map = self.page_map(section)?.unwrap_or_default();
            free = free.saturating_add(zeros(&map));
        }
        self.free_pages.set(free.saturating_mul(PAGE));
        let (_, _, pages) = self.free_maps();
        self.has_old_maps.set(free > 0 && pages.iter().any(|octet| *octet != 0xFF));
        Ok(())
    }

    /// Whether Outlook 2007 SP2 or later keeps the store up: what it holds is then as it is documented.
    pub(super) fn is_recent(&self) -> bool {
        self.file.variant == Variant::Unicode && !self.file.is_cache && !self.has_old_maps.get()
    }

    pub(super) fn maps(&self, mut regions: Regions) -> Result<()> {
        let file = &self.file;
        let sections = self.sections();
        for section in 0..sections {
            for (_, at) in self.maps_of(section) {
                regions.push(region(at, file.variant.page_size(), A_MAP, 0))?;
            }
        }
        let mut regions = regions.sorted()?;
        let mut densities = self.density_list(sections)?;
        let (mut free, mut end_before, mut what_before) = (0_u64, 0, 0);
        for section in 0..sections {
            let start = self.section_start(section);
            let mut want = vec![0; file.map_size()];
            self.mark(&mut want, start, start, end_before);
            self.take(
                &mut regions,
                start.saturating_add(file.section()),
                &mut end_before,
                &mut what_before,
                &mut |from, to| {
                    self.mark(&mut want, start, from, to);
                },
            )?;
            file.charge(file.variant.page_size())?;
            let Some(page) = file.octets(start, file.variant.page_size())? else { break };
            self.page_trailer(start, &page, ALLOCATION_MAP, Some(start));
            let map = self.map_octets(&page);
            for (kind, at) in self.maps_of(section).into_iter().skip(1) {
                self.map_of_maps(kind, at)?;
            }
            let slots = zeros(map);
            let slot = file.variant.block_slot() as u64;
            free = slots.saturating_mul(slot).saturating_add(free);
            if let Some(stated) = densities.remove(&section)
                && stated != slots.min(MOST_FREE)
                && !self.has_old_maps.get()
            {
                self.add(Rule::DensityList, &Place::at(self.density_place()), || {
                    format!("the map {section} has {slots} free slots, and the list says {stated}")
                });
            }
            let reserved = self.reserved(section)?;
            let place = |bit: u64| bit.saturating_mul(slot).saturating_add(start);
            let mut first = (None, None);
            let (mut lacking, mut spare) = (0_u32, 0_u32);
            for (index, (want, map)) in want.iter().zip(map).enumerate() {
                let bit = (index as u64).saturating_mul(8);
                let missing = want & !map;
                let mut more = map & !want & !reserved.get(index).copied().unwrap_or(0);
                // An early ANSI store may end anywhere.
                if place(bit.saturating_add(8)) > file.len {
                    more = 0;
                }
                lacking = lacking.saturating_add(missing.count_ones());
                spare = spare.saturating_add(more.count_ones());
                let slot = |bits: u8| place(bit.saturating_add(bits.leading_zeros().into()));
                if missing != 0 {
                    first.0.get_or_insert(slot(missing));
                }
                if more != 0 {
                    first.1.get_or_insert(slot(more));
                }
            }
            // Maps that the header calls invalid are made anew before they are used.
            if self.maps_valid() == 0 {
                continue;
            }
            if let Some(at) = first.0 {
                self.add(Rule::AmapUsed, &Place::at(start), || {
                    format!("{lacking} slots in use are marked as free, from {at:#x} on")
                });
            }
            if let Some(at) = first.1 {
                self.add(Rule::AmapUnused, &Place::at(start), || {
                    format!("{spare} slots are marked as used in which nothing is, from {at:#x} on")
                });
            }
        }
        self.take(&mut regions, u64::MAX, &mut end_before, &mut what_before, &mut |_, _| {})?;
        self.space(sections, free);
        Ok(())
    }

    /// Goes through what begins before `end`, and tells of overlaps.
    fn take(
        &self,
        regions: &mut Sorted<21>,
        end: u64,
        end_before: &mut u64,
        what_before: &mut u64,
        mark: &mut dyn FnMut(u64, u64),
    ) -> Result<()> {
        while let Some(record) = regions.peek()? {
            let from = be(record.get(..8));
            if from >= end {
                break;
            }
            regions.next()?;
            self.file.charge(RECORD)?;
            let to = from.saturating_add(be(record.get(8..12)));
            let bid = be(record.get(13..));
            if from < *end_before {
                let name = match record.get(12) {
                    Some(&A_BLOCK) => "the block",
                    Some(&A_MAP) => "the map",
                    _ => "the page",
                };
                let before = *what_before;
                self.add(Rule::BlockOverlap, &Place::at(from).with_block(bid), || {
                    format!("{name} lies over what is before it, {before:#x}")
                });
            }
            mark(from, to);
            if to > *end_before {
                (*end_before, *what_before) = (to, bid);
            }
        }
        Ok(())
    }

    /// Marks the slots of a section from `from` to `to`.
    fn mark(&self, map: &mut [u8], start: u64, from: u64, to: u64) {
        let slot = self.file.variant.block_slot() as u64;
        if to <= start || to <= from {
            return;
        }
        let first = from.saturating_sub(start).checked_div(slot).unwrap_or(0);
        let last = to.saturating_sub(start).div_ceil(slot).min((map.len() as u64).saturating_mul(8));
        for bit in first..last {
            if let Some(octet) = map.get_mut((bit / 8) as usize) {
                *octet |= 0x80 >> (bit % 8);
            }
        }
    }

    /// Slots of pages that a page map keeps for later: they are marked as used.
    fn reserved(&self, section: u64) -> Result<Vec<u8>> {
        if !self.has_old_maps.get() {
            return Ok(Vec::new());
        }
        let map = self.page_map(section)?.unwrap_or_default();
        let pages = self.file.section() / PAGE;
        let first = (section % OF_A_PAGE_MAP).saturating_mul(pages);
        let mut reserved = Vec::new();
        for page in first..first.saturating_add(pages) {
            let is_free = map.get((page / 8) as usize).is_some_and(|octet| octet & (0x80 >> (page % 8)) == 0);
            // A page has eight slots, and so one octet of the map.
            reserved.push(if is_free { 0xFF } else { 0 });
        }
        Ok(reserved)
    }

    fn map_of_maps(&self, kind: u8, at: u64) -> Result<()> {
        self.file.charge(PAGE as usize)?;
        let Some(page) = self.file.octets(at, PAGE as usize)? else {
            self.add(Rule::PageRange, &Place::at(at), || "the file ends where a map must be".to_owned());
            return Ok(());
        };
        self.page_trailer(at, &page, kind, Some(at));
        let is_used = self.map_octets(&page).iter().any(|octet| *octet != 0xFF);
        if is_used && !self.has_old_maps.get() {
            let rule = if kind == PAGE_MAP { Rule::PmapBits } else { Rule::FmapOctets };
            self.add(rule, &Place::at(at), || "some of its bits are clear".to_owned());
        }
        Ok(())
    }

    /// What the header says of all maps.
    fn space(&self, sections: u64, free: u64) {
        let file = &self.file;
        if self.maps_valid() != 0 && file.root_word(2) != free {
            self.add(Rule::RootFree, &Place::at(file.root_place(2)), || {
                format!("cbAMapFree is {}, and the maps have {free}", file.root_word(2))
            });
        }
        let last = sections.checked_sub(1).map_or(0, |last| self.section_start(last));
        if file.root_word(1) != last {
            self.add(Rule::RootLastMap, &Place::at(file.root_place(1)), || {
                format!("ibAMapLast is {:#x}, and the last map is at {last:#x}", file.root_word(1))
            });
        }
        if file.variant == Variant::Unicode4k {
            return;
        }
        let kept = if self.has_old_maps.get() { self.free_pages.get() } else { 0 };
        if file.root_word(3) != kept {
            self.add(Rule::RootFree, &Place::at(file.root_place(3)), || {
                format!("cbPMapFree is {}, and {kept} was expected", file.root_word(3))
            });
        }
        if self.has_old_maps.get() {
            return;
        }
        let (at, maps, pages) = self.free_maps();
        let spare = |(index, octet): (usize, &u8)| *octet != 0xFF && (*octet != 0 || (index as u64) < sections);
        if let Some(index) = maps.iter().enumerate().position(spare) {
            self.add(Rule::HeaderFreeMaps, &Place::at(at.saturating_add(index) as u64), || {
                "a byte of rgbFM is another".to_owned()
            });
        }
        if let Some(index) = pages.iter().position(|octet| *octet != 0xFF) {
            self.add(Rule::HeaderFreeMaps, &Place::at(at.saturating_add(128).saturating_add(index) as u64), || {
                "a byte of rgbFP is another".to_owned()
            });
        }
    }

    /// Where the density list is: the first page of all.
    pub(super) fn density_place(&self) -> u64 {
        self.file.first_map().saturating_sub(self.file.variant.page_size() as u64)
    }

    /// The highest identifier that the density list says is in use: Outlook gives it the next one; 0 where there is no list.
    pub(super) fn density_bid(&self) -> Result<u64> {
        let page = self.file.octets(self.density_place(), self.file.variant.page_size())?;
        let trailer =
            page.as_ref().filter(|_| self.is_recent()).and_then(|page| page.get(self.file.variant.page_body()..));
        let bid = trailer.and_then(|trailer| u64_at(trailer, 8));
        Ok(bid.unwrap_or(0).saturating_sub(1))
    }

    /// Checks the density list, and gives what it says of sections.
    fn density_list(&self, sections: u64) -> Result<HashMap<u64, u64>> {
        let at = self.density_place();
        let mut densities = HashMap::new();
        let Some(page) = self.file.octets(at, self.file.variant.page_size())? else { return Ok(densities) };
        let place = Place::at(at);
        if page.iter().all(|octet| *octet == 0) {
            if self.is_recent() {
                self.add(Rule::DensityList, &place, || "there is no density list".to_owned());
            }
            return Ok(densities);
        }
        self.page_trailer(at, &page, DENSITY_LIST, None);
        if self.file.variant == Variant::Unicode4k || self.has_old_maps.get() {
            return Ok(densities);
        }
        let count = usize::from(page.get(1).copied().unwrap_or(0));
        if count > DENSITIES || u16_at(&page, 2) != Some(0) {
            self.add(Rule::DensityList, &place, || {
                format!("the list has {count} entries, and at most {DENSITIES} are allowed")
            });
        }
        let current = u32_at(&page, 4).unwrap_or(0);
        if u64::from(current) >= sections.max(1) {
            self.add(Rule::DensityList, &place, || format!("ulCurrentPage is {current}, of {sections} maps"));
        }
        for entry in page.get(8..).unwrap_or_default().chunks_exact(4).take(count.min(DENSITIES)) {
            let entry = u64::from(u32_at(entry, 0).unwrap_or(0));
            let (section, free) = (entry & 0xF_FFFF, entry >> 20);
            if section >= sections {
                self.add(Rule::DensityList, &place, || {
                    format!("the list names the map {section}, and there are {sections}")
                });
            } else if densities.insert(section, free).is_some() {
                self.add(Rule::DensityList, &place, || format!("the list names the map {section} twice"));
            }
        }
        Ok(densities)
    }
}

/// Bits that are clear.
fn zeros(octets: &[u8]) -> u64 {
    octets.iter().map(|octet| u64::from(octet.count_zeros())).sum()
}
