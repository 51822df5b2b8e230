//! The table of `explain` agrees with the loss and its gradient.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use burn::tensor::{DType, Device};
use rl_algos::advantage::Grpo;
use rl_algos::explain::{Finding, GroupCase, explain};
use rl_algos::kl::k3;
use rl_algos::surrogate::ppo_clip;
use rl_algos::{Advantages, ClipBand, Grid, Groups, LogRatio, Mask, PolicyBatch, Rewards};

fn grid(values: [[f64; 2]; 3]) -> Grid<f64> {
    Grid::from_rows(values.iter().map(|row| row.to_vec()).collect()).unwrap()
}

#[test]
fn lines_hold_the_loss_and_the_slope_that_autodiff_finds() {
    let logp_bt = grid([[-0.3, -1.0], [-2.0, -0.7], [-1.0, -0.2]]);
    let old_bt = grid([[-0.9, -1.1], [-1.4, -0.7], [-0.6, -0.2]]);
    let reference_bt = grid([[-0.5, -1.0], [-1.0, -0.9], [-1.1, -0.2]]);
    let rewards = Rewards::from_scores(&[1.0, 0.0, 0.0]).unwrap();
    let mask = Mask::from_lengths(&[2, 2, 1], 2).unwrap();
    let explanation = explain(&GroupCase {
        rewards: &rewards,
        mask: &mask,
        logp_bt: &logp_bt,
        old_bt: &old_bt,
        reference_bt: Some(&reference_bt),
        band: ClipBand::PPO,
        beta: 0.04,
    })
    .unwrap();

    let device = Device::flex().autodiff();
    let to_tensor = |grid: &Grid<f64>| grid.to_tensor(&device, DType::F64);
    let leaf_bt = to_tensor(&logp_bt).require_grad();
    let mask = mask.to_device(&device);
    let advantages =
        Advantages::Rows(Grpo::TRL.advantages(&rewards, &Groups::from_sizes(&[3]).unwrap()).unwrap());
    let batch = PolicyBatch::new(leaf_bt.clone(), to_tensor(&old_bt), &advantages, &mask).unwrap();
    let d = LogRatio::new(leaf_bt.clone(), to_tensor(&reference_bt), &mask).unwrap();
    let loss_bt = ppo_clip(&batch, ClipBand::PPO) + k3(&d) * 0.04;
    let gradient_bt = leaf_bt.grad(&loss_bt.clone().sum().backward()).unwrap();
    let [loss_bt, gradient_bt] =
        [loss_bt.inner(), gradient_bt].map(|t| Grid::from_tensor("test", t).unwrap());

    assert_eq!(explanation.lines.len(), 5);
    for line in &explanation.lines {
        assert!((line.loss - loss_bt.row(line.row)[line.token]).abs() < 1e-9, "{line:?}");
        assert!((line.slope - gradient_bt.row(line.row)[line.token]).abs() < 1e-9, "{line:?}");
    }
    assert!(explanation.findings.is_empty());
}

#[test]
fn findings_name_every_reason_for_silence() {
    let flat = grid([[-1.0, -1.0]; 3]);
    let far = grid([[-9.0, -9.0], [-0.1, -0.1], [-0.1, -0.1]]);
    let case = |rewards: Vec<Option<f64>>, lengths: [usize; 3], old_bt: &Grid<f64>| {
        explain(&GroupCase {
            rewards: &Rewards::new(rewards).unwrap(),
            mask: &Mask::from_lengths(&lengths, 2).unwrap(),
            logp_bt: &flat,
            old_bt,
            reference_bt: None,
            band: ClipBand::PPO,
            beta: 0.0,
        })
        .unwrap()
        .findings
    };
    let (one, zero) = (Some(1.0), Some(0.0));
    assert_eq!(case(vec![one; 3], [2, 2, 2], &flat), [Finding::EqualRewards]);
    assert_eq!(
        case(vec![one, None, None], [2, 2, 2], &flat),
        [Finding::NothingToCompare, Finding::Unscored(2)]
    );
    assert_eq!(case(vec![one, zero, zero], [2, 0, 2], &flat), [Finding::EmptyRows(1), Finding::OnPolicy]);
    assert_eq!(case(vec![one, zero, zero], [2, 2, 2], &far), [Finding::AllClipped]);
}
