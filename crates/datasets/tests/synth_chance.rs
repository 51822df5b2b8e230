//! Chance levels: answers are uniform, words tell nothing, held-out scenes are new.

use std::collections::{BTreeMap, BTreeSet};

use datasets::synth::{
    Colour, Example, Generator, Part, RowKind, SceneSettings, Shape, Share, Split, Style, Task,
};

/// Everything that is asked with finitely many answers.
const MIX: [Share; 13] = [
    Share::new(Task::Relation, Style::Sentence, 2),
    Share::new(Task::Relation, Style::Word, 2),
    Share::new(Task::Relation, Style::Steps, 2),
    Share::new(Task::Relation, Style::TrueFalse, 2),
    Share::new(Task::Relation, Style::Choice, 2),
    Share::new(Task::Inside, Style::Word, 1),
    Share::new(Task::Occlusion, Style::TrueFalse, 1),
    Share::new(Task::Occlusion, Style::Choice, 1),
    Share::new(Task::Proximity, Style::Word, 1),
    Share::new(Task::Proximity, Style::TrueFalse, 1),
    Share::new(Task::Count, Style::Word, 2),
    Share::new(Task::Count, Style::Choice, 2),
    Share::new(Task::Closer, Style::Choice, 1),
];

fn examples(settings: SceneSettings, part: Part, seed: u64, rows: u64) -> Vec<Example> {
    let generator = Generator::new(settings, seed).expect("settings that scenes satisfy");
    let split = Split::new("chance", part, RowKind::Prompt, &MIX, rows);
    (0..rows).map(|index| generator.example(&split, index).expect("room for the objects")).collect()
}

/// The answer with names of objects replaced by whether the question names them first, so that it can be guessed.
fn answer_class(example: &Example) -> String {
    let text = &example.answer;
    match example.style {
        Style::Sentence => ["left", "right", "above", "below"]
            .into_iter()
            .find(|side| text.contains(side))
            .unwrap_or_default()
            .to_owned(),
        Style::Steps => text.rsplit("<answer>").next().unwrap_or_default().replace("</answer>", ""),
        _ => text.clone(),
    }
}

#[test]
fn every_answer_comes_equally_often() {
    let mut seen: BTreeMap<(Task, Style), BTreeMap<String, u32>> = BTreeMap::new();
    // 20 rows a round; 16 outcomes of the most varied share, two rows a round, so 8 rounds are a whole deal of all.
    for example in examples(SceneSettings::small(), Part::Training, 3, 20 * 8 * 6) {
        *seen.entry((example.task, example.style)).or_default().entry(answer_class(&example)).or_default() +=
            1;
    }
    for (asked, answers) in seen {
        let counts: BTreeSet<u32> = answers.values().copied().collect();
        assert!(counts.len() == 1 && answers.len() > 1, "{asked:?}: {answers:?}");
    }
}

/// Guesses answers from words alone: naive Bayes over the words of the question and all pairs that stand side by side.
#[derive(Default)]
struct Guesser {
    answers: BTreeMap<String, f64>,
    words: BTreeMap<(String, String), f64>,
}

fn features(question: &str) -> Vec<String> {
    let words: Vec<&str> = question.split_whitespace().collect();
    let pairs = words.windows(2).map(|pair| pair.join(" "));
    let places = words.iter().enumerate().map(|(at, word)| format!("{at} {word}"));
    pairs.chain(places).chain([question.to_owned()]).collect()
}

impl Guesser {
    fn learn(&mut self, example: &Example) {
        let answer = answer_class(example);
        for feature in features(&example.question) {
            *self.words.entry((feature, answer.clone())).or_default() += 1.0;
        }
        *self.answers.entry(answer).or_default() += 1.0;
    }

    fn guess(&self, example: &Example) -> Option<&str> {
        let features = features(&example.question);
        let score = |answer: &str, count: f64| {
            let word = |feature: &String| {
                let seen = self.words.get(&(feature.clone(), answer.to_owned())).copied().unwrap_or_default();
                ((seen + 0.5) / (count + 1.0)).ln()
            };
            features.iter().map(word).sum::<f64>()
        };
        let scored = self.answers.iter().map(|(answer, &count)| (score(answer, count), answer));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, answer)| answer.as_str())
    }
}

/// What guessing one of the answers that the words leave open is worth.
fn chance(example: &Example) -> f64 {
    match (example.task, example.style) {
        (Task::Relation, Style::Sentence) | (Task::Count, _) => 0.25,
        _ => 0.5,
    }
}

#[test]
fn words_alone_do_no_better_than_chance_on_either_side() {
    for (settings, rows) in [
        (SceneSettings::small(), 9_000),
        (SceneSettings { counts: [1, 4], ..SceneSettings::default() }, 5_400),
    ] {
        let mut guessers: BTreeMap<(Task, Style), Guesser> = BTreeMap::new();
        for example in examples(settings.clone(), Part::Training, 11, rows) {
            guessers.entry((example.task, example.style)).or_default().learn(&example);
        }
        for part in [Part::Training, Part::HeldOut] {
            let mut tally: BTreeMap<(Task, Style), (f64, f64, f64)> = BTreeMap::new();
            for example in examples(settings.clone(), part, 12, rows) {
                let asked = (example.task, example.style);
                let right = guessers[&asked].guess(&example) == Some(answer_class(&example).as_str());
                let (rights, count, p) = tally.entry(asked).or_insert((0.0, 0.0, chance(&example)));
                (*rights, *count) = (*rights + f64::from(u8::from(right)), *count + 1.0);
                assert_eq!(*p, chance(&example));
            }
            for (asked, (rights, count, p)) in tally {
                let sigma = (p * (1.0 - p) / count).sqrt();
                let above = (rights / count - p) / sigma;
                assert!(
                    above < 3.5,
                    "{asked:?} {part:?}: {:.3} against {p}, {above:.1} sigma",
                    rights / count
                );
            }
        }
    }
}

#[test]
fn no_arrangement_is_on_both_sides_whatever_the_seed() {
    type Key = BTreeSet<(Option<(Colour, Shape)>, i32, i32)>;
    let key = |example: &Example| -> Key {
        let objects = example.scene.objects.iter().map(|o| (Some((o.colour, o.shape)), o.x / 28, o.y / 28));
        objects.chain(example.scene.frame.map(|frame| (None, frame.x / 28, frame.y / 28))).collect()
    };
    let mirrored = |key: &Key| -> Key { key.iter().map(|&(what, x, y)| (what, 2 - x, y)).collect() };
    let trained: BTreeSet<Key> = (0..3)
        .flat_map(|seed| examples(SceneSettings::small(), Part::Training, seed, 3_000))
        .map(|example| key(&example))
        .collect();
    for example in examples(SceneSettings::small(), Part::HeldOut, 1, 3_000) {
        let key = key(&example);
        assert!(!trained.contains(&key) && !trained.contains(&mirrored(&key)), "{key:?}");
    }
}
