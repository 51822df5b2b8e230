//! M-RoPE: every token has a position in time, in height and in width.
//!
//! Text moves all three axes on by one per token. A visual of `t × h × w` merged features that starts
//! at position `s` puts feature `(i, y, x)` at `(s + ⌊i·Δ⌋, s + y, s + x)`, and the text after it goes
//! on at `s + max(h, w)`. `Δ` is 1 for images and for Qwen2-VL; for videos of Qwen2.5-VL it is
//! `seconds_per_grid · tokens_per_second`, so that time follows the clock (Qwen2.5-VL report,
//! arXiv 2502.13923, section 2.1.2; the floor is a truncation of an f32 product).

use crate::grid::Grid;
use crate::prompt::{Token, VisualKind};

/// How far apart the temporal patches of a video lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeScale {
    /// One position per temporal patch (Qwen2-VL).
    Patches,
    /// Positions by the clock (Qwen2.5-VL).
    Clock {
        /// `vision_config.tokens_per_second`.
        tokens_per_second: f64,
    },
}

/// What positions need to know of a visual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisualLayout {
    /// Image or video.
    pub kind: VisualKind,
    /// Its grid of patches, before merging.
    pub grid: Grid,
    /// Seconds that one temporal patch spans; 1 where nobody knows. Not read for images.
    pub seconds_per_grid: f64,
}

/// Positions of a token sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions {
    /// (time, height, width) of every token.
    pub tokens: Vec<[i64; 3]>,
    /// Largest position plus one, minus the number of tokens: transformers' `rope_deltas`.
    pub delta: i64,
}

/// Positions of `tokens`, equal to transformers' `get_rope_index`. `merge_size` is the side of the
/// square of patches that becomes one feature.
///
/// ```
/// use vlm_processor::{rope_positions, TimeScale, Token};
///
/// let positions = rope_positions(&[Token::Text(5), Token::Text(6)], &[], 2, TimeScale::Patches);
/// assert_eq!(positions.tokens, [[0; 3], [1; 3]]);
/// assert_eq!(positions.delta, 0);
/// ```
pub fn rope_positions(
    tokens: &[Token],
    visuals: &[VisualLayout],
    merge_size: usize,
    time: TimeScale,
) -> Positions {
    let merge_size = merge_size.max(1);
    let mut walk = Walk { next: 0, start: 0, largest: -1 };
    let place = |token: &Token| match *token {
        Token::Text(_) => walk.text(),
        Token::Vision { visual, index } => match visuals.get(visual as usize) {
            Some(layout) => walk.feature(layout, index as usize, merge_size, time),
            None => walk.text(),
        },
    };
    let tokens: Vec<[i64; 3]> = tokens.iter().map(place).collect();
    let delta = walk.largest.saturating_add(1).saturating_sub_unsigned(tokens.len() as u64);
    Positions { tokens, delta }
}

/// The state of the walk over the tokens.
struct Walk {
    /// Position of the next text token or visual.
    next: i64,
    /// Position at which the current visual began.
    start: i64,
    /// Largest position so far on any axis.
    largest: i64,
}

impl Walk {
    fn text(&mut self) -> [i64; 3] {
        let position = [self.next; 3];
        self.largest = self.largest.max(self.next);
        self.next += 1;
        position
    }

    fn feature(&mut self, visual: &VisualLayout, index: usize, merge: usize, time: TimeScale) -> [i64; 3] {
        let (rows, columns) = ((visual.grid.h / merge).max(1), (visual.grid.w / merge).max(1));
        if index == 0 {
            self.start = self.next;
            self.next += rows.max(columns) as i64;
        }
        let frame = index / (rows * columns);
        let tick = (frame as f32 * interval(visual, time)) as i64;
        let offset = [tick, (index / columns % rows) as i64, (index % columns) as i64];
        let position = offset.map(|o| self.start.saturating_add(o));
        self.largest = position.into_iter().fold(self.largest, i64::max);
        position
    }
}

/// `Δ`, in f32 as the reference computes it.
fn interval(visual: &VisualLayout, time: TimeScale) -> f32 {
    match (visual.kind, time) {
        (VisualKind::Video, TimeScale::Clock { tokens_per_second }) => {
            tokens_per_second as f32 * visual.seconds_per_grid as f32
        }
        _ => 1.0,
    }
}
