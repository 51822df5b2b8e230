//! Adapters that PEFT wrote: its losses and gradients, and folders that it can read.

use crate::fixture::{checkpoint, fixtures};
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use lora::peft::save;
use lora::{Adapter, Linears};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use vlm_model::{Precision, Scored, Scoring, VlModel, merge_folder};
use vlm_processor::{Processor, Prompt, Row, RowReader};

const CHECKPOINTS: [&str; 2] = ["qwen2_5-nano", "qwen2-nano"];

fn training(name: &str) -> PathBuf {
    fixtures().join("golden/training").join(name)
}

#[derive(Deserialize)]
struct Recorded {
    batch: Batch,
    variants: BTreeMap<String, Supervised>,
}

#[derive(Deserialize)]
struct Batch {
    rows: Vec<String>,
    input_ids: Vec<Vec<u32>>,
    labels: Vec<Vec<usize>>,
    label_tokens: usize,
}

#[derive(Deserialize)]
struct Supervised {
    adapter: String,
    loss: f64,
    gradients: Option<String>,
    norms: BTreeMap<String, f64>,
}

fn recorded(name: &str) -> Recorded {
    serde_json::from_slice(&std::fs::read(training(name).join("sft.json")).unwrap()).unwrap()
}

/// One recorded conversation: what comes before the last answer, the answer, and the labels before it.
struct Conversation {
    prompt: Prompt,
    answer: Vec<u32>,
    spans: Vec<Range<usize>>,
}

fn conversations(name: &str, batch: &Batch) -> Vec<Conversation> {
    let root = fixtures().join("golden/training/rows");
    let rows: Vec<Row> =
        RowReader::open(&root.join("supervised.jsonl")).unwrap().map(|(_, row)| row.unwrap()).collect();
    let processor = Processor::from_dir(&checkpoint(name)).unwrap();
    let of = |((id, ids), labels): ((&String, &Vec<u32>), &Vec<usize>)| {
        let mut row = rows.iter().find(|row| row.id == *id).unwrap().clone();
        row.messages.pop();
        let prompt = processor.prepare(&row, &root).unwrap();
        let length = prompt.tokens.len();
        let learned = |place: &usize| labels.contains(place);
        assert!((length..ids.len()).all(|place| learned(&place)), "all of the last answer is learned");
        let spans = (0..length).filter(learned).map(|place| place..place + 1).collect();
        Conversation { prompt, answer: ids[length..].to_vec(), spans }
    };
    batch.rows.iter().zip(&batch.input_ids).zip(&batch.labels).map(of).collect()
}

/// The mean over all labels of −log p.
fn loss(model: &VlModel, conversations: &[Conversation], labels: usize) -> Tensor<1> {
    let answers: Vec<[&[u32]; 1]> =
        conversations.iter().map(|conversation| [conversation.answer.as_slice()]).collect();
    let items: Vec<Scored> = conversations
        .iter()
        .zip(&answers)
        .map(|(conversation, answer)| Scored {
            spans: &conversation.spans,
            ..Scored::group(&conversation.prompt, answer)
        })
        .collect();
    let log_probs = model.score_all(&items, &Scoring::default()).unwrap().log_probs;
    assert_eq!(log_probs.dims(), [labels]);
    log_probs.sum().neg() / labels as f64
}

/// The model with each trained number replaced by its gradient.
fn into_gradients(model: &VlModel, gradients: &GradientsParams) -> VlModel {
    let mut model = model.clone();
    model.visit_linears(&mut |_, linear| {
        let Some(Adapter::LowRank(low)) = &mut linear.adapter else { return };
        low.a = Param::from_tensor(gradients.get(low.a.id).unwrap());
        low.b = Param::from_tensor(gradients.get(low.b.id).unwrap());
        if let Some(magnitude) = &mut low.magnitude {
            magnitude.lengths = Param::from_tensor(gradients.get(magnitude.lengths.id).unwrap());
        }
    });
    model
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
}

