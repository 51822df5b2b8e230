//! Headers of safetensors files, with errors that name the tensor.

use safetensors::SafeTensors;
use safetensors::tensor::{Metadata, SafeTensorError, TensorInfo};
use std::collections::BTreeMap;

/// Longer headers are refused: parsing takes many times their length, and published ones have some 100 kB.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// What a file says about its tensors, and where their bytes start.
pub(super) fn read(bytes: &[u8]) -> Result<(usize, Metadata), String> {
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
    if let Some(length) = length.filter(|length| *length > MAX_HEADER_BYTES) {
        return Err(format!("found a header of {length} bytes, expected at most {MAX_HEADER_BYTES}"));
    }
    match SafeTensors::read_metadata(bytes) {
        Ok((header, metadata)) => Ok((header + size_of::<u64>(), metadata)),
        Err(error) => Err(explain(bytes, length.unwrap_or(0), &error)),
    }
}

fn explain(bytes: &[u8], header: u64, error: &SafeTensorError) -> String {
    let found = bytes.len();
    match error {
        SafeTensorError::HeaderTooSmall => format!("found {found} bytes, expected at least 8"),
        SafeTensorError::InvalidHeaderLength => {
            format!("found {found} bytes, expected a header of {header} bytes and then the tensors")
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            format!("found {found} bytes, expected exactly as many as the header and its tensors take")
        }
        SafeTensorError::InvalidOffset(name) => {
            format!("tensor {name:?} does not start where the one before it ends, or ends before it starts")
        }
        SafeTensorError::TensorInvalidInfo | SafeTensorError::ValidationOverflow => {
            contradiction(bytes, header).unwrap_or_else(|| error.to_string())
        }
        other => other.to_string(),
    }
}

/// The first tensor whose shape and type call for another number of bytes than its offsets hold.
fn contradiction(bytes: &[u8], header: u64) -> Option<String> {
    let json = bytes.get(size_of::<u64>()..)?.get(..usize::try_from(header).ok()?)?;
    let mut tensors: BTreeMap<String, serde_json::Value> = serde_json::from_slice(json).ok()?;
    tensors.remove("__metadata__");
    tensors.into_iter().find_map(|(name, info)| {
        let TensorInfo { dtype, shape, data_offsets: (start, end) } = serde_json::from_value(info).ok()?;
        let bits = shape.iter().try_fold(dtype.bitsize(), |bits, side| bits.checked_mul(*side));
        let held = end.checked_sub(start)?;
        (bits != held.checked_mul(8)).then(|| {
            format!(
                "tensor {name:?} is said to be {dtype} of shape {shape:?}, but its offsets hold {held} bytes"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
    }

    #[test]
    fn a_whole_file_gives_its_tensors_and_where_they_start() {
        let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let (start, metadata) = read(&file(header, 8)).unwrap();
        assert_eq!(start, 8 + header.len());
        assert_eq!(metadata.info("a").unwrap().shape, [2]);
    }

    #[test]
    fn a_tensor_that_contradicts_itself_is_named() {
        for shape in ["[3]", "[4294967296,4294967296,4294967296]"] {
            let fine = r#""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
            let header = format!(
                r#"{{"__metadata__":{{"a":"b"}},{fine},"b":{{"dtype":"F16","shape":{shape},"data_offsets":[8,12]}}}}"#
            );
            let problem = read(&file(&header, 12)).unwrap_err();
            assert!(problem.contains("tensor \"b\" is said to be F16 of shape"), "{problem}");
            assert!(problem.contains("hold 4 bytes"), "{problem}");
        }
    }

    #[test]
    fn a_header_of_100_megabytes_is_not_parsed() {
        let mut bytes = 100_000_000_u64.to_le_bytes().to_vec();
        bytes.push(b'{');
        assert!(read(&bytes).unwrap_err().contains("found a header of 100000000 bytes"));
    }
}
