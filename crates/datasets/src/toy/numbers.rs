//! What the numbers of a problem are.

/// The numbers that a picture shows, the smaller first, and the one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Numbers of the picture; the second is 0 where there is one.
    pub shown: [u32; 2],
    /// The answer.
    pub answer: u32,
}

/// Whole sides of right triangles: a² + b² = c² with a < b and c at most 25.
const TRIPLES: [[u32; 3]; 8] =
    [[3, 4, 5], [6, 8, 10], [5, 12, 13], [9, 12, 15], [8, 15, 17], [12, 16, 20], [7, 24, 25], [15, 20, 25]];

pub(super) fn hypotenuses() -> Vec<Numbers> {
    TRIPLES.iter().map(|[a, b, c]| Numbers { shown: [*a, *b], answer: *c }).collect()
}

pub(super) fn legs() -> Vec<Numbers> {
    let both = |[a, b, c]: &[u32; 3]| {
        [Numbers { shown: [*b, *c], answer: *a }, Numbers { shown: [*a, *c], answer: *b }]
    };
    TRIPLES.iter().flat_map(both).collect()
}

/// Rectangles by their sides.
pub(super) fn rectangles([shortest, longest]: [u32; 2], answer: fn(u32, u32) -> u32) -> Vec<Numbers> {
    let pairs = (shortest..=longest).flat_map(|a| (a..=longest).map(move |b| (a, b)));
    pairs.map(|(a, b)| Numbers { shown: [a, b], answer: answer(a, b) }).collect()
}

/// Two angles of a triangle, multiples of 5 from 20, the third of at least 20.
pub(super) fn angles() -> Vec<Numbers> {
    let pairs = (4..=28).flat_map(|a| (a..=28).map(move |b| (5 * a, 5 * b)));
    pairs.filter(|(a, b)| a + b <= 160).map(|(a, b)| Numbers { shown: [a, b], answer: 180 - a - b }).collect()
}

pub(super) fn squares() -> Vec<Numbers> {
    (2..=12).map(|side| Numbers { shown: [side * side, 0], answer: side }).collect()
}
