//! Decimal numbers that are only ever compared: no floats, no NaN, no overflow.

use crate::json;
use core::cmp::Ordering;

/// A number to 35 significant digits; what is beyond them is cut off.
///
/// Exponents are kept within ±10^9; beyond, a number counts as if its exponent were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Of the first digit: 0 for 7, 2 for 700. Zero has none.
    exponent: i32,
    /// Zero, or exactly [`DIGITS`] digits with the first one not zero.
    digits: u128,
}

/// So many that a number times 1024 fits into 128 bits.
const DIGITS: u32 = 35;
/// The smallest number of [`DIGITS`] digits.
const LEAST: u128 = 10_u128.pow(DIGITS - 1);
const LARGEST_EXPONENT: i64 = 1_000_000_000;

impl Decimal {
    /// A JSON number, or what a Kubernetes quantity allows besides (`+1`, `.5`, `1.`). `None`: not a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (number, rest) = Self::mantissa(text)?;
        match rest.strip_prefix(['e', 'E']) {
            None if rest.is_empty() => Some(number),
            None => None,
            Some(exponent) => Some(number.scaled(exponent_value(exponent)?)),
        }
    }

    /// A number with a suffix of Kubernetes' quantities (`n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`), or none.
    ///
    /// Source: `k8s.io/apimachinery/pkg/api/resource` (`suffix.go`).
    pub(super) fn parse_quantity(text: &str) -> Option<Self> {
        let (number, suffix) = Self::mantissa(text)?;
        match suffix {
            "n" => Some(number.scaled(-9)),
            "u" => Some(number.scaled(-6)),
            "m" => Some(number.scaled(-3)),
            "" => Some(number),
            "k" => Some(number.scaled(3)),
            "M" => Some(number.scaled(6)),
            "G" => Some(number.scaled(9)),
            "T" => Some(number.scaled(12)),
            "P" => Some(number.scaled(15)),
            "E" => Some(number.scaled(18)),
            "Ki" => Some(number.shifted(10)),
            "Mi" => Some(number.shifted(20)),
            "Gi" => Some(number.shifted(30)),
            "Ti" => Some(number.shifted(40)),
            "Pi" => Some(number.shifted(50)),
            "Ei" => Some(number.shifted(60)),
            _ => Self::parse(text),
        }
    }

    /// Sign, digits and point at the start of `text`, and what follows.
    fn mantissa(text: &str) -> Option<(Self, &str)> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, rest) = unsigned.split_at_checked(end.unwrap_or(unsigned.len()))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.as_bytes().contains(&b'.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let mut digits: u128 = 0;
        let mut kept = 0;
        // Of the first digit that is not zero.
        let mut exponent: i64 = -1;
        for (after_point, digit) in whole
            .bytes()
            .map(|digit| (false, digit))
            .chain(fraction.bytes().map(|digit| (true, digit)))
        {
            let digit = u128::from(digit.wrapping_sub(b'0'));
            if !after_point && (digits > 0 || digit > 0) {
                exponent = exponent.saturating_add(1);
            }
            if after_point && digits == 0 && digit == 0 {
                exponent = exponent.saturating_sub(1);
            }
            if kept < DIGITS && (digits > 0 || digit > 0) {
                // Nothing here overflows: see `DIGITS`.
                digits = digits.wrapping_mul(10).wrapping_add(digit);
                kept = kept.saturating_add(1);
            }
        }
        let zero = digits == 0;
        for _ in kept..DIGITS {
            digits = digits.wrapping_mul(10);
        }
        let number = Self {
            negative: negative && !zero,
            exponent: if zero { 0 } else { clamped(exponent) },
            digits,
        };
        Some((number, rest))
    }

    /// Times ten to the power of `by`.
    fn scaled(mut self, by: i64) -> Self {
        if self.digits > 0 {
            self.exponent = clamped(i64::from(self.exponent).saturating_add(by));
        }
        self
    }

    /// Times two to the power of `bits`, a multiple of ten, by tens so that nothing overflows.
    fn shifted(mut self, bits: u32) -> Self {
        for _ in 0..bits / 10 {
            let product = self.digits.wrapping_mul(1024);
            let (grown, scale) = if product < LEAST.wrapping_mul(10_000) {
                (3, 1000)
            } else {
                (4, 10_000)
            };
            self.digits = divided(product, scale);
            self = self.scaled(grown);
        }
        self
    }

    /// Eight bytes that never contradict the order, the most telling bits first.
    pub(super) fn prefix(&self) -> u64 {
        const ZERO: u64 = 1 << 63;
        if self.digits == 0 {
            return ZERO;
        }
        let exponent = u64::from(self.exponent.cast_unsigned() ^ (1 << 31));
        // Digits below 10^35 have 117 bits; 31 of them have room.
        let first = u64::try_from(self.digits >> (117 - 31)).unwrap_or(u64::MAX);
        let positive = ZERO | (exponent << 31) | first;
        if self.negative { !positive } else { positive }
    }

    fn magnitude(&self) -> (i32, u128) {
        (self.exponent, self.digits)
    }

    fn sign(&self) -> i8 {
        match (self.digits, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }
}

