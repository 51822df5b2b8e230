//! A device beside the CPU: `make test-device DEVICE=cuda`.
//!
//! The same code runs on both, in f32 and, where the device computes with it, over frozen weights in bf16. Shapes are few
//! and small, because a software driver compiles the kernels of each.

mod generating;
mod learning;
mod memory;
mod precision;
mod scoring;

use burn::tensor::{DType, Device, Tensor};
use std::io::Write;
use std::sync::Once;
use vlm_model::device::{Backend, DeviceFacts, DeviceName};

/// Names the device; `auto` is the first that WebGPU finds, and none where no driver is installed.
const VARIABLE: &str = "ANNEAL_TEST_DEVICE";

const CHECKPOINT: &str = "qwen2_5-nano";

/// One whose numbers bf16 holds.
const CHECKPOINT_BF16: &str = "qwen2_5-nano-bf16";

/// Log-probabilities in f32. A device adds the terms of a product in another order, in parts, with fused
/// multiply-and-adds, and its exponential may be off by a few units of the last place; over eight layers that came to
/// less than 1e-5 on every device seen, and a wrong mask, rotation or scale comes to more than 1e-2.
const LOG_PROBS: f64 = 1e-3;

/// Log-probabilities over weights in bf16. Activations keep eight bits: at most 2⁻⁸ at each of some fifty roundings that add up
/// like a random walk, on logits of a few units.
const LOG_PROBS_BF16: f64 = 3e-2;

/// Losses and gradients in f32, as a share of their size: sums over a hundred rows of what [`LOG_PROBS`] allows.
const GRADIENTS: f64 = 1e-3;

/// Gradients of f32 adapters over weights in bf16, as a share of the norm of each tensor: those that pass through a softmax are
/// differences of nearly equal numbers. torch with PEFT is off by up to 0.11 on the same rows and adapters.
const GRADIENTS_BF16: f64 = 0.1;

/// Numbers of 32 bits that a matrix unit multiplies may lose all but eleven bits before (TF32), three more than bf16 keeps.
const SHARE_OF_BF16: f64 = 1.0 / 8.0;

/// What a device may be off by in f32.
struct Allowed {
    log_probs: f64,
    gradients: f64,
    /// Whether products are rounded, so that near ties fall as they like.
    rounds: bool,
}

impl Allowed {
    fn on(device: &Device) -> Self {
        if !DeviceFacts::of(device).matrix_units {
            return Self { log_probs: LOG_PROBS, gradients: GRADIENTS, rounds: false };
        }
        let share = |allowed: f64| allowed * SHARE_OF_BF16;
        Self { log_probs: share(LOG_PROBS_BF16), gradients: share(GRADIENTS_BF16), rounds: true }
    }
}

/// The device under test. `None`, with words, when no test of a device was asked for or none can be made.
fn chosen() -> Option<Device> {
    let name = std::env::var(VARIABLE).unwrap_or_default();
    match name.as_str() {
        "" => skip("no device is named; `make test-device` takes one"),
        "auto" if Backend::Wgpu.devices().is_empty() => {
            skip("no graphics driver was found; on Debian install libvulkan1 and mesa-vulkan-drivers")
        }
        "auto" => Some(open("wgpu")).filter(adds).or_else(|| skip("the device that was found cannot add")),
        name => Some(open(name)),
    }
}

/// The same for weights in bf16: the CPU takes the place of a device that does not compute with them, and of none. There burn
/// asserts in tests that the operands of every operation have the same element type.
fn chosen_for_bf16() -> Device {
    chosen().filter(|device| device.supports_dtype(DType::BF16)).unwrap_or_else(Device::flex)
}

/// Whether a device that nobody named computes at all: a broken driver is no fault of ours.
fn adds(device: &Device) -> bool {
    let sum = || Tensor::<1>::ones([4], device).sum().into_scalar::<f32>();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(sum)).is_ok_and(|sum| sum == 4.0)
}

fn open(name: &str) -> Device {
    name.parse().and_then(DeviceName::open).unwrap_or_else(|error| panic!("{VARIABLE}: {error}"))
}

/// Says once why tests do nothing, past the harness, which shows no output of tests that pass.
fn skip(why: &str) -> Option<Device> {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "tests of a device are skipped: {why}");
    });
    None
}
