//! A square of pixels with lines, surfaces and numbers on it.

use super::font;

/// Pixels of a side.
pub(super) const SIDE: i32 = 224;
const SCALE: i32 = 2;
const BLACK: [u8; 3] = [0; 3];

pub(super) type Point = [i32; 2];

pub(super) struct Canvas(Vec<u8>);

impl Canvas {
    pub fn white() -> Self {
        Self(vec![255; (SIDE * SIDE * 3) as usize])
    }

    pub fn into_pixels(self) -> Vec<u8> {
        self.0
    }

    fn dot(&mut self, [x, y]: Point, colour: [u8; 3]) {
        if (0..SIDE).contains(&x) && (0..SIDE).contains(&y) {
            let at = ((y * SIDE + x) * 3) as usize;
            self.0[at..at + 3].copy_from_slice(&colour);
        }
    }

    /// A convex surface with an outline two pixels wide.
    pub fn polygon(&mut self, corners: &[Point], fill: [u8; 3]) {
        for y in 0..SIDE {
            for x in 0..SIDE {
                let turn = |(a, b): (&Point, &Point)| (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
                let turns = || edges(corners).map(turn);
                if turns().all(|turn| turn >= 0) || turns().all(|turn| turn <= 0) {
                    self.dot([x, y], fill);
                }
            }
        }
        edges(corners).for_each(|(a, b)| self.line(*a, *b));
    }

    /// Bresenham's line with a brush of two by two.
    fn line(&mut self, [mut x, mut y]: Point, to: Point) {
        let (dx, dy) = ((to[0] - x).abs(), -(to[1] - y).abs());
        let (step_x, step_y) = ((to[0] - x).signum(), (to[1] - y).signum());
        let mut error = dx + dy;
        loop {
            for [right, down] in [[0, 0], [1, 0], [0, 1], [1, 1]] {
                self.dot([x + right, y + down], BLACK);
            }
            if [x, y] == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += step_x;
            }
            if twice <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    /// Text around a point, kept inside the picture.
    pub fn text(&mut self, text: &str, centre: Point) {
        let advance = (font::WIDTH + 1) * SCALE;
        let (width, height) = (text.len() as i32 * advance - SCALE, font::HEIGHT * SCALE);
        let left = (centre[0] - width / 2).clamp(2, SIDE - width - 2);
        let top = (centre[1] - height / 2).clamp(2, SIDE - height - 2);
        for (at, c) in text.chars().enumerate() {
            let glyph = font::glyph(c);
            for y in 0..height {
                for x in 0..font::WIDTH * SCALE {
                    let row = glyph[(y / SCALE) as usize];
                    if row >> (font::WIDTH - 1 - x / SCALE) & 1 == 1 {
                        self.dot([left + at as i32 * advance + x, top + y], BLACK);
                    }
                }
            }
        }
    }
}

/// The sides of a closed line.
fn edges(corners: &[Point]) -> impl Iterator<Item = (&Point, &Point)> {
    corners.iter().zip(corners.iter().cycle().skip(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_inside_and_are_as_large_as_the_font_says() {
        let mut canvas = Canvas::white();
        canvas.text("1", [-50, 300]);
        let black = canvas.0.chunks(3).filter(|pixel| *pixel == BLACK).count();
        let dots: u32 = font::glyph('1').iter().map(|row| row.count_ones()).sum();
        assert_eq!(black, 4 * dots as usize);
    }

    #[test]
    fn a_surface_is_filled_up_to_its_outline() {
        let mut canvas = Canvas::white();
        canvas.polygon(&[[10, 10], [50, 10], [50, 30], [10, 30]], [200, 210, 220]);
        let pixel = |x: i32, y: i32| canvas.0[((y * SIDE + x) * 3) as usize];
        assert_eq!((pixel(10, 10), pixel(11, 20), pixel(30, 20), pixel(55, 20)), (0, 0, 200, 255));
    }
}