fn norm(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn recorded_adapters_give_the_recorded_losses_and_gradients() {
    for name in CHECKPOINTS {
        let recorded = recorded(name);
        let conversations = conversations(name, &recorded.batch);
        let device = Device::flex().autodiff();
        for (variant, expected) in &recorded.variants {
            let mut model = VlModel::from_dir(&checkpoint(name), &device, Precision::F32).unwrap();
            let loaded = model.load_adapter(&training(name).join(&expected.adapter)).unwrap();
            assert_eq!(loaded.without_tensors, Vec::<String>::new());
            let loss = loss(&model, &conversations, recorded.batch.label_tokens);
            let found: f64 = loss.clone().into_scalar::<f32>().into();
            assert!((found - expected.loss).abs() < 2e-5 * expected.loss, "{name} {variant}: loss {found}");
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let files = save(&mut into_gradients(&model, &gradients), "").unwrap();
            let ours = SafeTensors::deserialize(&files.weights).unwrap();
            assert_eq!(ours.len(), expected.norms.len(), "{name} {variant}");
            for (tensor, expected) in &expected.norms {
                let found = norm(numbers(ours.tensor(tensor).unwrap().data()).into_iter());
                assert!(
                    (found - expected).abs() <= 1e-4 * expected,
                    "{name} {variant} {tensor}: norm {found}"
                );
            }
            let Some(file) = &expected.gradients else { continue };
            let bytes = std::fs::read(training(name).join(file)).unwrap();
            for (tensor, theirs) in SafeTensors::deserialize(&bytes).unwrap().iter() {
                let (ours, theirs) = (numbers(ours.tensor(tensor).unwrap().data()), numbers(theirs.data()));
                let off = norm(ours.iter().zip(&theirs).map(|(a, b)| a - b)) / norm(theirs.iter().copied());
                assert!(off <= 1e-4, "{name} {variant} {tensor}: off by {off:.1e} of its norm");
            }
        }
    }
}

#[test]
fn a_recorded_adapter_is_written_back_with_the_same_bytes_in_the_same_names() {
    for name in CHECKPOINTS {
        for variant in recorded(name).variants.values() {
            let folder = training(name).join(&variant.adapter);
            let mut model = crate::fixture::model(name);
            model.load_adapter(&folder).unwrap();
            let (ours, theirs) = (
                save(&mut model, name).unwrap().weights,
                std::fs::read(folder.join("adapter_model.safetensors")).unwrap(),
            );
            let (ours, theirs) =
                (SafeTensors::deserialize(&ours).unwrap(), SafeTensors::deserialize(&theirs).unwrap());
            assert_eq!(ours.len(), theirs.len());
            for (tensor, theirs) in theirs.iter() {
                let ours = ours.tensor(tensor).unwrap();
                assert_eq!((ours.shape(), ours.data()), (theirs.shape(), theirs.data()), "{tensor}");
            }
        }
    }
}

#[test]
fn a_merged_folder_is_the_adapted_model() {
    for name in CHECKPOINTS {
        let recorded = recorded(name);
        let conversations = conversations(name, &recorded.batch);
        for (variant, expected) in &recorded.variants {
            let dir = tempfile::tempdir().unwrap();
            let adapter = training(name).join(&expected.adapter);
            let report = merge_folder(&checkpoint(name), &adapter, dir.path()).unwrap();
            assert!(!report.modules.is_empty() && report.error < 1e-6, "{report:?}");
            let merged = VlModel::from_dir(dir.path(), &Device::flex(), Precision::F32).unwrap();
            let found = loss(&merged, &conversations, recorded.batch.label_tokens).into_scalar::<f32>();
            let off = (f64::from(found) - expected.loss).abs();
            assert!(off < 1e-4 * expected.loss, "{name} {variant}: off by {off}");
        }
    }
}

#[test]
fn adapters_of_another_model_are_refused_by_shape() {
    let folder = training("qwen2-nano").join("adapters/lora");
    let mut model = crate::fixture::model("qwen2_5-nano-untied");
    let before = model.num_params();
    if let Err(error) = model.load_adapter(&folder) {
        assert!(error.to_string().contains("expected"), "{error}");
    } else {
        panic!("an adapter of another model was taken");
    }
    assert_eq!(model.num_params(), before);
}
