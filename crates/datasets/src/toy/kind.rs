//! Six kinds of problems: what they ask, and how they are solved.

use super::numbers::{self, Numbers};

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The hypotenuse of a right triangle with whole sides up to 25.
    Hypotenuse,
    /// A leg of one.
    Leg,
    /// The area of a rectangle.
    Area,
    /// The perimeter of a rectangle.
    Perimeter,
    /// The third angle of a triangle.
    Angle,
    /// The side of a square whose area is drawn.
    Square,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Hypotenuse, Self::Leg, Self::Area, Self::Perimeter, Self::Angle, Self::Square];

    /// The name that commands use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hypotenuse => "hypotenuse",
            Self::Leg => "leg",
            Self::Area => "area",
            Self::Perimeter => "perimeter",
            Self::Angle => "angle",
            Self::Square => "square",
        }
    }

    /// Every problem of the kind.
    pub(super) fn numbers(self, sides: [u32; 2]) -> Vec<Numbers> {
        match self {
            Self::Hypotenuse => numbers::hypotenuses(),
            Self::Leg => numbers::legs(),
            Self::Area => numbers::rectangles(sides, |a, b| a * b),
            Self::Perimeter => numbers::rectangles(sides, |a, b| 2 * (a + b)),
            Self::Angle => numbers::angles(),
            Self::Square => numbers::squares(),
        }
    }

    pub(super) const fn question(self) -> &'static str {
        match self {
            Self::Hypotenuse | Self::Leg => "Find the length of the side marked ?.",
            Self::Area => "What is the area of the rectangle?",
            Self::Perimeter => "What is the perimeter of the rectangle?",
            Self::Angle => "Find the angle marked ? in degrees.",
            Self::Square => "The number is the area of the square. What is its side length?",
        }
    }

    /// The numbers of the picture in words.
    pub(super) fn said(self, [a, b]: [u32; 2]) -> String {
        match self {
            Self::Hypotenuse => format!("The legs are {a} and {b}."),
            Self::Leg => format!("A leg is {a} and the hypotenuse {b}."),
            Self::Area | Self::Perimeter => format!("The sides are {a} and {b}."),
            Self::Angle => format!("The other angles are {a} and {b}."),
            Self::Square => format!("The number is {a}."),
        }
    }

    /// One line of working.
    pub(super) fn working(self, [a, b]: [u32; 2], answer: u32) -> String {
        match self {
            Self::Hypotenuse => format!("{a}^2 + {b}^2 = {} = {answer}^2.", a * a + b * b),
            Self::Leg => format!("{b}^2 - {a}^2 = {} = {answer}^2.", b * b - a * a),
            Self::Area => format!("{a} x {b} = {answer}."),
            Self::Perimeter => format!("{}, 2 x {} = {answer}.", addition(a, b), a + b),
            Self::Angle => format!("{a} + {b} = {}, 180 - {0} = {answer}.", a + b),
            Self::Square => format!("{answer} x {answer} = {a}."),
        }
    }
}

/// A sum; of two numbers with two digits column by column, as it is done on paper.
fn addition(a: u32, b: u32) -> String {
    if a < 10 || b < 10 {
        return format!("{a} + {b} = {}", a + b);
    }
    let (ones, tens) = (a % 10 + b % 10, a / 10 + b / 10);
    let carried = if ones > 9 { " + 1" } else { "" };
    let tens_sum = tens + ones / 10;
    format!("{} + {} = {ones}, {} + {}{carried} = {tens_sum}", a % 10, b % 10, a / 10, b / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_follows_from_its_numbers() {
        for Numbers { shown: [a, b], answer } in Kind::Hypotenuse.numbers([2, 12]) {
            assert_eq!(a * a + b * b, answer * answer);
        }
        for Numbers { shown: [leg, hypotenuse], answer } in Kind::Leg.numbers([2, 12]) {
            assert_eq!(leg * leg + answer * answer, hypotenuse * hypotenuse);
        }
        for Numbers { shown: [a, b], answer } in Kind::Angle.numbers([2, 12]) {
            assert!(a + b + answer == 180 && answer >= 20);
        }
        assert!(Kind::Square.numbers([2, 12]).iter().all(|n| n.answer * n.answer == n.shown[0]));
        assert_eq!(
            [Kind::Hypotenuse, Kind::Leg, Kind::Square].map(|k| k.numbers([2, 12]).len()),
            [8, 16, 11]
        );
        assert_eq!(Kind::Area.numbers([2, 12]).len(), 66);
    }

    #[test]
    fn working_reads_as_on_paper() {
        assert_eq!(Kind::Perimeter.working([3, 4], 14), "3 + 4 = 7, 2 x 7 = 14.");
        assert_eq!(Kind::Perimeter.working([27, 38], 130), "7 + 8 = 15, 2 + 3 + 1 = 6, 2 x 65 = 130.");
        assert_eq!(Kind::Perimeter.working([11, 12], 46), "1 + 2 = 3, 1 + 1 = 2, 2 x 23 = 46.");
        assert_eq!(Kind::Leg.working([4, 5], 3), "5^2 - 4^2 = 9 = 3^2.");
        assert_eq!(Kind::Angle.working([40, 35], 105), "40 + 35 = 75, 180 - 75 = 105.");
    }
}
