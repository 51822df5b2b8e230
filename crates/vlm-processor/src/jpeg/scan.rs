//! The walk over the blocks of one scan, from restart marker to restart marker.

use super::bits::Bits;
use super::blocks::{Block, Blocks};
use super::fault::Fault;
use super::frame::Frame;
use super::headers::Scan;
use super::source::{Source, code};

/// Most blocks of an MCU.
const MAX_BLOCKS: usize = 10;

/// Decodes the part of a block that a scan codes.
pub(crate) trait BlockDecoder {
    /// Forgets what went before, at the start of a run of MCUs.
    fn restart(&mut self);
    /// Decodes a block of the scan's component number `component`.
    fn block(&mut self, bits: &mut Bits<'_>, component: usize, block: &mut Block);
}

/// What one component contributes to an MCU.
#[derive(Clone, Copy)]
struct Share {
    /// Which of the frame's components.
    index: usize,
    across: usize,
    down: usize,
}

/// MCUs of one scan.
pub(crate) struct Layout {
    shares: Vec<Share>,
    /// MCUs across and down.
    mcus: (usize, usize),
}

impl Layout {
    /// A scan of one component takes just the blocks that hold samples, one at a time; a scan of several takes
    /// whole MCUs.
    pub fn new(frame: &Frame, scan: &Scan) -> Result<Self, Fault> {
        if let [only] = scan.components[..] {
            let share = Share { index: only.index, across: 1, down: 1 };
            return Ok(Self { shares: vec![share], mcus: frame.components[only.index].blocks });
        }
        let share = |index: usize| {
            let (across, down) = frame.components[index].sampling;
            Share { index, across, down }
        };
        let shares: Vec<_> = scan.components.iter().map(|component| share(component.index)).collect();
        let blocks = shares.iter().map(|share| share.across * share.down).sum();
        if blocks > MAX_BLOCKS {
            return Err(Fault::Value { segment: "scan", what: "a number of blocks per MCU", found: blocks });
        }
        Ok(Self { shares, mcus: frame.mcus })
    }

    /// How many blocks are visited.
    pub fn blocks(&self) -> usize {
        self.mcus.0 * self.mcus.1 * self.shares.iter().map(|share| share.across * share.down).sum::<usize>()
    }

    /// Rows of blocks per row of MCUs, for each component of the scan: its index and the number.
    pub fn strips(&self) -> impl Iterator<Item = (usize, usize)> {
        self.shares.iter().map(|share| (share.index, share.down))
    }
}

/// The state of a walk.
pub(crate) struct Walk<'a, D> {
    bits: Bits<'a>,
    decoder: D,
    layout: Layout,
    interval: usize,
    /// MCUs until the next restart marker.
    left: usize,
    /// Number of the next restart marker, from 0 to 7.
    next: u8,
    /// Whether the data of this run of MCUs were used up too early: what follows stays as it is.
    starved: bool,
    /// The last row that had data.
    fed: usize,
}

impl<'a, D: BlockDecoder> Walk<'a, D> {
    /// Starts at the first MCU of a scan whose compressed data begin at `source`.
    pub fn new(source: Source<'a>, decoder: D, layout: Layout, interval: usize) -> Self {
        let bits = Bits::new(source);
        Self { bits, decoder, layout, interval, left: interval, next: 0, starved: false, fed: 0 }
    }

    /// How many rows of MCUs there are.
    pub fn rows(&self) -> usize {
        self.layout.mcus.1
    }

    /// Decodes row number `row` of the MCUs into the components' blocks, as if those began `skipped` rows of MCUs
    /// further down.
    pub fn row(&mut self, row: usize, skipped: usize, targets: &mut [Blocks]) -> Result<(), Fault> {
        for column in 0..self.layout.mcus.0 {
            if self.interval > 0 && self.left == 0 {
                self.restart()?;
            }
            self.left = self.left.wrapping_sub(1);
            if self.starved {
                continue;
            }
            self.fed = row;
            self.mcu((column, row - skipped), targets);
            if self.bits.overdrawn() {
                self.starve()?;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn mcu(&mut self, (column, row): (usize, usize), targets: &mut [Blocks]) {
        for (component, share) in self.layout.shares.iter().enumerate() {
            let blocks = &mut targets[share.index];
            for y in 0..share.down {
                for x in 0..share.across {
                    let block = blocks.at(column * share.across + x, row * share.down + y);
                    self.decoder.block(&mut self.bits, component, block);
                }
            }
        }
    }

    /// A marker inside the data leaves the rest of a run empty; the end of the file is an error.
    #[cold]
    fn starve(&mut self) -> Result<(), Fault> {
        self.starved = true;
        if self.bits.cut_off() { Err(Fault::Ended) } else { Ok(()) }
    }

    /// Steps over a restart marker. A wrong one is dealt with as in the IJG decoder: one or two too far means that
    /// MCUs were lost, so the run at hand stays empty; one or two back means that data came twice and is skipped.
    fn restart(&mut self) -> Result<(), Fault> {
        let source = self.bits.source();
        loop {
            let marker = source.marker()?;
            let ahead = marker.wrapping_sub(code::RST0 + self.next) & 7;
            match marker {
                code::RST0..=code::RST7 if matches!(ahead, 1 | 2) => source.pending = Some(marker),
                code::RST0..=code::RST7 if matches!(ahead, 6 | 7) => continue,
                code::RST0..=code::RST7 => {}
                ..code::SOF0 => continue,
                _ => source.pending = Some(marker),
            }
            break;
        }
        // With a marker still ahead there are no data; only the first MCU that finds none of its bits starves.
        self.starved &= source.pending.is_some();
        self.next = (self.next + 1) & 7;
        self.left = self.interval;
        self.decoder.restart();
        Ok(())
    }

    /// The place behind the scan, and the last row that had data.
    pub fn finish(mut self) -> (Source<'a>, usize) {
        (*self.bits.source(), self.fed)
    }
}
