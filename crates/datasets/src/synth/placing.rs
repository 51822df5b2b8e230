//! Finding room for objects.

use super::{Colour, Distinct, Draws, Layout, Object, Scene, SceneSettings, Shape};

/// How often a place is looked for before the picture is given up.
const TRIES: u32 = 200;

/// Room to the border and between objects, in pixels of the reference canvas.
const BORDER: i32 = 4;
const APART: i32 = 6;

/// A colour and a shape.
pub(super) type Name = (Colour, Shape);

/// A scene that grows object by object; every step may find no room.
pub(super) struct Builder<'a> {
    pub(super) settings: &'a SceneSettings,
    pub(super) draws: &'a mut Draws,
    pub(super) scene: Scene,
    free_cells: Vec<(i32, i32)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(settings: &'a SceneSettings, draws: &'a mut Draws) -> Self {
        let scene = Scene::empty(settings.size as i32, settings.light, draws);
        let across = match settings.layout {
            Layout::Cells { across } => across as i32,
            Layout::Free => 0,
        };
        let mut free_cells: Vec<_> =
            (0..across * across).map(|cell| (cell % across, cell / across)).collect();
        draws.shuffle(&mut free_cells);
        Self { settings, draws, scene, free_cells }
    }

    /// So many names, told apart as the settings say.
    pub(super) fn names(&mut self, count: usize) -> Vec<Name> {
        let mut names = match self.settings.distinct {
            Distinct::Pairs => self.every_name(),
            Distinct::Colours => {
                let (colours, shapes) = (&self.settings.colours, &self.settings.shapes);
                let draws = &mut *self.draws;
                colours.iter().filter_map(|&colour| Some((colour, *draws.pick(shapes)?))).collect()
            }
        };
        self.draws.shuffle(&mut names);
        names.truncate(count);
        names
    }

    /// Every colour with every shape.
    pub(super) fn every_name(&self) -> Vec<Name> {
        let shapes = &self.settings.shapes;
        self.settings.colours.iter().flat_map(|&c| shapes.iter().map(move |&s| (c, s))).collect()
    }

    /// One of the two sizes.
    pub(super) fn radius(&mut self) -> i32 {
        let small_or_large = self.draws.below(2) as usize;
        self.radius_of(small_or_large)
    }

    /// The small size, everywhere.
    pub(super) fn small_radius(&self) -> i32 {
        self.radius_of(0)
    }

    fn radius_of(&self, which: usize) -> i32 {
        self.settings.scaled(self.settings.radii[which] as i32).max(3)
    }

    /// Puts an object where it touches no other and `accept` agrees, and returns its place in the list.
    pub(super) fn put(
        &mut self,
        (colour, shape): Name,
        radius: i32,
        accept: impl Fn(&Scene, &Object) -> bool,
    ) -> Option<usize> {
        let edge = radius + self.settings.scaled(BORDER);
        let far = self.scene.size - 1 - edge;
        for _ in 0..TRIES {
            let (x, y) = (self.draws.within(edge, far), self.draws.within(edge, far));
            let object = Object { shape, colour, x, y, radius };
            if self.is_clear(&object) && accept(&self.scene, &object) {
                self.scene.objects.push(object);
                return Some(self.scene.objects.len() - 1);
            }
        }
        None
    }

    /// Puts an object where the layout has room.
    pub(super) fn scatter(&mut self, name: Name, radius: i32) -> Option<usize> {
        match self.settings.layout {
            Layout::Free => self.put(name, radius, |_, _| true),
            Layout::Cells { across } => self.put_in_cell(name, radius, across as i32),
        }
    }

    fn put_in_cell(&mut self, (colour, shape): Name, radius: i32, across: i32) -> Option<usize> {
        let (column, row) = self.free_cells.pop()?;
        let cell = self.scene.size / across;
        let radius = radius.min(cell / 2 - 1);
        let jitter = (cell / 2 - 1 - radius).min(cell / 8);
        let (x, y) = (self.draws.within(-jitter, jitter), self.draws.within(-jitter, jitter));
        let (x, y) = (column * cell + cell / 2 + x, row * cell + cell / 2 + y);
        self.scene.objects.push(Object { shape, colour, x, y, radius });
        Some(self.scene.objects.len() - 1)
    }

    fn is_clear(&self, object: &Object) -> bool {
        let room = f64::from(self.settings.scaled(APART).max(1));
        self.scene.objects.iter().all(|other| object.gap(other) >= room)
    }

    /// Scatters so many objects with different names.
    pub(super) fn scatter_named(&mut self, count: usize) -> Option<()> {
        for name in self.names(count) {
            let radius = self.radius();
            self.scatter(name, radius)?;
        }
        Some(())
    }

    /// How many objects a scene has, at least `least`.
    pub(super) fn crowd(&mut self, least: u32) -> usize {
        let [few, many] = self.settings.objects;
        self.draws.within(few.max(least) as i32, many.max(least) as i32) as usize
    }
}

