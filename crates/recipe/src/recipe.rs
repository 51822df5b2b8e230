//! A recipe as a whole.

use std::path::Path;

use crate::data::DataSettings;
use crate::error::RecipeError;
use crate::files;
use crate::kind::Kind;
use crate::method::Method;
use crate::model::{ModelSettings, Tuning};
use crate::optimiser::OptimiserSettings;
use crate::run::RunSettings;
use crate::section::{Key, Reader, Section, settings};
use crate::unknown;
use crate::yaml::Document;

settings! {
    /// Everything a user asks for, checked.
    ///
    /// ```
    /// use recipe::{Kind, Method, Recipe};
    /// let text = "model_name_or_path: models/qwen\ndatasets: rows.jsonl\noutput_dir: runs/one\nloss_type: dft\n";
    /// let recipe = Recipe::parse(Kind::Sft, text, "".as_ref(), &["learning_rate=1e-4".into()])?;
    /// assert_eq!(recipe.optimiser.learning_rate.get(), 1e-4);
    /// assert_eq!(Recipe::parse(Kind::Sft, &recipe.to_yaml(), "".as_ref(), &[])?, recipe);
    /// # Ok::<(), recipe::RecipeError>(())
    /// ```
    pub struct Recipe {
        /// Which model.
        part model: ModelSettings;
        /// What of it is trained.
        part tuning: Tuning;
        /// What is learnt from.
        part data: DataSettings;
        /// How a step is made.
        part optimiser: OptimiserSettings;
        /// Where to and how long.
        part run: RunSettings;
        /// What is particular to the kind of training.
        part method: Method;
    }
}

impl Recipe {
    /// Reads the recipe at `path` and checks that the files it names are there. Relative paths, those of overrides
    /// included, count from the current folder. An `adapter` that is the folder of a run becomes its newest checkpoint.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and its remedy.
    pub fn load(kind: Kind, path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Self::with_files(&Reader { kind, document: &Self::document(path, overrides)? })
    }

    /// Reads the recipe at `path` as every kind of training that it does for, in the order of [`Kind::ALL`]: at least one.
    ///
    /// # Errors
    /// When it does for none, what is wrong with it as the kind that it fits best: the one that knows most of its keys,
    /// and among those the one that finds least to object to.
    pub fn load_any(path: &Path, overrides: &[String]) -> Result<Vec<Self>, RecipeError> {
        let document = Self::document(path, overrides)?;
        let (mut fitting, mut refused) = (Vec::new(), Vec::new());
        for kind in Kind::ALL {
            let reader = Reader { kind, document: &document };
            match Self::with_files(&reader) {
                Ok(recipe) => fitting.push(recipe),
                Err(error) => refused.push((unknown::count(&reader, &Self::keys(kind)), error)),
            }
        }
        let misfit = |(unknown, error): &(usize, RecipeError)| (*unknown, error.problem().still_to_check());
        match refused.into_iter().min_by_key(misfit) {
            Some((_, error)) if fitting.is_empty() => Err(error),
            _ => Ok(fitting),
        }
    }

    /// Parses a recipe without touching any file. Relative paths count from `base_dir`; overrides are `key=value` with
    /// a YAML value, and the last one of a key counts.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and its remedy.
    pub fn parse(kind: Kind, text: &str, base_dir: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        let document = Document::parse(Path::new("recipe"), text, base_dir, overrides)?;
        Self::checked(&Reader { kind, document: &document })
    }

    /// The kind of training.
    pub const fn kind(&self) -> Kind {
        self.method.kind()
    }

    /// The recipe with every setting written out, defaults included, in a fixed order. Parsing it gives the recipe back.
    pub fn to_yaml(&self) -> String {
        let mut entries = Vec::new();
        self.write(&mut entries);
        entries.iter().map(|(key, value)| value.entry(key)).collect()
    }

    /// All keys of a kind of training, in the order of [`Self::to_yaml`].
    ///
    /// ```
    /// use recipe::{Kind, Recipe};
    /// assert!(Recipe::keys(Kind::Grpo).iter().any(|key| key.name == "num_generations"));
    /// ```
    pub fn keys(kind: Kind) -> Vec<Key> {
        let mut keys = Vec::new();
        <Self as Section>::keys(kind, &mut keys);
        keys
    }

    fn document(path: &Path, overrides: &[String]) -> Result<Document, RecipeError> {
        let text = files::read(path)?;
        let here = files::current_folder(path)?;
        Document::parse(path, &text, &here, overrides)
    }

    fn with_files(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        let mut recipe = Self::checked(reader)?;
        files::find_adapter(&mut recipe.tuning);
        files::check(&recipe, reader)?;
        Ok(recipe)
    }

    fn checked(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        unknown::check(reader, &Self::keys(reader.kind))?;
        let recipe = Self::read(reader)?;
        recipe.tuning.check(reader)?;
        recipe.data.check(reader)?;
        recipe.optimiser.check(&recipe.tuning, reader)?;
        recipe.run.check(&recipe.data, reader)?;
        match &recipe.method {
            Method::Sft(sft) => sft.check(reader)?,
            Method::Dpo(dpo) => dpo.check(reader)?,
            Method::Grpo(grpo) => grpo.check(&recipe.optimiser, reader)?,
            Method::Reinforce(reinforce) => reinforce.check(&recipe.optimiser, reader)?,
        }
        Ok(recipe)
    }
}
