//! Scenes made for a question whose answer is chosen beforehand.

use super::fact::centimetres;
use super::placing::{Builder, add_lines};
use super::{Draws, Fact, Frame, Object, Scene, SceneSettings, Side, Style, Task, Wanted};

/// Choices that a count is offered among.
pub(super) const COUNT_CHOICES: u32 = 4;

/// Objects beside those that are counted, at most.
const BYSTANDERS: u32 = 3;

/// A picture and what is asked about it.
pub(super) struct Composition {
    pub(super) scene: Scene,
    pub(super) fact: Fact,
}

/// How many outcomes a task has, all equally likely whatever the words of the question.
///
/// The choices of a count are a run of numbers: every run is as likely as every other, and so is each number of a run.
pub(super) fn outcomes(task: Task, style: Style, settings: &SceneSettings) -> u32 {
    let [least, most] = settings.counts;
    match (task, style) {
        (Task::Relation, _) => 4,
        (Task::Inside | Task::Occlusion | Task::Proximity | Task::Closer, _) => 2,
        (Task::Between | Task::Distance, _) => 1,
        (Task::Count, Style::Choice) => (most - least + 2 - COUNT_CHOICES) * COUNT_CHOICES,
        (Task::Count, _) => most - least + 1,
    }
}

/// The count of an outcome, and the first number of its choices.
pub(super) fn count_of(outcome: u32, style: Style, settings: &SceneSettings) -> (u32, u32) {
    let least = settings.counts[0];
    match style {
        Style::Choice => {
            let first = least + outcome / COUNT_CHOICES;
            (first + outcome % COUNT_CHOICES, first)
        }
        _ => (least + outcome, least),
    }
}

/// A scene for a task with a given outcome, or `None` when the draw led nowhere.
pub(super) fn compose(
    (task, style): (Task, Style),
    outcome: u32,
    settings: &SceneSettings,
    draws: &mut Draws,
) -> Option<Composition> {
    let mut builder = Builder::new(settings, draws);
    add_lines(&mut builder);
    let fact = match task {
        Task::Relation => relation(&mut builder, Side::ALL[outcome as usize % 4]),
        Task::Inside => inside(&mut builder, outcome == 0),
        Task::Occlusion => occlusion(&mut builder, outcome as usize),
        Task::Proximity => proximity(&mut builder, outcome == 0),
        Task::Between => between(&mut builder),
        Task::Count => count(&mut builder, count_of(outcome, style, settings).0),
        Task::Distance => distance(&mut builder),
        Task::Closer => closer(&mut builder, outcome == 0),
    }?;
    let scene = builder.scene;
    fact.holds_in(&scene).then_some(Composition { scene, fact })
}

/// All ordered pairs of different places.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (0..count).map(move |b| (a, b))).filter(|(a, b)| a != b)
}

fn relation(builder: &mut Builder<'_>, side: Side) -> Option<Fact> {
    let crowd = builder.crowd(2);
    builder.scatter_named(crowd)?;
    let objects = &builder.scene.objects;
    let on_that_side =
        |&(a, b): &(usize, usize)| Side::of(&objects[a], &objects[b], builder.scene.size) == Some(side);
    let fitting: Vec<_> = pairs(crowd).filter(on_that_side).collect();
    let &(a, b) = builder.draws.pick(&fitting)?;
    Some(Fact::Relation { a, b, side })
}

fn inside(builder: &mut Builder<'_>, inside: bool) -> Option<Fact> {
    let half = builder.settings.scaled(50);
    let last = builder.scene.size - 1 - half;
    let (x, y) = (builder.draws.within(half, last), builder.draws.within(half, last));
    let frame = Frame { x, y, half };
    builder.scene.frame = Some(frame);
    let radius = builder.small_radius();
    let other_inside = builder.draws.below(2) == 0;
    let a = builder.draws.below(2) as usize;
    let mut wanted = [inside, other_inside];
    wanted.swap(0, a);
    for (name, within) in builder.names(2).into_iter().zip(wanted) {
        builder.put(
            name,
            radius,
            |_, object| if within { frame.holds(object) } else { frame.excludes(object) },
        )?;
    }
    Some(Fact::Inside { a, inside })
}

fn occlusion(builder: &mut Builder<'_>, first: usize) -> Option<Fact> {
    let (back, front) = (0, 1);
    let names = builder.names(2);
    let (&below, &(colour, shape)) = (names.first()?, names.get(1)?);
    let (r_back, radius) = (builder.radius(), builder.radius());
    builder.put(below, r_back, |_, _| true)?;
    let covered = builder.scene.objects[back];
    let reach = r_back + radius;
    let edge = builder.scene.size - 1 - radius;
    for _ in 0..20 {
        let (dx, dy) = (builder.draws.within(-reach, reach), builder.draws.within(-reach, reach));
        let object = Object { shape, colour, x: covered.x + dx, y: covered.y + dy, radius };
        let on_canvas = (radius..=edge).contains(&object.x) && (radius..=edge).contains(&object.y);
        if on_canvas && (0.15..=0.6).contains(&object.overlap(&covered)) {
            builder.scene.objects.push(object);
            return Some(Fact::Occlusion { front, back, first });
        }
    }
    None
}

