//! Synthetic rows: true, the same everywhere, and readable from their files.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use datasets::synth::{
    CAPTIONS, CHOICES, Colour, CountingLesson, Distinct, Fact, Form, Frame, Generator, Layout, Light, Object,
    Part, RowKind, Scene, SceneSettings, Shape, Share, Side, Split, Style, SynthError, Task, encode_png,
    row_json, write,
};

use serde_json::Value;

fn generator(seed: u64) -> Generator {
    Generator::new(SceneSettings::default(), seed).expect("settings that scenes satisfy")
}

fn rows(split: Split, rows: u64) -> Split {
    Split { rows, ..split }
}

#[test]
fn every_row_is_true_of_the_scene_in_its_meta() {
    let generator = generator(42);
    for split in Split::standard() {
        for index in 0..700 {
            let example = generator.example(&split, index).unwrap();
            let row = row_json(&example, split.kind, ("x", index), "x.png").unwrap();
            let scene: Scene = serde_json::from_value(row["meta"]["scene"].clone()).unwrap();
            let fact: Fact = serde_json::from_value(row["meta"]["fact"].clone()).unwrap();
            assert_eq!((&scene, &fact), (&example.scene, &example.fact));
            assert!(fact.holds_in(&scene), "{row}");
            assert_ne!(example.answer, example.rejected);
            match &example.form {
                Form::Free => assert_eq!(example.answer, fact.statement(&scene)),
                Form::Caption { said, holds, .. } => assert_eq!(said.holds_in(&scene), *holds, "{row}"),
                Form::Choices { choices, right, .. } => {
                    assert_eq!(choices[*right], fact.word(&scene));
                    assert_eq!(choices.iter().collect::<BTreeSet<_>>().len(), choices.len());
                }
            }
        }
    }
}

#[test]
fn twenty_thousand_rows_of_every_task_find_room() {
    let mix: Vec<Share> = Task::ALL.iter().map(|&task| Share::new(task, Style::Sentence, 1)).collect();
    let split = Split::new("room", Part::HeldOut, RowKind::Prompt, &mix, 0);
    for index in 0..20_000 {
        generator(9).example(&split, index).unwrap();
    }
}

#[test]
fn small_and_large_canvases_have_room_too() {
    let mix: Vec<Share> = Task::ALL.iter().map(|&task| Share::new(task, Style::Word, 1)).collect();
    for (size, layout) in [(56, Layout::Free), (448, Layout::Free), (84, Layout::Cells { across: 4 })] {
        let settings = SceneSettings { size, layout, ..SceneSettings::default() };
        let generator = Generator::new(settings, 3).unwrap();
        for part in [Part::Training, Part::HeldOut] {
            let split = Split::new("sizes", part, RowKind::Prompt, &mix, 0);
            for index in 0..400 {
                let example = generator.example(&split, index).unwrap();
                assert_eq!(example.scene.render().len(), (size * size * 3) as usize);
            }
        }
    }
}

#[test]
fn the_same_seed_draws_the_same_bytes_and_another_seed_others() {
    let split = &Split::standard()[0];
    let bytes = |seed| {
        let generator = generator(seed);
        (0..200)
            .flat_map(|index| encode_png(&generator.example(split, index).unwrap().scene).unwrap())
            .collect()
    };
    let (one, again, other): (Vec<u8>, Vec<u8>, Vec<u8>) = (bytes(1), bytes(1), bytes(2));
    assert!(one == again && one != other);
}

/// Regions of pixels that are not background, joined over edges and corners.
fn regions(scene: &Scene) -> usize {
    let (side, rgb) = (scene.size as usize, scene.render());
    let mut left: HashSet<usize> =
        (0..side * side).filter(|at| rgb[3 * at..3 * at + 3] != scene.background).collect();
    let mut found = 0;
    while let Some(&start) = left.iter().next() {
        left.remove(&start);
        let mut open = vec![start];
        found += 1;
        while let Some(at) = open.pop() {
            for (dx, dy) in [(0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 0), (0, 2), (2, 2)] {
                let (x, y) = ((at % side + dx).wrapping_sub(1), (at / side + dy).wrapping_sub(1));
                if x < side && y < side && left.remove(&(y * side + x)) {
                    open.push(y * side + x);
                }
            }
        }
    }
    found
}

#[test]
fn a_picture_has_as_many_regions_as_its_scene_has_objects() {
    let split =
        Split::new("count", Part::Training, RowKind::Prompt, &[Share::new(Task::Count, Style::Word, 1)], 0);
    for index in 0..120 {
        let example = generator(5).example(&split, index).unwrap();
        assert_eq!(regions(&example.scene), example.scene.objects.len());
    }
}

