//! What a question is about, and the rule that makes it true.

use serde::{Deserialize, Serialize};

use super::{Colour, Object, Scene, Shape};

/// The canvas that the rules' lengths in pixels are written for; other sizes scale them.
pub(super) const REFERENCE_SIZE: i32 = 224;

/// Which side of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Smaller x.
    Left,
    /// Larger x.
    Right,
    /// Smaller y.
    Above,
    /// Larger y.
    Below,
}

impl Side {
    /// All four; a side stands next to its opposite.
    pub const ALL: [Side; 4] = [Side::Left, Side::Right, Side::Above, Side::Below];

    /// The other end of the same axis.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
            Side::Above => Side::Below,
            Side::Below => Side::Above,
        }
    }

    /// Where `a` lies as seen from `b`: with dx = x_a − x_b and dy likewise, the longer of the two decides when it
    /// is at least 12 pixels (of 224) and one and a half times the shorter; otherwise nothing is clear.
    ///
    /// ```
    /// use datasets::synth::{Colour, Object, Shape, Side};
    ///
    /// let at = |x, y| Object { shape: Shape::Circle, colour: Colour::Red, x, y, radius: 5 };
    /// assert_eq!(Side::of(&at(40, 100), &at(140, 110), 224), Some(Side::Left));
    /// assert_eq!(Side::of(&at(40, 40), &at(60, 60), 224), None);
    /// ```
    pub fn of(a: &Object, b: &Object, size: i32) -> Option<Side> {
        let (dx, dy) = (a.x - b.x, a.y - b.y);
        let clear = |long: i32, short: i32| {
            2 * long.abs() >= 3 * short.abs() && long.abs() * REFERENCE_SIZE >= 12 * size
        };
        if clear(dx, dy) {
            return Some(if dx < 0 { Side::Left } else { Side::Right });
        }
        clear(dy, dx).then_some(if dy < 0 { Side::Above } else { Side::Below })
    }
}

/// Which objects are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Only objects of this colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Only objects of this shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

impl Wanted {
    /// Whether an object is counted.
    pub fn includes(&self, object: &Object) -> bool {
        self.colour.is_none_or(|c| c == object.colour) && self.shape.is_none_or(|s| s == object.shape)
    }
}

/// A statement about a scene. Numbers are places in the list of objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Fact {
    /// `a` lies on a side of `b`.
    Relation {
        /// The one that is placed.
        a: usize,
        /// The one it is placed against.
        b: usize,
        /// Where.
        side: Side,
    },
    /// `a` lies inside the frame, or wholly outside.
    Inside {
        /// The object.
        a: usize,
        /// Whether it is inside.
        inside: bool,
    },
    /// Of two that overlap, `front` is drawn over `back`.
    Occlusion {
        /// The one seen whole.
        front: usize,
        /// The one covered in part.
        back: usize,
        /// Which of the two a question names first.
        first: usize,
    },
    /// `a` is next to `b` (gap of at most 20 pixels of 224), or far from it (80 or more).
    Proximity {
        /// One object.
        a: usize,
        /// The other.
        b: usize,
        /// Whether they are near.
        near: bool,
    },
    /// `middle` lies between the ends.
    Between {
        /// The one between.
        middle: usize,
        /// The other two.
        ends: [usize; 2],
    },
    /// So many objects are of a kind.
    Count {
        /// The kind.
        wanted: Wanted,
        /// How many.
        number: u32,
    },
    /// The centres are so far apart; 100 pixels are a metre.
    Distance {
        /// One object.
        a: usize,
        /// The other.
        b: usize,
        /// Hundredths of a metre.
        hundredths: u32,
    },
    /// `near` is closer to `anchor` than `far` is, by at least 20 pixels of 224.
    Closer {
        /// The one that distances are taken from.
        anchor: usize,
        /// The closer one.
        near: usize,
        /// The other.
        far: usize,
        /// Which of the two a question names first.
        first: usize,
    },
}

impl Fact {
    /// Whether the statement is true of a scene; a place that the scene does not have makes it false.
    pub fn holds_in(&self, scene: &Scene) -> bool {
        self.check(scene).unwrap_or(false)
    }

