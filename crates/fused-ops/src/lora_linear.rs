//! A linear layer with low-rank adapters on a frozen base.

use burn::backend::DispatchTensor;
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, sizes, tensor};
use crate::kernel::matrix::{Into, MatMut, Threads, product};
use crate::linear::{self, View, multiply};

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
/// is tracked.
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
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    pairs: &[LoraPair],
) -> Tensor<2> {
    linear::check(&x, &weight, bias.as_ref());
    let [outer, inner] = weight.dims();
    for LoraPair { a, b, .. } in pairs {
        let rank = a.dims()[0];
        assert_eq!(a.dims(), [rank, inner], "lora_linear: A for a weight [{outer}, {inner}]");
        assert_eq!(b.dims(), [outer, rank], "lora_linear: B for a weight [{outer}, {inner}] and rank {rank}");
    }
    let scales: Vec<f32> = pairs.iter().map(|pair| pair.scale).collect();
    let adapters = pairs.iter().flat_map(|pair| [pair.a.clone(), pair.b.clone()]);
    let mut inputs: Vec<_> = [x, weight].into_iter().chain(adapters).map(Tensor::into_dispatch).collect();
    inputs.extend(bias.map(Tensor::into_dispatch));
    run(LoraLinear { scales: scales.clone() }, inputs).map(Tensor::from_dispatch).unwrap_or_else(|inputs| {
        let (pairs, x, weight, bias) = tensors(inputs, &scales);
        plain(x, weight, bias, &pairs)
    })
}

/// [`lora_linear`] in burn's own operations.
pub fn plain(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>, pairs: &[LoraPair]) -> Tensor<2> {
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
}

#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    weight: FlexTensor,
    pairs: Vec<SavedPair>,
}

#[derive(Clone, Debug)]
struct SavedPair {
    a: FlexTensor,
    b: FlexTensor,
    /// `X Aᵀ`
    low: FlexTensor,
}

impl<const N: usize> Operation<N> for LoraLinear {
    type Saved = Saved;

    fn record(&self, inputs: [FlexTensor; N], _: [bool; N]) -> (FlexTensor, Saved) {
        let [x, weight] = [inputs[0].clone(), inputs[1].clone()];
        let (adapters, bias) = inputs[2..].split_at(2 * self.scales.len());
        let mut y = linear::forward(&x, &weight, bias.first());
        let shape = linear::shape(&x, &weight);
        let pairs = adapters.chunks_exact(2).zip(&self.scales).map(|(pair, &scale)| {
            let [a, b] = [pair[0].clone(), pair[1].clone()];
            let low = tensor(linear::forward(&x, &a, None), linear::shape(&x, &a));
            let (left, right) = (View::of(low.clone()), View::of(b.clone()));
            let out = MatMut::new(&mut y, shape[1]);
            product(out, Into::Add, left.mat(), right.mat().t(), scale, Threads::All);
            SavedPair { a, b, low }
        });
        let pairs = pairs.collect();
        (tensor(y, shape), Saved { x, weight, pairs })
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N] {
        let mut grads = [const { None }; N];
        let dy = View::of(output_grad.clone());
        let x = View::of(saved.x.clone());
        let mut dx = wanted[0].then(|| multiply_values(&dy, saved.weight));
        for (i, (pair, &scale)) in saved.pairs.into_iter().zip(&self.scales).enumerate() {
            let (ia, ib) = (2 + 2 * i, 3 + 2 * i);
            grads[ib] = wanted[ib].then(|| scaled(&dy, &View::of(pair.low), scale));
            if dx.is_some() || wanted[ia] {
                let du = View::of(multiply(dy.mat(), View::of(pair.b).mat()));
                grads[ia] = wanted[ia].then(|| scaled(&du, &x, scale));
                if let Some(dx) = &mut dx {
                    let a = View::of(pair.a);
                    product(MatMut::new(dx, a.mat().cols), Into::Add, du.mat(), a.mat(), scale, Threads::All);
                }
            }
        }
        grads[1] = wanted[1].then(|| multiply(dy.mat().t(), x.mat()));
        grads[0] = dx.map(|dx| tensor(dx, sizes::<2>(&saved.x)));
        if let Some(last) = (N > 2 + 2 * self.scales.len()).then_some(N - 1) {
            grads[last] = wanted[last].then(|| linear::bias_grad(&output_grad));
        }
        grads
    }
}

/// `dY W`
fn multiply_values(dy: &View, weight: FlexTensor) -> Vec<f32> {
    let weight = View::of(weight);
    let (left, right) = (dy.mat(), weight.mat());
    let mut out = vec![0.0; left.rows * right.cols];
    product(MatMut::new(&mut out, right.cols), Into::Replace, left, right, 1.0, Threads::All);
    out
}

/// `scale · Lᵀ R`
fn scaled(left: &View, right: &View, scale: f32) -> FlexTensor {
    let (left, right) = (left.mat().t(), right.mat());
    let mut out = vec![0.0; left.rows * right.cols];
    product(MatMut::new(&mut out, right.cols), Into::Replace, left, right, scale, Threads::All);
    tensor(out, [left.rows, right.cols])
}
