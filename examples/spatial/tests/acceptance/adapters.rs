//! Adapters and four-bit weights.

use burn::module::Param;
use burn::tensor::{Device, Distribution, Tensor};
use lora::Targets;
use lora::{Base, CodeFormat, Linear, Linears, LoraConfig, Quantization, ScaleCoding};

/// A layer of its own.
struct Layer(Linear);

impl Linears for Layer {
    fn visit_linears(&mut self, visit: &mut dyn FnMut(&str, &mut Linear)) {
        visit("layer", &mut self.0);
    }
}

fn layer(out: usize, inputs: usize) -> Layer {
    let weight = Tensor::random([out, inputs], Distribution::Normal(0.0, 0.02), &Device::flex());
    Layer(Linear::new(Param::from_tensor(weight), None))
}

#[test]
fn rank_64_on_a_layer_of_2048_has_262144_numbers_and_changes_nothing_at_first() {
    let mut layer = layer(2048, 2048);
    let rows = Tensor::random([3, 2048], Distribution::Normal(0.0, 1.0), &Device::flex());
    let before = layer.0.forward(rows.clone()).into_data();
    let config = LoraConfig {
        r: 64,
        alpha: 16.0,
        targets: Targets::Names(vec!["layer".into()]),
        ..LoraConfig::default()
    };
    assert_eq!(lora::attach(&mut layer, &config).unwrap().parameters, 262_144);
    assert_eq!(layer.0.forward(rows).into_data(), before);
    assert_eq!(config.alpha / config.r as f64, 0.25);
}

#[test]
fn a_block_of_four_bit_weights_is_that_of_the_worked_example() {
    let mut block = [0.0f32; 64];
    block[..4].copy_from_slice(&[1.0, -2.0, 0.2, 0.0]);
    let mut layer = layer(1, 64);
    let block = Tensor::<1>::from_data(block, &Device::flex()).reshape([1, 64]);
    layer.0.weight = Base::Dense(Param::from_tensor(block));
    let nf4 = Quantization { format: CodeFormat::Nf4, scales: ScaleCoding::Exact, ..Quantization::default() };
    lora::quantize(&mut layer, &nf4).unwrap();
    let eye = Tensor::<2>::eye(64, &Device::flex());
    let found: Vec<f32> = layer.0.forward(eye).into_data_as::<f32>().try_to_vec().unwrap();
    for (found, expected) in found.into_iter().zip([0.881_420, -2.0, 0.159_161, 0.0]) {
        assert!((found - expected).abs() < 1e-5, "found {found}, expected {expected}");
    }
}
