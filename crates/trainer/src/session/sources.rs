//! The data sets of a recipe: what is learned from, and what is kept aside to measure on.

use super::SessionError;
use super::examples::Prepared;
use crate::data::{Examples, HeldOut, Lenient, Mixture, Order, PassedOver, Permutation, Shuffle, Stream};
use datasets::{BadRowPolicy, Description, Format, OpenOptions, Record, RowError, Source, SourceError};
use recipe::{DatasetSettings, OnBadRow, Recipe};
use std::sync::Arc;
use vlm_processor::Processor;

/// Opened data sets.
pub struct Sources {
    train: Arc<dyn Source>,
    held_out: Option<Arc<dyn Source>>,
    mixture: Mixture,
    most_measured: Option<usize>,
    on_bad_row: OnBadRow,
    /// Rows to learn from that were broken, and those to measure on.
    passed_over: [PassedOver; 2],
}

impl Sources {
    /// Opens every file that the recipe names and finds out how many rows there are.
    pub fn open(recipe: &Recipe) -> Result<Self, SessionError> {
        let data = &recipe.data;
        let seed = recipe.run.seed;
        let shuffle = if data.shuffle_dataset { Shuffle::EveryEpoch } else { Shuffle::Never };
        let (all, sizes) = join(&data.datasets)?;
        let weights = data.datasets.iter().map(|settings| settings.weight.get());
        let mut parts: Vec<(u64, f64)> = sizes.iter().copied().zip(weights).collect();
        let (mut train, mut held_out) = (all.clone(), None);
        if let Some(settings) = &data.eval_dataset {
            held_out = Some(join(settings)?.0);
        } else if let Some(share) = data.validation_split {
            let total: u64 = sizes.iter().sum();
            let aside =
                ((total as f64 * share.get()).round() as u64).clamp(1, total.saturating_sub(1).max(1));
            held_out = Some(Arc::new(Part::new(all.clone(), 0..aside, seed, total)) as Arc<dyn Source>);
            train = Arc::new(Part::new(all, aside..total, seed, total));
            parts = vec![(total - aside, 1.0)];
        }
        let mixture = Mixture::new(&parts, seed, shuffle);
        if mixture.epoch_len() == 0 {
            return Err(SessionError::Data("datasets: found no rows, expected at least one".into()));
        }
        let most_measured = recipe.run.eval_num_samples.map(|samples| samples.get());
        let on_bad_row = data.on_bad_row;
        Ok(Self { train, held_out, mixture, most_measured, on_bad_row, passed_over: Default::default() })
    }

    /// Rows of an epoch.
    pub fn rows(&self) -> u64 {
        self.mixture.epoch_len()
    }

    /// All rows, as they are prepared: those to learn from, and those to measure on.
    pub fn prepared(
        &self,
        processor: &Arc<Processor>,
        longest: Option<usize>,
    ) -> Result<Vec<Prepared>, SessionError> {
        let sources = std::iter::once(&self.train).chain(&self.held_out);
        let prepared = |source: &Arc<dyn Source>| Prepared::new(source.clone(), processor.clone(), longest);
        sources.map(prepared).collect::<Result<_, _>>().map_err(SessionError::Data)
    }

    /// The rows to learn from, in the order of the recipe's seed, prepared ahead of their use.
    pub fn stream<E: Examples>(
        &self,
        processor: Arc<Processor>,
        longest: Option<usize>,
        rows_of_a_step: usize,
        examples: impl FnOnce(Prepared) -> E,
    ) -> Result<Stream<E::Item>, SessionError> {
        let prepared = Prepared::new(self.train.clone(), processor, longest).map_err(SessionError::Data)?;
        let mixture = self.mixture.clone();
        let order: Order = Arc::new(move |position| mixture.at(position) as usize);
        let examples = self.by_policy(examples(prepared), &self.passed_over[0]);
        Ok(Stream::new(examples, order, rows_of_a_step, self.rows()))
    }

