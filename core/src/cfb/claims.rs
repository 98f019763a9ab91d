//! What belongs to one owner only.

/// Which of many numbered things have an owner: one bit each.
#[derive(Default)]
pub(super) struct Claims(Vec<u8>);

impl Claims {
    /// Claims one; `false` when it was claimed before. The caller sees to it that there is such a one.
    pub(super) fn claim(&mut self, number: u32) -> bool {
        let (at, bit) = (usize::try_from(number / 8).unwrap_or(usize::MAX), 1 << (number % 8));
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), 0);
        }
        match self.0.get_mut(at) {
            Some(octet) if *octet & bit == 0 => {
                *octet |= bit;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_claimed_once() {
        let mut claims = Claims::default();
        for number in [0, 7, 8, 100_000] {
            assert!(claims.claim(number), "{number}");
            assert!(!claims.claim(number), "{number}");
        }
        assert!(claims.claim(99_999));
    }
}
