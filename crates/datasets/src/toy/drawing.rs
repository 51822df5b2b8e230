//! A problem as a picture: the figure in a pale colour, turned and mirrored, its numbers beside it.

use super::canvas::{Canvas, Point, SIDE};
use super::kind::Kind;
use crate::synth::Draws;

const COLOURS: [[u8; 3]; 6] =
    [[255, 214, 214], [214, 240, 214], [214, 224, 255], [255, 243, 200], [238, 220, 246], [255, 255, 255]];

/// Longest side of a figure, and how far from it its numbers stand.
const SIZE: f64 = 120.0;
const AWAY: f64 = 18.0;

/// A corner or a label, before the figure is turned.
type Place = [f64; 2];

/// The pixels of a problem, as RGB.
pub(super) fn draw(kind: Kind, [a, b]: [u32; 2], answer: u32, draws: &mut Draws) -> Vec<u8> {
    let (corners, labels) = figure(kind, [a, b], answer);
    let turn = Turn { quarters: draws.below(4), mirrored: draws.below(2) == 1 };
    let offset = [draws.within(-14, 14), draws.within(-14, 14)];
    let colour = draws.pick(&COLOURS).copied().unwrap_or([255; 3]);
    let centre = middle(&corners);
    let placed = |place: Place| turn.place([place[0] - centre[0], place[1] - centre[1]], offset);
    let mut canvas = Canvas::white();
    let outline: Vec<Point> = corners.iter().map(|corner| placed(*corner)).collect();
    canvas.polygon(&outline, colour);
    for (text, place) in labels {
        canvas.text(&text, placed(place));
    }
    canvas.into_pixels()
}

struct Turn {
    quarters: u32,
    mirrored: bool,
}

impl Turn {
    fn place(&self, [x, y]: Place, offset: [i32; 2]) -> Point {
        let x = if self.mirrored { -x } else { x };
        let [x, y] = match self.quarters {
            0 => [x, y],
            1 => [-y, x],
            2 => [-x, -y],
            _ => [y, -x],
        };
        [x.round() as i32 + SIDE / 2 + offset[0], y.round() as i32 + SIDE / 2 + offset[1]]
    }
}

fn figure(kind: Kind, [a, b]: [u32; 2], answer: u32) -> (Vec<Place>, Vec<(String, Place)>) {
    let asked = || "?".to_owned();
    match kind {
        Kind::Hypotenuse => right_triangle([a, b], [a.to_string(), b.to_string(), asked()]),
        Kind::Leg => right_triangle([a, answer], [a.to_string(), asked(), b.to_string()]),
        Kind::Area | Kind::Perimeter => {
            let corners = rectangle(a, b);
            let labels = vec![(a.to_string(), beside(&corners, 0)), (b.to_string(), beside(&corners, 1))];
            (corners, labels)
        }
        Kind::Angle => {
            let corners = triangle(a, b);
            let at = |index: usize| inside(&corners, index);
            let labels = vec![(a.to_string(), at(0)), (b.to_string(), at(1)), (asked(), at(2))];
            (corners, labels)
        }
        Kind::Square => {
            let corners = rectangle(1, 1);
            let centre = middle(&corners);
            (corners, vec![(a.to_string(), centre)])
        }
    }
}

fn right_triangle(legs: [u32; 2], texts: [String; 3]) -> (Vec<Place>, Vec<(String, Place)>) {
    let [width, height] = fitted(legs[0], legs[1]);
    // The sides in order: the first leg, the hypotenuse, the second leg.
    let corners = vec![[0.0, 0.0], [width, 0.0], [0.0, height]];
    let [first, second, hypotenuse] = texts;
    let labels =
        vec![(first, beside(&corners, 0)), (hypotenuse, beside(&corners, 1)), (second, beside(&corners, 2))];
    (corners, labels)
}

fn rectangle(a: u32, b: u32) -> Vec<Place> {
    let [width, height] = fitted(a, b);
    vec![[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]
}

/// Sides in their proportion, the shorter one at least a fifth of the longer.
fn fitted(a: u32, b: u32) -> [f64; 2] {
    let longest = f64::from(a.max(b));
    [a, b].map(|side| SIZE * (f64::from(side) / longest).max(0.2))
}

/// A triangle with these angles at its base, by the law of sines.
fn triangle(a: u32, b: u32) -> Vec<Place> {
    let (apex, base) = (sine(180 - a - b), SIZE);
    let side = base * sine(b) / apex;
    let scale = (SIZE / side.max(base)).min(1.0);
    let top = [side * cosine(a) * scale, side * sine(a) * scale];
    vec![[0.0, 0.0], [base * scale, 0.0], top]
}

/// sin d° ≈ 4d(180 − d) / (40500 − d(180 − d)), Bhaskara's approximation: products only, so the same on every machine.
fn sine(degrees: u32) -> f64 {
    let product = f64::from(degrees) * (180.0 - f64::from(degrees));
    4.0 * product / (40_500.0 - product)
}

fn cosine(degrees: u32) -> f64 {
    if degrees <= 90 { sine(90 - degrees) } else { -sine(degrees - 90) }
}

fn middle(corners: &[Place]) -> Place {
    let mean = |axis: usize| corners.iter().map(|corner| corner[axis]).sum::<f64>() / corners.len() as f64;
    [mean(0), mean(1)]
}

/// Outside the middle of a side.
fn beside(corners: &[Place], side: usize) -> Place {
    let (from, to) = (corners[side], corners[(side + 1) % corners.len()]);
    let half = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
    towards(half, middle(corners), -AWAY)
}

/// Inside a corner.
fn inside(corners: &[Place], corner: usize) -> Place {
    towards(corners[corner], middle(corners), 1.6 * AWAY)
}

/// So many pixels from one place towards another.
fn towards(from: Place, to: Place, pixels: f64) -> Place {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    [from[0] + dx / length * pixels, from[1] + dy / length * pixels]
}
