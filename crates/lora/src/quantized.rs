//! Frozen weights in few bits (QLoRA: Dettmers et al. 2023, arXiv 2305.14314).

use crate::targets::{ends_in, is_vision};
use crate::{Base, Linears, LoraError, Vision};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{DType, Device, Int, Tensor};
use fused_ops::{BlockScales, CodeFormat, PackedMatrix, ScaleCoding};

/// How frozen weights are stored, and which stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantization {
    /// Four or eight bits.
    pub format: CodeFormat,
    /// Whether scales are stored in eight bits too (double quantisation).
    pub scales: ScaleCoding,
    /// Whether the vision tower's maps are stored so.
    pub vision: Vision,
    /// Maps that stay as they are: whole names, or what stands after a dot.
    pub skip: Vec<String>,
}

impl Default for Quantization {
    fn default() -> Self {
        Self {
            format: CodeFormat::Nf4,
            scales: ScaleCoding::Coded,
            vision: Vision::Excluded,
            skip: Vec::new(),
        }
    }
}

impl Quantization {
    /// Whether the weight of the map with this published name is stored in few bits. The head and the patch embedding
    /// never are.
    pub fn covers(&self, name: &str) -> bool {
        let fixed = name == "lm_head" || name == "visual.patch_embed.proj";
        let skipped = self.skip.iter().any(|ending| ends_in(name, ending));
        !fixed && !skipped && (self.vision == Vision::Included || !is_vision(name))
    }
}

/// What storing weights in few bits did.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// Maps whose weight is stored in few bits now.
    pub modules: usize,
    /// Bytes of their weights before.
    pub bytes_before: usize,
    /// Bytes of their weights now.
    pub bytes_after: usize,
    /// √(Σ(W − Ŵ)² / ΣW²) over all of them.
    pub relative_error: f64,
}

/// Stores the weights of a model's maps in few bits. Adapters must not be there yet.
pub fn quantize<M: Linears>(model: &mut M, quantization: &Quantization) -> Result<Quantized, LoraError> {
    crate::attach::free_names(model)?;
    let mut done = Quantized { modules: 0, bytes_before: 0, bytes_after: 0, relative_error: 0.0 };
    let (mut off, mut all) = (0.0, 0.0);
    model.visit_linears(&mut |name, linear| {
        let (Base::Dense(stored) | Base::Half(stored) | Base::Mixed(stored)) = &linear.weight else { return };
        if !quantization.covers(name) {
            return;
        }
        let (weight, size) = (linear.weight.dense(), stored.val().dtype().size());
        let packed = Packed::of(weight.clone(), quantization);
        let exact = weight.clone().cast(DType::F32);
        off += squares(packed.unpack().cast(DType::F32) - exact.clone());
        all += squares(exact);
        done.modules += 1;
        done.bytes_before += weight.shape().num_elements() * size;
        done.bytes_after += packed.matrix().bytes();
        linear.weight = Base::Packed(packed);
    });
    done.relative_error = if all > 0.0 { (off / all).sqrt() } else { 0.0 };
    Ok(done)
}

fn squares(tensor: Tensor<2>) -> f64 {
    tensor.into_data().iter::<f32>().map(|x| f64::from(x) * f64::from(x)).sum()
}

/// A frozen weight in few bits.
#[derive(Module, Debug)]
pub struct Packed {
    codes: Param<Tensor<1, Int>>,
    scales: Scales,
    #[module(skip)]
    shape: [usize; 2],
    #[module(skip)]
    format: CodeFormat,
    /// The element type of the rows it meets.
    #[module(skip)]
    dtype: DType,
}

/// Scales of its blocks.
#[derive(Module, Debug)]
enum Scales {
    Exact(Param<Tensor<1>>),
    Coded(CodedScales),
}

#[derive(Module, Debug)]
struct CodedScales {
    codes: Param<Tensor<1, Int>>,
    steps: Param<Tensor<1>>,
    mean: f64,
}

impl Packed {
    /// Packs a weight.
    pub fn of(weight: Tensor<2>, quantization: &Quantization) -> Self {
        let dtype = weight.dtype();
        Self::new(PackedMatrix::pack(weight, quantization.format, quantization.scales), dtype)
    }

    /// Packs the numbers of a weight `[outputs, inputs]` that the host holds, for rows of this type on a device.
    pub fn of_numbers(
        numbers: &[f32],
        shape: [usize; 2],
        quantization: &Quantization,
        (device, dtype): (&Device, DType),
    ) -> Self {
        let coding = (quantization.format, quantization.scales);
        Self::new(PackedMatrix::of_numbers(numbers, shape, coding, device), dtype)
    }

    fn new(matrix: PackedMatrix, dtype: DType) -> Self {
        let PackedMatrix { codes, scales, shape, format } = matrix;
        let words = |words| Param::initialized(ParamId::new(), words);
        let numbers =
            |numbers: Tensor<1>| Param::initialized(ParamId::new(), numbers).set_require_grad(false);
        let scales = match scales {
            BlockScales::Exact(scales) => Scales::Exact(numbers(scales)),
            BlockScales::Coded { codes, steps, mean } => Scales::Coded(CodedScales {
                codes: words(codes),
                steps: numbers(steps),
                mean: f64::from(mean),
            }),
        };
        Self { codes: words(codes), scales, shape, format, dtype }
    }

    /// The weight, `[outputs, inputs]`.
    pub fn unpack(&self) -> Tensor<2> {
        self.matrix().unpack().cast(self.dtype)
    }

    pub(crate) fn matrix(&self) -> PackedMatrix {
        let scales = match &self.scales {
            Scales::Exact(scales) => BlockScales::Exact(scales.val()),
            Scales::Coded(coded) => BlockScales::Coded {
                codes: coded.codes.val(),
                steps: coded.steps.val(),
                mean: coded.mean as f32,
            },
        };
        PackedMatrix { codes: self.codes.val(), scales, shape: self.shape, format: self.format }
    }

    pub(crate) fn shape(&self) -> [usize; 2] {
        self.shape
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(crate) fn device(&self) -> Device {
        self.codes.val().device()
    }
}
