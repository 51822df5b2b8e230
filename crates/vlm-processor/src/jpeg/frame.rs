//! The frame header: the picture's size, and the sizes of its components in samples and blocks.

use super::fault::{Fault, Kind};

/// Side of a block in samples.
pub(crate) const SIDE: usize = 8;

/// How the coefficients of the picture are spread over scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    /// Each component comes whole.
    Sequential,
    /// Bands and bits of coefficients come one after the other.
    Progressive,
}

/// One component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Component {
    pub id: u8,
    /// Blocks of one MCU, across and down.
    pub sampling: (usize, usize),
    /// Slot of its quantisation table.
    pub table: usize,
    /// Width and height in samples.
    pub size: (usize, usize),
    /// Width and height in blocks that hold any of those.
    pub blocks: (usize, usize),
    /// Width and height in blocks, made up to whole MCUs.
    pub padded: (usize, usize),
}

/// The whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub process: Process,
    pub width: usize,
    pub height: usize,
    /// The largest sampling factors.
    pub sampling: (usize, usize),
    /// MCUs of an interleaved scan, across and down.
    pub mcus: (usize, usize),
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the content of a start-of-frame segment.
    pub fn read(content: &[u8], process: Process) -> Result<Self, Fault> {
        const SEGMENT: &str = "frame";
        let (&[depth, h1, h0, w1, w0, count], rest) =
            content.split_first_chunk().ok_or(Fault::Length { segment: SEGMENT })?;
        if depth != 8 {
            return Err(Fault::Unsupported(Kind::Depth(depth)));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(Fault::Unsupported(Kind::Components(count)));
        }
        let (entries, []) = rest.as_chunks::<3>() else { return Err(Fault::Length { segment: SEGMENT }) };
        if entries.len() != usize::from(count) {
            return Err(Fault::Length { segment: SEGMENT });
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        if width == 0 || height == 0 {
            return Err(Fault::Value { segment: SEGMENT, what: "a side", found: 0 });
        }
        let factors = entries.iter().map(|entry| sampling(entry[1])).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::new(process, (width, height), entries, &factors))
    }

    fn new(
        process: Process,
        (width, height): (usize, usize),
        entries: &[[u8; 3]],
        factors: &[(usize, usize)],
    ) -> Self {
        let largest = factors.iter().fold((1, 1), |most, each| (most.0.max(each.0), most.1.max(each.1)));
        let mcus = (width.div_ceil(SIDE * largest.0), height.div_ceil(SIDE * largest.1));
        let component = |(&[id, _, table], &(h, v)): (&[u8; 3], &(usize, usize))| {
            let size = ((width * h).div_ceil(largest.0), (height * v).div_ceil(largest.1));
            let blocks = (size.0.div_ceil(SIDE), size.1.div_ceil(SIDE));
            let padded = (mcus.0 * h, mcus.1 * v);
            Component { id, sampling: (h, v), table: table.into(), size, blocks, padded }
        };
        let components = entries.iter().zip(factors).map(component).collect();
        Self { process, width, height, sampling: largest, mcus, components }
    }

    /// Blocks of all components together.
    pub fn blocks(&self) -> usize {
        self.components.iter().map(|component| component.padded.0 * component.padded.1).sum()
    }
}

fn sampling(factors: u8) -> Result<(usize, usize), Fault> {
    match (usize::from(factors >> 4), usize::from(factors & 15)) {
        pair @ (1..=4, 1..=4) => Ok(pair),
        _ => {
            Err(Fault::Value { segment: "frame", what: "a pair of sampling factors", found: factors.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_are_rounded_up_per_component() {
        let header = [8, 0, 17, 0, 35, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x12, 1];
        let frame = Frame::read(&header, Process::Sequential).unwrap();
        assert_eq!((frame.width, frame.height, frame.mcus), (35, 17, (3, 2)));
        let sizes: Vec<_> = frame.components.iter().map(|c| (c.size, c.blocks, c.padded)).collect();
        let expected = [((35, 17), (5, 3), (6, 4)), ((18, 9), (3, 2), (3, 2)), ((18, 17), (3, 3), (3, 4))];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn headers_that_make_no_sense_are_refused() {
        let good = [8, 0, 1, 0, 1, 1, 1, 0x11, 0];
        assert!(Frame::read(&good, Process::Progressive).is_ok());
        for (at, value) in [(0, 12), (2, 0), (4, 0), (5, 0), (5, 2), (5, 3), (5, 255), (7, 0x10), (7, 0x51)] {
            let mut bad = good;
            bad[at] = value;
            assert!(Frame::read(&bad, Process::Progressive).is_err(), "{value} at {at}");
        }
        assert!((0..good.len()).all(|cut| Frame::read(&good[..cut], Process::Sequential).is_err()));
    }
}
