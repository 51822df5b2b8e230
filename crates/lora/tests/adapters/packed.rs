//! Adapters on weights in few bits.

use crate::model::{NAMES, Named, distance, matrix, numbers};
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use fused_ops::PackedMatrix;
use lora::{
    Adapter, Base, CodeFormat, LoraConfig, LoraError, Quantization, ScaleCoding, Variant, Vision, attach,
    merge, quantize,
};

fn quantizations() -> [Quantization; 3] {
    let of = |format, scales| Quantization { format, scales, ..Quantization::default() };
    [
        of(CodeFormat::Nf4, ScaleCoding::Coded),
        of(CodeFormat::Nf4, ScaleCoding::Exact),
        of(CodeFormat::Int8, ScaleCoding::Exact),
    ]
}

/// The same maps with the weights that the packed ones stand for.
fn unpacked(model: &Named) -> Named {
    let mut model = model.clone();
    for linear in &mut model.maps {
        linear.weight =
            Base::Dense(Param::from_tensor(linear.weight.dense().detach()).set_require_grad(false));
    }
    model
}

/// The name of each trained number, its output and gradients.
fn step(model: &Named) -> Vec<Vec<f32>> {
    let model = model.clone().train();
    let rows = Tensor::from_inner(matrix([5, 4], 3)).require_grad();
    let linear = &model.maps[0];
    let y = linear.forward(rows.clone());
    let gradients = (y.clone() * Tensor::from_inner(matrix([5, 6], 9))).sum().backward();
    let input = numbers(rows.grad(&gradients).unwrap());
    let gradients = GradientsParams::from_grads(gradients, &model);
    let Some(Adapter::LowRank(low)) = &linear.adapter else { panic!("no adapter") };
    let factors = [low.a.id, low.b.id].map(|id| numbers(gradients.get::<2>(id).unwrap()));
    let lengths = low.magnitude.as_ref().map(|m| numbers(gradients.get::<1>(m.lengths.id).unwrap()));
    [vec![numbers(y), input], factors.to_vec(), lengths.into_iter().collect()].concat()
}

#[test]
fn packed_weights_meet_adapters_as_their_unpacked_ones_do() {
    for quantization in quantizations() {
        for (variant, dropout) in [(Variant::Lora, 0.0), (Variant::Dora, 0.0), (Variant::Dora, 0.5)] {
            let mut model = Named::new();
            let done = quantize(&mut model, &quantization).unwrap();
            assert_eq!(done.modules, 4);
            assert!(done.relative_error > 0.0 && done.relative_error < 0.15, "{done:?}");
            attach(&mut model, &LoraConfig { r: 2, variant, dropout, ..LoraConfig::default() }).unwrap();
            let Some(Adapter::LowRank(low)) = &mut model.maps[0].adapter else { panic!("no adapter") };
            low.b = Param::from_tensor(matrix([6, 2], 8));
            lora::set_dropout(&mut model, lora::DropoutMode::On { seed: 1, step: 1 });
            let off = distance(&step(&model), &step(&unpacked(&model)));
            assert!(off < 1e-4, "{quantization:?} {variant:?}: off by {off}");
        }
    }
}

#[test]
fn merging_makes_packed_weights_dense() {
    let mut model = Named::new();
    quantize(&mut model, &Quantization { vision: Vision::Included, ..Quantization::default() }).unwrap();
    attach(&mut model, &LoraConfig { r: 2, ..LoraConfig::default() }).unwrap();
    let before = model.outputs();
    merge(&mut model);
    assert!(distance(&before, &model.outputs()) < 1e-5);
    let packed = |index: usize| matches!(model.maps[index].weight, Base::Packed(_));
    assert!(!packed(0) && packed(5), "only adapted maps are merged");
}

#[test]
fn what_is_left_out_stays_as_it_is() {
    let skip = vec!["1.mlp.gate_proj".to_owned(), "q_proj".to_owned()];
    let quantization = Quantization { vision: Vision::Included, skip, ..Quantization::default() };
    let packed: Vec<&str> = NAMES.into_iter().filter(|name| quantization.covers(name)).collect();
    assert_eq!(packed, [NAMES[1], NAMES[5], NAMES[6]]);
    assert!(!Quantization::default().covers(NAMES[5]));
}

#[test]
fn weights_below_adapters_are_not_packed() {
    let mut model = Named::trained(&LoraConfig::default());
    let error = quantize(&mut model, &Quantization::default()).unwrap_err();
    assert_eq!(error, LoraError::AlreadyAttached { module: NAMES[0].to_owned() });
}

#[test]
fn packed_numbers_are_those_that_numpy_recorded() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data-fixtures/golden/packed.json");
    let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (rows, columns) = (37, 53);
    let number = |i: usize| {
        let uniform = ((i * 7919 + 104_729) % 2003) as f32 / 1001.5 - 1.0;
        uniform * uniform * uniform * (1.0 + (i / 64) as f32)
    };
    let data = TensorData::new((0..rows * columns).map(number).collect::<Vec<_>>(), [rows, columns]);
    let weight = Tensor::<2>::from_data(data, &Device::flex());
    for (name, format, scales) in [
        ("nf4", CodeFormat::Nf4, ScaleCoding::Exact),
        ("nf4-coded", CodeFormat::Nf4, ScaleCoding::Coded),
        ("int8", CodeFormat::Int8, ScaleCoding::Exact),
        ("int8-coded", CodeFormat::Int8, ScaleCoding::Coded),
    ] {
        let found = numbers(PackedMatrix::pack(weight.clone(), format, scales).unpack());
        let expected = recorded[name].as_array().unwrap();
        assert_eq!(found.len(), expected.len());
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let expected = expected.as_f64().unwrap() as f32;
            assert!(
                (found - expected).abs() <= 2e-6 * (1.0 + expected.abs()),
                "{name} {i}: {found}, {expected}"
            );
        }
    }
}
