use super::{HEADER, MAX_SECTOR, SIGNATURE};
use crate::{
    error::{Error, ErrorKind, Result},
    pst::le::{u16_at, u32_at},
    source::ReadAt,
};

/// What the header says ([MS-CFB] 2.2).
pub(super) struct Header {
    /// The octets of a sector are two to the power of this.
    pub(super) shift: u32,
    pub(super) mini_shift: u32,
    /// Streams shorter than this lie in the mini stream.
    pub(super) cutoff: u64,
    pub(super) directory: u32,
    pub(super) mini_fat: u32,
    pub(super) difat: u32,
    /// The first sectors of the allocation table.
    pub(super) fat: Vec<u32>,
}

impl Header {
    pub(super) fn read(source: &dyn ReadAt) -> Result<Self> {
        let mut octets = vec![0; HEADER.min(usize::try_from(source.len()).unwrap_or(HEADER))];
        source.read_exact_at(0, &mut octets)?;
        if !octets.starts_with(SIGNATURE) {
            return Err(Error::new(ErrorKind::UnknownFormat, "not a compound file: its signature is missing"));
        }
        if octets.len() < HEADER {
            return Err(Error::new(ErrorKind::Malformed, "the compound file ends in its header"));
        }
        let (shift, mini_shift) = (u16_at(&octets, 30).unwrap_or(0), u16_at(&octets, 32).unwrap_or(0));
        // 9 or 12 and 6 by the standard; what else could be read is.
        if !(7..=16).contains(&shift) || !(3..=shift).contains(&mini_shift) {
            let what =
                format!("the compound file gives invalid sizes of its sectors: 2^{shift} and 2^{mini_shift} octets");
            return Err(Error::new(ErrorKind::Malformed, what));
        }
        let number = |at| u32_at(&octets, at).unwrap_or(0);
        let mut fat: Vec<u32> = (76..HEADER).step_by(4).map(number).collect();
        while fat.pop_if(|sector| *sector > MAX_SECTOR).is_some() {}
        Ok(Self {
            shift: shift.into(),
            mini_shift: mini_shift.into(),
            cutoff: number(56).into(),
            directory: number(48),
            mini_fat: number(60),
            difat: number(68),
            fat,
        })
    }
}
