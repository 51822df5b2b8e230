//! Blocks whose coefficients come in bands and bit by bit: ITU-T T.81, annex G.

use super::bits::Bits;
use super::blocks::Block;
use super::fault::Fault;
use super::headers::{Headers, Scan, ScanComponent};
use super::huffman::{Class, Table};
use super::scan::BlockDecoder;
use super::sequential::table;
use super::zigzag::NATURAL;

/// The four kinds of progressive scan; each knows the bit `low` down to which it decodes.
pub(crate) enum Progressive {
    DcFirst(DcFirst),
    DcRefine(DcRefine),
    AcFirst(AcFirst),
    AcRefine(AcRefine),
}

/// The upper bits of DC coefficients.
pub(crate) struct DcFirst {
    /// Per component of the scan, its table and the coefficient before.
    coders: Vec<(Box<Table>, i32)>,
    low: u8,
}

/// One more bit of DC coefficients.
pub(crate) struct DcRefine {
    low: u8,
}

/// A band of AC coefficients of one component.
pub(crate) struct Ac {
    table: Box<Table>,
    first: usize,
    last: usize,
    low: u8,
    /// Blocks to come in which the band holds nothing new.
    empty: u32,
}

/// The first scan of a band.
pub(crate) struct AcFirst(Ac);

/// A later scan of a band.
pub(crate) struct AcRefine(Ac);

impl Progressive {
    /// Checks what the scan asks for and readies its tables.
    pub fn new(headers: &Headers, scan: &Scan) -> Result<Self, Fault> {
        let ((first, last), (high, low)) = (scan.band, scan.bits);
        let band_holds = match first {
            0 => last == 0,
            _ => first <= last && last < 64 && scan.components.len() == 1,
        };
        if !band_holds || low > 13 || (high > 0 && low + 1 != high) {
            return Err(Fault::Progression { first, last, high, low });
        }
        if first > 0 {
            let table = table(&headers.ac, Class::Ac, scan.components[0].ac)?;
            let ac = Ac { table, first: first.into(), last: last.into(), low, empty: 0 };
            return Ok(if high == 0 { Self::AcFirst(AcFirst(ac)) } else { Self::AcRefine(AcRefine(ac)) });
        }
        if high > 0 {
            return Ok(Self::DcRefine(DcRefine { low }));
        }
        let coder = |of: &ScanComponent| Ok((table(&headers.dc, Class::Dc, of.dc)?, 0));
        let coders = scan.components.iter().map(coder).collect::<Result<_, _>>()?;
        Ok(Self::DcFirst(DcFirst { coders, low }))
    }
}

impl BlockDecoder for DcFirst {
    fn restart(&mut self) {
        self.coders.iter_mut().for_each(|(_, previous)| *previous = 0);
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, component: usize, block: &mut Block) {
        let (table, previous) = &mut self.coders[component];
        bits.refill();
        let size = table.symbol(bits);
        *previous = previous.wrapping_add(bits.number(u32::from(size)));
        block[0] = (*previous << self.low) as i16;
    }
}

impl BlockDecoder for DcRefine {
    fn restart(&mut self) {}

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, _: usize, block: &mut Block) {
        block[0] |= i16::from(bits.flag()) << self.low;
    }
}

impl Ac {
    /// Reads how many blocks a symbol without size says to be empty, this one included.
    #[inline(always)]
    fn empty_blocks(bits: &mut Bits<'_>, run: usize) -> u32 {
        (1 << run) + bits.take(run as u32) as u32
    }

    /// Reads the upper bits of a band's coefficients.
    #[inline(always)]
    fn first_pass(&mut self, bits: &mut Bits<'_>, block: &mut Block) {
        let mut at = self.first;
        while at <= self.last {
            bits.refill();
            let symbol = self.table.symbol(bits);
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size > 0 {
                at += run;
                block[usize::from(NATURAL[at]) & 63] = (bits.number(size) << self.low) as i16;
            } else if run == 15 {
                at += 15;
            } else {
                self.empty = Self::empty_blocks(bits, run) - 1;
                return;
            }
            at += 1;
        }
    }

    /// Reads one more bit of a band's coefficients: on the way to its place, a new one passes old ones, each of
    /// which takes a bit.
    #[inline(always)]
    fn refine(&mut self, bits: &mut Bits<'_>, block: &mut Block) {
        let mut at = self.first;
        while self.empty == 0 && at <= self.last {
            bits.refill();
            let symbol = self.table.symbol(bits);
            let (run, size) = (usize::from(symbol >> 4), symbol & 15);
            let mut value = 0;
            if size > 0 {
                value = if bits.flag() { 1 << self.low } else { -1 << self.low };
            } else if run < 15 {
                self.empty = Self::empty_blocks(bits, run);
                break;
            }
            at = self.correct(bits, block, at, run);
            if value != 0 {
                block[usize::from(NATURAL[at]) & 63] = value;
            }
            at += 1;
        }
        if self.empty > 0 {
            // Long runs of blocks without anything to correct are common, and quick to tell.
            if block[1..].iter().fold(0, |any, &value| any | value) != 0 {
                self.correct(bits, block, at, usize::MAX);
            }
            self.empty -= 1;
        }
    }

    /// Corrects old coefficients from `at` on by one bit each, up to the zero behind `run` other zeros; its place,
    /// or the one behind the band.
    #[inline(always)]
    fn correct(&self, bits: &mut Bits<'_>, block: &mut Block, at: usize, mut run: usize) -> usize {
        let bit = 1 << self.low;
        for (at, &place) in NATURAL.iter().enumerate().take(self.last + 1).skip(at) {
            let old = &mut block[usize::from(place) & 63];
            if *old != 0 {
                if bits.flag() && *old & bit == 0 {
                    *old = old.wrapping_add(if *old > 0 { bit } else { -bit });
                }
            } else if run == 0 {
                return at;
            } else {
                run -= 1;
            }
        }
        self.last + 1
    }
}

impl BlockDecoder for AcFirst {
    fn restart(&mut self) {
        self.0.empty = 0;
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, _: usize, block: &mut Block) {
        match self.0.empty {
            0 => self.0.first_pass(bits, block),
            _ => self.0.empty -= 1,
        }
    }
}

impl BlockDecoder for AcRefine {
    fn restart(&mut self) {
        self.0.empty = 0;
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, _: usize, block: &mut Block) {
        self.0.refine(bits, block);
    }
}
