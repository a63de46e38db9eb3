//! What the kernels ask of an instruction set.

/// Sixteen bytes that are compared at once. Comparisons answer with all bits of a lane set or none.
pub(super) trait Vector: Copy {
    /// The sixteen bytes, from any address.
    fn load(bytes: &[u8; 16]) -> Self;

    /// The lanes that hold this byte.
    fn equals(self, byte: u8) -> Self;

    /// The lanes that hold a control character, a byte below 0x20.
    fn is_control(self) -> Self;

    /// The lanes in which the other holds another byte.
    fn differs(self, other: Self) -> Self;

    /// The bits that both have.
    fn and(self, other: Self) -> Self;

    /// The bits that either has.
    fn or(self, other: Self) -> Self;

    /// Each lane with its bit 0x20 set, which makes `[` a `{` and `]` a `}`, and of no other byte a brace.
    fn as_brace(self) -> Self;

    /// The top bit of each lane; lane 0 is bit 0.
    fn top_bits(self) -> u16;
}
