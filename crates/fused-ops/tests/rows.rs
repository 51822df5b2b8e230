//! The operations that work row by row: linear, LoRA linear, RMSNorm, SwiGLU, rotary, cache writes.

mod oracle;

use burn::backend::Flex;
use burn::tensor::{DType, Device, Tensor};
use fused_ops::{KvCache, LoraPair, linear, lora_linear, plain, rms_norm, rotary, swiglu, write_rows};
use oracle::{assert_close, check, check_values, read, tensor, values};

#[test]
fn linear_agrees_with_its_plain_body_for_every_shape() {
    for (rows, inner, outer) in [
        (1, 1, 1),
        (1, 64, 48),
        (3, 17, 5),
        (8, 96, 33),
        (16, 31, 64),
        (17, 40, 24),
        (65, 128, 16),
        (300, 70, 130),
    ] {
        check(&[rows * inner, outer * inner, outer], |t| {
            let (x, w) = (t[0].clone().reshape([rows, inner]), t[1].clone().reshape([outer, inner]));
            linear(x, w, Some(t[2].clone())).reshape([rows * outer])
        });
        check(&[rows * inner, outer * inner], |t| {
            let (x, w) = (t[0].clone().reshape([rows, inner]), t[1].clone().reshape([outer, inner]));
            linear(x, w, None).reshape([rows * outer])
        });
    }
}

#[test]
fn a_large_product_on_all_threads_agrees_with_its_plain_body() {
    for rows in [1, 7, 200] {
        check(&[rows * 512, 640 * 512], |t| {
            let (x, w) = (t[0].clone().reshape([rows, 512]), t[1].clone().reshape([640, 512]));
            linear(x, w, None).reshape([rows * 640])
        });
    }
}

#[test]
fn linear_reads_views_and_accepts_a_broadcast_gradient() {
    for rows in [5, 40] {
        check(&[(rows + 2) * 30, 20 * 30], |t| {
            // An offset view of x, transposed storage of both, and a gradient of stride zero.
            let x = t[0].clone().reshape([30, rows + 2]).transpose().narrow(0, 1, rows).narrow(1, 3, 20);
            let w = t[1].clone().reshape([20, 30]).transpose().narrow(0, 2, 25);
            linear(x, w, None).sum()
        });
    }
}

#[test]
fn a_frozen_weight_gets_no_gradient() {
    let device = Device::flex().autodiff();
    let x = tensor(&values(40, 1), DType::F32, &device).require_grad();
    let w = tensor(&values(24, 2), DType::F32, &device);
    let grads = linear(x.clone().reshape([5, 8]), w.clone().reshape([3, 8]), None).sum().backward();
    assert!(x.grad(&grads).is_some());
    assert!(w.grad(&grads).is_none());
}

#[test]
fn lora_linear_agrees_with_its_plain_body() {
    for (rows, inner, outer, rank) in
        // Few rows, adapters beside the weight, adapters merged, and merged beside a weight hardly wider than they are.
        [
            (1, 20, 30, 1),
            (9, 33, 24, 4),
            (50, 48, 71, 16),
            (40, 96, 128, 4),
            (120, 40, 45, 2),
            (90, 16, 24, 8),
        ]
    {
        for adapters in 0..3 {
            let sizes =
                [rows * inner, outer * inner, outer, rank * inner, outer * rank, rank * inner, outer * rank];
            check(&sizes[..3 + 2 * adapters], |t| {
                let (x, w) = (t[0].clone().reshape([rows, inner]), t[1].clone().reshape([outer, inner]));
                let pairs: Vec<_> = t[3..]
                    .chunks(2)
                    .zip([0.5, 2.0])
                    .map(|(p, scale)| LoraPair {
                        a: p[0].clone().reshape([rank, inner]),
                        b: p[1].clone().reshape([outer, rank]),
                        scale,
                    })
                    .collect();
                lora_linear(x, w, Some(t[2].clone()), &pairs).reshape([rows * outer])
            });
        }
    }
}

