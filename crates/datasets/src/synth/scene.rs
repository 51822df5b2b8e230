//! Scenes: objects on a canvas, and how they are drawn.

use serde::{Deserialize, Serialize};

use super::{Draws, Object};

/// Light backgrounds.
pub(super) const BACKGROUNDS: [[u8; 3]; 6] =
    [[255, 255, 255], [245, 245, 240], [235, 240, 245], [250, 240, 230], [238, 238, 238], [240, 250, 240]];

/// How much darker a lit background ends than it begins.
const SHADE: i32 = 60;

/// Width of a frame's outline.
const OUTLINE: i32 = 3;

const FRAME_COLOUR: [u8; 3] = [0, 0, 0];
const LINE_COLOUR: [u8; 3] = [200, 200, 200];

/// How the background is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Light {
    /// One colour everywhere.
    #[default]
    Flat,
    /// Red falls off towards the bottom, blue towards the right, green halfway towards both: as in a photograph,
    /// the background tells where on the canvas one looks.
    Slanted,
}

/// A square outline that objects are inside or outside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Column of the centre.
    #[serde(rename = "cx")]
    pub x: i32,
    /// Row of the centre.
    #[serde(rename = "cy")]
    pub y: i32,
    /// Half the side.
    pub half: i32,
}

impl Frame {
    /// Whether every pixel of the object lies strictly within the outline.
    pub fn holds(&self, object: &Object) -> bool {
        let room = self.half - OUTLINE;
        object.pixels().all(|(x, y)| (x - self.x).abs() < room && (y - self.y).abs() < room)
    }

    /// Whether no pixel of the object lies on or within the outline.
    pub fn excludes(&self, object: &Object) -> bool {
        object.pixels().all(|(x, y)| (x - self.x).abs() > self.half || (y - self.y).abs() > self.half)
    }
}

/// A thin grey line across the canvas that no question asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// All pixels of a row.
    Row(i32),
    /// All pixels of a column.
    Column(i32),
}

/// What a picture shows, in the order it is drawn: background, lines, frame, objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// Width and height in pixels.
    pub size: i32,
    /// Colour of the background.
    pub background: [u8; 3],
    /// How the background is coloured.
    pub light: Light,
    /// Lines that mean nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// The frame, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Frame>,
    /// The objects; later ones cover earlier ones.
    pub objects: Vec<Object>,
}

impl Scene {
    /// An empty scene.
    pub(super) fn empty(size: i32, light: Light, draws: &mut Draws) -> Self {
        let background = draws.pick(&BACKGROUNDS).copied().unwrap_or(BACKGROUNDS[0]);
        Self { size, background, light, lines: Vec::new(), frame: None, objects: Vec::new() }
    }

    /// The picture: rows of red, green, blue bytes, without anti-aliasing.
    ///
    /// ```
    /// use datasets::synth::{Light, Scene};
    ///
    /// let scene = Scene {
    ///     size: 4, background: [255, 255, 255], light: Light::Flat,
    ///     lines: vec![], frame: None, objects: vec![],
    /// };
    /// assert_eq!(scene.render(), [255; 4 * 4 * 3]);
    /// ```
    pub fn render(&self) -> Vec<u8> {
        let mut canvas = Canvas::new(self);
        for line in &self.lines {
            canvas.line(*line);
        }
        if let Some(frame) = &self.frame {
            canvas.outline(frame);
        }
        for object in &self.objects {
            object.pixels().for_each(|(x, y)| canvas.put(x, y, object.colour.rgb()));
        }
        canvas.rgb
    }
}

struct Canvas {
    size: i32,
    rgb: Vec<u8>,
}

impl Canvas {
    fn new(scene: &Scene) -> Self {
        let size = scene.size;
        let [red, green, blue] = scene.background.map(i32::from);
        let shade = |at: i32, of: i32| if scene.light == Light::Flat { 0 } else { SHADE * at / of.max(1) };
        let byte = |value: i32| value.clamp(0, 255) as u8;
        let colour = |x, y| {
            [byte(red - shade(y, size)), byte(green - shade(x + y, 2 * size)), byte(blue - shade(x, size))]
        };
        Self { size, rgb: (0..size).flat_map(|y| (0..size).flat_map(move |x| colour(x, y))).collect() }
    }

    fn put(&mut self, x: i32, y: i32, colour: [u8; 3]) {
        if (0..self.size).contains(&x) && (0..self.size).contains(&y) {
            let at = (y * self.size + x) as usize * 3;
            self.rgb[at..at + 3].copy_from_slice(&colour);
        }
    }

    fn line(&mut self, line: Line) {
        for along in 0..self.size {
            match line {
                Line::Row(y) => self.put(along, y, LINE_COLOUR),
                Line::Column(x) => self.put(x, along, LINE_COLOUR),
            }
        }
    }

    fn outline(&mut self, frame: &Frame) {
        let edge = -frame.half..=frame.half;
        for (dx, dy) in edge.clone().flat_map(|dy| edge.clone().map(move |dx| (dx, dy))) {
            if dx.abs().max(dy.abs()) > frame.half - OUTLINE {
                self.put(frame.x + dx, frame.y + dy, FRAME_COLOUR);
            }
        }
    }
}
