use crate::{
    mend::{IcsOptions, YearlessDates},
    write::WriteOptions,
};
use serde::{Deserialize, Serialize};

/// What a target needs calendar objects and cards to be, beyond how its files are written: what they are mended for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Needs {
    /// Of calendar objects.
    pub calendars: IcsOptions,
    /// Of cards.
    pub cards: CardNeeds,
}

/// What a target needs of cards.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CardNeeds {
    /// What the standards do not permit is mended where there is one right answer, and flagged otherwise.
    pub mend: bool,
    /// How it reads a birthday without a year in vCard 3.0.
    pub yearless_dates: YearlessDates,
}

impl Needs {
    pub(super) fn configure(&self, options: &mut WriteOptions) {
        let (needs, ics) = (&self.calendars, &mut options.collections.ics);
        ics.mend |= needs.mend;
        ics.strip_scheduling |= needs.strip_scheduling;
        ics.iana_zones |= needs.iana_zones;
        ics.complete_zones |= needs.complete_zones;
        ics.move_attendees |= needs.move_attendees;
        ics.display_alarms |= needs.display_alarms;
        ics.set_aside |= needs.set_aside;
        ics.refold |= needs.refold;
        let (needs, vcf) = (&self.cards, &mut options.collections.vcf);
        vcf.mend |= needs.mend;
        if needs.yearless_dates != YearlessDates::default() {
            vcf.yearless = needs.yearless_dates;
        }
    }
}
