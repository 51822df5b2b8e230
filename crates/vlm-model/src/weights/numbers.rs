//! Little-endian F32, BF16 and F16 bytes to f32 numbers, checked to be finite on the way.

use rayon::prelude::*;
use safetensors::tensor::Dtype;

/// Numbers handled by one task.
const CHUNK: usize = 1 << 16;

/// The numbers of a tensor, or `None` when one of them is NaN or infinite.
///
/// `dtype` must be F32, BF16 or F16 and `bytes` a whole number of elements.
pub(super) fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::BF16 => decode::<2>(bytes, bf16),
        Dtype::F16 => decode::<2>(bytes, f16),
        _ => decode::<4>(bytes, f32::from_le_bytes),
    }
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

/// bfloat16 is the upper half of an f32.
fn bf16(bytes: [u8; 2]) -> f32 {
    f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
}

/// IEEE half precision: sign 1, exponent 5 (bias 15), mantissa 10.
fn f16(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    let (sign, exponent, mantissa) = (bits >> 15 << 31, bits >> 10 & 31, bits & 1023);
    let magnitude = match exponent {
        0 => {
            return f32::from_bits(sign)
                + if sign == 0 { 1.0 } else { -1.0 } * mantissa as f32 * 2f32.powi(-24);
        }
        31 => 255 << 23 | mantissa << 13,
        _ => (exponent + 112) << 23 | mantissa << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_decode_to_their_values() {
        let value = |bits: u16| f16(bits.to_le_bytes());
        for (bits, expected) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x8001, -5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(value(bits), expected, "{bits:#x}");
        }
        assert!(value(0x7c00).is_infinite() && value(0x7e00).is_nan());
        assert_eq!(value(0x8000).to_bits(), (-0.0f32).to_bits());
        assert_eq!(bf16(0x3f80u16.to_le_bytes()), 1.0);
    }

    #[test]
    fn a_single_bad_number_is_noticed_wherever_it_is() {
        for place in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 3] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut numbers = vec![1.0f32; 2 * CHUNK + 4];
                numbers[place] = bad;
                let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
                assert!(to_f32(Dtype::F32, &bytes).is_none());
            }
        }
        let fine: Vec<u8> = [f32::MAX, f32::MIN, 1e-45, -0.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(to_f32(Dtype::F32, &fine).unwrap(), [f32::MAX, f32::MIN, 1e-45, -0.0]);
    }
}
