//! The whole network.

use crate::config::{ConfigError, ModelConfig};
use crate::layers::Linear;
use crate::text::Decoder;
use crate::vision::VisionTower;
use crate::weights::{Checkpoint, CheckpointError, Precision, WeightLoader};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use lora::Quantization;
use std::path::Path;

/// Why a model folder cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its `config.json` is unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its weights are unusable.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

const HEAD: &str = "lm_head.weight";

/// Whether the head has numbers of its own. Like transformers, a configuration that ties it to the embedding table
/// yields to files that hold both with different numbers.
fn has_own_head(config: &ModelConfig, checkpoint: &Checkpoint) -> bool {
    let given = checkpoint.shape(HEAD).is_some();
    !config.text.tie_word_embeddings || (given && !checkpoint.same(HEAD, "model.embed_tokens.weight"))
}

/// Vision tower, decoder and head, with fields named as in the published files.
#[derive(Module, Debug)]
pub struct VlModel {
    /// The decoder.
    pub model: Decoder,
    /// The head; absent when it is tied to the embedding table.
    pub lm_head: Option<Linear>,
    /// The vision tower.
    pub visual: VisionTower,
    #[module(skip)]
    config: ModelConfig,
}

impl VlModel {
    /// Loads a Hugging Face folder. Weights are frozen: gradients are switched on where they are wanted.
    pub fn from_dir(dir: &Path, device: &Device, precision: Precision) -> Result<Self, LoadError> {
        let config = ModelConfig::from_dir(dir)?;
        Ok(Self::load(config, &Checkpoint::open(dir)?, device, precision)?)
    }

    /// Loads a Hugging Face folder with the weights of linear maps in few bits, one after another: memory never holds
    /// them all as they are in the files. Made for training adapters beside them.
    pub fn from_dir_quantized(
        dir: &Path,
        device: &Device,
        precision: Precision,
        quantization: &Quantization,
    ) -> Result<Self, LoadError> {
        let config = ModelConfig::from_dir(dir)?;
        let checkpoint = Checkpoint::open(dir)?;
        let loader = WeightLoader::new(&checkpoint, device, precision).with_quantization(quantization);
        Ok(Self::read(config, &checkpoint, loader)?)
    }

    /// Whether a folder holds the tensors that its configuration speaks of, in their shapes. Only headers are read.
    pub fn check_folder(dir: &Path) -> Result<(), LoadError> {
        let config = ModelConfig::from_dir(dir)?;
        let (checkpoint, device) = (Checkpoint::open(dir)?, Device::flex());
        Self::read(config, &checkpoint, WeightLoader::of_headers(&checkpoint, &device))?;
        Ok(())
    }

    /// Builds the network of `config` from the tensors of a checkpoint.
    pub fn load(
        config: ModelConfig,
        checkpoint: &Checkpoint,
        device: &Device,
        precision: Precision,
    ) -> Result<Self, CheckpointError> {
        Self::read(config, checkpoint, WeightLoader::new(checkpoint, device, precision))
    }

    fn read(
        config: ModelConfig,
        checkpoint: &Checkpoint,
        loader: WeightLoader,
    ) -> Result<Self, CheckpointError> {
        let root = loader.root();
        let head = [config.text.vocab_size, config.text.hidden_size];
        let own_head = has_own_head(&config, checkpoint);
        if !own_head {
            loader.ignore(HEAD);
        }
        let model = Self {
            model: Decoder::load(&root.at("model"), &config.text),
            lm_head: own_head.then(|| Linear::new(root.tensor(HEAD, head), None)),
            visual: VisionTower::load(&root.at("visual"), &config.vision),
            config,
        };
        loader.finish()?;
        Ok(model)
    }

    /// What `config.json` said.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The same network with no adapters: the reference that training starts from. It shares all weights.
    pub fn without_adapters(&self) -> Self {
        let mut model = self.clone();
        lora::detach(&mut model);
        model
    }

    /// The device that holds the weights.
    pub fn device(&self) -> Device {
        self.model.embed_tokens.weight.val().device()
    }

    /// The element type of activations.
    pub fn dtype(&self) -> DType {
        self.model.embed_tokens.weight.val().dtype()
    }

    /// The head's weight, `[vocabulary, hidden]`, adapter included.
    pub fn head(&self) -> Tensor<2> {
        let tied = || self.model.embed_tokens.weight.val();
        self.lm_head.as_ref().map_or_else(tied, Linear::effective_weight)
    }
}
