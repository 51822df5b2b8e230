//! Where the pages of a column chunk lie, found by reading their headers only.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{PageHeader, PageType};

/// Headers longer than this are not believed.
const MAX_HEADER_BYTES: usize = 1 << 20;
/// Pages larger than this are not decoded.
const MAX_PAGE_BYTES: i32 = 512 << 20;

/// A data page.
#[derive(Clone, Debug)]
pub(super) struct PageSpan {
    /// Header and content in the file.
    pub(super) bytes: Range<u64>,
    /// Values before it in the chunk; rows, where nothing repeats.
    pub(super) first: u64,
    /// Values in it.
    pub(super) values: u64,
}

/// The pages of a column chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct PageIndex {
    pub(super) dictionary: Option<Range<u64>>,
    pub(super) pages: Vec<PageSpan>,
}

impl PageIndex {
    /// Walks over the page headers in `chunk` until `values` values are accounted for.
    pub(super) fn read(file: &mut File, chunk: Range<u64>, values: u64) -> Result<Self, String> {
        let mut index = Self::default();
        let (mut at, mut seen) = (chunk.start, 0);
        while seen < values && at < chunk.end {
            let (header, header_len) = read_header(file, at, chunk.end)?;
            let (packed, unpacked) = (header.compressed_page_size, header.uncompressed_page_size);
            if !(0..=MAX_PAGE_BYTES).contains(&unpacked) || packed < 0 {
                return Err(format!("a page of {unpacked} bytes, at most {MAX_PAGE_BYTES} are read"));
            }
            let end = at + header_len + packed as u64;
            if end > chunk.end {
                return Err("a page that reaches past the end of its column".to_owned());
            }
            match values_of(&header) {
                Some(count) => {
                    index.pages.push(PageSpan { bytes: at..end, first: seen, values: count });
                    seen += count;
                }
                None if header.type_ == PageType::DICTIONARY_PAGE => index.dictionary = Some(at..end),
                None => {}
            }
            at = end;
        }
        if seen == values {
            Ok(index)
        } else {
            Err(format!("{seen} values in the pages instead of {values}"))
        }
    }
}

fn values_of(header: &PageHeader) -> Option<u64> {
    let v1 = header.data_page_header.as_ref().map(|header| header.num_values);
    let count = v1.or_else(|| header.data_page_header_v2.as_ref().map(|header| header.num_values))?;
    u64::try_from(count).ok()
}

/// The header at `at`, and its length. Most are short; statistics make some long.
fn read_header(file: &mut File, at: u64, end: u64) -> Result<(PageHeader, u64), String> {
    let mut size = 1024;
    loop {
        let mut bytes = Vec::new();
        let take = (size as u64).min(end - at);
        file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        file.by_ref().take(take).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let mut input = Cursor::new(&bytes[..]);
        let mut protocol = TCompactInputProtocol::new(&mut input, MAX_HEADER_BYTES);
        match PageHeader::read_from_in_protocol(&mut protocol) {
            Ok(header) => return Ok((header, input.position())),
            Err(error) if take < size as u64 || size >= MAX_HEADER_BYTES => return Err(error.to_string()),
            Err(_) => size *= 32,
        }
    }
}
