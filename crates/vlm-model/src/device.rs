//! Devices by name: the back ends that are built in, what each of them finds on this machine, and what that can do.

use burn::tensor::{DType, Device};
use std::fmt;
use std::str::FromStr;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The processor.
    Cpu,
    /// Whatever the system's graphics drivers reach, through WebGPU's shading language.
    Wgpu,
    /// The same through Vulkan's.
    Vulkan,
    /// NVIDIA cards.
    Cuda,
}

impl Backend {
    /// Every back end, built in or not.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Wgpu, Self::Vulkan, Self::Cuda];

    /// Its name, which is also that of the feature it is built with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
        }
    }

    /// Whether this binary has it.
    pub fn is_built(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// The devices it finds on this machine: none where it is not built in or no driver is installed.
    pub fn devices(self) -> Vec<Device> {
        #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
        crate::kernel_cache::keep();
        match self {
            Self::Cpu => vec![Device::flex()],
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec(),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Device::enumerate(burn::tensor::DeviceType::Vulkan).into_vec(),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec(),
            #[cfg(not(all(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
            _ => Vec::new(),
        }
    }

    /// The device that it takes when none is named: the fastest card, where its driver knows which that is.
    fn usual(self, found: &[Device]) -> Option<Device> {
        let first = found.first()?.clone();
        Some(match self {
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            _ => first,
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a device cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name means nothing.
    #[error(
        "found {0:?}, expected cpu, wgpu, vulkan or cuda, with :N for the N-th device that `anneal doctor` lists"
    )]
    Unknown(String),
    /// The binary was built without it.
    #[error("{0}: this binary was built without it; rebuild with `cargo build --release --features {0}`")]
    NotBuilt(Backend),
    /// No driver shows a device.
    #[error("{0}: no device found; is the driver installed ({hint})?", hint = hint(*.0))]
    NoneFound(Backend),
    /// There are fewer.
    #[error(
        "{backend}:{index}: no such device, {backend} has {found}, numbered from 0; `anneal doctor` lists them"
    )]
    Absent {
        /// The back end.
        backend: Backend,
        /// The number that was asked for.
        index: usize,
        /// Devices found.
        found: usize,
    },
}

/// What a driver needs.
fn hint(backend: Backend) -> &'static str {
    match backend {
        Backend::Cpu => "the processor needs none",
        Backend::Wgpu | Backend::Vulkan => {
            "on Debian libvulkan1 and the card's Vulkan driver, mesa-vulkan-drivers for most"
        }
        Backend::Cuda => "libcuda comes with NVIDIA's driver",
    }
}

/// A device by name: `cuda`, or `cuda:1` for the second that is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceName {
    /// What computes.
    pub backend: Backend,
    /// Which of its devices, counted from 0; absent for the usual one.
    pub index: Option<usize>,
}

impl DeviceName {
    /// The device.
    pub fn open(self) -> Result<Device, DeviceError> {
        let Self { backend, index } = self;
        if !backend.is_built() {
            return Err(DeviceError::NotBuilt(backend));
        }
        let found = backend.devices();
        match index {
            None => backend.usual(&found).ok_or(DeviceError::NoneFound(backend)),
            Some(_) if found.is_empty() => Err(DeviceError::NoneFound(backend)),
            Some(index) => {
                let absent = DeviceError::Absent { backend, index, found: found.len() };
                found.into_iter().nth(index).ok_or(absent)
            }
        }
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(name.to_owned());
        let (backend, index) = match name.split_once(':') {
            Some((backend, index)) => (backend, Some(index.parse().map_err(|_| unknown())?)),
            None => (name, None),
        };
        let backend = Backend::ALL.into_iter().find(|known| known.name() == backend).ok_or_else(unknown)?;
        Ok(Self { backend, index })
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => write!(f, "{}", self.backend),
            Some(index) => write!(f, "{}:{index}", self.backend),
        }
    }
}

/// What a card says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFacts {
    /// How it names itself.
    pub name: Option<String>,
    /// Bytes of memory, where its driver tells.
    pub memory: Option<u64>,
    /// Bytes of the largest tensor.
    pub largest_tensor: Option<u64>,
    /// Element types that it computes with.
    pub types: Vec<&'static str>,
    /// Whether it has matrix units for 16-bit floats, which accelerated attention needs.
    pub matrix_units: bool,
}

impl DeviceFacts {
    /// Opens a device and asks it.
    pub fn of(device: &Device) -> Self {
        let kinds = [
            (DType::F32, "f32"),
            (DType::BF16, "bf16"),
            (DType::F16, "f16"),
            (DType::F64, "f64"),
            (DType::I64, "i64"),
            (DType::I32, "i32"),
            (DType::I8, "i8"),
            (DType::U8, "u8"),
        ];
        let types = kinds.into_iter().filter(|(dtype, _)| device.supports_dtype(*dtype));
        Self { types: types.map(|(_, name)| name).collect(), ..card(device) }
    }
}

/// What the driver knows.
#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
fn card(device: &Device) -> DeviceFacts {
    let burn::backend::DispatchDevice::Cube(card) = device.as_dispatch() else {
        return DeviceFacts::default();
    };
    let client = card.client();
    let properties = client.properties();
    DeviceFacts {
        name: Some(properties.identity.name.clone()),
        memory: properties.memory.max_memory(),
        largest_tensor: Some(properties.memory.max_page_size),
        types: Vec::new(),
        matrix_units: !properties.features.matmul.cmma.is_empty(),
    }
}

/// The processor is asked elsewhere.
#[cfg(not(any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
fn card(_: &Device) -> DeviceFacts {
    DeviceFacts::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["cpu", "wgpu", "vulkan:0", "cuda:12"] {
            assert_eq!(name.parse::<DeviceName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["", "CPU", "cuda:", "cuda:-1", "cuda:1:2", "tpu", ":0"] {
            assert_eq!(name.parse::<DeviceName>(), Err(DeviceError::Unknown(name.to_owned())));
        }
    }

    #[test]
    fn the_processor_is_always_there_and_alone() {
        let open = |name: &str| name.parse::<DeviceName>().and_then(DeviceName::open);
        assert_eq!(open("cpu").as_ref(), Ok(&Device::flex()));
        assert_eq!(open("cpu:0").as_ref(), Ok(&Device::flex()));
        assert_eq!(open("cpu:1"), Err(DeviceError::Absent { backend: Backend::Cpu, index: 1, found: 1 }));
        assert!(DeviceFacts::of(&Device::flex()).types.contains(&"f32"));
    }

    #[test]
    fn a_back_end_that_is_not_built_in_is_refused_by_its_feature() {
        for backend in Backend::ALL.into_iter().filter(|backend| !backend.is_built()) {
            let error = DeviceName { backend, index: None }.open().err();
            assert_eq!(error, Some(DeviceError::NotBuilt(backend)));
            assert!(error.is_some_and(|error| error.to_string().contains(&format!("--features {backend}"))));
        }
    }
}
