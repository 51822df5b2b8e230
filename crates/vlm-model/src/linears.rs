//! The network's linear maps by the names of the published files.

use crate::VlModel;
use crate::layers::{GatedMlp, Linear};
use crate::text::DecoderLayer;
use crate::vision::{Mlp, VisionBlock};
use lora::Linears;

impl Linears for VlModel {
    fn visit_linears(&mut self, visit: &mut dyn FnMut(&str, &mut Linear)) {
        visit("visual.patch_embed.proj", &mut self.visual.patch_embed.proj);
        for (index, block) in self.visual.blocks.iter_mut().enumerate() {
            in_block(block, &mut |name, linear| visit(&format!("visual.blocks.{index}.{name}"), linear));
        }
        // The files count the activation between the merger's two layers.
        let [first, second] = &mut self.visual.merger.mlp;
        visit("visual.merger.mlp.0", first);
        visit("visual.merger.mlp.2", second);
        for (index, layer) in self.model.layers.iter_mut().enumerate() {
            in_layer(layer, &mut |name, linear| visit(&format!("model.layers.{index}.{name}"), linear));
        }
        if let Some(head) = &mut self.lm_head {
            visit("lm_head", head);
        }
    }
}

fn in_layer(layer: &mut DecoderLayer, visit: &mut dyn FnMut(&str, &mut Linear)) {
    let attention = &mut layer.self_attn;
    visit("self_attn.q_proj", &mut attention.q_proj);
    visit("self_attn.k_proj", &mut attention.k_proj);
    visit("self_attn.v_proj", &mut attention.v_proj);
    visit("self_attn.o_proj", &mut attention.o_proj);
    in_gated(&mut layer.mlp, visit);
}

fn in_block(block: &mut VisionBlock, visit: &mut dyn FnMut(&str, &mut Linear)) {
    visit("attn.qkv", &mut block.attn.qkv);
    visit("attn.proj", &mut block.attn.proj);
    match &mut block.mlp {
        Mlp::Gated(mlp) => in_gated(mlp, visit),
        Mlp::Plain(mlp) => {
            visit("mlp.fc1", &mut mlp.fc1);
            visit("mlp.fc2", &mut mlp.fc2);
        }
    }
}

fn in_gated(mlp: &mut GatedMlp, visit: &mut dyn FnMut(&str, &mut Linear)) {
    visit("mlp.gate_proj", &mut mlp.gate_proj);
    visit("mlp.up_proj", &mut mlp.up_proj);
    visit("mlp.down_proj", &mut mlp.down_proj);
}
