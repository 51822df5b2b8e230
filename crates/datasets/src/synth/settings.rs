//! What scenes look like and which questions are asked.

use super::{Colour, Light, Shape, SynthError};

/// The smallest canvas that every task fits on.
const SMALLEST: u32 = 56;

/// The largest canvas: pictures are for models, not for walls.
const LARGEST: u32 = 4096;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// On which side of B is A?
    Relation,
    /// Is A inside or outside the frame?
    Inside,
    /// Which of two that overlap is in front?
    Occlusion,
    /// Is A next to or far from B?
    Proximity,
    /// Which object is between the others?
    Between,
    /// How many are there?
    Count,
    /// How far apart are A and B?
    Distance,
    /// Which is closer to C, A or B?
    Closer,
}

impl Task {
    /// All tasks.
    pub const ALL: [Task; 8] = [
        Task::Relation,
        Task::Inside,
        Task::Occlusion,
        Task::Proximity,
        Task::Between,
        Task::Count,
        Task::Distance,
        Task::Closer,
    ];

    /// The name in files and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Task::Relation => "relation",
            Task::Inside => "inside",
            Task::Occlusion => "occlusion",
            Task::Proximity => "proximity",
            Task::Between => "between",
            Task::Count => "count",
            Task::Distance => "distance",
            Task::Closer => "closer",
        }
    }

    /// The kind of reward that judges the answer.
    pub const fn task_type(self) -> &'static str {
        match self {
            Task::Count => "counting",
            Task::Distance => "distance",
            _ => "spatial",
        }
    }

    /// Whether the task can be asked in a style.
    pub const fn supports(self, style: Style) -> bool {
        match style {
            Style::Sentence | Style::Word | Style::Steps => true,
            Style::Places => !matches!(self, Task::Inside | Task::Count),
            Style::TrueFalse => {
                matches!(self, Task::Relation | Task::Inside | Task::Occlusion | Task::Proximity)
            }
            Style::Choice => matches!(self, Task::Relation | Task::Occlusion | Task::Count | Task::Closer),
        }
    }
}

/// How it is asked and answered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// As in SpatialVLM: free text, a sentence or a number with its unit.
    #[default]
    Sentence,
    /// The question names the alternatives, the answer is one of them.
    Word,
    /// As [`Word`](Style::Word), after the places of the objects in question have been written down:
    /// `<think>red circle 0 2, blue square 1 1</think><answer>left</answer>`, column and row from 0 on the grid of
    /// [`SceneSettings::grid`]. Where no two objects have the same colour, the steps name the colour alone.
    Steps,
    /// The places alone, for learning to look: `<think>red circle 0 2, blue square 1 1</think>`.
    Places,
    /// As in VSR: a caption that is true or false.
    TrueFalse,
    /// As in CV-Bench: lettered choices.
    Choice,
}

impl Style {
    /// The name in files and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Style::Sentence => "sentence",
            Style::Word => "word",
            Style::Steps => "steps",
            Style::Places => "places",
            Style::TrueFalse => "truefalse",
            Style::Choice => "choice",
        }
    }
}

/// Where objects may lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Anywhere, 4 pixels (of 224) from the border and 6 from each other.
    #[default]
    Free,
    /// One to a cell of a square grid, near its middle.
    Cells {
        /// Cells along one side.
        across: u32,
    },
}

/// What tells the objects of a picture apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distinct {
    /// No two have the same colour and shape.
    #[default]
    Pairs,
    /// No two have the same colour.
    Colours,
}

/// A kind of question and how often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What.
    pub task: Task,
    /// How.
    pub style: Style,
    /// How many rows of each round ask it.
    pub weight: u32,
}

impl Share {
    /// `weight` rows of each round.
    pub const fn new(task: Task, style: Style, weight: u32) -> Self {
        Self { task, style, weight }
    }
}

/// The mix of the free-text splits.
pub const SENTENCES: [Share; 7] = [
    Share::new(Task::Relation, Style::Sentence, 30),
    Share::new(Task::Inside, Style::Sentence, 8),
    Share::new(Task::Occlusion, Style::Sentence, 8),
    Share::new(Task::Proximity, Style::Sentence, 10),
    Share::new(Task::Between, Style::Sentence, 6),
    Share::new(Task::Count, Style::Sentence, 22),
    Share::new(Task::Distance, Style::Sentence, 16),
];

/// Captions that are true or false; a round of 100 deals every relation as often true as false.
pub const CAPTIONS: [Share; 4] = [
    Share::new(Task::Relation, Style::TrueFalse, 56),
    Share::new(Task::Inside, Style::TrueFalse, 12),
    Share::new(Task::Occlusion, Style::TrueFalse, 12),
    Share::new(Task::Proximity, Style::TrueFalse, 20),
];

/// Multiple choice: as many counts as relations, depths and distances.
pub const CHOICES: [Share; 4] = [
    Share::new(Task::Count, Style::Choice, 1),
    Share::new(Task::Relation, Style::Choice, 1),
    Share::new(Task::Occlusion, Style::Choice, 1),
    Share::new(Task::Closer, Style::Choice, 1),
];

