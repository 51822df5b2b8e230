//! Random weights under the published names.

use crate::sizes::Sizes;

/// A tensor to be written.
pub(crate) struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Every tensor of a model: matrices with deviation 1/√(inputs), half of that where a layer's output joins the
/// residual stream, embeddings with deviation 1, a head of zeros (the first loss is ln of the vocabulary), norms of
/// ones, biases of zeros.
pub(crate) fn random(sizes: &Sizes, vocabulary: usize, seed: u64) -> Vec<Weight> {
    let mut list = List { seed, weights: Vec::new() };
    list.vision(sizes);
    list.text(sizes, vocabulary);
    list.weights
}

struct List {
    seed: u64,
    weights: Vec<Weight>,
}

impl List {
    fn vision(&mut self, sizes: &Sizes) {
        let (width, inner) = (sizes.vision_hidden, sizes.vision_inner);
        self.normal("visual.patch_embed.proj.weight", &[width, 3, 2, 14, 14], 1.0);
        for block in 0..sizes.vision_depth {
            let at = |name: &str| format!("visual.blocks.{block}.{name}");
            self.constant(&at("norm1.weight"), width, 1.0);
            self.constant(&at("norm2.weight"), width, 1.0);
            self.linear(&at("attn.qkv"), [3 * width, width], 1.0);
            self.linear(&at("attn.proj"), [width, width], 0.5);
            self.linear(&at("mlp.gate_proj"), [inner, width], 1.0);
            self.linear(&at("mlp.up_proj"), [inner, width], 1.0);
            self.linear(&at("mlp.down_proj"), [width, inner], 0.5);
        }
        self.constant("visual.merger.ln_q.weight", width, 1.0);
        self.linear("visual.merger.mlp.0", [4 * width, 4 * width], 1.0);
        self.linear("visual.merger.mlp.2", [sizes.hidden, 4 * width], 1.0);
    }

    fn text(&mut self, sizes: &Sizes, vocabulary: usize) {
        let (width, inner) = (sizes.hidden, sizes.inner);
        let kv = width / sizes.heads * sizes.kv_heads;
        let table = (width as f64).sqrt();
        self.normal("model.embed_tokens.weight", &[vocabulary, width], table);
        for layer in 0..sizes.layers {
            let at = |name: &str| format!("model.layers.{layer}.{name}");
            self.constant(&at("input_layernorm.weight"), width, 1.0);
            self.constant(&at("post_attention_layernorm.weight"), width, 1.0);
            self.linear(&at("self_attn.q_proj"), [width, width], 1.0);
            self.linear(&at("self_attn.k_proj"), [kv, width], 1.0);
            self.linear(&at("self_attn.v_proj"), [kv, width], 1.0);
            self.normal(&at("self_attn.o_proj.weight"), &[width, width], 0.5);
            self.normal(&at("mlp.gate_proj.weight"), &[inner, width], 1.0);
            self.normal(&at("mlp.up_proj.weight"), &[inner, width], 1.0);
            self.normal(&at("mlp.down_proj.weight"), &[width, inner], 0.5);
        }
        self.constant("model.norm.weight", width, 1.0);
        self.normal("lm_head.weight", &[vocabulary, width], 0.0);
    }

    /// A matrix and its bias.
    fn linear(&mut self, name: &str, shape: [usize; 2], gain: f64) {
        self.normal(&format!("{name}.weight"), &shape, gain);
        self.constant(&format!("{name}.bias"), shape[0], 0.0);
    }

    /// Normal numbers with deviation `gain`/√(inputs), inputs being all sizes but the first.
    fn normal(&mut self, name: &str, shape: &[usize], gain: f64) {
        let inputs: usize = shape[1..].iter().product();
        let scale = gain / (inputs as f64).sqrt();
        let stream = self.weights.len() as u64;
        let count = shape[0] * inputs;
        let values = (0..count as u64).map(|i| (gaussian(self.seed, stream, i) * scale) as f32).collect();
        self.weights.push(Weight { name: name.to_owned(), shape: shape.to_vec(), values });
    }

    fn constant(&mut self, name: &str, len: usize, value: f32) {
        self.weights.push(Weight { name: name.to_owned(), shape: vec![len], values: vec![value; len] });
    }
}

/// A standard normal number that depends on its place alone (Box and Muller, 1958).
fn gaussian(seed: u64, stream: u64, index: u64) -> f64 {
    let uniform = |salt: u64| {
        let bits = mix(mix(seed ^ mix(stream.wrapping_add(1))) ^ index.wrapping_mul(2).wrapping_add(salt));
        ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    (-2.0 * uniform(0).ln()).sqrt() * (std::f64::consts::TAU * uniform(1)).cos()
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normal_and_belong_to_their_seed() {
        let values: Vec<f64> = (0..20_000).map(|i| gaussian(1, 2, i)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        assert_ne!(gaussian(1, 2, 3), gaussian(2, 2, 3));
    }
}
