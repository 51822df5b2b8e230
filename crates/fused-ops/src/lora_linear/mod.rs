//! A linear layer with low-rank adapters on a frozen base.

mod backward;
mod forward;

use burn::backend::DispatchTensor;
use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::linear::{self, View};
use crate::{Arithmetic, Weight, stored};

/// One low-rank adapter: adds `scale · (X Aᵀ) Bᵀ`.
#[derive(Clone, Debug)]
pub struct LoraPair {
    /// `A`, `[rank, in]`.
    pub a: Tensor<2>,
    /// `B`, `[out, rank]`.
    pub b: Tensor<2>,
    /// Usually `alpha / rank`.
    pub scale: f32,
}

/// A linear layer and its adapters: `Y = X Wᵀ + b + Σ s (X Aᵀ) Bᵀ` (Hu et al. 2021, arXiv 2106.09685).
///
/// The low-rank products are added to the base product in place. With `dU = s dY B` the gradients are
/// `dX = dY W + Σ dU A`, `dA = dUᵀ X`, `dB = s dYᵀ (X Aᵀ)`; `X Aᵀ` is kept, and the base weight is a constant unless it
/// is tracked. Where there are many rows for the size of the weight, the adapters are merged into a copy of it, which
/// costs less than the products beside it: `V = W + Σ s B A`, `Y = X Vᵀ + b`, `dX = dY V`; and where the weight is hardly
/// wider than the ranks, `dV = dYᵀ X`, `dA = s Bᵀ dV`, `dB = s dV Aᵀ`. Beside a weight that meets rows in
/// [`Arithmetic::Mixed`] they stay apart, in 32 bits.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]`, `bias`: `[out]`
/// - result: `[rows, out]`
///
/// # Panics
/// When the sizes do not match.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fused_ops::{LoraPair, lora_linear};
///
/// let device = Device::flex();
/// let x = Tensor::<2>::from_data([[1.0, 2.0]], &device);
/// let weight = Tensor::<2>::from_data([[3.0, 4.0]], &device);
/// let pair = LoraPair {
///     a: Tensor::from_data([[1.0, 1.0]], &device),
///     b: Tensor::from_data([[10.0]], &device),
///     scale: 0.5,
/// };
/// let y = lora_linear(x, weight, None, &[pair]);
/// assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [11.0 + 15.0]);
/// ```
pub fn lora_linear(
    x: Tensor<2>,
    weight: impl Into<Weight>,
    bias: Option<Tensor<1>>,
    pairs: &[LoraPair],
) -> Tensor<2> {
    let Weight { numbers, arithmetic } = weight.into();
    linear::check(&x, &numbers, bias.as_ref());
    let [outer, inner] = numbers.dims();
    for LoraPair { a, b, .. } in pairs {
        let rank = a.dims()[0];
        assert_eq!(a.dims(), [rank, inner], "lora_linear: A for a weight [{outer}, {inner}]");
        assert_eq!(b.dims(), [outer, rank], "lora_linear: B for a weight [{outer}, {inner}] and rank {rank}");
    }
    let scales: Vec<f32> = pairs.iter().map(|pair| pair.scale).collect();
    let adapters = pairs.iter().flat_map(|pair| [pair.a.clone(), pair.b.clone()]);
    let mut inputs: Vec<_> = [x, numbers].into_iter().chain(adapters).map(Tensor::into_dispatch).collect();
    inputs.extend(bias.map(Tensor::into_dispatch));
    let operation = LoraLinear { scales: scales.clone(), arithmetic };
    run(operation, inputs).map(Tensor::from_dispatch).unwrap_or_else(|inputs| {
        let (pairs, x, numbers, bias) = tensors(inputs, &scales);
        plain(x, Weight { numbers, arithmetic }, bias, &pairs)
    })
}

/// [`lora_linear`] in burn's own operations.
pub fn plain(
    x: Tensor<2>,
    weight: impl Into<Weight>,
    bias: Option<Tensor<1>>,
    pairs: &[LoraPair],
) -> Tensor<2> {
    let base = linear::plain(x.clone(), weight, bias);
    pairs.iter().fold(base, |y, LoraPair { a, b, scale }| {
        let low = x.clone().matmul(a.clone().transpose());
        y + low.matmul(b.clone().transpose()).mul_scalar(*scale)
    })
}

/// Undoes the packing of the inputs.
fn tensors(
    inputs: Vec<DispatchTensor>,
    scales: &[f32],
) -> (Vec<LoraPair>, Tensor<2>, Tensor<2>, Option<Tensor<1>>) {
    let mut inputs = inputs.into_iter();
    let mut next = || Tensor::from_dispatch(inputs.next().expect("packed with one tensor for each of these"));
    let (x, weight) = (next(), next());
    let pairs = scales.iter().map(|&scale| LoraPair { a: next(), b: next(), scale }).collect();
    (pairs, x, weight, inputs.next().map(Tensor::from_dispatch))
}

