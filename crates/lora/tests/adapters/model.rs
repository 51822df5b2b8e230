//! Maps with the names of a small vision-language model.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use lora::{Adapter, Linear, Linears, LoraConfig};

pub const NAMES: [&str; 8] = [
    "model.layers.0.self_attn.q_proj",
    "model.layers.0.mlp.gate_proj",
    "model.layers.1.self_attn.q_proj",
    "model.layers.1.mlp.gate_proj",
    "visual.patch_embed.proj",
    "visual.blocks.0.attn.proj",
    "visual.blocks.0.mlp.gate_proj",
    "lm_head",
];

/// The maps, each `[6, 4]` with a bias.
#[derive(Module, Debug)]
pub struct Named {
    pub maps: Vec<Linear>,
}

/// Numbers in ±1 that look random.
pub fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
}

pub fn matrix(shape: [usize; 2], seed: usize) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values(shape[0] * shape[1], seed), shape), &Device::flex())
}

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

impl Named {
    pub fn new() -> Self {
        let map = |(seed, name): (usize, &&str)| {
            let bias = Tensor::<1>::from_data(TensorData::new(values(6, seed), [6]), &Device::flex());
            let weight = Param::from_tensor(matrix([6, 4], seed)).set_require_grad(false);
            let bias = Param::from_tensor(bias).set_require_grad(false);
            let linear = Linear::new(weight, Some(bias));
            if name.ends_with("patch_embed.proj") { linear.with_kernel(&[1, 2, 2, 1]) } else { linear }
        };
        Self { maps: NAMES.iter().enumerate().map(map).collect() }
    }

    /// With adapters that are not at their start.
    pub fn trained(config: &LoraConfig) -> Self {
        let mut model = Self::new();
        lora::attach(&mut model, config).unwrap();
        for (seed, linear) in model.maps.iter_mut().enumerate() {
            match &mut linear.adapter {
                Some(Adapter::LowRank(low)) => {
                    low.b = Param::from_tensor(matrix(low.b.val().dims(), seed + 20));
                    if let Some(magnitude) = &mut low.magnitude {
                        magnitude.lengths = Param::from_tensor(magnitude.lengths.val() * 1.5);
                    }
                }
                Some(Adapter::FullCopy(copy)) => copy.weight = Param::from_tensor(copy.weight.val() * 0.5),
                None => {}
            }
        }
        model
    }

    /// What every map makes of the same rows.
    pub fn outputs(&self) -> Vec<Vec<f32>> {
        self.maps.iter().map(|linear| numbers(linear.forward(matrix([3, 4], 77)))).collect()
    }
}

impl Linears for Named {
    fn visit_linears(&mut self, visit: &mut dyn FnMut(&str, &mut Linear)) {
        NAMES.iter().zip(&mut self.maps).for_each(|(name, linear)| visit(name, linear));
    }
}

/// The largest difference of two lists of outputs.
pub fn distance(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
