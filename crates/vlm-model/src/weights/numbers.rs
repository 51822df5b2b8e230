//! Little-endian F32, BF16 and F16 bytes to f32 numbers and back; reading checks that they are finite.

use half::{bf16, f16};
use rayon::prelude::*;
use safetensors::tensor::Dtype;

/// Numbers handled by one task.
const CHUNK: usize = 1 << 16;

/// The numbers of a tensor, or `None` when one of them is NaN or infinite.
///
/// `dtype` must be F32, BF16 or F16 and `bytes` a whole number of elements.
pub(super) fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::BF16 => decode::<2>(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        Dtype::F16 => decode::<2>(bytes, |b| f16::from_le_bytes(b).to_f32()),
        _ => decode::<4>(bytes, f32::from_le_bytes),
    }
}

/// Whether all numbers of BF16 or F16 bytes are finite: none has all bits of its exponent.
pub(super) fn are_finite_halves(dtype: Dtype, bytes: &[u8]) -> bool {
    let exponent: u16 = if dtype == Dtype::BF16 { 0x7f80 } else { 0x7c00 };
    let finite = |half: &[u8; 2]| u16::from_le_bytes(*half) & exponent != exponent;
    bytes.as_chunks::<2>().0.par_chunks(CHUNK).all(|halves| halves.iter().all(finite))
}

fn decode<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32 + Sync) -> Option<Vec<f32>> {
    let (source, _) = bytes.as_chunks::<N>();
    let mut numbers = vec![0.0; source.len()];
    let finite = numbers.par_chunks_mut(CHUNK).zip(source.par_chunks(CHUNK)).all(|(to, from)| {
        let mut sum = 0.0;
        for (to, from) in to.iter_mut().zip(from) {
            *to = number(*from);
            sum += *to * 0.0; // stays 0 unless a number is NaN or infinite
        }
        sum == 0.0
    });
    finite.then_some(numbers)
}

/// The bytes of `numbers` in the element type `dtype`, rounded to nearest, ties to even.
pub(super) fn to_bytes(dtype: Dtype, numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    match dtype {
        Dtype::BF16 => numbers.flat_map(|x| bf16::from_f32(x).to_le_bytes()).collect(),
        Dtype::F16 => numbers.flat_map(|x| f16::from_f32(x).to_le_bytes()).collect(),
        _ => numbers.flat_map(f32::to_le_bytes).collect(),
    }
}

/// The largest difference between `numbers` and their `bytes`.
pub(super) fn distance(dtype: Dtype, bytes: &[u8], numbers: impl Iterator<Item = f32>) -> f32 {
    if dtype == Dtype::F32 {
        return 0.0;
    }
    let stored = to_f32(dtype, bytes).unwrap_or_default();
    stored.iter().zip(numbers).fold(0.0, |most, (stored, number)| most.max((stored - number).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_half_survives_the_way_to_f32_and_back() {
        for dtype in [Dtype::BF16, Dtype::F16] {
            let bytes: Vec<u8> = (0..=u16::MAX)
                .filter(|bits| to_f32(dtype, &bits.to_le_bytes()).is_some())
                .flat_map(u16::to_le_bytes)
                .collect();
            assert!(bytes.len() > 120_000);
            assert!(are_finite_halves(dtype, &bytes));
            let numbers = to_f32(dtype, &bytes).unwrap();
            assert_eq!(to_bytes(dtype, numbers.into_iter()), bytes);
        }
    }

    #[test]
    fn a_single_bad_number_is_noticed_wherever_it_is() {
        for place in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 3] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut numbers = vec![1.0f32; 2 * CHUNK + 4];
                numbers[place] = bad;
                let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                assert!(to_f32(Dtype::F32, &bytes).is_none());
                for dtype in [Dtype::BF16, Dtype::F16] {
                    let halves = to_bytes(dtype, numbers.iter().copied());
                    assert!(!are_finite_halves(dtype, &halves) && to_f32(dtype, &halves).is_none());
                }
            }
        }
        let fine: Vec<u8> = [f32::MAX, f32::MIN, 1e-45, -0.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(to_f32(Dtype::F32, &fine).unwrap(), [f32::MAX, f32::MIN, 1e-45, -0.0]);
    }
}
