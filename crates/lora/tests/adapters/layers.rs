//! What an adapted map computes, and its gradients.

use crate::model::{Named, distance, matrix, numbers};
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use lora::{Adapter, DropoutMode, LoraConfig, LowRank, Variant, set_dropout};

fn low(model: &Named) -> &LowRank {
    let Some(Adapter::LowRank(low)) = &model.maps[0].adapter else { panic!("no adapter") };
    low
}

/// DoRA's map from its formula, with a dense weight and a constant norm.
fn dora(model: &Named, rows: Tensor<2>) -> Tensor<2> {
    let (linear, low) = (&model.maps[0], low(model));
    let added = low.b.val().matmul(low.a.val()) * low.scale();
    let adapted = linear.weight.dense() + added;
    let norm = adapted.clone().powi_scalar(2).sum_dim(1).sqrt().detach();
    let lengths = low.magnitude.as_ref().unwrap().lengths.val().unsqueeze_dim(1);
    let bias = linear.bias.as_ref().unwrap().val();
    rows.matmul((adapted / norm * lengths).transpose()) + bias.unsqueeze()
}

#[test]
fn dora_is_its_formula_forward_and_backward() {
    let config = LoraConfig { r: 2, variant: Variant::Dora, ..LoraConfig::default() };
    let model = Named::trained(&config).train();
    let rows = || Tensor::from_inner(matrix([5, 4], 3)).require_grad();
    let weights = || Tensor::<2>::from_inner(matrix([5, 6], 9));
    let run = |forward: &dyn Fn(Tensor<2>) -> Tensor<2>| {
        let rows = rows();
        let y = forward(rows.clone());
        let gradients = (y.clone() * weights()).sum().backward();
        let input = numbers(rows.grad(&gradients).unwrap());
        let gradients = GradientsParams::from_grads(gradients, &model);
        let low = low(&model);
        let lengths = low.magnitude.as_ref().unwrap().lengths.id;
        vec![
            numbers(y),
            input,
            numbers(gradients.get::<2>(low.a.id).unwrap()),
            numbers(gradients.get::<2>(low.b.id).unwrap()),
            numbers(gradients.get::<1>(lengths).unwrap()),
        ]
    };
    let (ours, formula) = (run(&|x| model.maps[0].forward(x)), run(&|x| dora(&model, x)));
    for (what, (ours, formula)) in ["y", "x", "a", "b", "lengths"].iter().zip(ours.iter().zip(&formula)) {
        let off = distance(std::slice::from_ref(ours), std::slice::from_ref(formula));
        assert!(off < 2e-5, "{what} is off by {off}");
    }
}

#[test]
fn dropout_repeats_for_a_key_and_keeps_the_mean() {
    for variant in [Variant::Lora, Variant::Dora] {
        let config = LoraConfig { r: 2, variant, dropout: 0.25, ..LoraConfig::default() };
        let mut model = Named::trained(&config);
        let full = model.outputs();
        let mut at = |seed, step| {
            set_dropout(&mut model, DropoutMode::On { seed, step });
            model.outputs()
        };
        let first = at(1, 1);
        assert_eq!(first, at(1, 1));
        assert_ne!(first, at(1, 2));
        assert_ne!(first, at(2, 1));
        assert_ne!(first, full);
        let mut mean = vec![0.0; full[0].len()];
        for step in 0..4000 {
            let outputs = at(7, step);
            mean.iter_mut().zip(&outputs[0]).for_each(|(mean, y)| *mean += y / 4000.0);
        }
        let off = distance(std::slice::from_ref(&mean), &full[..1]);
        assert!(off < 0.1, "{variant:?}: the mean is off by {off}");
        set_dropout(&mut model, DropoutMode::Off);
        assert_eq!(model.outputs(), full);
    }
}