/// The output and all gradients of a map with an adapter (of rank 0: without) on a frozen weight.
fn beside(weight: &Tensor<2>, rows: usize, rank: usize) -> Vec<Vec<f64>> {
    let [outer, inner] = weight.dims();
    let device = Device::flex().autodiff();
    let tracked = |n, seed| tensor(&values(n, seed), DType::F32, &device).require_grad();
    let (x, bias) = (tracked(rows * inner, 1), tracked(outer, 2));
    let (a, b) = (tracked(rank * inner, 3), tracked(outer * rank, 4));
    let (weight, input) = (Tensor::from_inner(weight.clone()), x.clone().reshape([rows, inner]));
    let y = if rank == 0 {
        linear(input, weight, Some(bias.clone()))
    } else {
        let pair =
            LoraPair { a: a.clone().reshape([rank, inner]), b: b.clone().reshape([outer, rank]), scale: 0.5 };
        lora_linear(input, weight, Some(bias.clone()), &[pair])
    };
    let y = y.reshape([rows * outer]);
    let grads = (y.clone() * tensor(&values(rows * outer, 5), DType::F32, &device)).sum().backward();
    let adapter = if rank == 0 { vec![] } else { vec![a, b] };
    let tracked = [x, bias].into_iter().chain(adapter);
    let grads = tracked.map(|t| read(t.grad(&grads).expect("tracked"))).collect::<Vec<_>>();
    [vec![read(y.inner())], grads].concat()
}

