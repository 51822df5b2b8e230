//! How a micro-batch is cut into shares that go through the network side by side.

use crate::engine::trainable_count;
use burn::module::Module;
use burn::tensor::Device;

/// Tokens of a share: enough that the arithmetic outweighs what every pass costs.
const TOKENS: usize = 300;

/// Trained numbers up to which every share may have a gradient of its own.
const MOST_TRAINED: usize = 1 << 25;

/// Cuts `rows` into runs of at least [`TOKENS`] tokens, which depends on the rows and the model only: the same sums are
/// made on any number of threads.
///
/// There is one share where many numbers are trained, whose gradients would fill the memory, and away from the CPU.
pub fn shares<'a, T, M: Module>(
    model: &M,
    device: &Device,
    rows: &'a [T],
    tokens: impl Fn(&T) -> usize,
) -> Vec<&'a [T]> {
    if *device != Device::flex() || trainable_count(model) > MOST_TRAINED {
        return vec![rows];
    }
    let (mut shares, mut rest) = (Vec::new(), rows);
    while !rest.is_empty() {
        let (share, after) = rest.split_at(enough(rest, &tokens));
        shares.push(share);
        rest = after;
    }
    shares
}

/// How many of the first rows reach [`TOKENS`].
fn enough<T>(rows: &[T], tokens: impl Fn(&T) -> usize) -> usize {
    let mut sum = 0;
    let reaches = |row: &T| {
        sum += tokens(row);
        sum >= TOKENS
    };
    rows.iter().position(reaches).map_or(rows.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;

    #[test]
    fn rows_stay_in_order_and_short_ones_go_together() {
        let device = Device::flex();
        let model = LinearConfig::new(1, 1).init(&device);
        let cut = |rows: &[usize]| -> Vec<Vec<usize>> {
            shares(&model, &device, rows, |tokens| *tokens).into_iter().map(<[usize]>::to_vec).collect()
        };
        assert_eq!(cut(&[300, 10, 290, 400, 5]), [vec![300], vec![10, 290], vec![400], vec![5]]);
        assert_eq!(cut(&[]), Vec::<Vec<usize>>::new());
    }
}
