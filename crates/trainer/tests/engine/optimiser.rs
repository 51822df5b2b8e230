//! AdamW and schedules against numbers from torch 2.15 and transformers 5.23.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use trainer::engine::{AdamW, AdamWSettings, Decay, Gradients, Schedule, trainable};

#[derive(Module, Debug)]
struct Pair {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

fn trained(values: [f32; 2]) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::from_data(values, &Device::flex()).autodiff().require_grad())
}

const TORCH: [f32; 4] = [0.698_911_25, -1.694_944_6, 0.2, -0.05];

/// Three steps on Σ w² + 3 Σ b with rate 0.1, decay 0.01 on the weight only.
#[test]
fn three_steps_are_those_of_torch() {
    let mut model = Pair { weight: trained([1.0, -2.0]), bias: trained([0.5, 0.25]) };
    let settings = AdamWSettings { weight_decay: 0.01, ..AdamWSettings::default() };
    let mut adamw = AdamW::new(settings);
    for _ in 0..3 {
        let mut gradients = Gradients::default();
        let loss = (model.weight.val() * model.weight.val()).sum() + model.bias.val().sum() * 3.0;
        gradients.add(&model, &loss);
        model = adamw.update(model, &gradients, |_| 0.1);
    }
    let found: Vec<f32> = trainable(&model)
        .into_iter()
        .flat_map(|parameter| parameter.value.into_data().iter::<f32>().collect::<Vec<_>>())
        .collect();
    for (found, expected) in found.iter().zip(TORCH) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(adamw.updates(), 3);
}

#[test]
fn clipping_scales_all_parameters_together_as_torch_does() {
    let model = Pair { weight: trained([3.0, 0.0]), bias: trained([0.0, 0.0]) };
    let mut gradients = Gradients::default();
    gradients.add(&model, &((model.weight.val() * model.weight.val()).sum() + model.bias.val().sum() * 4.0));
    let norm = gradients.norm();
    assert!((norm - (36.0f64 + 32.0).sqrt()).abs() < 1e-6);
    gradients.clip(norm, 1.0);
    assert!((gradients.norm() - 1.0).abs() < 1e-6);
    gradients.clip(1.0, 2.0);
    assert!((gradients.norm() - 1.0).abs() < 1e-6, "a short gradient stays as it is");
}

#[test]
fn schedules_are_those_of_transformers() {
    let factors = |decay| [0, 1, 2, 3, 5, 8].map(|k| Schedule { decay, warmup: 2, total: 8 }.factor(k));
    let near = |decay, expected: [f64; 6]| {
        for (found, expected) in factors(decay).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{decay:?}: {found} {expected}");
        }
    };
    near(Decay::Constant, [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]);
    near(Decay::Linear, [0.0, 0.5, 1.0, 5.0 / 6.0, 0.5, 0.0]);
    near(Decay::Cosine { floor: 0.0 }, [0.0, 0.5, 1.0, 0.933_012_701_892_219_3, 0.5, 0.0]);
    near(Decay::Cosine { floor: 0.1 }, [0.0, 0.5, 1.0, 0.939_711_431_702_997_4, 0.55, 0.1]);
    near(Decay::Polynomial { power: 2.0, end: 0.1 }, [0.0, 0.5, 1.0, 0.725, 0.325, 0.1]);
    near(Decay::InverseSqrt, [0.0, 0.5, 1.0, 0.816_496_580_927_726, 0.632_455_532_033_675_9, 0.5]);
}