    fn check(&self, scene: &Scene) -> Option<bool> {
        let object = |at: usize| scene.objects.get(at);
        let length = |pixels: i32| f64::from(pixels * scene.size) / f64::from(REFERENCE_SIZE);
        Some(match *self {
            Fact::Relation { a, b, side } => Side::of(object(a)?, object(b)?, scene.size) == Some(side),
            Fact::Inside { a, inside: true } => scene.frame?.holds(object(a)?),
            Fact::Inside { a, inside: false } => scene.frame?.excludes(object(a)?),
            Fact::Occlusion { front, back, .. } => {
                front > back && (0.15..=0.6).contains(&object(front)?.overlap(object(back)?))
            }
            Fact::Proximity { a, b, near } => {
                let gap = object(a)?.gap(object(b)?);
                if near { gap <= length(20) } else { gap >= length(80) }
            }
            Fact::Between { middle, ends } => between(object(middle)?, object(ends[0])?, object(ends[1])?),
            Fact::Count { wanted, number } => {
                scene.objects.iter().filter(|o| wanted.includes(o)).count() == number as usize
            }
            Fact::Distance { a, b, hundredths } => {
                centimetres(object(a)?.squared_distance(object(b)?)) == hundredths
            }
            Fact::Closer { anchor, near, far, .. } => {
                let from = |at: &Object| Some(f64::from(object(anchor)?.squared_distance(at)).sqrt());
                from(object(far)?)? - from(object(near)?)? >= length(20)
            }
        })
    }

    /// The objects that one looks at to tell, in the order in which the question names them; those that it
    /// does not name in the order of the list.
    pub fn objects(&self, scene: &Scene) -> Vec<usize> {
        let in_order =
            |named: [usize; 2], first: usize| if first == named[1] { [named[1], named[0]] } else { named };
        match *self {
            Fact::Relation { a, b, .. } | Fact::Proximity { a, b, .. } | Fact::Distance { a, b, .. } => {
                vec![a, b]
            }
            Fact::Inside { a, .. } => vec![a],
            Fact::Occlusion { front, back, first } => in_order([front, back], first).to_vec(),
            Fact::Between { .. } => (0..scene.objects.len()).collect(),
            Fact::Count { wanted, .. } => {
                let included =
                    |at: &usize| scene.objects.get(*at).is_some_and(|object| wanted.includes(object));
                (0..scene.objects.len()).filter(included).collect()
            }
            Fact::Closer { anchor, near, far, first } => {
                let [a, b] = in_order([near, far], first);
                vec![anchor, a, b]
            }
        }
    }

    /// The statement that a careless look would make instead: the opposite, or the two exchanged. `None` for numbers,
    /// whose mistakes are drawn (see [`Example::rejected`](super::Example)).
    pub fn opposite(&self) -> Option<Fact> {
        Some(match *self {
            Fact::Relation { a, b, side } => Fact::Relation { a, b, side: side.opposite() },
            Fact::Inside { a, inside } => Fact::Inside { a, inside: !inside },
            Fact::Occlusion { front, back, first } => Fact::Occlusion { front: back, back: front, first },
            Fact::Proximity { a, b, near } => Fact::Proximity { a, b, near: !near },
            Fact::Between { middle, ends: [b, c] } => Fact::Between { middle: b, ends: [middle, c] },
            Fact::Closer { anchor, near, far, first } => Fact::Closer { anchor, near: far, far: near, first },
            Fact::Count { .. } | Fact::Distance { .. } => return None,
        })
    }
}

/// Whether the middle one's projection on the longer axis of the line lies between those of the ends.
fn between(middle: &Object, b: &Object, c: &Object) -> bool {
    let (along, across) = ((b.x - c.x).abs(), (b.y - c.y).abs());
    let at = |object: &Object| if along >= across { object.x } else { object.y };
    let (low, high) = (at(b).min(at(c)), at(b).max(at(c)));
    low < at(middle) && at(middle) < high
}

/// The root of a squared distance in pixels, halves rounded up: the largest whole h with (2h − 1)² ≤ 4·d².
pub(super) fn centimetres(squared_pixels: i32) -> u32 {
    (4 * u64::from(squared_pixels.unsigned_abs())).isqrt().div_ceil(2) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_rounded_half_up_to_hundredths() {
        assert_eq!((centimetres(50 * 50), centimetres(100 * 100 + 10 * 10)), (50, 100));
        assert_eq!([0, 2, 6, 7].map(centimetres), [0, 1, 2, 3]);
    }

    #[test]
    fn a_place_that_the_scene_lacks_makes_a_statement_false() {
        let empty = Scene {
            size: 224,
            background: [255; 3],
            light: super::super::Light::Flat,
            lines: vec![],
            frame: None,
            objects: vec![],
        };
        assert!(!Fact::Relation { a: 0, b: 1, side: Side::Left }.holds_in(&empty));
        assert!(!Fact::Inside { a: 0, inside: false }.holds_in(&empty));
        assert!(Fact::Count { wanted: Wanted::default(), number: 0 }.holds_in(&empty));
    }
}
