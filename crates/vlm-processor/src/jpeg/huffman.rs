//! Huffman tables: validated as the IJG decoder does it, read through a table of the next ten bits.

use super::bits::{Bits, extended};
use super::fault::Fault;

/// Bits looked up at once.
const LOOK: u32 = 10;
/// Longest code.
const LONGEST: usize = 16;

/// A table as the file gives it: how many codes each length has, and the symbols in order of their codes.
#[derive(Clone, Copy)]
pub(crate) struct Codes {
    counts: [u8; LONGEST],
    symbols: [u8; 256],
}

impl Codes {
    /// `counts` per length from 1 on, and as many symbols, at most 256.
    pub fn new(counts: &[u8; LONGEST], symbols: &[u8]) -> Self {
        let mut codes = Self { counts: *counts, symbols: [0; 256] };
        for (place, symbol) in codes.symbols.iter_mut().zip(symbols) {
            *place = *symbol;
        }
        codes
    }
}

/// What a table's symbols mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Sizes of differences, at most 15.
    Dc,
    /// A run of zeros and the size of what follows.
    Ac,
}

/// A coefficient whose code and bits were looked up at once.
#[derive(Clone, Copy, Default)]
pub(crate) struct Short {
    pub value: i16,
    pub run: u8,
    /// Bits read; 0 where the lookup does not suffice.
    pub bits: u8,
}

/// A table ready for decoding.
pub(crate) struct Table {
    /// Symbol and length of codes of up to ten bits, by the next ten bits; length 0 for longer codes.
    quick: [(u8, u8); 1 << LOOK],
    /// Whole coefficients by the next ten bits; only filled for [`Class::Ac`].
    short: [Short; 1 << LOOK],
    /// Per length, one more than its last code, brought to 16 bits; 0 without codes.
    ends: [u32; LONGEST + 1],
    /// Per length, the place of a symbol minus its code.
    offsets: [i32; LONGEST + 1],
    symbols: [u8; 256],
}

impl Table {
    /// Builds the table in `slot`, refusing codes that overlap or fill a length to all ones.
    pub fn new(codes: &Codes, class: Class, slot: usize) -> Result<Box<Self>, Fault> {
        let mut table = Box::new(Self {
            quick: [(0, 0); 1 << LOOK],
            short: [Short::default(); 1 << LOOK],
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
            symbols: codes.symbols,
        });
        let (mut code, mut place) = (0u32, 0usize);
        // The all-ones rule binds each length up to the longest one that is used.
        let longest = codes.counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
        for length in 1..=longest {
            let count = usize::from(codes.counts[length - 1]);
            table.offsets[length] = place as i32 - code as i32;
            for symbol in codes.symbols.get(place..place + count).ok_or(Fault::Codes { slot })? {
                if class == Class::Dc && *symbol > 15 {
                    return Err(Fault::Codes { slot });
                }
                table.enter(code, length as u32, *symbol);
                code += 1;
            }
            if count > 0 {
                table.ends[length] = code << (LONGEST - length);
            }
            if code >= 1 << length {
                return Err(Fault::Codes { slot });
            }
            place += count;
            code <<= 1;
        }
        if class == Class::Ac {
            table.shorten();
        }
        Ok(table)
    }

    /// Notes a code of up to ten bits under all that it can be followed by.
    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        if length <= LOOK {
            let first = (code << (LOOK - length)) as usize;
            for entry in self.quick.iter_mut().skip(first).take(1 << (LOOK - length)) {
                *entry = (symbol, length as u8);
            }
        }
    }

    /// Works out the coefficients whose code and bits fit into ten bits together.
    fn shorten(&mut self) {
        for (index, (short, &(symbol, length))) in self.short.iter_mut().zip(&self.quick).enumerate() {
            let (run, size) = (symbol >> 4, u32::from(symbol & 15));
            let bits = u32::from(length) + size;
            if length > 0 && size > 0 && bits <= LOOK {
                let value = (index >> (LOOK - bits)) & ((1 << size) - 1);
                *short = Short { value: extended(value as i32, size) as i16, run, bits: bits as u8 };
            }
        }
    }

    /// The coefficient that comes next, if looking it up suffices; to be followed by a skip of its bits.
    #[inline(always)]
    pub fn short(&self, bits: &Bits<'_>) -> Short {
        self.short[bits.peek(LOOK)]
    }

    /// Reads a symbol. The window must have been refilled. Bits that are no code count as symbol 0, as in the IJG
    /// decoder.
    #[inline(always)]
    pub fn symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let (symbol, length) = self.quick[bits.peek(LOOK)];
        if length > 0 {
            bits.skip(u32::from(length));
            return symbol;
        }
        self.long_symbol(bits)
    }

    #[inline(never)]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let next = bits.peek(LONGEST as u32);
        let length = (LOOK as usize + 1..=LONGEST).find(|&length| (next as u32) < self.ends[length]);
        bits.skip(length.map_or(LONGEST as u32 + 1, |length| length as u32));
        length.map_or(0, |length| {
            let code = (next >> (LONGEST - length)) as i32;
            self.symbols[(code + self.offsets[length]) as usize & 0xff]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;

    fn codes(counts: &[u8]) -> Codes {
        let mut all = [0; LONGEST];
        all[..counts.len()].copy_from_slice(counts);
        Codes::new(&all, &std::array::from_fn::<u8, 256, _>(|i| i as u8))
    }

    #[test]
    fn codes_that_overlap_or_are_all_ones_are_refused() {
        for counts in [&[2][..], &[0, 4], &[3], &[1, 2], &[255, 255]] {
            assert!(Table::new(&codes(counts), Class::Ac, 0).is_err(), "{counts:?}");
        }
        for counts in [&[][..], &[1], &[0, 3], &[1, 1, 1]] {
            assert!(Table::new(&codes(counts), Class::Ac, 0).is_ok(), "{counts:?}");
        }
        assert!(Table::new(&codes(&[0, 0, 0, 0, 16]), Class::Dc, 0).is_ok());
        assert!(Table::new(&codes(&[0, 0, 0, 0, 17]), Class::Dc, 0).is_err());
    }

    #[test]
    fn long_codes_and_non_codes_are_read() {
        // Codes 0, then 1000 0000 0000 (twelve bits) and the one after it; everything above is no code.
        let mut counts = [0; 12];
        (counts[0], counts[11]) = (1, 2);
        let table = Table::new(&codes(&counts), Class::Ac, 0).unwrap();
        let mut bits = Bits::new(Source::new(&[0xff, 0xd8, 0x40, 0x06, 0x00, 0xbf, 0xff, 0, 0x80, 0, 0, 0]));
        let symbols = [0; 4].map(|_| {
            bits.refill();
            table.symbol(&mut bits)
        });
        assert_eq!(symbols, [0, 1, 0, 0]);
    }
}
