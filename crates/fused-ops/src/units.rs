//! What a card multiplies in hardware.

use burn::tensor::Device;

/// Whether it has matrix units for tiles of 16 x 16 x 16 numbers in f16, summed in f32.
#[cfg(feature = "cube")]
pub(crate) fn has_matrix_units(device: &Device) -> bool {
    use cubecl::ir::{ElemType, FloatKind};
    let burn::backend::DispatchDevice::Cube(card) = device.as_dispatch() else { return false };
    let (half, whole) = (ElemType::Float(FloatKind::F16), ElemType::Float(FloatKind::F32));
    card.client().properties().features.matmul.cmma.iter().any(|tile| {
        let types = tile.a_type == half && tile.b_type == half && tile.cd_type == whole;
        types && [tile.m, tile.n, tile.k] == [16; 3]
    })
}

/// The processor has none that tensors know of.
#[cfg(not(feature = "cube"))]
pub(crate) fn has_matrix_units(_: &Device) -> bool {
    false
}
