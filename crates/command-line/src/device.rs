//! From `--device` and `--dtype` to a device that computes.

use crate::flags::{DeviceArgs, Dtype, ModelArgs};
use burn::tensor::Device;
use std::path::Path;
use trainer::engine::TrainedWeights;
use vlm_model::{Precision, VlModel};

/// A device that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The name means nothing.
    #[error("--device: found {0:?}, expected cpu, wgpu, vulkan or cuda, with :N for the N-th card")]
    Unknown(String),
    /// The binary was built without it.
    #[error(
        "--device {0}: this binary was built without it; rebuild with `cargo build --release --features {0}`"
    )]
    NotBuilt(&'static str),
    /// The type of numbers is not for this device.
    #[error("--dtype: the CPU computes in float32 only; leave the flag out, or choose another --device")]
    CpuIsF32,
    /// The thread pool could not be made.
    #[error("--threads: {0}")]
    Threads(String),
}

/// The device and precision that the flags ask for; also sets the number of threads.
pub fn open(args: &DeviceArgs) -> Result<(Device, Precision), DeviceError> {
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().map_err(|error| DeviceError::Threads(error.to_string()))?;
    }
    let unknown = || DeviceError::Unknown(args.name.clone());
    let (kind, index) = match args.name.split_once(':') {
        Some((kind, index)) => (kind, index.parse().map_err(|_| unknown())?),
        None => (args.name.as_str(), 0usize),
    };
    let device = match kind {
        "cpu" if index == 0 => Device::flex(),
        "wgpu" => wgpu(index)?,
        "vulkan" => vulkan(index)?,
        "cuda" => cuda(index)?,
        _ => return Err(unknown()),
    };
    Ok((device, precision(kind, args.dtype)?))
}

fn precision(kind: &str, dtype: Dtype) -> Result<Precision, DeviceError> {
    match (kind, dtype) {
        ("cpu", Dtype::Bfloat16 | Dtype::Float16) => Err(DeviceError::CpuIsF32),
        ("cpu" | "wgpu", Dtype::Auto) | (_, Dtype::Float32) => Ok(Precision::F32),
        (_, Dtype::Auto | Dtype::Bfloat16) => Ok(Precision::Bf16),
        (_, Dtype::Float16) => Ok(Precision::F16),
    }
}

#[cfg(any(feature = "wgpu", feature = "vulkan"))]
fn card(index: usize) -> burn::tensor::DeviceKind {
    if index == 0 { Default::default() } else { burn::tensor::DeviceKind::DiscreteGpu(index) }
}

#[cfg(feature = "wgpu")]
fn wgpu(index: usize) -> Result<Device, DeviceError> {
    Ok(Device::wgpu(card(index)))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu(_: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("wgpu"))
}

#[cfg(feature = "vulkan")]
fn vulkan(index: usize) -> Result<Device, DeviceError> {
    Ok(Device::vulkan(card(index)))
}

#[cfg(not(feature = "vulkan"))]
fn vulkan(_: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("vulkan"))
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<Device, DeviceError> {
    Ok(Device::cuda(index))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("cuda"))
}

/// The model of the flags, loaded.
pub fn load_model(args: &ModelArgs) -> Result<VlModel, Box<dyn std::error::Error>> {
    let (device, precision) = open(&args.device)?;
    let bar = crate::progress::spinner("loading the model");
    let mut model = VlModel::from_dir(&args.model, &device, precision)?;
    if let Some(learned) = &args.adapter {
        model = with_learned(model, learned)?;
    }
    bar.finish_and_clear();
    Ok(model)
}

/// The model with what a run has learned: the adapter of a folder, or the weights of a checkpoint of full fine-tuning.
pub fn with_learned(mut model: VlModel, folder: &Path) -> Result<VlModel, Box<dyn std::error::Error>> {
    if TrainedWeights::are_in(folder) {
        return Ok(TrainedWeights::put_into(model, folder)?);
    }
    let loaded = model.load_adapter(folder)?;
    if let Some(module) = loaded.without_tensors.first() {
        let more = loaded.without_tensors.len() - 1;
        tracing::warn!("the adapter names {module} and {more} other modules, and has no tensors for them");
    }
    Ok(model)
}
