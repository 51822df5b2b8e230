//! The loss of a small batch and what is logged beside it.

use crate::{all_near, near};
use burn::tensor::{Device, Tensor};
use rl_algos::kl::Estimator;
use rl_algos::surrogate::ppo_clip;
use rl_algos::{Advantages, Aggregation, ClipBand, Grid, Mask, PolicyBatch};
use std::collections::BTreeMap;
use trainer::online::{Divisor, KlCorrection, KlTerm, LossSettings, Scored, Surrogate, Truncated, Whole};

/// Two tokens in the first row, one and a padded one in the second.
fn grid(first: [f64; 2], second: f64) -> Grid<f64> {
    Grid::from_rows(vec![first.to_vec(), vec![second, f64::NAN]]).unwrap()
}

fn tensor(grid: &Grid<f64>) -> Tensor<2> {
    let cells: Vec<f32> = grid.cells().iter().map(|value| *value as f32).collect();
    Tensor::<1>::from_data(cells.as_slice(), &Device::flex()).reshape(grid.shape())
}

fn new() -> Grid<f64> {
    grid([-0.5, -1.0], -2.0)
}

fn old() -> Grid<f64> {
    grid([-0.8, -1.0], -1.9)
}

fn advantage() -> Grid<f64> {
    Grid::from_rows(vec![vec![1.0, 1.0], vec![-0.5, 0.0]]).unwrap()
}

fn mask() -> Mask {
    Mask::from_lengths(&[2, 1], 2).unwrap()
}

#[test]
fn each_token_has_its_clipped_term() {
    let mask = mask().to_device(&Device::flex());
    let advantages = Advantages::Tokens(advantage());
    let batch = PolicyBatch::new(tensor(&new()), tensor(&old()), &advantages, &mask).unwrap();
    let terms = Grid::from_tensor("terms", ppo_clip(&batch, ClipBand::PPO)).unwrap();
    let terms: Vec<f64> = mask.host().all_kept(&terms).collect();
    all_near(&terms, &[-1.2, -1.0, 0.452_419]);
}

/// The loss with its figures and terms by name.
fn compute(rule: Aggregation) -> (f64, BTreeMap<&'static str, f64>) {
    let settings = LossSettings {
        surrogate: Surrogate::Clip(ClipBand::new(0.2, 0.2).unwrap()),
        divisor: Divisor::Update(rule),
        kl: Some(KlTerm {
            beta: 0.001,
            estimator: Estimator::K3,
            correction: KlCorrection::Plain,
            limit: Some(10.0),
        }),
        truncated: Truncated::Keep,
        top_entropy: None,
        entropy_bonus: 0.0,
    };
    let (mask, logp_bt) = (mask(), tensor(&new()));
    let whole = Whole { totals: mask.totals(), parts: 1 };
    let rows = Scored {
        entropy_bt: logp_bt.zeros_like(),
        logp_bt,
        old_bt: Some(old()),
        reference_bt: Some(grid([-0.6, -1.1], -1.8)),
        advantage_bt: advantage(),
        mask,
        truncated: vec![false, false],
    };
    let computed = settings.compute(rows, whole).unwrap();
    let known = computed.figures.into_iter().chain(computed.terms).collect();
    (computed.loss.into_scalar(), known)
}

#[test]
fn the_mean_over_tokens_is_the_published_loss() {
    let (loss, known) = compute(Aggregation::TokenMean);
    near(known["policy_loss"], -0.582_527);
    near(known["kl_loss"], 0.010_359);
    near(known["clip_ratio/region_mean"], 0.333_333);
    assert!((loss + 0.582_517).abs() < 2e-6, "found {loss}");
    assert!((loss - known["policy_loss"] - 0.001 * known["kl_loss"]).abs() < 1e-7);
}

#[test]
fn the_mean_over_rows_is_the_loss_of_the_paper() {
    let (_, known) = compute(Aggregation::SequenceMeanTokenMeanAll);
    near(known["policy_loss"], -0.323_791);
}

#[test]
fn a_distance_beyond_ten_adds_no_more_than_ten_to_the_loss() {
    let limited =
        KlTerm { beta: 1.0, estimator: Estimator::K3, correction: KlCorrection::Plain, limit: Some(10.0) };
    let settings = LossSettings {
        surrogate: Surrogate::Clip(ClipBand::PPO),
        divisor: Divisor::Update(Aggregation::TokenMean),
        kl: Some(limited),
        truncated: Truncated::Keep,
        top_entropy: None,
        entropy_bonus: 0.0,
    };
    let mask = Mask::from_lengths(&[1], 1).unwrap();
    let one = |value: f64| Grid::from_rows(vec![vec![value]]).unwrap();
    let rows = Scored {
        logp_bt: tensor(&one(-20.0)),
        old_bt: Some(one(-20.0)),
        reference_bt: Some(one(0.0)),
        entropy_bt: tensor(&one(0.0)),
        advantage_bt: one(0.0),
        mask: mask.clone(),
        truncated: vec![false],
    };
    let computed = settings.compute(rows, Whole { totals: mask.totals(), parts: 1 }).unwrap();
    near(computed.loss.into_scalar(), 10.0);
}
