//! Everything between the scans: tables, application data and the headers of frame and scans.

use super::fault::{Fault, Kind};
use super::frame::{Frame, Process};
use super::huffman::Codes;
use super::source::{Source, code};
use super::zigzag::NATURAL;

/// Factors by which coefficients were divided, row by row.
pub(crate) type Quantisation = [u16; 64];

/// What the segments read so far have set.
#[derive(Default)]
pub(crate) struct Headers {
    pub frame: Option<Frame>,
    pub quantisation: [Option<Quantisation>; 4],
    pub dc: [Option<Codes>; 4],
    pub ac: [Option<Codes>; 4],
    /// MCUs between restart markers; 0 for none.
    pub restart_interval: usize,
    /// Whether a JFIF segment stands in the file, which makes three components YCbCr.
    pub jfif: bool,
    /// The colour transform that an Adobe segment names.
    pub adobe: Option<u8>,
    /// The content of the EXIF segments, behind their signature.
    pub exif: Vec<u8>,
}

/// A scan's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    pub components: Vec<ScanComponent>,
    /// First and last coefficient, in zigzag order.
    pub band: (u8, u8),
    /// The bits that earlier scans stopped at (0: none came before), and that this one stops at.
    pub bits: (u8, u8),
}

/// A component of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanComponent {
    /// Which of the frame's components.
    pub index: usize,
    /// Slots of its Huffman tables.
    pub dc: usize,
    pub ac: usize,
}

impl Headers {
    /// Reads up to and with the next scan's header; `None` at the end of the image.
    pub fn next_scan(&mut self, source: &mut Source<'_>) -> Result<Option<Scan>, Fault> {
        loop {
            match source.marker()? {
                code::EOI => return Ok(None),
                code::SOS => return self.scan(source.segment()?).map(Some),
                code::TEM | code::RST0..=code::RST7 => {}
                marker => self.segment(marker, source)?,
            }
        }
    }

    fn segment(&mut self, marker: u8, source: &mut Source<'_>) -> Result<(), Fault> {
        match marker {
            code::DHT => self.huffman_tables(source.segment()?),
            code::DQT => self.quantisation_tables(source.segment()?),
            code::DRI => self.restarts(source.segment()?),
            code::JPG => Err(Fault::Marker { code: marker }),
            code::DAC => Err(Fault::Unsupported(Kind::Coding)),
            code::SOF0..=code::SOF15 => self.start_frame(marker, source.segment()?),
            code::APP0..=code::APP15 => {
                self.application(marker, source.segment()?);
                Ok(())
            }
            code::COM | code::DNL => source.segment().map(drop),
            _ => Err(Fault::Marker { code: marker }),
        }
    }

    fn start_frame(&mut self, marker: u8, content: &[u8]) -> Result<(), Fault> {
        let process = match marker - code::SOF0 {
            0 | 1 => Process::Sequential,
            2 => Process::Progressive,
            _ => return Err(Fault::Unsupported(Kind::Coding)),
        };
        if self.frame.is_some() {
            return Err(Fault::Marker { code: marker });
        }
        self.frame = Some(Frame::read(content, process)?);
        Ok(())
    }

