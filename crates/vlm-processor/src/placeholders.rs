//! From one placeholder per visual to one token per feature.

use crate::positions::VisualLayout;
use crate::prompt::{Token, VisualKind};
use crate::row_error::RowProblem;
use crate::text_limits::MAX_PROMPT_TOKENS;

/// The placeholder tokens of a tokenizer: id and text, for images and videos.
#[derive(Clone, Debug)]
pub(crate) struct Placeholders {
    pub(crate) image: (u32, String),
    pub(crate) video: (u32, String),
    pub(crate) merge_size: usize,
}

/// The visuals of a row, in the order of its two lists.
pub(crate) struct RowLayouts {
    pub(crate) images: Vec<VisualLayout>,
    pub(crate) videos: Vec<VisualLayout>,
}

/// Tokens with every visual written out.
#[derive(Debug)]
pub(crate) struct Expanded {
    pub(crate) tokens: Vec<Token>,
    pub(crate) ids: Vec<u32>,
    /// For every token before expansion, where it begins after it; one more entry holds the end.
    pub(crate) starts: Vec<usize>,
    /// Visuals in order of appearance, each with its index among its kind.
    pub(crate) order: Vec<(usize, VisualLayout)>,
}

impl Placeholders {
    /// Replaces the n-th placeholder of each kind by as many tokens as the n-th visual of that kind
    /// has features.
    pub(crate) fn expand(&self, ids: &[u32], row: &RowLayouts) -> Result<Expanded, RowProblem> {
        self.check(ids, row)?;
        let mut out = Expanded { tokens: Vec::new(), ids: Vec::new(), starts: Vec::new(), order: Vec::new() };
        let mut images = row.images.iter().enumerate();
        let mut videos = row.videos.iter().enumerate();
        for &id in ids {
            out.starts.push(out.tokens.len());
            let visual = match self.kind(id) {
                Some(VisualKind::Image) => images.next(),
                Some(VisualKind::Video) => videos.next(),
                None => None,
            };
            match visual {
                Some((index, layout)) => out.push_visual(id, index, *layout, self.merge_size),
                None => out.push_text(id),
            }
        }
        out.starts.push(out.tokens.len());
        Ok(out)
    }

    fn kind(&self, id: u32) -> Option<VisualKind> {
        match id {
            id if id == self.image.0 => Some(VisualKind::Image),
            id if id == self.video.0 => Some(VisualKind::Video),
            _ => None,
        }
    }

    fn check(&self, ids: &[u32], row: &RowLayouts) -> Result<(), RowProblem> {
        self.check_kind(ids, VisualKind::Image, &self.image, &row.images)?;
        self.check_kind(ids, VisualKind::Video, &self.video, &row.videos)?;
        let features = row.images.iter().chain(&row.videos).map(|v| v.grid.tokens(self.merge_size));
        let visuals = row.images.len() + row.videos.len();
        let found = features.fold(ids.len() - visuals, usize::saturating_add);
        if found > MAX_PROMPT_TOKENS {
            return Err(RowProblem::PromptTooLong { found, limit: MAX_PROMPT_TOKENS });
        }
        Ok(())
    }

    fn check_kind(
        &self,
        ids: &[u32],
        kind: VisualKind,
        (id, text): &(u32, String),
        visuals: &[VisualLayout],
    ) -> Result<(), RowProblem> {
        let (found, expected) = (ids.iter().filter(|i| *i == id).count(), visuals.len());
        if found != expected {
            return Err(RowProblem::PlaceholderCount { kind, found, expected, token: text.clone() });
        }
        let merge = self.merge_size;
        let whole = |v: &VisualLayout| {
            let side = |n: usize| n > 0 && n.is_multiple_of(merge);
            let product = v.grid.t.checked_mul(v.grid.h).and_then(|n| n.checked_mul(v.grid.w));
            v.grid.t > 0 && side(v.grid.h) && side(v.grid.w) && product.is_some()
        };
        match visuals.iter().position(|v| !whole(v)) {
            None => Ok(()),
            Some(index) => {
                let grid = visuals[index].grid;
                Err(RowProblem::Grid { kind, index, t: grid.t, h: grid.h, w: grid.w, merge })
            }
        }
    }
}

impl Expanded {
    fn push_text(&mut self, id: u32) {
        self.tokens.push(Token::Text(id));
        self.ids.push(id);
    }

    fn push_visual(&mut self, id: u32, index: usize, layout: VisualLayout, merge_size: usize) {
        let (visual, count) = (self.order.len() as u32, layout.grid.tokens(merge_size));
        self.tokens.extend((0..count as u32).map(|index| Token::Vision { visual, index }));
        self.ids.extend(std::iter::repeat_n(id, count));
        self.order.push((index, layout));
    }
}
