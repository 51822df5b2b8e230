//! From numbers to codes.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use super::levels::nearest;
use super::{BLOCK, BlockScales, CodeFormat, GROUP, PackedMatrix, ScaleCoding};

impl PackedMatrix {
    /// Packs a matrix. Each block's scale is its largest magnitude (a 127th of it for [`CodeFormat::Int8`]), each code
    /// the nearest to number/scale.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fused_ops::{CodeFormat, PackedMatrix, ScaleCoding};
    ///
    /// let weight = Tensor::<2>::from_data([[1.0, -2.0, 0.2, 0.0]], &Device::flex());
    /// let packed = PackedMatrix::pack(weight, CodeFormat::Nf4, ScaleCoding::Exact);
    /// let near = packed.unpack().into_data().try_to_vec::<f32>().unwrap();
    /// // The levels 0.4407, −1, 0.0796 and 0 times the largest magnitude, 2.
    /// assert!((near[0] - 0.88142).abs() < 1e-5 && near[1] == -2.0 && near[3] == 0.0);
    /// ```
    pub fn pack(weight: Tensor<2>, format: CodeFormat, coding: ScaleCoding) -> Self {
        let (device, shape) = (weight.device(), weight.dims());
        let numbers: Vec<f32> = weight.into_data().convert_dtype(DType::F32).iter::<f32>().collect();
        Self::of_numbers(&numbers, shape, (format, coding), &device)
    }

    /// Packs a matrix that lies in the host's memory, row after row: only codes and scales go to the device.
    ///
    /// # Panics
    /// When there are not as many numbers as the shape says.
    pub fn of_numbers(
        numbers: &[f32],
        shape: [usize; 2],
        (format, coding): (CodeFormat, ScaleCoding),
        device: &Device,
    ) -> Self {
        assert_eq!(numbers.len(), shape.iter().product::<usize>(), "numbers of a matrix {shape:?}");
        let scales: Vec<f32> = numbers.par_chunks(BLOCK).map(|block| scale(block, format)).collect();
        let mut codes = vec![0; scales.len() * words_of_a_block(format)];
        codes
            .par_chunks_mut(words_of_a_block(format))
            .zip(numbers.par_chunks(BLOCK).zip(&scales))
            .for_each(|(words, (block, scale))| pack_block(block, *scale, format, words));
        let scales = match coding {
            ScaleCoding::Exact => BlockScales::Exact(floats(scales, device)),
            ScaleCoding::Coded => coded(&scales, device),
        };
        Self { codes: integers(codes, device), scales, shape, format }
    }
}

/// How many 32-bit words the codes of a block take.
fn words_of_a_block(format: CodeFormat) -> usize {
    BLOCK * format.bits() / 32
}

/// Writes the codes of a block, filled up with zeros.
fn pack_block(block: &[f32], scale: f32, format: CodeFormat, packed: &mut [i32]) {
    let mut codes = [code(0.0, scale, format); BLOCK];
    codes.iter_mut().zip(block).for_each(|(code_of, number)| *code_of = code(*number, scale, format));
    packed.iter_mut().zip(words(&codes, format.bits())).for_each(|(to, word)| *to = word);
}

fn scale(block: &[f32], format: CodeFormat) -> f32 {
    let most = block.iter().fold(0.0f32, |most, number| most.max(number.abs()));
    match format {
        CodeFormat::Nf4 => most,
        CodeFormat::Int8 => most / 127.0,
    }
}

/// The code of a number; a block of zeros has scale 0 and codes of zero.
fn code(number: f32, scale: f32, format: CodeFormat) -> u32 {
    let x = if scale > 0.0 { number / scale } else { 0.0 };
    match format {
        CodeFormat::Nf4 => nearest(x),
        CodeFormat::Int8 => byte(x),
    }
}

/// The nearest whole number from −127 to 127 as a byte.
fn byte(x: f32) -> u32 {
    u32::from((x.round_ties_even().clamp(-127.0, 127.0) as i8).cast_unsigned())
}

fn coded(scales: &[f32], device: &Device) -> BlockScales {
    let mean = (scales.iter().map(|s| f64::from(*s)).sum::<f64>() / scales.len().max(1) as f64) as f32;
    let far = |group: &[f32]| group.iter().fold(0.0f32, |most, scale| most.max((scale - mean).abs()));
    let steps: Vec<f32> = scales.chunks(GROUP).map(|group| far(group) / 127.0).collect();
    let mut codes: Vec<u32> = scales
        .chunks(GROUP)
        .zip(&steps)
        .flat_map(|(group, step)| group.iter().map(|scale| code(scale - mean, *step, CodeFormat::Int8)))
        .collect();
    codes.resize(codes.len().next_multiple_of(4), 0);
    let codes = words(&codes, 8).collect();
    BlockScales::Coded { codes: integers(codes, device), steps: floats(steps, device), mean }
}

/// Codes of so many bits side by side, the first in the lowest bits.
fn words(codes: &[u32], bits: usize) -> impl Iterator<Item = i32> {
    codes.chunks(32 / bits).map(move |codes| {
        let joined = codes.iter().enumerate().fold(0, |word, (i, code)| word | code << (bits * i));
        joined.cast_signed()
    })
}

fn integers(words: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = words.len();
    Tensor::from_data(TensorData::new(words, [count]), (device, DType::I32))
}

fn floats(numbers: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), (device, DType::F32))
}
