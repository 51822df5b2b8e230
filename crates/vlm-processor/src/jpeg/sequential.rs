//! Blocks whose 64 coefficients come at once: ITU-T T.81, F.2.2.

use super::bits::Bits;
use super::blocks::Block;
use super::fault::Fault;
use super::headers::{Headers, Scan, ScanComponent};
use super::huffman::{Class, Codes, Table};
use super::scan::BlockDecoder;
use super::zigzag::NATURAL;

/// What is kept for one component.
struct Coder {
    dc: usize,
    ac: usize,
    /// DC coefficient of the block before.
    previous: i32,
}

/// Decodes the blocks of a sequential scan.
pub(crate) struct Sequential {
    dc: [Option<Box<Table>>; 4],
    ac: [Option<Box<Table>>; 4],
    coders: Vec<Coder>,
}

/// The table in `slot`, ready for decoding.
pub(crate) fn table(codes: &[Option<Codes>; 4], class: Class, slot: usize) -> Result<Box<Table>, Fault> {
    let codes = codes.get(slot).and_then(Option::as_ref);
    Table::new(codes.ok_or(Fault::NoTable { kind: "Huffman", slot })?, class, slot)
}

impl Sequential {
    /// Readies the tables that the scan names.
    pub fn new(headers: &Headers, scan: &Scan) -> Result<Self, Fault> {
        let (mut dc, mut ac) = ([const { None }; 4], [const { None }; 4]);
        for component in &scan.components {
            let read = table(&headers.dc, Class::Dc, component.dc)?;
            dc[component.dc] = Some(read);
            let read = table(&headers.ac, Class::Ac, component.ac)?;
            ac[component.ac] = Some(read);
        }
        let coder = |of: &ScanComponent| Coder { dc: of.dc, ac: of.ac, previous: 0 };
        Ok(Self { dc, ac, coders: scan.components.iter().map(coder).collect() })
    }
}

impl BlockDecoder for Sequential {
    fn restart(&mut self) {
        self.coders.iter_mut().for_each(|coder| coder.previous = 0);
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, component: usize, block: &mut Block) {
        let coder = &mut self.coders[component];
        let (Some(dc), Some(ac)) = (&self.dc[coder.dc], &self.ac[coder.ac]) else { return };
        bits.refill();
        let size = dc.symbol(bits);
        coder.previous = coder.previous.wrapping_add(bits.number(u32::from(size)));
        block[0] = coder.previous as i16;
        let mut at = 1;
        while at < 64 {
            bits.refill();
            let short = ac.short(bits);
            if short.bits > 0 {
                bits.skip(u32::from(short.bits));
                at += usize::from(short.run);
                block[usize::from(NATURAL[at]) & 63] = short.value;
                at += 1;
                continue;
            }
            let symbol = ac.symbol(bits);
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size > 0 {
                at += run;
                block[usize::from(NATURAL[at]) & 63] = bits.number(size) as i16;
            } else if run == 15 {
                at += 15;
            } else {
                break;
            }
            at += 1;
        }
    }
}
