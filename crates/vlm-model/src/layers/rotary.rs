//! Rotary angles for text (three position axes) and for vision (two).

use burn::tensor::{Device, Tensor, TensorData};

/// cos and sin of every row's angles, both halves of a head alike.
///
/// A head's first half x₁ and second half x₂ turn together:
/// (x₁, x₂) ↦ (x₁ cos φ − x₂ sin φ, x₂ cos φ + x₁ sin φ).
#[derive(Clone, Debug)]
pub struct Angles {
    /// `[rows, head_dim]`
    pub cos: Vec<f32>,
    /// `[rows, head_dim]`
    pub sin: Vec<f32>,
    shape: [usize; 2],
}

impl Angles {
    /// M-RoPE of the decoder: φ_j = p_axis(j) · θ^(−2j/d), where the first `section[0]` frequencies turn with
    /// time, the next `section[1]` with height and the rest with width.
    pub fn text(positions: &[[i64; 3]], section: [usize; 3], theta: f64) -> Self {
        let half: usize = section.iter().sum();
        let axes: Vec<usize> = (0..3).flat_map(|axis| std::iter::repeat_n(axis, section[axis])).collect();
        let frequencies = frequencies(half, theta);
        Self::of(positions.len(), half, |row, j| positions[row][axes[j]] as f32 * frequencies[j])
    }

    /// Rotary angles of the vision tower: the first half of the frequencies turns with the patch's row, the
    /// second with its column, both with φ_j = p · 10000^(−4j/d).
    pub fn vision(positions: &[[u32; 2]], head_dim: usize) -> Self {
        let quarter = head_dim / 4;
        let frequencies = frequencies(quarter, 10_000.0);
        let angle = |row: usize, j: usize| positions[row][j / quarter] as f32 * frequencies[j % quarter];
        Self::of(positions.len(), head_dim / 2, angle)
    }

    fn of(rows: usize, half: usize, angle: impl Fn(usize, usize) -> f32) -> Self {
        let mut cos = vec![0.0; rows * 2 * half];
        let mut sin = vec![0.0; rows * 2 * half];
        for row in 0..rows {
            for j in 0..half {
                let (s, c) = angle(row, j).sin_cos();
                let at = row * 2 * half + j;
                (cos[at], cos[at + half], sin[at], sin[at + half]) = (c, c, s, s);
            }
        }
        Self { cos, sin, shape: [rows, 2 * half] }
    }
}

/// [`Angles`] as tensors, `[rows, head_dim]` each.
#[derive(Clone, Debug)]
pub struct RotaryTable {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl RotaryTable {
    /// The same numbers on a device.
    pub fn new(angles: Angles, device: &Device) -> Self {
        let Angles { cos, sin, shape } = angles;
        let table = |values| Tensor::from_data(TensorData::new(values, shape), device);
        Self { cos: table(cos), sin: table(sin) }
    }

    /// Turns every head of every row.
    ///
    /// # Shapes
    /// - input and output: `[n, heads, head_dim]`
    pub fn rotate(&self, heads: Tensor<3>) -> Tensor<3> {
        fused_ops::rotary(heads, self.cos.clone(), self.sin.clone())
    }
}

/// θ^(−j/n) for j in 0..n, with exponent, power and reciprocal each rounded to f32 as torch rounds them.
fn frequencies(n: usize, theta: f64) -> Vec<f32> {
    let power = |j: usize| theta.powf(f64::from(j as f32 / n as f32)) as f32;
    (0..n).map(|j| 1.0 / power(j)).collect()
}
