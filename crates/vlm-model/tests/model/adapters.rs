//! Adapters on the whole network.

use crate::fixture::{CHECKPOINTS, Scored, checkpoint, golden, lines, model, prompt};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use lora::{
    Adapter, CodeFormat, Linears, LoraConfig, Quantization, Targets, Vision, attach, detach, quantize,
};
use vlm_model::weights::save_folder;
use vlm_model::{Precision, Scoring, VlModel};

/// The first recorded row with an image: every part of the network takes part in it.
fn scored(name: &str) -> (vlm_processor::Prompt, Vec<u32>) {
    let rows = lines::<Scored>(&golden(name).join("score.jsonl"));
    let with_image = rows.into_iter().map(|row| (prompt(name, &row.id), row.token_ids));
    with_image.into_iter().find(|(prompt, _)| !prompt.visuals.is_empty()).expect("rows have images")
}

fn score(model: &VlModel, (prompt, ids): &(vlm_processor::Prompt, Vec<u32>)) -> Tensor<1> {
    model.score(prompt, &[ids], &Scoring::default()).unwrap().log_probs
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// Gives every B numbers other than zero.
fn perturb(model: &mut VlModel) {
    model.visit_linears(&mut |_, linear| {
        if let Some(Adapter::LowRank(low)) = &mut linear.adapter {
            low.b = Param::from_tensor(Tensor::ones_like(&low.b.val().detach()) * 0.05);
        }
    });
}

#[test]
fn a_fresh_adapter_changes_nothing_and_a_trained_one_can_be_left_out() {
    for name in CHECKPOINTS {
        let mut model = model(name);
        let row = scored(name);
        let before = numbers(score(&model, &row));
        let config = LoraConfig { vision: Vision::Included, ..LoraConfig::default() };
        let attached = attach(&mut model, &config).unwrap();
        assert!(attached.modules.iter().any(|module| module == "visual.merger.mlp.2"), "{attached:?}");
        assert!(!attached.modules.iter().any(|module| module == "lm_head"));
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(close(&before, &numbers(score(&model, &row))), "{name}: fresh");
        perturb(&mut model);
        assert!(!close(&before, &numbers(score(&model, &row))), "{name}: trained");
        assert_eq!(before, numbers(score(&model.without_adapters(), &row)), "{name}: reference");
        assert_eq!(detach(&mut model), attached.modules.len());
        assert_eq!(before, numbers(score(&model, &row)), "{name}: detached");
    }
}

#[test]
fn only_the_adapter_gets_gradients() {
    let name = "qwen2_5-nano";
    let device = Device::flex().autodiff();
    let mut model = VlModel::from_dir(&checkpoint(name), &device, Precision::F32).unwrap();
    let config = LoraConfig { vision: Vision::Included, ..LoraConfig::default() };
    let attached = attach(&mut model, &config).unwrap();
    perturb(&mut model);
    let gradients = score(&model, &scored(name)).sum().backward();
    let gradients = GradientsParams::from_grads(gradients, &model);
    assert_eq!(gradients.len(), 2 * attached.modules.len());
    let mut trained = Trained(0);
    model.visit(&mut trained);
    assert_eq!(trained.0, attached.parameters);
}

/// Counts the numbers that are trained.
struct Trained(usize);

impl ModuleVisitor for Trained {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 += if param.is_require_grad() { param.val().shape().num_elements() } else { 0 };
    }
}

#[test]
fn an_adapted_or_copied_head_takes_part() {
    let name = "qwen2_5-nano-untied";
    let row = scored(name);
    let before = numbers(score(&model(name), &row));
    for copied in [false, true] {
        let mut model = model(name);
        let mut config =
            LoraConfig { targets: Targets::Names(vec!["lm_head".into()]), ..LoraConfig::default() };
        if copied {
            config.targets = Targets::Names(vec!["q_proj".into()]);
            config.modules_to_save = vec!["lm_head".into()];
        }
        attach(&mut model, &config).unwrap();
        assert_eq!(numbers(score(&model, &row)), before);
        model.visit_linears(&mut |_, linear| match &mut linear.adapter {
            Some(Adapter::LowRank(low)) => low.b = Param::from_tensor(low.b.val().ones_like() * 0.1),
            Some(Adapter::FullCopy(copy)) => copy.weight = Param::from_tensor(copy.weight.val() * 1.5),
            None => {}
        });
        assert_ne!(numbers(score(&model, &row)), before);
    }
}

#[test]
fn weights_packed_while_loading_are_those_packed_afterwards() {
    for name in CHECKPOINTS {
        let row = scored(name);
        let quantization = Quantization { vision: Vision::Included, ..Quantization::default() };
        let mut afterwards = VlModel::from_dir(&checkpoint(name), &Device::flex(), Precision::F32).unwrap();
        let done = quantize(&mut afterwards, &quantization).unwrap();
        let once =
            VlModel::from_dir_quantized(&checkpoint(name), &Device::flex(), Precision::F32, &quantization)
                .unwrap();
        let packed = numbers(score(&once, &row));
        assert_eq!(packed, numbers(score(&afterwards, &row)), "{name}");
        assert_ne!(packed, numbers(score(&model(name), &row)), "{name}");
        assert!(done.bytes_after * 7 < done.bytes_before && done.relative_error < 0.12, "{name}: {done:?}");
        let error = save_folder(&once, &checkpoint(name), tempfile::tempdir().unwrap().path()).unwrap_err();
        assert!(error.to_string().contains("few bits"), "{error}");
    }
}

#[test]
fn eight_bits_stay_near_the_whole_numbers() {
    let quantization =
        Quantization { format: CodeFormat::Int8, vision: Vision::Included, ..Quantization::default() };
    for name in CHECKPOINTS {
        let (mut packed, row) = (model(name), scored(name));
        let whole = numbers(score(&packed, &row));
        quantize(&mut packed, &quantization).unwrap();
        let off = numbers(score(&packed, &row))
            .iter()
            .zip(&whole)
            .fold(0.0f32, |off, (a, b)| off.max((a - b).abs()));
        assert!(off < 0.3, "{name}: log-probabilities move by {off}");
    }
}
