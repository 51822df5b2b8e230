//! The data sets of a recipe: what is learned from, and what is kept aside to measure on.

use super::SessionError;
use super::examples::Prepared;
use crate::data::{BadExample, Examples, HeldOut, Stream};
use datasets::{
    BadRowPolicy, Format, Holdout, Ingredient, Mix, OpenOptions, Shuffle, Source, SourceError, UnknownLayout,
    split,
};
use recipe::{DatasetSettings, OnBadRow, Recipe};
use std::sync::Arc;
use vlm_processor::Processor;

/// Opened data sets.
pub struct Sources {
    train: Arc<Mix>,
    held_out: Option<Arc<Mix>>,
    most_measured: Option<u64>,
    suffix: Option<Arc<str>>,
    bad: BadExample,
}

impl Sources {
    /// Opens every file that the recipe names.
    pub fn open(recipe: &Recipe) -> Result<Self, SessionError> {
        let (data, seed) = (&recipe.data, recipe.run.seed);
        let shuffle = if data.shuffle_dataset { Shuffle::Seeded(seed) } else { Shuffle::FileOrder };
        let mut ingredients = open_all(&data.datasets)?;
        let mut held_out = match &data.eval_dataset {
            Some(settings) => open_all(settings)?,
            None => Vec::new(),
        };
        if let Some(share) = data.validation_split {
            for ingredient in &mut ingredients {
                let parts = split(ingredient.source.clone(), Holdout::Share(share.get()), seed)
                    .map_err(data_error)?;
                ingredient.source = Arc::new(parts.0);
                held_out.push(Ingredient { source: Arc::new(parts.1), weight: None });
            }
        }
        let held_out = match held_out.is_empty() {
            true => None,
            false => Some(Arc::new(Mix::new(unweighted(held_out), Shuffle::FileOrder).map_err(data_error)?)),
        };
        Ok(Self {
            train: Arc::new(Mix::new(ingredients, shuffle).map_err(data_error)?),
            held_out,
            most_measured: recipe.run.eval_num_samples.map(|samples| samples.get() as u64),
            suffix: data.prompt_suffix.as_deref().map(Arc::from),
            bad: if data.on_bad_row == OnBadRow::Skip { BadExample::Skip } else { BadExample::Stop },
        })
    }

    /// Rows of an epoch.
    pub fn rows(&self) -> u64 {
        self.train.epoch_len()
    }

    fn ready(&self, mix: &Arc<Mix>, processor: Arc<Processor>, longest: Option<usize>) -> Prepared {
        Prepared::new(mix.clone(), processor, longest).with_suffix(self.suffix.clone())
    }

    /// All rows, as they are prepared: those to learn from, and those to measure on.
    pub fn prepared(&self, processor: &Arc<Processor>, longest: Option<usize>) -> Vec<Prepared> {
        let mixes = std::iter::once(&self.train).chain(&self.held_out);
        mixes.map(|mix| self.ready(mix, processor.clone(), longest)).collect()
    }

    /// The rows to learn from, in the order of the recipe's seed, prepared ahead of their use.
    pub fn stream<E: Examples>(
        &self,
        processor: Arc<Processor>,
        longest: Option<usize>,
        rows_of_a_step: usize,
        examples: impl FnOnce(Prepared) -> E,
    ) -> Stream<E::Item> {
        let prepared = self.ready(&self.train, processor, longest);
        Stream::new(Arc::new(examples(prepared)), self.bad, rows_of_a_step)
    }

    /// The rows to measure on.
    pub fn held_out<E: Examples>(
        &self,
        processor: Arc<Processor>,
        longest: Option<usize>,
        examples: impl FnOnce(Prepared) -> E,
    ) -> HeldOut<E::Item> {
        let mix = self.held_out.as_ref()?;
        let prepared = self.ready(mix, processor, longest);
        let most = self.most_measured.unwrap_or(u64::MAX).min(mix.epoch_len());
        Some((Arc::new(examples(prepared)), most))
    }
}

/// How many of so many rows may be broken where broken rows are skipped.
pub fn most_passed_over(rows: usize) -> usize {
    BadRowPolicy::skip().allowed(rows as u64) as usize
}

/// Sources with their weights: none where the recipe leaves all at 1, so that an epoch is every row once.
fn open_all(settings: &[DatasetSettings]) -> Result<Vec<Ingredient>, SessionError> {
    let plain = settings.iter().all(|settings| settings.weight.get() == 1.0);
    let open = |settings: &DatasetSettings| {
        let weight = (!plain).then_some(settings.weight.get());
        Ok(Ingredient { source: open_one(settings)?, weight })
    };
    settings.iter().map(open).collect()
}

fn unweighted(ingredients: Vec<Ingredient>) -> Vec<Ingredient> {
    ingredients.into_iter().map(|ingredient| Ingredient { weight: None, ..ingredient }).collect()
}

fn open_one(settings: &DatasetSettings) -> Result<Arc<dyn Source>, SessionError> {
    let format: Format = settings.format.parse().map_err(|error: UnknownLayout| {
        SessionError::Data(format!("datasets: {}: {error}", settings.path.display()).into())
    })?;
    let options = OpenOptions {
        format,
        images: settings.images.clone(),
        split: settings.split.clone(),
        max_samples: settings.max_samples.map(|samples| samples.get() as u64),
    };
    Ok(datasets::open(&settings.path, &options).map_err(data_error)?.into())
}

fn data_error(error: SourceError) -> SessionError {
    SessionError::Data(Box::new(error))
}