fn proximity(builder: &mut Builder<'_>, near: bool) -> Option<Fact> {
    let names = builder.names(3);
    let radii = [builder.radius(), builder.radius(), builder.radius()];
    builder.put(*names.first()?, radii[0], |_, _| true)?;
    let fits = |scene: &Scene, object: &Object| {
        let mut with = scene.clone();
        with.objects.push(*object);
        Fact::Proximity { a: 0, b: 1, near }.holds_in(&with)
    };
    builder.put(*names.get(1)?, radii[1], fits)?;
    builder.put(*names.get(2)?, radii[2], |_, _| true)?;
    let a = builder.draws.below(2) as usize;
    Some(Fact::Proximity { a, b: 1 - a, near })
}

/// The ends first, then the middle one within 6 pixels (of 224) of halfway.
fn between(builder: &mut Builder<'_>) -> Option<Fact> {
    let names = builder.names(3);
    let radius = builder.small_radius();
    let (slack, room) = (builder.settings.scaled(6), builder.settings.scaled(14) + 4 * radius);
    builder.put(*names.first()?, radius, |_, _| true)?;
    builder.put(*names.get(1)?, radius, |scene, o| o.squared_distance(&scene.objects[0]) >= room * room)?;
    let (b, c) = (builder.scene.objects[0], builder.scene.objects[1]);
    let (dx, dy) = (builder.draws.within(-slack, slack), builder.draws.within(-slack, slack));
    let &(colour, shape) = names.get(2)?;
    let (x, y) = ((b.x + c.x) / 2 + dx, (b.y + c.y) / 2 + dy);
    let place = builder.draws.below(3) as usize;
    builder.scene.objects.insert(place, Object { shape, colour, x, y, radius });
    let mut ends = [0, 1, 2].into_iter().filter(|&end| end != place);
    Some(Fact::Between { middle: place, ends: [ends.next()?, ends.next()?] })
}

fn count(builder: &mut Builder<'_>, number: u32) -> Option<Fact> {
    let &(colour, shape) = builder.draws.pick(&builder.every_name())?;
    let wanted = match builder.draws.below(3) {
        0 => Wanted { colour: Some(colour), shape: Some(shape) },
        1 => Wanted { colour: None, shape: Some(shape) },
        _ => Wanted::default(),
    };
    let probe = |(colour, shape)| wanted.includes(&Object { colour, shape, x: 0, y: 0, radius: 1 });
    let (counted, others): (Vec<_>, Vec<_>) = builder.every_name().into_iter().partition(|&name| probe(name));
    let bystanders = if others.is_empty() { 0 } else { builder.draws.below(BYSTANDERS + 1) };
    let bystanders = bystanders.min(room_left(builder.settings, number));
    let kinds = (0..number).map(|_| &counted).chain((0..bystanders).map(|_| &others));
    let mut names = Vec::new();
    for kind in kinds {
        names.push(*builder.draws.pick(kind)?);
    }
    builder.draws.shuffle(&mut names);
    for name in names {
        let radius = builder.small_radius();
        builder.scatter(name, radius)?;
    }
    Some(Fact::Count { wanted, number })
}

fn room_left(settings: &SceneSettings, number: u32) -> u32 {
    match settings.layout {
        super::Layout::Free => BYSTANDERS,
        super::Layout::Cells { across } => (across * across).saturating_sub(number),
    }
}

fn distance(builder: &mut Builder<'_>) -> Option<Fact> {
    let crowd = builder.crowd(2);
    builder.scatter_named(crowd)?;
    let all: Vec<_> = pairs(crowd).collect();
    let &(a, b) = builder.draws.pick(&all)?;
    let [one, other] = [a, b].map(|at| builder.scene.objects[at]);
    Some(Fact::Distance { a, b, hundredths: centimetres(one.squared_distance(&other)) })
}

fn closer(builder: &mut Builder<'_>, near_first: bool) -> Option<Fact> {
    let crowd = builder.crowd(3);
    builder.scatter_named(crowd)?;
    let triples = pairs(crowd).flat_map(|(anchor, near)| {
        (0..crowd).filter(move |&far| far != anchor && far != near).map(move |far| (anchor, near, far))
    });
    let fact = |(anchor, near, far)| {
        let first = if near_first { near } else { far };
        Fact::Closer { anchor, near, far, first }
    };
    let fitting: Vec<_> = triples.map(fact).filter(|fact| fact.holds_in(&builder.scene)).collect();
    builder.draws.pick(&fitting).cloned()
}
