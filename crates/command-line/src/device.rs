//! From `--device` and `--dtype` to a device that computes.

use crate::flags::{DeviceArgs, Dtype, ModelArgs};
use crate::machine;
use burn::tensor::Device;
use std::path::Path;
use trainer::engine::TrainedWeights;
use vlm_model::device::{Backend, DeviceName};
use vlm_model::{Precision, VlModel};

/// Flags that no device answers to.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no such device.
    #[error("--device: {0}")]
    Device(#[from] vlm_model::device::DeviceError),
    /// The type of numbers is not for the processor.
    #[error(
        "--dtype: the CPU does not compute with float16; leave the flag out for float32, give bfloat16, or choose another \
         --device"
    )]
    NotOnCpu,
    /// The card does not compute with the type.
    #[error("--dtype: {0} does not compute with this type; leave the flag out, or see `anneal doctor`")]
    Unsupported(DeviceName),
    /// The thread pool could not be made.
    #[error("--threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The device and precision that the flags ask for; also sets the number of threads.
pub fn open(args: &DeviceArgs) -> Result<(Device, Precision), DeviceError> {
    machine::share_work(args.threads)?;
    let name: DeviceName = args.name.parse()?;
    let device = name.open()?;
    let precision = precision(name, &device, args.dtype)?;
    Ok((device, precision))
}

fn precision(name: DeviceName, device: &Device, dtype: Dtype) -> Result<Precision, DeviceError> {
    let precision = match dtype {
        Dtype::Auto => return Ok(Precision::suited_to(device)),
        Dtype::Float32 => return Ok(Precision::F32),
        Dtype::Bfloat16 if name.backend == Backend::Cpu => return Ok(Precision::Mixed),
        Dtype::Bfloat16 => Precision::Bf16,
        Dtype::Float16 => Precision::F16,
    };
    match name.backend {
        Backend::Cpu => Err(DeviceError::NotOnCpu),
        _ if device.supports_dtype(precision.dtype()) => Ok(precision),
        _ => Err(DeviceError::Unsupported(name)),
    }
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
