//! Typed records from every published layout, shuffled and mixed; synthetic scenes.

pub mod synth;