/// Chooses the arity at run time; more adapters than listed take the plain body.
fn run(operation: LoraLinear, inputs: Vec<DispatchTensor>) -> Result<DispatchTensor, Vec<DispatchTensor>> {
    macro_rules! arity {
        ($($n:literal)*) => {
            match inputs.len() {
                $($n => bridge::run(operation, <[_; $n]>::try_from(inputs)?).map_err(Vec::from),)*
                _ => Err(inputs),
            }
        };
    }
    arity!(2 3 4 5 6 7 8 9 10 11)
}

/// Inputs: `x`, `weight`, then `a` and `b` of every pair, then the bias if there is one.
#[derive(Clone, Debug)]
struct LoraLinear {
    scales: Vec<f32>,
    arithmetic: Arithmetic,
}

impl<const N: usize> Operation<N> for LoraLinear {
    type Saved = Saved;

    fn takes(index: usize, dtype: DType) -> bool {
        linear::takes(index, dtype)
    }

    fn record(&self, inputs: [FlexTensor; N], _: [bool; N]) -> (FlexTensor, Saved) {
        let inputs = Inputs::of(&inputs, self);
        if inputs.are_many_rows() { forward::merged(&inputs) } else { forward::apart(&inputs) }
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N] {
        assert!(
            !wanted[1] || saved.weight.dtype() == DType::F32,
            "lora_linear: a weight in 16 bits is frozen"
        );
        let wanted_bias = N > 2 + 2 * self.scales.len() && wanted[N - 1];
        let bias = wanted_bias.then(|| linear::bias_grad(&output_grad));
        let dy = View::of(output_grad);
        let mut grads = [const { None }; N];
        backward::run(&saved, &dy, &wanted, &mut grads);
        if let Some(bias) = bias {
            grads[N - 1] = Some(bias);
        }
        grads
    }
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    weight: FlexTensor,
    pairs: Vec<Pair>,
    /// `X Aᵀ` of every adapter; none where they were merged.
    low: Vec<FlexTensor>,
    arithmetic: Arithmetic,
}

/// The inputs by their names.
struct Inputs<'a> {
    x: &'a FlexTensor,
    weight: &'a FlexTensor,
    pairs: Vec<Pair>,
    bias: Option<&'a FlexTensor>,
    arithmetic: Arithmetic,
}

/// An adapter on the CPU.
#[derive(Clone, Debug)]
struct Pair {
    a: FlexTensor,
    b: FlexTensor,
    scale: f32,
}

impl<'a> Inputs<'a> {
    fn of(inputs: &'a [FlexTensor], LoraLinear { scales, arithmetic }: &LoraLinear) -> Self {
        let (adapters, bias) = inputs[2..].split_at(2 * scales.len());
        let pair =
            |(pair, &scale): (&[FlexTensor], &f32)| Pair { a: pair[0].clone(), b: pair[1].clone(), scale };
        let pairs = adapters.chunks_exact(2).zip(scales).map(pair).collect();
        let (weight, bias, arithmetic) = (&inputs[1], bias.first(), *arithmetic);
        Self { x: &inputs[0], weight, pairs, bias, arithmetic }
    }

    /// Whether merging the adapters into a copy of the weight costs less than their products with every row.
    fn are_many_rows(&self) -> bool {
        let ([rows, inner], [outer, _]) = (sizes(self.x), sizes(self.weight));
        let is_mixed = self.arithmetic == Arithmetic::Mixed && self.weight.dtype() == DType::BF16;
        2 * inner * outer < rows * (inner + outer) && !self.pairs.is_empty() && !is_mixed
    }
}

/// `V = W + Σ s B A`
fn merge(weight: &FlexTensor, pairs: &[Pair]) -> FlexTensor {
    let mut values = stored::copied(weight);
    for Pair { a, b, scale } in pairs {
        add_product(&mut values, View::of(b.clone()).mat(), View::of(a.clone()).mat(), *scale);
    }
    tensor(values, sizes::<2>(weight))
}

/// `scale · L R`, added to `out`.
fn add_product(out: &mut [f32], left: Mat<'_>, right: Mat<'_>, scale: f32) {
    product(MatMut::new(out, right.cols), Onto::Add, left, right, scale, Threads::All);
}

/// `scale · L R`
fn scaled(left: Mat<'_>, right: Mat<'_>, scale: f32) -> FlexTensor {
    tensor(values(left, right, scale), [left.rows, right.cols])
}

/// `scale · L R`, row by row.
fn values(left: Mat<'_>, right: Mat<'_>, scale: f32) -> Vec<f32> {
    let mut out = vec![0.0; left.rows * right.cols];
    product(MatMut::new(&mut out, right.cols), Onto::Replace, left, right, scale, Threads::All);
    out
}