/// What two scenes share when they show the same arrangement: the objects with the coarse cells they lie in, blind to
/// jitter, size, order and background, and to mirroring and quarter turns of the canvas.
///
/// Rows are kept apart by this key, and as it is blind to the symmetries of the canvas, left stays as likely as
/// right, and as above and below, on either side.
pub(super) fn arrangement(scene: &Scene, settings: &SceneSettings) -> Vec<u8> {
    let across = settings.grid() as i32;
    let turned = |turn: u8, [x, y]: [i32; 2]| {
        let (x, y) = if turn & 1 == 0 { (x, y) } else { (y, x) };
        let x = if turn & 2 == 0 { x } else { across - 1 - x };
        (x, if turn & 4 == 0 { y } else { across - 1 - y })
    };
    let seen_from = |turn: u8| {
        let mut objects: Vec<[u8; 4]> = Vec::with_capacity(scene.objects.len() + 1);
        for object in &scene.objects {
            let (x, y) = turned(turn, settings.cell(object.x, object.y));
            objects.push([object.colour as u8, object.shape as u8, x as u8, y as u8]);
        }
        if let Some(frame) = scene.frame {
            let (x, y) = turned(turn, settings.cell(frame.x, frame.y));
            objects.push([u8::MAX, u8::MAX, x as u8, y as u8]);
        }
        objects.sort_unstable();
        objects.concat()
    };
    (0..8).map(seen_from).min().unwrap_or_default()
}

/// Adds grey lines where the settings ask for them.
pub(super) fn add_lines(builder: &mut Builder<'_>) {
    let most = builder.settings.lines;
    for _ in 0..builder.draws.below(most + 1) {
        let at = builder.draws.below(builder.settings.size) as i32;
        let line = if builder.draws.below(2) == 0 { super::Line::Row(at) } else { super::Line::Column(at) };
        builder.scene.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Light, fact::REFERENCE_SIZE};
    use super::*;

    #[test]
    fn an_arrangement_is_blind_to_mirrors_turns_and_jitter_and_to_nothing_else() {
        let settings = SceneSettings::default();
        let object = |colour, x, y| Object { shape: Shape::Circle, colour, x, y, radius: 12 };
        let scene = |objects| Scene {
            size: REFERENCE_SIZE,
            background: [255; 3],
            light: Light::Flat,
            lines: vec![],
            frame: None,
            objects,
        };
        let key = |a, b| arrangement(&scene(vec![a, b]), &settings);
        let plain = key(object(Colour::Red, 40, 70), object(Colour::Blue, 150, 70));
        let mirrored = key(object(Colour::Blue, 73, 70), object(Colour::Red, 183, 71));
        let turned = key(object(Colour::Red, 70, 40), object(Colour::Blue, 70, 150));
        let exchanged = key(object(Colour::Blue, 40, 70), object(Colour::Red, 150, 70));
        assert_eq!((&plain, &plain), (&mirrored, &turned));
        assert_ne!(plain, exchanged);
    }
}
