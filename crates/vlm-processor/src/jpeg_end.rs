//! Whether a JPEG file was cut off.

/// Whether an end-of-image marker follows the header. Inside compressed data the byte ff is always followed by
/// 00 or a restart marker, so ff d9 behind the first scan's header cannot be anything else; embedded thumbnails,
/// which have their own end, lie before it.
pub(crate) fn has_end_marker(bytes: &[u8]) -> bool {
    scan_start(bytes).is_some_and(|start| bytes[start..].windows(2).rev().any(|pair| pair == [0xff, 0xd9]))
}

/// Where the compressed data of the first scan begin.
fn scan_start(bytes: &[u8]) -> Option<usize> {
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        let marker = *bytes.get(at + 1)?;
        match (bytes[at], marker) {
            // Fill bytes before a marker, and garbage that decoders step over.
            (0xff, 0xff) | (0..0xff, _) => at += 1,
            // Markers without a length.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd9) => at += 2,
            _ => {
                let length = u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]);
                at += 2 + usize::from(length);
                if marker == START_OF_SCAN {
                    return (at <= bytes.len()).then_some(at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_marker_counts_only_behind_the_scan_header() {
        let whole = [0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 1, 2, 0xff, 0xd9];
        assert!(has_end_marker(&whole));
        assert!(!has_end_marker(&whole[..14]), "the pair inside the application segment is no end");
        assert!((0..whole.len()).all(|cut| !has_end_marker(&whole[..cut])));
    }
}
