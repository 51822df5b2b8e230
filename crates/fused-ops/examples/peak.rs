//! How fast this machine multiplies two 2048x2048 matrices with the products of this crate, in operations a second.
//!
//! ```text
//! cargo run --release -p fused-ops --example peak
//! {"float32":3.1e11,"bfloat16":6.2e11}
//! ```
//!
//! Each number is the best of sixty products.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use burn::tensor::{DType, Device, Distribution, Tensor};
use fused_ops::{Arithmetic, Weight, linear};

const SIDE: usize = 2048;

fn main() -> io::Result<()> {
    let device = Device::flex();
    let [x, w] = [(); 2].map(|()| Tensor::<2>::random([SIDE, SIDE], Distribution::Normal(0.0, 1.0), &device));
    let half = Weight { numbers: w.clone().cast(DType::BF16), arithmetic: Arithmetic::Mixed };
    let [whole, mixed] = [w.into(), half].map(|weight| {
        let times = (0..60).map(|_| time(&x, &weight));
        2.0 * (SIDE as f64).powi(3) / times.min().unwrap_or_default().as_secs_f64()
    });
    writeln!(io::stdout(), "{{\"float32\":{whole:e},\"bfloat16\":{mixed:e}}}")
}

fn time(x: &Tensor<2>, weight: &Weight) -> Duration {
    let start = Instant::now();
    std::hint::black_box(linear(x.clone(), weight.clone(), None));
    start.elapsed()
}