    /// The examples, of which broken ones are passed over where the recipe wants that.
    fn by_policy<E: Examples>(
        &self,
        examples: E,
        passed_over: &PassedOver,
    ) -> Arc<dyn Examples<Item = E::Item>> {
        match self.on_bad_row {
            OnBadRow::Stop => Arc::new(examples),
            OnBadRow::Skip => {
                let most = most_passed_over(examples.len());
                Arc::new(Lenient::new(examples, most, passed_over.clone()))
            }
        }
    }

    /// What is wrong with the rows that were passed over so far.
    pub fn passed_over(&self) -> Vec<String> {
        self.passed_over.iter().flat_map(PassedOver::problems).collect()
    }

    /// The rows to measure on.
    pub fn held_out<E: Examples>(
        &self,
        processor: Arc<Processor>,
        longest: Option<usize>,
        examples: impl FnOnce(Prepared) -> E,
    ) -> Result<HeldOut<E::Item>, SessionError> {
        let Some(source) = &self.held_out else { return Ok(None) };
        let prepared = Prepared::new(source.clone(), processor, longest).map_err(SessionError::Data)?;
        let examples = self.by_policy(examples(prepared), &self.passed_over[1]);
        let most = self.most_measured.unwrap_or(usize::MAX).min(examples.len());
        Ok(Some((examples, most)))
    }
}

/// How many of so many rows may be broken.
pub fn most_passed_over(rows: usize) -> usize {
    BadRowPolicy::skip().allowed(rows as u64) as usize
}

/// Opens sources as one, with the size of each.
fn join(settings: &[DatasetSettings]) -> Result<(Arc<dyn Source>, Vec<u64>), SessionError> {
    let opened = settings.iter().map(open_one).collect::<Result<Vec<_>, _>>()?;
    let sizes =
        opened.iter().map(|source| source.len()).collect::<Result<Vec<u64>, _>>().map_err(data_error)?;
    Ok((Arc::new(Joined::new(opened, &sizes)), sizes))
}

fn open_one(settings: &DatasetSettings) -> Result<Box<dyn Source>, SessionError> {
    let format: Format = settings.format.parse().map_err(|error: datasets::UnknownLayout| {
        SessionError::Data(format!("datasets: {}: {error}", settings.path.display()).into())
    })?;
    let options = OpenOptions {
        format,
        images: settings.images.clone(),
        split: settings.split.clone(),
        max_samples: settings.max_samples.map(|samples| samples.get() as u64),
    };
    datasets::open(&settings.path, &options).map_err(data_error)
}

fn data_error(error: SourceError) -> SessionError {
    SessionError::Data(Box::new(error))
}

/// Several sources one after another.
struct Joined {
    sources: Vec<Box<dyn Source>>,
    /// Index of the first row behind each source.
    ends: Vec<u64>,
}

impl Joined {
    fn new(sources: Vec<Box<dyn Source>>, sizes: &[u64]) -> Self {
        let mut end = 0;
        let ends = sizes.iter().map(|size| {
            end += size;
            end
        });
        Self { ends: ends.collect(), sources }
    }
}

impl Source for Joined {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.ends.last().copied().unwrap_or(0))
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        let source = self.ends.partition_point(|end| *end <= index).min(self.sources.len() - 1);
        let start = source.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.sources[source].get(index - start)
    }

    fn describe(&self) -> &Description {
        self.sources[0].describe()
    }
}

/// Some of the rows of a source, chosen by a seed.
struct Part {
    whole: Arc<dyn Source>,
    order: Permutation,
    rows: std::ops::Range<u64>,
}

impl Part {
    fn new(whole: Arc<dyn Source>, rows: std::ops::Range<u64>, seed: u64, total: u64) -> Self {
        Self { whole, order: Permutation::new(total, [seed, 0x5eed]), rows }
    }
}

impl Source for Part {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.rows.end - self.rows.start)
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        self.whole.get(self.order.at(self.rows.start + index))
    }

    fn describe(&self) -> &Description {
        self.whole.describe()
    }
}
