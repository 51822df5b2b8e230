//! A folder with scenes, configurations and a model, and the program run in it.

use nano::{Folder, Sizes};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The folder that everything happens in.
pub struct Workplace(TempDir);

impl Workplace {
    /// A tiny model, and synthetic scenes where the program looks for them.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let sizes = Sizes { pixels: [56 * 56, 56 * 56], ..Sizes::DEMO };
        Folder { sizes, texts: &["The red circle is to the left of the blue square."], seed: 1 }
            .write(&place.path("model"))
            .unwrap();
        place.succeeds(&["generate", "--n", "12", "--size", "56", "--out", "data/synthetic"]);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A configuration in the nested form, with synthetic scenes.
    pub fn config(&self, stage: &str, more: &str) -> String {
        let name = format!("{stage}.yaml");
        let text = format!(
            "model: {{name: model, use_4bit: false, lora: {{r: 8, alpha: 8, dropout: 0.0}}}}\n\
             data: {{datasets: [synthetic]}}\n\
             training: {{output_dir: outputs/{stage}, batch_size: 2, gradient_accumulation_steps: 1, learning_rate: 1.0e-3, gradient_checkpointing: false}}\n\
             logging: {{steps: 1, save_steps: 2}}\n{more}"
        );
        fs::write(self.path(&name), text).unwrap();
        name
    }

    pub fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_spatial")).args(args).current_dir(self.0.path()).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{args:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Standard output and error of a command that must fail with code 1.
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    }
}