#[test]
fn a_frozen_weight_in_bfloat16_gives_what_its_numbers_give_in_32_bits() {
    let device = Device::flex();
    for (rows, inner, outer) in [
        (0, 20, 30),
        (1, 20, 30),
        (9, 33, 24),
        (40, 96, 128),
        (300, 16, 24),
        (20, 1000, 700),
        (70, 640, 1100),
    ] {
        let weight = tensor(&values(outer * inner, 7), DType::BF16, &device).reshape([outer, inner]);
        let turned =
            tensor(&values(outer * inner, 7), DType::BF16, &device).reshape([inner, outer]).transpose();
        for weight in [weight, turned] {
            for rank in [0, 4] {
                let whole = beside(&weight.clone().cast(DType::F32), rows, rank);
                let half = beside(&weight, rows, rank);
                let place = format!("{rows}x{inner}x{outer}, rank {rank}");
                assert!(half[0] == whole[0], "output of {place}");
                // A gradient is summed a run of the weight's rows at a time.
                for (half, whole) in half.iter().zip(&whole) {
                    oracle::assert_close(&place, half, whole, 1e-6);
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "a weight in 16 bits is frozen")]
fn a_weight_in_bfloat16_is_not_trained_beside_rows_of_32_bits() {
    let device = Device::flex().autodiff();
    let weight = tensor(&values(12, 7), DType::BF16, &device).reshape([3, 4]).require_grad();
    linear(Tensor::ones([2, 4], &device), weight, None);
}

#[test]
fn more_adapters_than_the_kernel_lists_take_the_plain_body() {
    let device = Device::flex();
    let x = tensor(&values(12, 1), DType::F32, &device).reshape([3, 4]);
    let w = tensor(&values(8, 2), DType::F32, &device).reshape([2, 4]);
    let pair = LoraPair { a: Tensor::ones([1, 4], &device), b: Tensor::ones([2, 1], &device), scale: 0.25 };
    let found = read(lora_linear(x.clone(), w.clone(), None, &vec![pair.clone(); 8]));
    let expected = read(lora_linear(x, w, None, &[LoraPair { scale: 2.0, ..pair }]));
    oracle::assert_close("output", &found, &expected, 1e-6);
}

#[test]
fn rms_norm_agrees_with_its_plain_body() {
    for (rows, width) in [(1, 2), (3, 8), (20, 33), (70, 768)] {
        check(&[rows * width, width], |t| {
            rms_norm(t[0].clone().reshape([rows, width]), t[1].clone(), 1e-6).reshape([rows * width])
        });
    }
    check(&[6 * 10, 6], |t| rms_norm(t[0].clone().reshape([6, 10]).transpose(), t[1].clone(), 1e-5).sum());
}

#[test]
fn rms_norm_of_zeros_and_of_tiny_rows_is_finite() {
    check_values(&[vec![0.0; 8], values(4, 1)], |t| {
        rms_norm(t[0].clone().reshape([2, 4]), t[1].clone(), 1e-2).reshape([8])
    });
    let tiny = tensor(&[1e-20; 4], DType::F32, &Device::flex()).reshape([1, 4]);
    let y = read(rms_norm(tiny, Tensor::ones([4], &Device::flex()), 1e-6));
    oracle::assert_close("tiny", &y, &[1e-17; 4], 1e-5);
}

#[test]
fn swiglu_agrees_with_its_plain_body() {
    for (rows, width) in [(1, 1), (3, 7), (17, 64), (130, 257)] {
        check(&[rows * width, rows * width], |t| {
            let (g, u) = (t[0].clone().reshape([rows, width]), t[1].clone().reshape([rows, width]));
            swiglu(g.mul_scalar(4.0), u).reshape([rows * width])
        });
    }
    check(&[60, 60], |t| {
        swiglu(t[0].clone().reshape([6, 10]).transpose(), t[1].clone().reshape([10, 6])).sum()
    });
}

#[test]
fn swiglu_saturates_instead_of_overflowing() {
    let gate = vec![-1e4, -90.0, -80.0, 80.0, 90.0, 1e4];
    check_values(&[gate, vec![1.0; 6]], |t| {
        swiglu(t[0].clone().reshape([1, 6]), t[1].clone().reshape([1, 6])).reshape([6])
    });
}

#[test]
fn rotary_agrees_with_its_plain_body() {
    for (rows, heads, head) in [(1, 1, 2), (5, 3, 8), (33, 4, 64), (9, 2, 80)] {
        check(&[rows * heads * head], |t| {
            let table = |seed| {
                tensor(&values(rows * head, seed), t[0].dtype(), &t[0].device())
                    .reshape([rows, head])
                    .detach()
            };
            let x = t[0].clone().reshape([rows, heads, head]);
            rotary(x, table(7), table(8)).reshape([rows * heads * head])
        });
    }
    check(&[4 * 6 * 5], |t| {
        let table = |seed| tensor(&values(5 * 4, seed), t[0].dtype(), &t[0].device()).reshape([5, 4]);
        rotary(t[0].clone().reshape([4, 6, 5]).permute([2, 1, 0]), table(7), table(8)).sum()
    });
}

#[test]
fn no_rows_give_no_rows() {
    let device = Device::flex();
    let none = || Tensor::<2>::zeros([0, 8], &device);
    assert_eq!(
        linear(none(), Tensor::ones([3, 8], &device), Some(Tensor::ones([3], &device))).dims(),
        [0, 3]
    );
    assert_eq!(rms_norm(none(), Tensor::ones([8], &device), 1e-6).dims(), [0, 8]);
    assert_eq!(swiglu(none(), none()).dims(), [0, 8]);
    assert_eq!(rotary(Tensor::zeros([0, 2, 8], &device), none(), none()).dims(), [0, 2, 8]);
    let pair = LoraPair { a: Tensor::ones([2, 8], &device), b: Tensor::ones([3, 2], &device), scale: 1.0 };
    assert_eq!(lora_linear(none(), Tensor::ones([3, 8], &device), None, &[pair]).dims(), [0, 3]);
}

#[test]
fn no_rows_pass_through_the_backward_pass() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::zeros([0, 8], &device).require_grad();
    let y = swiglu(rms_norm(x.clone(), Tensor::ones([8], &device), 1e-6), x.clone());
    let grads = linear(y, Tensor::ones([3, 8], &device), None).sum().backward();
    assert_eq!(x.grad(&grads).unwrap().dims(), [0, 8]);
}

#[test]
fn half_precision_takes_the_plain_body() {
    let device = Device::flex();
    let half = |count, seed| tensor(&values(count, seed), DType::F32, &device).cast(DType::BF16);
    let (x, w) = (half(24, 1).reshape([3, 8]), half(40, 2).reshape([5, 8]));
    let y = linear(x.clone(), w.clone(), None);
    assert_eq!(y.dtype(), DType::BF16);
    assert_eq!(read(y), read(plain::linear(x.clone(), w, None)));
    let y = rms_norm(x.clone(), half(8, 3), 1e-6);
    assert_eq!(y.dtype(), DType::BF16);
    let wide = rms_norm(x.cast(DType::F32), half(8, 3).cast(DType::F32), 1e-6);
    oracle::assert_close("bf16 norm", &read(y), &read(wide), 1e-2);
}

#[test]
fn a_mix_of_tracked_and_plain_tensors_is_differentiable() {
    let (plain, tracked) = (Device::flex(), Device::flex().autodiff().gradient_checkpointing());
    let x = tensor(&values(8, 1), DType::F32, &tracked).require_grad();
    let y = linear(x.clone().reshape([2, 4]), Tensor::ones([3, 4], &plain), Some(Tensor::zeros([3], &plain)));
    let grads = swiglu(y.clone(), y).sum().backward();
    assert!(read(x.grad(&grads).unwrap()).iter().all(|g| g.is_finite()));
}

/// Where a tensor's values are stored.
fn address(tensor: &Tensor<3>) -> *const u8 {
    tensor.clone().try_into_primitive::<Flex>().expect("a CPU tensor").bytes().as_ptr()
}

#[test]
fn a_cache_is_written_in_place_when_nobody_else_holds_it() {
    let device = Device::flex();
    let rows = || tensor(&values(18, 1), DType::F32, &device).reshape([3, 2, 3]);
    let cache = Tensor::<3>::zeros([5, 2, 3], &device);
    let before = address(&cache);
    let cache = write_rows(cache, &[4, 0, 1], rows());
    assert_eq!(address(&cache), before);
    let expected = plain::write_rows(Tensor::zeros([5, 2, 3], &device), &[4, 0, 1], rows());
    assert_eq!(read(cache), read(expected));
}

#[test]
fn a_clone_of_a_cache_keeps_the_old_rows() {
    let device = Device::flex();
    let cache = Tensor::<3>::zeros([5, 2, 3], &device);
    let kept = cache.clone();
    let written = write_rows(cache, &[0, 1, 2, 3, 4], Tensor::ones([5, 2, 3], &device));
    assert_eq!(read(kept), vec![0.0; 30]);
    assert_eq!(read(written), vec![1.0; 30]);
}

#[test]
fn the_later_of_two_rows_for_one_place_stays() {
    let device = Device::flex();
    let rows = || tensor(&values(24, 1), DType::F32, &device).reshape([4, 2, 3]);
    for write in [write_rows, plain::write_rows] {
        let cache = read(write(Tensor::zeros([6, 2, 3], &device), &[4, 0, 4, 1], rows()));
        let one_by_one = [(0, 1), (1, 3), (4, 2)];
        for (place, row) in one_by_one {
            assert_eq!(cache[place * 6..][..6], values(24, 1)[row * 6..][..6], "place {place}");
        }
        assert!([2, 3, 5].iter().all(|place| cache[place * 6..][..6] == [0.0; 6]));
    }
}

#[test]
fn no_rows_leave_a_cache_as_it_is() {
    let device = Device::flex();
    for write in [write_rows, plain::write_rows] {
        let cache = write(Tensor::ones([2, 1, 3], &device), &[], Tensor::zeros([0, 1, 3], &device));
        assert_eq!(read(cache), vec![1.0; 6]);
    }
}

/// Layers write to the same places, which a cache prepares once, and passes to others.
#[test]
fn a_cache_in_16_bits_holds_what_entered_it() {
    let device = Device::flex();
    let mut cache = KvCache::new(2, [9, 1, 2], (&device, DType::BF16));
    let mut expected = vec![vec![0.0; 18]; 2];
    for (pass, places) in [vec![3, 4, 5], vec![8, 0], vec![0, 8], vec![7]].into_iter().enumerate() {
        for (layer, expected) in expected.iter_mut().enumerate() {
            let numbers: Vec<f64> =
                (0..places.len() * 2).map(|i| (i + 10 * pass + 100 * layer) as f64).collect();
            let rows = tensor(&numbers, DType::F32, &device).cast(DType::BF16).reshape([places.len(), 1, 2]);
            let (keys, all_values) = cache.extend(layer, &places, rows.clone(), rows.neg());
            for (place, row) in places.iter().zip(numbers.chunks(2)) {
                expected[place * 2..][..2].copy_from_slice(row);
            }
            assert_eq!(read(keys), *expected, "layer {layer} of pass {pass}");
            assert_eq!(read(all_values.neg()), *expected, "layer {layer} of pass {pass}");
        }
    }
}

/// The backward passes of devices without kernels of ours, beside what burn's tape makes of the plain bodies.
#[test]
fn gradients_from_inputs_alone_are_those_of_the_tape() {
    let device = Device::flex().autodiff();
    let compare = |sizes: &[usize],
                   found: &dyn Fn(&[Tensor<1>]) -> Tensor<1>,
                   expected: &dyn Fn(&[Tensor<1>]) -> Tensor<1>| {
        let inputs: Vec<_> = (1..).zip(sizes).map(|(seed, size)| values(*size, seed)).collect();
        let [found, expected] = [found, expected].map(|f| oracle::run(&inputs, DType::F64, &device, &f));
        assert_close("output", &found.output, &expected.output, 1e-12);
        for (found, expected) in found.grads.iter().zip(&expected.grads) {
            assert_close("gradient", found, expected, 1e-10);
        }
    };
    for (rows, width) in [(1, 5), (7, 33), (40, 96)] {
        let matrix = |t: &Tensor<1>| t.clone().reshape([rows, width]);
        compare(
            &[rows * width, rows * width],
            &|t| swiglu(matrix(&t[0]), matrix(&t[1])).reshape([rows * width]),
            &|t| plain::swiglu(matrix(&t[0]), matrix(&t[1])).reshape([rows * width]),
        );
        compare(
            &[rows * width, width],
            &|t| rms_norm(matrix(&t[0]), t[1].clone(), 1e-6).reshape([rows * width]),
            &|t| plain::rms_norm(matrix(&t[0]), t[1].clone(), 1e-6).reshape([rows * width]),
        );
    }
}
