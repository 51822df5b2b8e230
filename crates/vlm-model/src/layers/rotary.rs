//! Rotary angles for text (three position axes) and for vision (two).

use burn::tensor::{Device, Tensor, TensorData};

/// cos and sin of every row's angles, `[n, head_dim]` each, both halves alike.
///
/// A head's first half x₁ and second half x₂ turn together:
/// (x₁, x₂) ↦ (x₁ cos φ − x₂ sin φ, x₂ cos φ + x₁ sin φ).
#[derive(Clone, Debug)]
pub struct RotaryTable {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl RotaryTable {
    /// M-RoPE of the decoder: φ_j = p_axis(j) · θ^(−2j/d), where the first `section[0]` frequencies turn with
    /// time, the next `section[1]` with height and the rest with width.
    pub fn text(positions: &[[i64; 3]], section: [usize; 3], theta: f64, device: &Device) -> Self {
        let half: usize = section.iter().sum();
        let axes: Vec<usize> = (0..3).flat_map(|axis| std::iter::repeat_n(axis, section[axis])).collect();
        let frequencies = frequencies(half, theta);
        Self::new(positions.len(), half, device, |row, j| positions[row][axes[j]] as f32 * frequencies[j])
    }

    /// Rotary angles of the vision tower: the first half of the frequencies turns with the patch's row, the
    /// second with its column, both with φ_j = p · 10000^(−4j/d).
    pub fn vision(positions: &[[u32; 2]], head_dim: usize, device: &Device) -> Self {
        let quarter = head_dim / 4;
        let frequencies = frequencies(quarter, 10_000.0);
        Self::new(positions.len(), head_dim / 2, device, |row, j| {
            positions[row][j / quarter] as f32 * frequencies[j % quarter]
        })
    }

    /// Turns every head of every row.
    ///
    /// # Shapes
    /// - input and output: `[n, heads, head_dim]`
    pub fn rotate(&self, heads: Tensor<3>) -> Tensor<3> {
        fused_ops::rotary(heads, self.cos.clone(), self.sin.clone())
    }

    fn new(rows: usize, half: usize, device: &Device, angle: impl Fn(usize, usize) -> f32) -> Self {
        let mut cos = vec![0.0; rows * 2 * half];
        let mut sin = vec![0.0; rows * 2 * half];
        for row in 0..rows {
            for j in 0..half {
                let (s, c) = angle(row, j).sin_cos();
                let at = row * 2 * half + j;
                (cos[at], cos[at + half], sin[at], sin[at + half]) = (c, c, s, s);
            }
        }
        let table = |values| Tensor::from_data(TensorData::new(values, [rows, 2 * half]), device);
        Self { cos: table(cos), sin: table(sin) }
    }
}

/// θ^(−j/n) for j in 0..n, with exponent, power and reciprocal each rounded to f32 as torch rounds them.
fn frequencies(n: usize, theta: f64) -> Vec<f32> {
    let power = |j: usize| theta.powf(f64::from(j as f32 / n as f32)) as f32;
    (0..n).map(|j| 1.0 / power(j)).collect()
}