#[test]
fn dropped_inputs_of_dora_follow_its_formula() {
    let config = LoraConfig { r: 2, variant: Variant::Dora, dropout: 0.5, ..LoraConfig::default() };
    let mut model = Named::trained(&config);
    set_dropout(&mut model, DropoutMode::On { seed: 3, step: 1 });
    let rows = Tensor::<2>::ones([40, 4], &burn::tensor::Device::flex());
    let found = model.maps[0].forward(rows.clone());
    // A row that loses all its inputs keeps the frozen map; one that loses none meets the adapter with doubled inputs.
    let plain = |rows: Tensor<2>| Named::new().maps[0].forward(rows);
    let none = plain(rows.clone());
    let twice = rows.clone() * 2.0;
    let both = none.clone() + dora(&model, twice.clone()) - plain(twice);
    let (found, none, both) = (numbers(found), numbers(none), numbers(both));
    let is = |row: usize, expected: &[f32]| {
        (0..6).all(|o| (found[row * 6 + o] - expected[row * 6 + o]).abs() < 1e-4)
    };
    assert!((0..40).any(|row| is(row, &none)), "no row lost all four inputs");
    assert!((0..40).any(|row| is(row, &both)), "no row kept all four inputs");
}

#[test]
fn half_precision_rows_meet_adapters_in_single_precision() {
    use burn::tensor::DType;
    let config = LoraConfig { r: 2, ..LoraConfig::default() };
    let mut model = Named::trained(&config);
    let linear = &mut model.maps[0];
    let expected = numbers(linear.forward(matrix([3, 4], 77)));
    linear.weight = lora::Base::Dense(Param::from_tensor(linear.weight.dense().cast(DType::BF16)));
    linear.bias = linear.bias.take().map(|bias| Param::from_tensor(bias.val().cast(DType::BF16)));
    let found = linear.forward(matrix([3, 4], 77).cast(DType::BF16));
    assert_eq!(found.dtype(), DType::BF16);
    let found = numbers(found.cast(DType::F32));
    assert!(distance(&[found], &[expected]) < 0.05);
}

#[test]
fn a_weight_in_bfloat16_under_an_adapter_is_the_weight_of_its_numbers() {
    use burn::tensor::DType;
    for variant in [Variant::Lora, Variant::Dora, Variant::RsLora] {
        let model = |store: &dyn Fn(Tensor<2>) -> lora::Base| {
            let mut model = Named::new();
            let weight = model.maps[0].weight.dense();
            model.maps[0].weight = store(weight.cast(DType::BF16));
            lora::attach(&mut model, &LoraConfig { r: 2, variant, ..LoraConfig::default() }).unwrap();
            model
        };
        let frozen = |weight| Param::from_tensor(weight).set_require_grad(false);
        let mut half = model(&|weight| lora::Base::Half(frozen(weight)));
        let mut whole = model(&|weight| lora::Base::Dense(frozen(weight.cast(DType::F32))));
        assert_eq!(half.maps[0].dtype(), DType::F32);
        assert_eq!(half.outputs(), whole.outputs(), "{variant:?}");
        let merged = [lora::merge(&mut half), lora::merge(&mut whole)].map(|merged| merged.error);
        assert_eq!(merged[0], merged[1], "{variant:?}");
        assert_eq!(half.outputs(), whole.outputs(), "{variant:?}, merged");
    }
}

/// For which of a model's maps decoding needs no more than parts.
fn with_parts(model: &Named) -> Vec<bool> {
    model.maps.iter().map(|map| map.parts().is_some()).collect()
}

#[test]
fn lengths_copies_and_dropped_inputs_are_not_left_to_decoding() {
    let low_rank = LoraConfig { r: 2, dropout: 0.5, ..LoraConfig::default() };
    let mut model = Named::trained(&low_rank);
    assert!(with_parts(&model).iter().all(|whole| *whole));
    set_dropout(&mut model, DropoutMode::On { seed: 1, step: 1 });
    assert!(!with_parts(&model)[0]);
    set_dropout(&mut model, DropoutMode::Off);
    assert!(with_parts(&model)[0]);
    let dora = LoraConfig { variant: Variant::Dora, ..low_rank.clone() };
    assert!(!with_parts(&Named::trained(&dora))[0]);
    let whole = LoraConfig { modules_to_save: vec!["q_proj".into()], ..low_rank };
    assert!(with_parts(&Named::trained(&whole)).contains(&false));
}
