//! A tiny model and rows for it, made from nothing.

use burn::tensor::Device;
use datasets::toy::{Numerals, Split, Toy, ToySettings};
use datasets::{Format, Mix, OpenOptions, Shuffle};
use nano::{Folder, Sizes};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trainer::data::{BadExample, Stream};
use trainer::online::{Decode, Task};
use trainer::session::{Prepared, Tasks};
use vlm_model::{Precision, VlModel};
use vlm_processor::{Processor, SpecialTokens};

/// A model that has learnt nothing, and a file of rows without pictures.
pub fn rows_of_text(folder: &Path, rows: usize) -> (PathBuf, PathBuf) {
    let model = folder.join("model");
    Folder { sizes: Sizes::DEMO, texts: &["What is it?"], seed: 1 }.write(&model).unwrap();
    let row = |index| json!({"prompt": "What is it?", "ground_truth": "4", "id": format!("row-{index}")});
    let lines: Vec<String> = (0..rows).map(|index| row(index).to_string()).collect();
    let file = folder.join("rows.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    (model, file)
}

/// Four drawn problems, each with the last digit of its answer, and a model that knows their words.
pub struct Workplace {
    pub processor: Arc<Processor>,
    model: PathBuf,
    rows: PathBuf,
    _folder: tempfile::TempDir,
}

impl Workplace {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = ToySettings { numbers: Numerals::InText, ..ToySettings::default() };
        let toy = Toy::new(settings).unwrap();
        let (mut lines, mut texts) = (String::new(), Vec::new());
        for index in 0..4 {
            let row = toy.row(Split::Train, index);
            let picture = format!("{index}.png");
            std::fs::write(folder.path().join(&picture), row.png().unwrap()).unwrap();
            let content = json!([{"type": "image"}, {"type": "text", "text": row.question}]);
            let prompt = json!([{"role": "user", "content": content}]);
            let digit = (row.answer % 10).to_string();
            let line = json!({"prompt": prompt, "ground_truth": digit, "id": row.id, "images": [picture]});
            lines += &format!("{line}\n");
            texts.push(row.question);
        }
        let rows = folder.path().join("rows.jsonl");
        std::fs::write(&rows, lines).unwrap();
        let model = folder.path().join("model");
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Folder { sizes: Sizes::DEMO, texts: &texts, seed: 3 }.write(&model).unwrap();
        let processor = Arc::new(Processor::from_dir(&model).unwrap());
        Self { processor, model, rows, _folder: folder }
    }

    /// The same problems for the recorded checkpoint, whose weights are large enough to prefer some tokens to others.
    pub fn of_recorded() -> Self {
        let model =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/checkpoints/qwen2_5-nano");
        let processor = Arc::new(Processor::from_dir(&model).unwrap());
        Self { processor, model, ..Self::new() }
    }

    /// The model as it was made.
    pub fn model(&self) -> VlModel {
        VlModel::from_dir(&self.model, &Device::flex().autodiff(), Precision::F32).unwrap()
    }

    /// The rows, one after another and then again.
    pub fn tasks(&self) -> Stream<Task> {
        let options = OpenOptions { format: Format::Auto, ..OpenOptions::default() };
        let source = Arc::from(datasets::open(&self.rows, &options).unwrap());
        let rows = Arc::new(Mix::of(source, Shuffle::FileOrder).unwrap());
        let tasks = Tasks(Prepared::new(rows, self.processor.clone(), None));
        Stream::new(Arc::new(tasks), BadExample::Stop, 4)
    }

    /// What turns tokens into text.
    pub fn decode(&self) -> Decode {
        let processor = self.processor.clone();
        Box::new(move |ids: &[u32]| processor.decode(ids, SpecialTokens::Skip).unwrap_or_default())
    }
}