#[test]
fn half_of_the_captions_are_true_and_every_letter_is_right_equally_often() {
    let generator = generator(7);
    let captions = Split::new("vsr_like", Part::HeldOut, RowKind::Vsr, &CAPTIONS, 300);
    let label = |index| generator.example(&captions, index).unwrap().answer == "true";
    assert_eq!((0..300).filter(|&index| label(index)).count(), 150);
    let choices = Split::new("cv_like", Part::HeldOut, RowKind::CvBench, &CHOICES, 384 * 4);
    let mut letters: BTreeMap<(Task, String), u32> = BTreeMap::new();
    for index in 0..choices.rows {
        let example = generator.example(&choices, index).unwrap();
        *letters.entry((example.task, example.answer)).or_default() += 1;
    }
    assert!(
        letters.iter().all(|((task, _), &n)| n == if *task == Task::Count { 96 } else { 192 }),
        "{letters:?}"
    );
}

#[test]
fn rows_on_disk_are_rows_of_the_processor_and_their_pictures_are_the_scenes() {
    let folder = tempfile::tempdir().unwrap();
    let generator = generator(1);
    for split in Split::standard() {
        let written = write(&generator, &rows(split.clone(), 6), folder.path()).unwrap();
        let text = std::fs::read_to_string(&written.file).unwrap();
        assert_eq!((text.lines().count(), written.rows), (6, 6));
        for (index, line) in text.lines().enumerate() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            if matches!(split.kind, RowKind::Instruction | RowKind::Prompt) {
                let row: vlm_processor::Row = serde_json::from_str(line).unwrap();
                assert_eq!(row.images.len(), 1);
            }
            let image = folder.path().join(format!("images/{}_{index}.png", split.name));
            let pixels = image::open(&image).unwrap().to_rgb8();
            let scene: Scene = serde_json::from_value(row["meta"]["scene"].clone()).unwrap();
            assert_eq!(pixels.into_raw(), scene.render());
        }
    }
    assert!(!folder.path().join("sft.jsonl.part").exists());
}

#[test]
fn steps_tell_where_the_objects_are_and_wrong_steps_mix_them_up() {
    let mix: Vec<Share> = Task::ALL.iter().map(|&task| Share::new(task, Style::Steps, 1)).collect();
    let split = Split::new("steps", Part::Training, RowKind::Preference, &mix, 0);
    let generator = generator(4);
    for index in 0..400 {
        let example = generator.example(&split, index).unwrap();
        let (scene, settings) = (&example.scene, generator.settings());
        for at in example.fact.objects(scene) {
            let [column, row] = settings.cell(scene.objects[at].x, scene.objects[at].y);
            let step = format!("{} {column} {row}", scene.objects[at].name());
            assert!(example.answer.contains(&step), "{} lacks {step}", example.answer);
        }
        let end = format!("<answer>{}</answer>", example.fact.word(scene));
        assert!(example.answer.ends_with(&end) && !example.rejected.ends_with(&end), "{}", example.rejected);
    }
}

#[test]
fn places_are_the_steps_without_an_answer() {
    let mix = [Share::new(Task::Relation, Style::Places, 1), Share::new(Task::Closer, Style::Places, 1)];
    let settings = SceneSettings { distinct: Distinct::Colours, ..SceneSettings::default() };
    let generator = Generator::new(settings, 4).unwrap();
    let split = Split::new("places", Part::Training, RowKind::Preference, &mix, 0);
    for index in 0..100 {
        let example = generator.example(&split, index).unwrap();
        let first = &example.scene.objects[example.fact.objects(&example.scene)[0]];
        let start = format!("<think>{} ", first.colour.word());
        assert!(
            example.answer.starts_with(&start) && example.answer.ends_with("</think>"),
            "{}",
            example.answer
        );
        assert!(example.question.starts_with(&format!("Where are the {} and the ", first.name())));
        assert_ne!(example.answer, example.rejected);
    }
}

#[test]
fn a_layout_refuses_a_style_it_has_no_fields_for() {
    let example = generator(1).example(&Split::standard()[0], 0).unwrap();
    for kind in [RowKind::Vsr, RowKind::CvBench] {
        let error = row_json(&example, kind, ("x", 0), "x.png").unwrap_err();
        assert!(
            matches!(error, SynthError::Layout { .. }) && error.to_string().contains("sentence"),
            "{error}"
        );
    }
    let mix = [Share::new(Task::Distance, Style::TrueFalse, 1)];
    let split = Split::new("x", Part::Training, RowKind::Vsr, &mix, 1);
    assert!(matches!(generator(1).example(&split, 0), Err(SynthError::Style { task: "distance", .. })));
    let empty = Split { mix: vec![], ..split };
    assert!(matches!(generator(1).example(&empty, 0), Err(SynthError::Setting { key: "mix", .. })));
}

