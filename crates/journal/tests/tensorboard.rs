//! Event files, read by a small decoder of this test's own. `tests/reference/check_journal.py` reads the same with
//! TensorBoard itself.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use journal::{MetricLine, Start, TensorBoard};

/// The fields of a protocol buffer, by number.
#[derive(Debug, PartialEq)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

fn number(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number without end");
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = number(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(number(&mut bytes)),
            1 => Field::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = number(&mut bytes) as usize;
                Field::Bytes(take(&mut bytes, length).to_vec())
            }
            5 => Field::Number(u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap()).into()),
            kind => panic!("wire type {kind}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

/// CRC-32C bit by bit, masked.
fn checksum(bytes: &[u8]) -> u32 {
    let mut rest = !0_u32;
    for bit in 0..bytes.len() * 8 {
        let feedback = (rest ^ u32::from(bytes[bit / 8] >> (bit % 8))) & 1;
        rest = (rest >> 1) ^ (0x82f6_3b78 * feedback);
    }
    (!rest).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn events(path: &Path) -> Vec<BTreeMap<u64, Field>> {
    let file = fs::read(path).unwrap();
    let mut bytes = &file[..];
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let length = take(&mut bytes, 8);
        assert_eq!(take(&mut bytes, 4), checksum(length).to_le_bytes());
        let data = take(&mut bytes, u64::from_le_bytes(length.try_into().unwrap()) as usize);
        assert_eq!(take(&mut bytes, 4), checksum(data).to_le_bytes());
        events.push(fields(data).into_iter().collect());
    }
    events
}

fn scalars(event: &BTreeMap<u64, Field>) -> Vec<(String, f32)> {
    let Field::Bytes(summary) = &event[&5] else { panic!("no summary") };
    let scalar = |(field, value)| {
        let (1, Field::Bytes(value)) = (field, value) else { panic!("no value") };
        match &fields(&value)[..] {
            [(1, Field::Bytes(tag)), (2, Field::Number(bits))] => {
                (String::from_utf8(tag.clone()).unwrap(), f32::from_bits(*bits as u32))
            }
            other => panic!("{other:?}"),
        }
    };
    fields(summary).into_iter().map(scalar).collect()
}

#[test]
fn scalars_are_written_by_step_under_the_usual_tags() {
    let run = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::create(run.path(), Start::Fresh).unwrap();
    let line = MetricLine::new(300).with("loss", 0.5).with("eval_accuracy", 0.75).with("kl", f64::NAN);
    board.append(&line).unwrap();
    board.flush().unwrap();
    let events = events(board.path());
    assert_eq!(events.len(), 2);
    assert_eq!(events[0][&3], Field::Bytes(b"brain.Event:2".to_vec()));
    assert_eq!(events[1][&2], Field::Number(300));
    assert_eq!(scalars(&events[1]), [("eval/accuracy".to_owned(), 0.75), ("train/loss".to_owned(), 0.5)]);
    let Field::Number(time) = events[1][&1] else { panic!("no time") };
    assert!(f64::from_bits(time) > 1.7e9);
}

#[test]
fn a_continued_run_voids_what_was_said_of_later_steps() {
    let run = tempfile::tempdir().unwrap();
    let first = TensorBoard::create(run.path(), Start::Fresh).unwrap();
    let second = TensorBoard::create(run.path(), Start::After(200)).unwrap();
    assert!(first.path() < second.path(), "read in the order in which they were written");
    let events = events(second.path());
    assert_eq!(events[1][&2], Field::Number(201));
    assert_eq!(events[1][&7], Field::Bytes(vec![8, 1]), "a session log that says start");
}

#[test]
fn the_name_is_one_that_tensorboard_looks_for() {
    let run = tempfile::tempdir().unwrap();
    let board = TensorBoard::create(run.path().join("new"), Start::Fresh).unwrap();
    let name = board.path().file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
}