/// What scenes look like. Lengths in pixels are those of a 224 x 224 canvas and scale with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneSettings {
    /// Width and height in pixels.
    pub size: u32,
    /// Colours that objects have.
    pub colours: Vec<Colour>,
    /// Shapes that objects have.
    pub shapes: Vec<Shape>,
    /// What tells the objects apart, save where they are counted.
    pub distinct: Distinct,
    /// The two sizes of objects: half their width.
    pub radii: [u32; 2],
    /// How many objects a scene of relations and distances has, the least and the most.
    pub objects: [u32; 2],
    /// The least and the most that are counted.
    pub counts: [u32; 2],
    /// Where objects lie.
    pub layout: Layout,
    /// How the background is coloured.
    pub light: Light,
    /// Thin lines that mean nothing, at most.
    pub lines: u32,
}

impl Default for SceneSettings {
    fn default() -> Self {
        Self {
            size: 224,
            colours: Colour::ALL.to_vec(),
            shapes: Shape::ALL.to_vec(),
            distinct: Distinct::Pairs,
            radii: [12, 22],
            objects: [2, 5],
            counts: [1, 9],
            layout: Layout::Free,
            light: Light::Flat,
            lines: 0,
        }
    }
}

impl SceneSettings {
    /// Scenes that a tiny model learns to read from scratch in a minute: large objects of four colours, two or three
    /// on a grid of 3 x 3 cells, so plain that one image token (28 x 28 pixels) shows them.
    ///
    /// ```
    /// use datasets::synth::{Generator, SceneSettings};
    /// assert!(Generator::new(SceneSettings::small(), 0).is_ok());
    /// ```
    pub fn small() -> Self {
        Self {
            size: 84,
            colours: vec![Colour::Red, Colour::Green, Colour::Blue, Colour::Yellow],
            shapes: vec![Shape::Circle, Shape::Square, Shape::Triangle],
            distinct: Distinct::Colours,
            radii: [24, 32],
            objects: [2, 3],
            counts: [1, 4],
            layout: Layout::Cells { across: 3 },
            ..Self::default()
        }
    }

    /// Checks that scenes can be drawn at all.
    ///
    /// # Errors
    /// [`SynthError::Setting`] names the key, what it is and what it may be.
    pub fn check(&self) -> Result<(), SynthError> {
        let demand = |right: bool, key, found: String, expected| {
            if right { Ok(()) } else { Err(SynthError::Setting { key, found, expected }) }
        };
        let range = |[low, high]: [u32; 2]| format!("{low} to {high}");
        demand((SMALLEST..=LARGEST).contains(&self.size), "size", self.size.to_string(), "56 to 4096")?;
        let (colours, shapes) = (distinct(&self.colours), distinct(&self.shapes));
        let once = |all: usize, different: usize| format!("{all}, {different} of them different");
        let (all, three) = (self.colours.len(), "at least three, each once");
        demand(colours >= 3 && all == colours, "colours", once(all, colours), three)?;
        let all = self.shapes.len();
        demand(shapes >= 1 && all == shapes, "shapes", once(all, shapes), "at least one, each once")?;
        let [small, large] = self.radii;
        demand(
            3 <= small && small <= large && large <= 40,
            "radii",
            range(self.radii),
            "a range within 3 to 40",
        )?;
        let named = if self.distinct == Distinct::Colours { colours } else { colours * shapes };
        let [few, many] = self.objects;
        let fits = 2 <= few && few <= many && many as usize <= named.min(12);
        demand(
            fits,
            "objects",
            range(self.objects),
            "a range within 2 to 12 that colours and shapes can name",
        )?;
        let [least, most] = self.counts;
        let counts = (1..10).contains(&least) && least + 3 <= most && most <= 12;
        demand(counts, "counts", range(self.counts), "four or more numbers within 1 to 12")?;
        if let Layout::Cells { across } = self.layout {
            let fits = (2..=self.size / 8).contains(&across) && across * across >= many.max(most);
            let expected = "cells of 8 pixels or more, and one for every object";
            demand(fits, "layout", format!("{across} cells across"), expected)?;
        }
        demand(self.lines <= 20, "lines", self.lines.to_string(), "at most 20")
    }

    /// Cells along one side of the grid that places are told on and arrangements are compared on: the layout's, or 8.
    pub fn grid(&self) -> u32 {
        match self.layout {
            Layout::Cells { across } => across,
            Layout::Free => 8,
        }
    }

    /// Column and row of a place on the [grid](Self::grid), from 0.
    pub fn cell(&self, x: i32, y: i32) -> [i32; 2] {
        let across = self.grid() as i32;
        [x, y].map(|at| (at * across / (self.size as i32).max(1)).clamp(0, across - 1))
    }

    /// A length of the reference canvas on this one, in whole pixels.
    pub(super) fn scaled(&self, pixels: i32) -> i32 {
        pixels * self.size as i32 / super::fact::REFERENCE_SIZE
    }
}

fn distinct<T: Ord>(items: &[T]) -> usize {
    items.iter().collect::<std::collections::BTreeSet<_>>().len()
}