/// Long division by 32 bits at a time: the compiler's own of 128 bits is a kilobyte of code.
fn divided(number: u128, by: u64) -> u128 {
    let mut remainder = 0;
    [96, 64, 32, 0].into_iter().fold(0, |quotient, shift| {
        #[allow(clippy::cast_possible_truncation, reason = "32 bits are meant")]
        let digit = (number >> shift) as u32;
        let part = (remainder << 32) | u64::from(digit);
        remainder = part % by;
        (quotient << 32) | u128::from(part / by)
    })
}

fn clamped(exponent: i64) -> i32 {
    let within = exponent.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT);
    i32::try_from(within).unwrap_or_default()
}

fn exponent_value(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Only too many digits can fail here.
    let value = json::integer(digits).unwrap_or(i64::MAX);
    Some(if negative {
        value.saturating_neg()
    } else {
        value
    })
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitudes = || self.magnitude().cmp(&other.magnitude());
        self.sign()
            .cmp(&other.sign())
            .then_with(|| match self.sign() {
                -1 => magnitudes().reverse(),
                _ => magnitudes(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    /// In ascending order; equal ones share a line.
    const ASCENDING: &[&[&str]] = &[
        &["-1e999999999999999999999", "-1E1000000000"],
        &["-1e400"],
        &["-1Ki", "-1024", "-1.024k", "-1024.000"],
        &["-1.5", "-1500m"],
        &["-1e-400"],
        &[
            "0",
            "-0",
            "0.000",
            "0e7",
            "0Gi",
            ".0",
            "0.",
            "+0",
            "0e999999999999",
        ],
        &["1e-400"],
        &["1n", "0.000000001", "1e-9", "1E-9"],
        &["1u"],
        &["0.009"],
        &["0.05", ".05", "50m", "5e-2"],
        &["0.1", "100m", "00.10"],
        &["1", "1000m", "01", "+1", "1e0", "1.", "10e-1"],
        &["1.5", "1500m"],
        &["2"],
        &["10", "1e1", "1e+1"],
        &["999"],
        &["1000", "1k", "1e3"],
        &["1024", "1Ki"],
        &["250000000", "250M"],
        &["262144000", "250Mi"],
        &["1610612736", "1.5Gi", "1536Mi"],
        &["1E"],
        &["1152921504606846976", "1Ei", "1024Pi"],
        &["123456789012345678901234567890"],
        &["123456789012345678901234567891"],
        &["1e400"],
        &["1e1000000000", "1e99999999999999999999"],
    ];

    #[test]
    fn orders_by_value() {
        let mut all = Vec::new();
        for (rank, line) in ASCENDING.iter().enumerate() {
            for text in *line {
                let number = Decimal::parse_quantity(text).expect(text);
                all.push((rank, *text, number));
            }
        }
        for (rank, text, number) in &all {
            for (other_rank, other_text, other) in &all {
                assert_eq!(
                    number.cmp(other),
                    rank.cmp(other_rank),
                    "{text} {other_text}"
                );
                if number.prefix() < other.prefix() {
                    assert!(number < other, "{text} {other_text}");
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", "+", ".", "-.", "1.2.3", "1e", "1e+", "1e1.5", "e1", "1 ", " 1", "1x", "1KI",
            "1ki", "NaN", "inf", "0x10", "1_000", "--1", "1e--1", "1mi", "1Kii", "\u{0663}",
        ] {
            assert_eq!(Decimal::parse_quantity(text), None, "{text:?}");
        }
        assert_eq!(Decimal::parse("100m"), None);
        assert_eq!(Decimal::parse("1Gi"), None);
    }

    #[test]
    fn long_numbers_are_cut_and_still_in_order() {
        let long = "7".repeat(100_000);
        let longer = format!("{long}0");
        let small = format!("0.{}1", "0".repeat(100_000));
        let parse = |text: &str| Decimal::parse_quantity(text).expect("a number");
        assert!(parse(&long) < parse(&longer));
        assert!(parse("0") < parse(&small) && parse(&small) < parse("1e-99999"));
        assert!(parse(&format!("{long}Ei")) > parse(&long));
    }
}
