//! A fast seeded hash for keys, in arithmetic that 32-bit machines do at once.

#![allow(
    clippy::inline_always,
    reason = "a few instructions each; compiled for size they would stay calls, six for every eight bytes"
)]

/// Hashes byte strings. The seed keeps a server from choosing names that collide.
#[derive(Clone, Copy, Debug)]
pub struct Hasher {
    low: u32,
    high: u32,
}

/// Odd constants with an even spread of bits (the fraction of the golden ratio and its kin).
const MIX_LOW: u32 = 0x9E37_79B1;
const MIX_HIGH: u32 = 0x85EB_CA77;

impl Hasher {
    /// `seed`: any random number, so that no server can choose keys that collide.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (low, high) = halves(seed);
        let (low, high) = fold(low ^ MIX_LOW, high ^ MIX_HIGH);
        Self { low, high }
    }

    /// Hashes `parts` one after the other; where one part ends matters.
    pub(super) fn hash(self, parts: &[&[u8]]) -> u32 {
        let mut state = (self.low, self.high);
        for part in parts {
            let (words, tail) = part.as_chunks::<8>();
            for &word in words {
                state = self.take(state, word);
            }
            let mut last = [0_u8; 8];
            for (to, from) in last.iter_mut().zip(tail) {
                *to = *from;
            }
            // A tail has at most seven bytes: the eighth tells how long the part was.
            let [.., length] = &mut last;
            *length = part.len().to_le_bytes().first().copied().unwrap_or(0);
            state = self.take(state, last);
        }
        let (low, high) = fold(state.0 ^ MIX_LOW, state.1 ^ MIX_HIGH);
        low ^ high
    }

    #[inline(always)]
    fn take(self, state: (u32, u32), word: [u8; 8]) -> (u32, u32) {
        let (low, high) = halves(u64::from_le_bytes(word));
        fold(state.0 ^ low ^ self.high, state.1 ^ high ^ self.low)
    }
}

/// Multiplies 32 by 32 bits and keeps all 64. The additions keep a zero from swallowing the other half.
#[inline(always)]
fn fold(low: u32, high: u32) -> (u32, u32) {
    let product = u64::from(low ^ MIX_HIGH).wrapping_mul(u64::from(high ^ MIX_LOW));
    let (product_low, product_high) = halves(product);
    (
        product_low.wrapping_add(high.rotate_left(15)),
        product_high.wrapping_add(low.rotate_left(7)),
    )
}

#[inline(always)]
fn halves(word: u64) -> (u32, u32) {
    ((word & 0xFFFF_FFFF) as u32, (word >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::Hasher;
    use std::collections::HashSet;

    #[test]
    fn similar_keys_spread_over_shards_and_rarely_collide() {
        let hasher = Hasher::new(7);
        let mut seen = HashSet::new();
        let mut shards = [0_u32; 256];
        for n in 0_u32..100_000 {
            let hash = hasher.hash(&[b"pod", format!("web-{n}").as_bytes()]);
            seen.insert(hash);
            shards[(hash >> 24) as usize] += 1;
        }
        // A perfect 32-bit hash would lose about one of 100,000.
        assert!(seen.len() > 99_985, "{} distinct", seen.len());
        let most = shards.iter().max().copied().unwrap_or(0);
        assert!(most < 2 * 100_000 / 256, "a shard holds {most}");
    }

    #[test]
    fn seed_and_boundaries_count() {
        let one = Hasher::new(1);
        assert_ne!(one.hash(&[b"a", b"bc"]), one.hash(&[b"ab", b"c"]));
        assert_ne!(one.hash(&[b"a"]), one.hash(&[b"a\0"]));
        assert_ne!(one.hash(&[b"a"]), Hasher::new(2).hash(&[b"a"]));
    }
}
