//! The printable stand-ins that byte-level tokenizers use for bytes.

/// The stand-in of each byte: itself where it is printable, else the next free character from 256 on, as in GPT-2.
pub(crate) fn alphabet() -> [char; 256] {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut free = 256;
    std::array::from_fn(|byte| {
        if printable(byte as u8) {
            return char::from(byte as u8);
        }
        free += 1;
        char::from_u32(free - 1).expect("below the surrogates")
    })
}