#[test]
fn settings_that_no_scene_satisfies_are_refused_by_name() {
    let plain = SceneSettings::default;
    let cases = [
        ("size", SceneSettings { size: 27, ..plain() }),
        ("size", SceneSettings { size: u32::MAX, ..plain() }),
        ("colours", SceneSettings { colours: vec![Colour::Red; 9], ..plain() }),
        ("colours", SceneSettings { colours: [Colour::ALL, Colour::ALL].concat(), ..plain() }),
        ("shapes", SceneSettings { shapes: vec![], ..plain() }),
        ("radii", SceneSettings { radii: [22, 12], ..plain() }),
        ("radii", SceneSettings { radii: [0, 12], ..plain() }),
        ("objects", SceneSettings { objects: [1, 3], ..plain() }),
        ("objects", SceneSettings { objects: [2, 9], distinct: Distinct::Colours, ..plain() }),
        ("counts", SceneSettings { counts: [0, 9], ..plain() }),
        ("counts", SceneSettings { counts: [1, 3], ..plain() }),
        ("counts", SceneSettings { counts: [1, u32::MAX], ..plain() }),
        ("layout", SceneSettings { layout: Layout::Cells { across: 2 }, ..plain() }),
        ("layout", SceneSettings { layout: Layout::Cells { across: u32::MAX }, ..plain() }),
        ("lines", SceneSettings { lines: u32::MAX, ..plain() }),
    ];
    for (named, settings) in cases {
        let Err(SynthError::Setting { key, .. }) = Generator::new(settings, 0) else {
            panic!("{named} was accepted")
        };
        assert_eq!(key, named);
    }
}

#[test]
fn worked_examples_of_the_rules() {
    let object = |shape, x, y, radius| Object { shape, colour: Colour::Red, x, y, radius };
    let mut scene = Scene {
        size: 224,
        background: [255; 3],
        light: Light::Flat,
        lines: vec![],
        frame: Some(Frame { x: 60, y: 60, half: 50 }),
        objects: vec![
            object(Shape::Circle, 20, 20, 5),
            object(Shape::Square, 50, 60, 5),
            object(Shape::Circle, 40, 100, 5),
            object(Shape::Square, 140, 110, 5),
        ],
    };
    let distance = |a, b, hundredths| Fact::Distance { a, b, hundredths };
    assert!(distance(0, 1, 50).holds_in(&scene) && distance(2, 3, 100).holds_in(&scene));
    assert_eq!(distance(0, 1, 50).statement(&scene), "0.50 metres");
    let left = Fact::Relation { a: 2, b: 3, side: Side::Left };
    assert!(left.holds_in(&scene) && !left.opposite().unwrap().holds_in(&scene));
    assert_eq!(left.statement(&scene), "The red circle is to the left of the red square.");
    assert!(Fact::Inside { a: 1, inside: true }.holds_in(&scene));
    assert!(Fact::Inside { a: 3, inside: false }.holds_in(&scene));
    scene.objects[1].x = 110;
    for inside in [true, false] {
        assert!(!Fact::Inside { a: 1, inside }.holds_in(&scene), "an object on the outline is neither");
    }
}

#[test]
fn rows_that_are_there_already_are_not_drawn_over() {
    let folder = tempfile::tempdir().unwrap();
    let split = rows(Split::standard().remove(0), 2);
    let file = write(&generator(1), &split, folder.path()).unwrap().file;
    let before = std::fs::read(&file).unwrap();
    let error = write(&generator(2), &split, folder.path()).unwrap_err();
    assert!(matches!(&error, SynthError::Occupied { path } if *path == file), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn every_standard_split_is_recognised_without_being_told_its_layout() {
    let folder = tempfile::tempdir().unwrap();
    for split in Split::standard() {
        let written = write(&generator(1), &rows(split.clone(), 6), folder.path()).unwrap();
        let source = datasets::open(&written.file, &datasets::OpenOptions::default()).unwrap();
        let kind = source.get(0).unwrap().kind().to_string();
        let expected = match split.kind {
            RowKind::Instruction => "instruction",
            RowKind::Preference => "preference",
            RowKind::Prompt => "RL prompt",
            RowKind::Vsr => "question and answers",
            RowKind::CvBench => "multiple choice",
        };
        assert_eq!(kind, expected, "{}", split.name);
    }
}

#[test]
fn a_counting_lesson_is_wrong_where_it_says_and_true_everywhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = CountingLesson { supervised: 200, pairs: 40, prompts: 40, test: 40 };
    let texts = lesson.write(folder.path(), 1).unwrap();
    assert_eq!(texts.len(), 2 * 320);
    let objects = |row: &Value| row["meta"]["scene"]["objects"].as_array().unwrap().len();
    let number = |value: &Value| value.as_str().unwrap().parse::<usize>().unwrap();
    let read = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut wrong = 0;
    for row in read("sft.jsonl") {
        let (said, there) = (number(&row["messages"][1]["content"]), objects(&row));
        assert!(said == there || there > 4 && said == there + 1, "{row}");
        wrong += usize::from(said != there);
    }
    assert!((50..90).contains(&wrong), "{wrong} of 200; six in ten beyond four are 67");
    for row in read("preference.jsonl") {
        assert_eq!(number(&row["chosen"][0]["content"]), objects(&row));
        assert_ne!(number(&row["rejected"][0]["content"]), objects(&row));
    }
    for row in read("grpo.jsonl").iter().chain(&read("test.jsonl")) {
        assert_eq!(number(&row["ground_truth"]), objects(row));
        assert!(folder.path().join(row["images"][0].as_str().unwrap()).is_file());
    }
}
