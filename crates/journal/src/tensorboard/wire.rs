//! The few messages of TensorFlow's `event.proto` and `summary.proto` that scalars need, byte by byte.

use super::crc::masked;

/// What an event says.
#[derive(Clone, Copy)]
pub(super) enum Event<'a> {
    /// The first of a file: which version it is of.
    Version,
    /// The run starts again at this step; what is known of it and of later ones is void.
    Restart,
    /// Numbers by tag.
    Scalars(&'a [(String, f32)]),
}

/// An `Event` message.
pub(super) fn event(wall_time: f64, step: u64, event: Event<'_>) -> Vec<u8> {
    let mut out = Message::default();
    out.fixed64(1, wall_time.to_bits());
    out.varint(2, step);
    match event {
        Event::Version => out.bytes(3, b"brain.Event:2"),
        Event::Restart => {
            let mut session = Message::default();
            session.varint(1, 1);
            out.bytes(7, &session.0);
        }
        Event::Scalars(scalars) => out.bytes(5, &summary(scalars)),
    }
    out.0
}

/// A `Summary` message: one `Value` per scalar.
fn summary(scalars: &[(String, f32)]) -> Vec<u8> {
    let mut out = Message::default();
    for (tag, value) in scalars {
        let mut scalar = Message::default();
        scalar.bytes(1, tag.as_bytes());
        scalar.fixed32(2, value.to_bits());
        out.bytes(1, &scalar.0);
    }
    out.0
}

/// A record of an event file: length, its checksum, the bytes, their checksum.
pub(super) fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(&length);
    out.extend_from_slice(&masked(&length).to_le_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(&masked(data).to_le_bytes());
    out
}

/// A protocol buffer that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, field: u8, value: u64) {
        self.key(field, 0);
        self.number(value);
    }

    fn fixed64(&mut self, field: u8, bits: u64) {
        self.key(field, 1);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.key(field, 2);
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn fixed32(&mut self, field: u8, bits: u32) {
        self.key(field, 5);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    fn key(&mut self, field: u8, kind: u8) {
        self.0.push(field << 3 | kind);
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
