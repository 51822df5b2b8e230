//! The tower: patches of one visual in, features for the decoder out.

use super::block::VisionBlock;
use super::merger::PatchMerger;
use super::order::PatchOrder;
use crate::config::{VisionConfig, VisionKind};
use crate::layers::{Angles, Linear, RotaryTable};
use crate::tape::{self, Activations, Tape};
use crate::weights::Scope;
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
use fused_ops::{AttentionPlan, KeyRows, Segment, Visibility};
use std::ops::Range;
use vlm_processor::{Grid, Patches};

/// Patch embedding, blocks and merger.
#[derive(Module, Debug)]
pub struct VisionTower {
    /// The patch embedding: a convolution whose stride is its kernel is a linear map of flattened patches.
    pub patch_embed: PatchEmbed,
    /// The blocks in order.
    pub blocks: Vec<VisionBlock>,
    /// The merger.
    pub merger: PatchMerger,
    #[module(skip)]
    config: VisionConfig,
}

/// x ↦ W x on flattened patches.
#[derive(Module, Debug)]
pub struct PatchEmbed {
    /// W, `[width, channels · frames · side²]`.
    pub proj: Linear,
}

impl VisionTower {
    /// Reads the tower.
    pub fn load(scope: &Scope, config: &VisionConfig) -> Self {
        let VisionConfig { hidden_size, in_channels, temporal_patch_size: frames, patch_size: side, .. } =
            *config;
        let kernel = [hidden_size, in_channels, frames, side, side];
        let weight =
            scope.at("patch_embed.proj").reshaped("weight", &kernel, [hidden_size, config.patch_values()]);
        let blocks = scope.at("blocks");
        Self {
            patch_embed: PatchEmbed { proj: Linear::new(weight, None).with_kernel(&kernel[1..]) },
            blocks: (0..config.depth).map(|i| VisionBlock::load(&blocks.at(i), config)).collect(),
            merger: PatchMerger::load(&scope.at("merger"), config),
            config: config.clone(),
        }
    }

    /// Features of one image or video, `[tokens, decoder width]`, in raster order.
    pub fn forward(&self, patches: &Patches) -> Tensor<2> {
        self.forward_on_tape(patches, Activations::Kept).0
    }

    /// [`forward`](Self::forward) with the tape that its gradients need beside those of its result.
    pub fn forward_on_tape(&self, patches: &Patches, activations: Activations) -> (Tensor<2>, Tape) {
        let order = self.order(patches.grid);
        let device = self.patch_embed.proj.device();
        let columns = self.config.patch_values();
        let arranged =
            TensorData::new(order.arrange(&patches.values, columns), [patches.grid.patches(), columns]);
        let rows = Tensor::from_data(arranged, (&device, self.patch_embed.proj.dtype()));
        let (features, tape) = self.blocks_and_merger(rows, &order, activations);
        if order.units.is_sorted() {
            return (features, tape);
        }
        let places: Vec<i64> = order.places().into_iter().map(|place| place as i64).collect();
        let count = places.len();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &device);
        (features.select(0, places), tape)
    }

    fn blocks_and_merger(
        &self,
        rows: Tensor<2>,
        order: &PatchOrder,
        activations: Activations,
    ) -> (Tensor<2>, Tape) {
        let rotary =
            RotaryTable::new(Angles::vision(&order.positions, self.config.head_dim()), &rows.device());
        let (windows, frames) = (groups(&order.windows), groups(&order.frames));
        let kind = self.config.kind.clone();
        let rows = self.patch_embed.proj.forward(rows);
        let (rows, tape) = tape::run(&self.blocks, rows, activations, move |block, index, rows| {
            block.forward(rows, &rotary, if sees_frame(&kind, index) { &frames } else { &windows })
        });
        (self.merger.forward(rows), tape)
    }

    fn order(&self, grid: Grid) -> PatchOrder {
        let merge = self.config.merge_size;
        match self.config.kind {
            VisionKind::Full => PatchOrder::raster(grid, merge),
            VisionKind::Windowed { window_size, .. } => {
                PatchOrder::windowed(grid, merge, window_size / merge / self.config.patch_size)
            }
        }
    }
}

fn sees_frame(kind: &VisionKind, block: usize) -> bool {
    match kind {
        VisionKind::Full => true,
        VisionKind::Windowed { full_blocks, .. } => full_blocks.contains(&block),
    }
}

/// Rows that see exactly the rows of their own group.
fn groups(groups: &[Range<usize>]) -> AttentionPlan {
    let rows = groups.last().map_or(0, |last| last.end);
    let segments = groups.iter().map(|group| Segment {
        queries: group.clone(),
        keys: vec![KeyRows { start: group.start, stride: 1, len: group.len() }],
        visibility: Visibility::Full,
    });
    AttentionPlan::new(segments.collect(), rows, rows).expect("groups are runs of rows one after another")
}
