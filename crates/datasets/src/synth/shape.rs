//! Shapes, colours and the pixels they cover.

use serde::{Deserialize, Serialize};

/// Names with their values: a JSON name is the word that questions use.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$each])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word that questions use.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
    };
}

named! {
    /// What an object looks like.
    Shape {
        /// dx² + dy² ≤ r².
        Circle = "circle",
        /// max(|dx|, |dy|) ≤ ⌊9r/10⌋.
        Square = "square",
        /// Apex up: −r ≤ dy ≤ ⌊9r/10⌋ and 2·|dx| ≤ dy + r.
        Triangle = "triangle",
        /// |dx| + |dy| ≤ r.
        Diamond = "diamond",
    }
}

named! {
    /// The colour of an object.
    Colour {
        /// (220, 40, 40).
        Red = "red",
        /// (40, 160, 60).
        Green = "green",
        /// (40, 80, 220).
        Blue = "blue",
        /// (235, 205, 40).
        Yellow = "yellow",
        /// (140, 60, 180).
        Purple = "purple",
        /// (240, 140, 30).
        Orange = "orange",
        /// (20, 20, 20).
        Black = "black",
        /// (40, 190, 200).
        Cyan = "cyan",
    }
}

impl Colour {
    /// Red, green and blue.
    pub const fn rgb(self) -> [u8; 3] {
        match self {
            Colour::Red => [220, 40, 40],
            Colour::Green => [40, 160, 60],
            Colour::Blue => [40, 80, 220],
            Colour::Yellow => [235, 205, 40],
            Colour::Purple => [140, 60, 180],
            Colour::Orange => [240, 140, 30],
            Colour::Black => [20, 20, 20],
            Colour::Cyan => [40, 190, 200],
        }
    }
}

/// One object of a scene; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// Its shape.
    pub shape: Shape,
    /// Its colour.
    pub colour: Colour,
    /// Column of the centre.
    #[serde(rename = "cx")]
    pub x: i32,
    /// Row of the centre.
    #[serde(rename = "cy")]
    pub y: i32,
    /// Half its size in pixels.
    #[serde(rename = "r")]
    pub radius: i32,
}

impl Object {
    /// What questions call it, such as `red circle`.
    pub fn name(&self) -> String {
        format!("{} {}", self.colour.word(), self.shape.word())
    }

    /// Whether the object covers a pixel.
    ///
    /// ```
    /// use datasets::synth::{Colour, Object, Shape};
    ///
    /// let disc = Object { shape: Shape::Circle, colour: Colour::Red, x: 10, y: 10, radius: 5 };
    /// assert!(disc.covers(13, 14) && !disc.covers(14, 14));
    /// ```
    pub fn covers(&self, x: i32, y: i32) -> bool {
        let (dx, dy, r) = (x - self.x, y - self.y, self.radius);
        let half = 9 * r / 10;
        match self.shape {
            Shape::Circle => dx * dx + dy * dy <= r * r,
            Shape::Square => dx.abs().max(dy.abs()) <= half,
            Shape::Triangle => -r <= dy && dy <= half && 2 * dx.abs() <= dy + r,
            Shape::Diamond => dx.abs() + dy.abs() <= r,
        }
    }

    /// The pixels the object covers, row by row, whether or not they lie on the canvas.
    pub fn pixels(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        let (rows, r) = (self.y - self.radius..=self.y + self.radius, self.radius);
        rows.flat_map(move |y| (self.x - r..=self.x + r).map(move |x| (x, y)))
            .filter(|&(x, y)| self.covers(x, y))
    }

    /// Squared distance of the centres.
    pub fn squared_distance(&self, other: &Object) -> i32 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        dx * dx + dy * dy
    }

    /// Distance of the centres less both radii: the room between two discs of these sizes.
    pub fn gap(&self, other: &Object) -> f64 {
        f64::from(self.squared_distance(other)).sqrt() - f64::from(self.radius + other.radius)
    }

    /// Share of the smaller object's pixels that both cover.
    pub fn overlap(&self, other: &Object) -> f64 {
        let (mine, theirs) = (self.pixels().count(), other.pixels().count());
        let shared = self.pixels().filter(|&(x, y)| other.covers(x, y)).count();
        shared as f64 / mine.min(theirs).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(shape: Shape, radius: i32) -> Object {
        Object { shape, colour: Colour::Red, x: 30, y: 30, radius }
    }

    #[test]
    fn every_shape_covers_the_pixels_of_its_rule() {
        let counts = Shape::ALL.iter().map(|&shape| object(shape, 10).pixels().count()).collect::<Vec<_>>();
        // Circle of radius 10: 317 lattice points; square of half side 9: 19²; diamond: 2·10·11 + 1.
        assert_eq!((counts[0], counts[1], counts[3]), (317, 361, 221));
        let triangle = (-10..=9).map(|dy| 2 * ((dy + 10) / 2) + 1).sum::<i32>();
        assert_eq!(counts[2] as i32, triangle);
    }

    #[test]
    fn an_object_overlaps_itself_whole_and_a_far_one_not_at_all() {
        let disc = object(Shape::Circle, 8);
        let far = Object { x: 90, ..disc };
        assert_eq!((disc.overlap(&disc), disc.overlap(&far), disc.gap(&far)), (1.0, 0.0, 44.0));
    }
}
