//! A small random number generator, so that a seed gives the same world on every machine.

/// Sebastiano Vigna's `SplitMix64`: fast, tiny, and good enough to scatter names and choices.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator whose whole sequence follows from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; 0 where `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 {
            return 0;
        }
        // The high half of a product is even enough for limits far below 2^64.
        let product = u128::from(self.bits()) * limit as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = usize::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(0);
        low + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// The suffix that API servers and controllers append to generated names: `length` letters
    /// and digits without those that could spell a word (`SafeEncodeString` of apimachinery).
    pub fn suffix(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length)
            .map(|_| char::from(*self.pick(ALPHABET)))
            .collect()
    }

    /// A version 4 UUID as a number.
    pub fn uuid(&mut self) -> u128 {
        let bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        let version = bits & !(0xf << 76) | (4 << 76);
        version & !(0b11 << 62) | (0b10 << 62)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_sequence() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (
                random.bits(),
                random.below(10),
                random.suffix(5),
                random.uuid(),
            )
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn ranges_hold_their_ends() {
        let mut random = Random::new(7);
        let drawn: Vec<i64> = (0..200).map(|_| random.between(-1, 2)).collect();
        assert!((-1..=2).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|value| (-1..=2).contains(value)));
        assert_eq!(random.below(0), 0);
    }
}
