//! One step: ids in, logits out.

use std::ops::Range;

use super::StepDecoder;
use super::layer::{Chunk, Scratch};
use crate::attention::Heads;
use crate::bridge::{floats, sizes};
use crate::kernel::matrix::Threads;
use crate::kernel::shared::Shared;
use crate::kernel::skinny::{self, Few, MOST_ROWS};
use crate::kernel::threads;
use crate::{AttentionPlan, KvCache, rms_norm};

/// One token of each of a few sequences, and what it sees.
#[derive(Clone, Copy)]
pub struct NewTokens<'a> {
    /// The tokens.
    pub ids: &'a [u32],
    /// cos of each token's angles, `[tokens, head]`.
    pub cos: &'a [f32],
    /// sin of the same.
    pub sin: &'a [f32],
    /// The cache row that each token enters.
    pub places: &'a [usize],
    /// Segment i is the i-th token's: the rows of the cache that it sees.
    pub plan: &'a AttentionPlan,
}

impl NewTokens<'_> {
    pub(super) fn angles(&self, rows: Range<usize>, head: usize) -> [&[f32]; 2] {
        let range = rows.start * head..rows.end * head;
        [&self.cos[range.clone()], &self.sin[range]]
    }

    /// Whether no token sees or enters a row that another one enters.
    fn are_apart(&self) -> bool {
        self.plan.segments().iter().zip(self.places).enumerate().all(|(token, (segment, own))| {
            let uses = |place: usize| place == *own || segment.keys.iter().any(|run| run.spans(place));
            self.places.iter().enumerate().all(|(other, place)| other == token || !uses(*place))
        })
    }

    #[track_caller]
    fn check(&self, [vocabulary, rows]: [usize; 2], head: usize) {
        let count = self.ids.len();
        assert!(count <= MOST_ROWS, "step: {count} tokens, at most {MOST_ROWS} go together");
        let tables = [self.cos.len(), self.sin.len()];
        assert_eq!(tables, [count * head; 2], "step: angles for {count} tokens");
        assert_eq!(self.places.len(), count, "step: places for {count} tokens");
        let outside = self.ids.iter().find(|id| **id as usize >= vocabulary);
        assert!(outside.is_none(), "step: token {outside:?} of a vocabulary of {vocabulary}");
        let outside = self.places.iter().find(|place| **place >= rows);
        assert!(outside.is_none(), "step: row {outside:?} of a cache of {rows}");
        let segments = self.plan.segments();
        let own = segments.iter().enumerate().all(|(i, segment)| segment.queries == (i..i + 1));
        assert!(own && segments.len() == count, "step: a segment for each of {count} tokens");
        assert!(self.plan.key_rows() <= rows, "step: a plan for a cache of {rows} rows");
    }
}

impl StepDecoder {
    /// Most tokens of a step.
    pub const MOST_TOKENS: usize = MOST_ROWS;

    /// Reads a token of each sequence into the cache; logits of the tokens that follow, `[tokens, vocabulary]`.
    ///
    /// # Panics
    /// When ids, places or the plan do not fit each other, the decoder and the cache, when there are more than
    /// [`Self::MOST_TOKENS`], or the cache does not hold 32-bit floats on the CPU.
    pub fn step(&self, tokens: &NewTokens<'_>, cache: &mut KvCache) -> Vec<f32> {
        let ([vocabulary, width], [rows, kv, head]) = (sizes(&self.embedding), cache.shape());
        tokens.check([vocabulary, rows], self.head_dim);
        assert!(cache.in_reach(), "step: a cache of 32-bit floats on the CPU");
        assert_eq!(
            [cache.layers(), head],
            [self.layers.len(), self.head_dim],
            "step: layers and heads of the cache"
        );
        let outputs = |map: usize| self.layers.iter().map(move |layer| layer.maps()[map].shape()[0]);
        let fits = outputs(1).chain(outputs(2)).all(|keys| keys == kv * head);
        assert!(fits, "step: keys and values of a cache of {kv} heads of {head} values");
        let heads = Heads { kv, group: outputs(0).next().unwrap_or(0) / (kv * head).max(1), head };
        let mut hidden = self.embed(tokens.ids);
        let (each, inside) = self.division(tokens);
        cache.lend(|cache| {
            let shared = Shared::new(&mut hidden);
            let count = tokens.ids.len();
            threads::for_each(count.div_ceil(each), count * self.work(), |i| {
                let rows = i * each..count.min((i + 1) * each);
                // SAFETY: chunks have disjoint rows, and each is handed out once.
                let x = unsafe { shared.part(rows.start * width, rows.len() * width) };
                let chunk = Chunk { tokens, rows, heads, epsilon: self.epsilon, threads: inside };
                let mut scratch = Scratch::default();
                for (layer, cache) in self.layers.iter().zip(cache) {
                    // SAFETY: the cache is borrowed for this step, in which other chunks neither see nor enter the
                    // rows of this one: `division` makes several only of tokens that are apart.
                    unsafe { layer.apply(&chunk, x, *cache, &mut scratch) };
                }
            });
        });
        self.logits(&hidden, tokens.ids.len())
    }

    fn embed(&self, ids: &[u32]) -> Vec<f32> {
        let [_, width] = sizes(&self.embedding);
        let table = floats(&self.embedding);
        let mut rows = Vec::with_capacity(ids.len() * width);
        ids.iter().for_each(|id| rows.extend_from_slice(&table[*id as usize * width..][..width]));
        rows
    }

    fn logits(&self, hidden: &[f32], rows: usize) -> Vec<f32> {
        let [outer, inner] = sizes(&self.head);
        let mut normed = vec![0.0; hidden.len()];
        rms_norm::few(hidden, floats(&self.norm), self.epsilon, &mut normed);
        let mut logits = vec![0.0; rows * outer];
        let few = Few { x: &normed, bias: None, more: None, rows, inner, outer };
        few.with(floats(&self.head)).run(&mut logits, Threads::All);
        logits
    }

    /// How many rows a thread takes through all layers, and whether threads share what is inside a layer.
    fn division(&self, tokens: &NewTokens<'_>) -> (usize, Threads) {
        let count = tokens.ids.len().max(1);
        let widest =
            self.layers.iter().flat_map(|layer| layer.maps()).map(|map| map.shape().iter().product());
        if skinny::worth_sharing(count, widest.max().unwrap_or(0)) || !tokens.are_apart() {
            return (count, Threads::All);
        }
        // Four rows are as cheap as three.
        (count.div_ceil(rayon::current_num_threads()).next_multiple_of(4), Threads::One)
    }

    /// Numbers that a row is multiplied with.
    fn work(&self) -> usize {
        self.layers
            .iter()
            .flat_map(|layer| layer.maps())
            .map(|map| map.shape().iter().product::<usize>())
            .sum()
    }
}
