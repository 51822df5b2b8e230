//! Compressed data, bit by bit.

use super::source::Source;

/// A window of up to 64 bits, the next bit topmost.
///
/// Behind the last byte before a marker follow zeros without end, as in the IJG decoder; [`Bits::overdrawn`] tells
/// whether some of them have been read.
pub(crate) struct Bits<'a> {
    source: Source<'a>,
    window: u64,
    have: u32,
    /// How many of the bits ever put into the window were such zeros.
    padding: u32,
}

impl<'a> Bits<'a> {
    /// Fewest bits in the window after [`Bits::refill`]: a code, at most 17 bits, and the 15 that may follow it.
    const ENOUGH: u32 = 32;

    pub fn new(source: Source<'a>) -> Self {
        Self { source, window: 0, have: 0, padding: 0 }
    }

    /// Drops what is left in the window and goes on with markers.
    pub fn source(&mut self) -> &mut Source<'a> {
        (self.window, self.have, self.padding) = (0, 0, 0);
        &mut self.source
    }

    /// Whether more bits were read than the data hold.
    #[inline(always)]
    pub fn overdrawn(&self) -> bool {
        self.have < self.padding
    }

    /// Whether the data end because the file does.
    pub fn cut_off(&self) -> bool {
        self.source.pending.is_none() && self.source.at_end()
    }

    /// Sees to it that 32 bits can be read.
    #[inline(always)]
    pub fn refill(&mut self) {
        if self.have < Self::ENOUGH {
            self.fill();
        }
    }

    #[inline(always)]
    fn fill(&mut self) {
        if let Some(&bytes) = self.source.eight()
            && self.source.pending.is_none()
        {
            let word = u64::from_be_bytes(bytes);
            if !has_ff(word) {
                self.window |= word >> self.have;
                self.source.skip(((63 - self.have) / 8) as usize);
                self.have |= 56;
                return;
            }
        }
        self.fill_slowly();
    }

    #[inline(never)]
    fn fill_slowly(&mut self) {
        while self.have <= 56 {
            match self.source.data_byte() {
                Some(byte) => {
                    self.window |= u64::from(byte) << (56 - self.have);
                    self.have += 8;
                }
                None => {
                    self.padding = self.padding.saturating_add(64 - self.have);
                    self.have = 64;
                }
            }
        }
    }

    /// The next `count` <= 16 bits, which stay unread.
    #[inline(always)]
    pub fn peek(&self, count: u32) -> usize {
        ((self.window >> 1) >> (63 - count)) as usize
    }

    /// Counts `count` bits of the window as read.
    #[inline(always)]
    pub fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.have -= count;
    }

    /// Reads `count` <= 16 bits of the window.
    #[inline(always)]
    pub fn take(&mut self, count: u32) -> i32 {
        let value = self.peek(count);
        self.skip(count);
        value as i32
    }

    /// Reads one bit, refilling the window first.
    #[inline(always)]
    pub fn flag(&mut self) -> bool {
        self.refill();
        self.take(1) != 0
    }

    /// Reads a number of `size` bits: those that start with 0 stand for the negative half,
    /// v − 2ˢ + 1 for v < 2ˢ⁻¹.
    #[inline(always)]
    pub fn number(&mut self, size: u32) -> i32 {
        extended(self.take(size), size)
    }
}

/// The number that `size` bits of value `value` stand for.
#[inline(always)]
pub(crate) fn extended(value: i32, size: u32) -> i32 {
    let negative = (value < (1 << size) >> 1) as i32;
    value + negative * (1 - (1 << size))
}

/// Whether a byte of the word is ff.
#[inline(always)]
fn has_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    (!word).wrapping_sub(ONES) & word & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_and_then_zeros_that_are_told_apart() {
        let mut bits =
            Bits::new(Source::new(b"\xff\xd8\xa5\xff\x00\x12\x34\x56\x78\x9a\xbc\xde\xf0\xff\xd9"));
        for expected in [0xa5, 0xff, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0] {
            bits.refill();
            assert_eq!(bits.take(8), expected);
        }
        bits.refill();
        assert!(!bits.overdrawn());
        assert!(!bits.flag() && bits.overdrawn() && !bits.cut_off());
    }

    #[test]
    fn numbers_that_start_with_a_zero_bit_are_negative() {
        let all = |size| (0..1 << size).map(|value| extended(value, size)).collect::<Vec<_>>();
        assert_eq!(all(0), [0]);
        assert_eq!(all(1), [-1, 1]);
        assert_eq!(all(3), [-7, -6, -5, -4, 4, 5, 6, 7]);
        assert_eq!((extended(0, 15), extended(0x7fff, 15)), (-32767, 32767));
    }
}