    fn application(&mut self, marker: u8, content: &[u8]) {
        match (marker, content) {
            (code::APP0, [b'J', b'F', b'I', b'F', 0, rest @ ..]) => self.jfif |= rest.len() >= 9,
            (code::APP1, [b'E', b'x', b'i', b'f', 0, 0, exif @ ..]) => self.exif.extend_from_slice(exif),
            (code::APP14, [b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => {
                self.adobe = Some(*transform);
            }
            _ => {}
        }
    }

    fn restarts(&mut self, content: &[u8]) -> Result<(), Fault> {
        let &interval = <&[u8; 2]>::try_from(content).map_err(|_| Fault::Length { segment: "restart" })?;
        self.restart_interval = u16::from_be_bytes(interval).into();
        Ok(())
    }

    fn quantisation_tables(&mut self, mut content: &[u8]) -> Result<(), Fault> {
        const SEGMENT: &str = "quantisation";
        while let Some((&head, rest)) = content.split_first() {
            let bytes = if head >> 4 == 0 { 1 } else { 2 };
            let slot = usize::from(head & 15);
            let (factors, rest) =
                rest.split_at_checked(64 * bytes).ok_or(Fault::Length { segment: SEGMENT })?;
            let table = self.quantisation.get_mut(slot);
            let table = table.ok_or(Fault::Value { segment: SEGMENT, what: "a slot", found: slot })?;
            let mut natural = [0; 64];
            for (factor, &at) in factors.chunks_exact(bytes).zip(&NATURAL) {
                natural[usize::from(at)] = factor.iter().fold(0, |sum, &byte| (sum << 8) | u16::from(byte));
            }
            *table = Some(natural);
            content = rest;
        }
        Ok(())
    }

    fn huffman_tables(&mut self, mut content: &[u8]) -> Result<(), Fault> {
        const SEGMENT: &str = "Huffman table";
        while let Some((&[head, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
            if total > 256 {
                return Err(Fault::Value { segment: SEGMENT, what: "a number of codes", found: total });
            }
            let (symbols, rest) = rest.split_at_checked(total).ok_or(Fault::Length { segment: SEGMENT })?;
            let slots = if head & 0x10 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = usize::from(head & !0x10);
            let place =
                slots.get_mut(slot).ok_or(Fault::Value { segment: SEGMENT, what: "a slot", found: slot })?;
            *place = Some(Codes::new(counts, symbols));
            content = rest;
        }
        if content.is_empty() { Ok(()) } else { Err(Fault::Length { segment: SEGMENT }) }
    }

    fn scan(&self, content: &[u8]) -> Result<Scan, Fault> {
        const LENGTH: Fault = Fault::Length { segment: "scan" };
        let frame = self.frame.as_ref().ok_or(Fault::Marker { code: code::SOS })?;
        let (&count, rest) = content.split_first().ok_or(LENGTH)?;
        let (entries, &[first, last, bits]) = rest.split_last_chunk().ok_or(LENGTH)?;
        let (entries, []) = entries.as_chunks::<2>() else { return Err(LENGTH) };
        if entries.len() != usize::from(count) || !(1..=4).contains(&count) {
            return Err(LENGTH);
        }
        let mut components: Vec<ScanComponent> = Vec::new();
        for &[id, tables] in entries {
            // Components must come in the order of the frame, so none before its own place can be meant.
            let mut candidates = frame.components.iter().enumerate().skip(components.len());
            let index = candidates.find(|(_, component)| component.id == id).map(|(index, _)| index);
            let index = index.filter(|&index| components.iter().all(|earlier| earlier.index != index));
            let index =
                index.ok_or(Fault::Value { segment: "scan", what: "a component", found: id.into() })?;
            components.push(ScanComponent { index, dc: (tables >> 4).into(), ac: (tables & 15).into() });
        }
        Ok(Scan { components, band: (first, last), bits: (bits >> 4, bits & 15) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(segments: &[u8]) -> (Headers, Result<Option<Scan>, Fault>) {
        let bytes = [&[0xff, 0xd8], segments].concat();
        let mut headers = Headers::default();
        let scan = headers.next_scan(&mut Source::new(&bytes));
        (headers, scan)
    }

    #[test]
    fn colour_marks_and_the_orientation_are_kept() {
        let (headers, end) = read(
            b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xe1\0\x0aExif\0\0II\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x02\xff\xd9",
        );
        assert_eq!(end, Ok(None));
        assert_eq!((headers.jfif, headers.adobe, &headers.exif[..]), (true, Some(2), &b"II"[..]));
    }

    #[test]
    fn a_scan_names_components_of_the_frame_in_their_order() {
        let frame = b"\xff\xc2\0\x11\x08\0\x01\0\x01\x03\x01\x11\0\x02\x11\0\x03\x11\0";
        let scan = |header: &[u8]| read(&[&frame[..], header].concat()).1;
        let found = scan(b"\xff\xda\0\x0a\x02\x01\x10\x03\x01\0\x05\x21").unwrap().unwrap();
        let slots: Vec<_> = found.components.iter().map(|c| (c.index, c.dc, c.ac)).collect();
        assert_eq!((slots, found.band, found.bits), (vec![(0, 1, 0), (2, 0, 1)], (0, 5), (2, 1)));
        let unordered = Fault::Value { segment: "scan", what: "a component", found: 1 };
        assert_eq!(scan(b"\xff\xda\0\x0a\x02\x03\0\x01\0\0\x3f\0"), Err(unordered));
        assert_eq!(scan(b"\xff\xda\0\x0a\x03\x03\0\x01\0\0\x3f\0"), Err(Fault::Length { segment: "scan" }));
        assert_eq!(read(b"\xff\xda\0\x08\x01\x01\0\0\x3f\0").1, Err(Fault::Marker { code: code::SOS }));
    }

    #[test]
    fn other_codings_and_strange_tables_are_refused() {
        let refused = |segment: &[u8]| read(segment).1.unwrap_err();
        assert_eq!(refused(b"\xff\xc9\0\x02"), Fault::Unsupported(Kind::Coding));
        assert_eq!(refused(b"\xff\xcc\0\x02"), Fault::Unsupported(Kind::Coding));
        assert_eq!(refused(b"\xff\xdb\0\x03\0"), Fault::Length { segment: "quantisation" });
        assert_eq!(refused(b"\xff\xdd\0\x03\0"), Fault::Length { segment: "restart" });
        assert_eq!(refused(b"\xff\xc4\0\x03\0"), Fault::Length { segment: "Huffman table" });
        let slot = [&b"\xff\xc4\0\x13\x04"[..], &[0; 16]].concat();
        assert!(matches!(refused(&slot), Fault::Value { what: "a slot", found: 4, .. }));
        assert_eq!(refused(b"\xff\xe0\0\x01"), Fault::Length { segment: "marker" });
        assert_eq!(refused(b"\xff\xe0\0\x09ab"), Fault::Ended);
        assert_eq!(refused(b"\xff\x05"), Fault::Marker { code: 5 });
    }
}
