//! The bytes of a file as a run of markers and segments.

use super::fault::Fault;

/// Codes of the markers that decide something here.
pub(crate) mod code {
    pub const TEM: u8 = 0x01;
    pub const SOF0: u8 = 0xc0;
    pub const DHT: u8 = 0xc4;
    pub const JPG: u8 = 0xc8;
    pub const DAC: u8 = 0xcc;
    pub const SOF15: u8 = 0xcf;
    pub const RST0: u8 = 0xd0;
    pub const RST7: u8 = 0xd7;
    pub const EOI: u8 = 0xd9;
    pub const SOS: u8 = 0xda;
    pub const DQT: u8 = 0xdb;
    pub const DNL: u8 = 0xdc;
    pub const DRI: u8 = 0xdd;
    pub const APP0: u8 = 0xe0;
    pub const APP1: u8 = 0xe1;
    pub const APP14: u8 = 0xee;
    pub const APP15: u8 = 0xef;
    pub const COM: u8 = 0xfe;
}

/// A place in the file, and the marker found before it that nobody has dealt with yet.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
    pub pending: Option<u8>,
}

impl<'a> Source<'a> {
    /// Starts behind the start-of-image marker.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2, pending: None }
    }

    /// Whether everything has been read.
    pub fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next eight bytes, if there are as many.
    #[inline(always)]
    pub fn eight(&self) -> Option<&'a [u8; 8]> {
        self.bytes.get(self.at..)?.first_chunk()
    }

    /// Steps over bytes that [`Source::eight`] has shown.
    #[inline(always)]
    pub fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// The next byte of compressed data: ff 00 stands for ff, and any other pair with ff is a marker, at which the
    /// data end.
    pub fn data_byte(&mut self) -> Option<u8> {
        if self.pending.is_some() {
            return None;
        }
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        if byte != 0xff {
            return Some(byte);
        }
        match self.after_fill()? {
            0 => Some(0xff),
            marker => {
                self.pending = Some(marker);
                None
            }
        }
    }

    /// The first byte that is not ff.
    fn after_fill(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            if byte != 0xff {
                return Some(byte);
            }
        }
    }

    /// The marker at hand or the next one, over whatever lies between.
    pub fn marker(&mut self) -> Result<u8, Fault> {
        match self.pending.take() {
            Some(marker) => Ok(marker),
            None => self.next_marker().ok_or(Fault::Ended),
        }
    }

    fn next_marker(&mut self) -> Option<u8> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            self.at += rest.iter().position(|&byte| byte == 0xff)? + 1;
            match self.after_fill()? {
                0 => {}
                marker => return Some(marker),
            }
        }
    }

    /// The content of the segment whose marker has just been read.
    pub fn segment(&mut self) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).ok_or(Fault::Ended)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Fault::Ended)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let content = length.checked_sub(2).ok_or(Fault::Length { segment: "marker" })?;
        self.at += length;
        rest.get(..content).ok_or(Fault::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_behind_fill_bytes_and_garbage() {
        let mut source = Source::new(b"\xff\xd8ab\xff\x00c\xff\xff\xe0\x00\x03x\xff");
        assert_eq!(source.marker(), Ok(code::APP0));
        assert_eq!(source.segment(), Ok(&b"x"[..]));
        assert_eq!(source.marker(), Err(Fault::Ended));
    }

    #[test]
    fn compressed_data_end_at_a_marker() {
        let mut source = Source::new(b"\xff\xd81\xff\x002\xff\xff\x00\xff\xd0");
        let data: Vec<u8> = std::iter::from_fn(|| source.data_byte()).collect();
        assert_eq!((data, source.pending), (b"1\xff2\xff".to_vec(), Some(code::RST0)));
    }
}
