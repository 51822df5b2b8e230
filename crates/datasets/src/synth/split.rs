//! Splits: which rows there are, in which order their answers come, and which scenes they may show.

use sha2::{Digest, Sha256};

use super::compose::{compose, outcomes};
use super::example::{Target, forms};
use super::placing::arrangement;
use super::settings::{CAPTIONS, CHOICES, SENTENCES};
use super::{Draws, Example, Scene, SceneSettings, Share, SynthError};

/// How often a row is drawn before its split is called too crowded.
const ATTEMPTS: u32 = 2000;

/// One arrangement in so many is kept for evaluation.
const HELD_OUT_ONE_IN: u64 = 4;

/// Which side of the wall between training and evaluation a split stands on.
///
/// The side belongs to the arrangement itself (colours and shapes on a coarse grid, up to mirroring and turning), not
/// to the row: no picture of one side can be drawn on the other, whatever the seeds and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Three arrangements in four.
    Training,
    /// The fourth.
    HeldOut,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A conversation with its answer.
    Instruction,
    /// A prompt with a right and a wrong answer.
    Preference,
    /// A prompt with the ground truth that rewards judge by.
    Prompt,
    /// VSR's fields: caption, label, relation.
    Vsr,
    /// CV-Bench's fields: question, choices, answer.
    CvBench,
}

/// A named list of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The name: of the file, and part of every row's random numbers.
    pub name: String,
    /// Which scenes it may show.
    pub part: Part,
    /// How its rows are written.
    pub kind: RowKind,
    /// What is asked.
    pub mix: Vec<Share>,
    /// How many rows.
    pub rows: u64,
}

impl Split {
    /// A split.
    pub fn new(name: &str, part: Part, kind: RowKind, mix: &[Share], rows: u64) -> Self {
        Self { name: name.to_owned(), part, kind, mix: mix.to_vec(), rows }
    }

    /// The splits of a whole project: `sft`, `preference` and `grpo` to train on, and `test`, `vsr_like` and `cv_like`
    /// to evaluate with.
    pub fn standard() -> Vec<Split> {
        use Part::{HeldOut, Training};
        vec![
            Split::new("sft", Training, RowKind::Instruction, &SENTENCES, 2000),
            Split::new("preference", Training, RowKind::Preference, &SENTENCES, 500),
            Split::new("grpo", Training, RowKind::Prompt, &SENTENCES, 1000),
            Split::new("test", HeldOut, RowKind::Prompt, &SENTENCES, 300),
            Split::new("vsr_like", HeldOut, RowKind::Vsr, &CAPTIONS, 300),
            Split::new("cv_like", HeldOut, RowKind::CvBench, &CHOICES, 400),
        ]
    }
}

/// The generator: row `i` of a split is a function of the settings, the seed, the split's name and `i`.
///
/// ```
/// use datasets::synth::{Generator, SceneSettings, Split};
///
/// let generator = Generator::new(SceneSettings::default(), 42)?;
/// let sft = &Split::standard()[0];
/// let example = generator.example(sft, 7)?;
/// assert!(example.fact.holds_in(&example.scene));
/// assert_eq!(example, generator.example(sft, 7)?);
/// # Ok::<(), datasets::synth::SynthError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    settings: SceneSettings,
    seed: u64,
}

impl Generator {
    /// A generator of scenes with these settings.
    ///
    /// # Errors
    /// [`SynthError::Setting`] for settings that no scene satisfies.
    pub fn new(settings: SceneSettings, seed: u64) -> Result<Self, SynthError> {
        settings.check()?;
        Ok(Self { settings, seed })
    }

    /// What scenes look like.
    pub fn settings(&self) -> &SceneSettings {
        &self.settings
    }

    /// Row `index` of a split.
    ///
    /// # Errors
    /// [`SynthError::Style`] for a mix that asks a task in a style it does not have, [`SynthError::Crowded`] when no
    /// scene was found that has room for its objects.
    pub fn example(&self, split: &Split, index: u64) -> Result<Example, SynthError> {
        let (share, nth) = self.share(split, index)?;
        let asked = (share.task, share.style);
        let target = self.target(split, share, nth);
        for attempt in 0..ATTEMPTS {
            let mut draws = Draws::new(&format!("{}|{}|{index}|{attempt}", self.seed, split.name));
            let drawn = compose(asked, target.outcome, &self.settings, &mut draws)
                .filter(|drawn| self.part(&drawn.scene) == split.part)
                .and_then(|drawn| Example::new(drawn, asked, target, &self.settings, &mut draws));
            if let Some(example) = drawn {
                return Ok(example);
            }
        }
        Err(SynthError::Crowded { split: split.name.clone(), index, attempts: ATTEMPTS })
    }

    /// The side of the wall a scene stands on.
    pub fn part(&self, scene: &Scene) -> Part {
        let digest = Sha256::digest(arrangement(scene, &self.settings));
        let number = digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        if number % HELD_OUT_ONE_IN == 0 { Part::HeldOut } else { Part::Training }
    }

    /// What row `index` asks, and how many rows before it ask the same: every round of rows holds each share as often
    /// as its weight says, in an order of its own.
    fn share(&self, split: &Split, index: u64) -> Result<(Share, u64), SynthError> {
        let weights = split.mix.iter().map(|share| share.weight as usize);
        let mut round: Vec<usize> =
            weights.enumerate().flat_map(|(at, weight)| std::iter::repeat_n(at, weight)).collect();
        let setting = |found: String| SynthError::Setting {
            key: "mix",
            found,
            expected: "weights that sum to between 1 and 10000",
        };
        if round.is_empty() || round.len() > 10_000 {
            return Err(setting(format!("a sum of {}", round.len())));
        }
        let (lap, place) = (index / round.len() as u64, (index % round.len() as u64) as usize);
        self.draws(split, &format!("round|{lap}")).shuffle(&mut round);
        let at = round[place];
        let share = split.mix[at];
        if !share.task.supports(share.style) {
            return Err(SynthError::Style { task: share.task.name(), style: share.style.name() });
        }
        let before = round[..place].iter().filter(|&&other| other == at).count() as u64;
        Ok((share, lap * u64::from(share.weight) + before))
    }

    /// The outcome of the nth row of a share: all outcomes in all forms come once before any comes twice.
    fn target(&self, split: &Split, share: Share, nth: u64) -> Target {
        let forms = forms(share.task, share.style);
        let count = u64::from(outcomes(share.task, share.style, &self.settings) * forms);
        let mut order: Vec<u32> = (0..count as u32).collect();
        let label = format!("{}|{}|outcomes|{}", share.task.name(), share.style.name(), nth / count);
        self.draws(split, &label).shuffle(&mut order);
        let target = order[(nth % count) as usize];
        Target { outcome: target / forms, form: target % forms }
    }

    fn draws(&self, split: &Split, what: &str) -> Draws {
        Draws::new(&format!("{}|{}|{what}", self.seed, split.name))
    }
}
