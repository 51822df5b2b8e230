//! Values and gradients of losses over random batches.

use burn::tensor::{DType, Device, Tensor};
use rl_algos::kl::{Estimator, Guard};
use rl_algos::preference::{
    self, Alphapo, Divergence, PairScores, PreferenceBatch, SequenceScores, Simpo, Smoothing,
};
use rl_algos::surrogate::{self, DivergenceLimits, EmptyRow, SapoTemperatures, Vespo};
use rl_algos::{
    Advantages, Aggregation, AlgoError, ClipBand, Denominator, Fraction, Grid, LogRatio, Mask, PolicyBatch,
    Positive, Totals, aggregate, mean_over_rows,
};

use crate::draws::Draws;

type TokenLoss = fn(&PolicyBatch) -> Tensor<2>;

fn positive(value: f64) -> Positive {
    Positive::new(value).unwrap()
}

fn limits() -> DivergenceLimits {
    DivergenceLimits { low: positive(0.2), high: positive(0.2) }
}

/// Every surrogate whose token losses depend on their own row only.
fn surrogates() -> Vec<(&'static str, TokenLoss)> {
    vec![
        ("ppo_clip", |b| surrogate::ppo_clip(b, ClipBand::DAPO)),
        ("ppo_capped", |b| surrogate::ppo_capped(b, ClipBand::PPO, positive(2.0))),
        ("dual_clip", |b| surrogate::dual_clip(&b.clamp_log_ratio(20.0), ClipBand::PPO, positive(3.0))),
        ("gspo", |b| surrogate::gspo(b, ClipBand::PPO)),
        ("gspo_token", |b| surrogate::gspo_token(b, ClipBand::PPO)),
        ("cispo", |b| surrogate::cispo(b, positive(5.0))),
        ("cispo_banded", |b| surrogate::cispo_banded(b, ClipBand::PPO)),
        ("sapo", |b| surrogate::sapo(b, SapoTemperatures::PAPER)),
        ("vespo", |b| surrogate::vespo(b, Vespo::PAPER, None).unwrap()),
        ("reinforce", surrogate::reinforce),
        ("importance_weighted", surrogate::importance_weighted),
        ("dro", |b| surrogate::dro(b, positive(0.3))),
        ("dppo_tv", |b| surrogate::dppo_tv(b, limits(), positive(3.0))),
        ("dppo_kl", |b| surrogate::dppo_kl(b, limits(), positive(3.0))),
        ("dppo_quadratic", |b| surrogate::dppo_quadratic(b, limits(), positive(1e-3))),
    ]
}

#[derive(Clone)]
struct Rows {
    logp: Grid<f64>,
    old: Grid<f64>,
    advantage: Vec<f64>,
    lengths: Vec<usize>,
}

impl Rows {
    fn random(draws: &mut Draws, rows: usize, width: usize) -> Self {
        let mut logp = |_: usize, _: usize| draws.between(-4.0, -0.01);
        let (logp, old) = (Grid::from_fn([rows, width], &mut logp), Grid::from_fn([rows, width], &mut logp));
        let advantage = (0..rows).map(|_| draws.between(-2.0, 2.0)).collect();
        let lengths = (0..rows).map(|_| draws.below(width + 1)).collect();
        Self { logp, old, advantage, lengths }
    }

    fn mask(&self) -> Mask {
        Mask::from_lengths(&self.lengths, self.logp.shape()[1]).unwrap()
    }

    /// The given rows, padded to `width` with NaN.
    fn pick(&self, order: &[usize], width: usize) -> Self {
        let cell = |grid: &Grid<f64>| {
            Grid::from_fn([order.len(), width], |row, t| {
                grid.row(order[row]).get(t).copied().unwrap_or(f64::NAN)
            })
        };
        Self {
            logp: cell(&self.logp),
            old: cell(&self.old),
            advantage: order.iter().map(|row| self.advantage[*row]).collect(),
            lengths: order.iter().map(|row| self.lengths[*row]).collect(),
        }
    }

    /// Value and gradient of one loss with this denominator.
    fn loss(&self, surrogate: TokenLoss, rule: Denominator) -> (f64, Grid<f64>) {
        self.loss_as(DType::F64, |batch| aggregate(surrogate(batch), batch.mask(), rule).unwrap())
    }

    fn loss_as(&self, dtype: DType, loss: impl Fn(&PolicyBatch) -> Tensor<1>) -> (f64, Grid<f64>) {
        let device = Device::flex().autodiff();
        let mask = self.mask().to_device(&device);
        let leaf_bt = self.logp.to_tensor(&device, dtype).require_grad();
        let advantages = Advantages::Rows(self.advantage.clone());
        let batch = PolicyBatch::new(leaf_bt.clone(), self.old.to_tensor(&device, dtype), &advantages, &mask)
            .unwrap();
        let loss = loss(&batch);
        let gradient_bt =
            leaf_bt.grad(&loss.backward()).unwrap_or_else(|| leaf_bt.clone().inner().zeros_like());
        (loss.into_scalar::<f64>(), Grid::from_tensor("gradient", gradient_bt).unwrap())
    }
}

fn rules(totals: Totals) -> Vec<Denominator> {
    [
        Aggregation::TokenMean,
        Aggregation::TokenSum,
        Aggregation::SequenceMeanTokenMeanAll,
        Aggregation::SequenceMeanTokenMean,
        Aggregation::SequenceMeanTokenSum,
        Aggregation::SequenceMeanTokenSumAll,
        Aggregation::Constant(positive(7.0)),
        Aggregation::SequenceMeanTokenSumNorm(positive(7.0)),
    ]
    .map(|rule| Denominator::new(rule, totals))
    .to_vec()
}

fn assert_close(name: &str, a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len(), "{name}");
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + b.abs())), "{name}: {a:?} and {b:?}");
}

#[test]
fn gradients_do_not_depend_on_the_split_into_micro_batches() {
    let mut draws = Draws(11);
    for round in 0..20 {
        let all = Rows::random(&mut draws, 6, 5);
        let cut = 1 + draws.below(5);
        for (name, surrogate) in surrogates() {
            let rule = rules(all.mask().totals())[round % 8];
            let (value, gradient) = all.loss(surrogate, rule);
            let parts = [(0..cut).collect::<Vec<_>>(), (cut..6).collect()]
                .map(|rows| all.pick(&rows, 5).loss(surrogate, rule));
            let joined = parts.iter().flat_map(|(_, gradient)| gradient.cells().to_vec()).collect::<Vec<_>>();
            assert_close(name, &joined, gradient.cells());
            assert_close(name, &[parts[0].0 + parts[1].0], &[value]);
        }
    }
}

#[test]
fn gradients_do_not_depend_on_padding_or_the_order_of_rows_and_nan_in_padding_has_no_effect() {
    let mut draws = Draws(12);
    for round in 0..20 {
        let all = Rows::random(&mut draws, 4, 5);
        let mut order = (0..4).collect::<Vec<_>>();
        order.sort_by_key(|_| draws.bits());
        let (shuffled, rule) = (all.pick(&order, 9), rules(all.mask().totals())[round % 8]);
        for (name, surrogate) in surrogates() {
            let (value, gradient) = all.loss(surrogate, rule);
            let (other_value, other) = shuffled.loss(surrogate, rule);
            let expected =
                order.iter().flat_map(|row| [gradient.row(*row), &[0.0; 4]].concat()).collect::<Vec<_>>();
            assert_close(name, other.cells(), &expected);
            assert_close(name, &[other_value], &[value]);
        }
    }
}

#[test]
fn nan_at_any_masked_position_changes_no_bit() {
    let mut draws = Draws(13);
    for _ in 0..10 {
        let clean = Rows::random(&mut draws, 4, 5);
        let mask = clean.mask();
        let poison = |grid: &Grid<f64>| {
            Grid::from_fn([4, 5], |row, t| if mask.row(row)[t] { grid.row(row)[t] } else { f64::NAN })
        };
        let poisoned = Rows { logp: poison(&clean.logp), old: poison(&clean.old), ..clean.clone() };
        for (name, surrogate) in surrogates() {
            for rule in rules(mask.totals()) {
                assert_eq!(clean.loss(surrogate, rule), poisoned.loss(surrogate, rule), "{name}");
            }
        }
    }
}

#[test]
fn without_an_advantage_the_policy_gradient_is_exactly_zero() {
    let mut draws = Draws(14);
    let on_the_policy =
        surrogates().into_iter().filter(|(name, _)| !["dro", "dppo_quadratic"].contains(name));
    for (name, surrogate) in on_the_policy {
        let flat = Rows { advantage: vec![0.0; 4], ..Rows::random(&mut draws, 4, 5) };
        let (value, gradient) =
            flat.loss(surrogate, Denominator::new(Aggregation::TokenMean, flat.mask().totals()));
        assert_eq!(value, 0.0, "{name}");
        assert!(gradient.cells().iter().all(|g| *g == 0.0), "{name}: {gradient:?}");
    }
}

#[test]
fn empty_batches_and_enormous_log_ratios_give_finite_losses_and_gradients() {
    let mut draws = Draws(15);
    for round in 0..40 {
        let mut wild = Rows::random(&mut draws, 4, 5);
        if round % 4 == 0 {
            wild.lengths = vec![0; 4];
        }
        let far = |draws: &mut Draws| [1e4, -1e4, 0.0, f64::NEG_INFINITY, 89.0][draws.below(5)];
        wild.logp = Grid::from_fn([4, 5], |_, _| far(&mut draws).min(-0.1));
        wild.old = Grid::from_fn([4, 5], |row, t| match wild.logp.row(row)[t] {
            logp if logp == f64::NEG_INFINITY => -3.0,
            logp => logp + [1e4, -1e4, 25.0][draws.below(3)],
        });
        for dtype in [DType::F32, DType::F64] {
            for (name, surrogate) in surrogates() {
                let rule = Denominator::new(Aggregation::TokenMean, wild.mask().totals());
                let (value, gradient) =
                    wild.loss_as(dtype, |b| aggregate(surrogate(b), b.mask(), rule).unwrap());
                assert!(value.is_finite(), "{name} {dtype:?}: {value}");
                assert!(gradient.cells().iter().all(|g| g.is_finite()), "{name} {dtype:?}: {gradient:?}");
            }
            let rows = |b: &PolicyBatch| {
                surrogate::sequence_clip(b, ClipBand::PPO)
                    + surrogate::gmpo(b, ClipBand::GMPO, EmptyRow::Zero)
            };
            let (value, gradient) = wild.loss_as(dtype, |b| mean_over_rows(rows(b), 4));
            assert!(value.is_finite() && gradient.cells().iter().all(|g| g.is_finite()));
        }
    }
}

#[test]
fn kl_estimates_are_finite_at_any_distance_and_k3_is_never_negative() {
    let device = Device::flex();
    let distances = [0.0, 1e-3, -1e-3, 5.0, -5.0, 1e4, -1e4, f64::NEG_INFINITY];
    let mask = Mask::from_lengths(&[distances.len()], distances.len()).unwrap().to_device(&device);
    for dtype in [DType::F32, DType::F64] {
        let logp_bt = Grid::from_fn([1, distances.len()], |_, t| distances[t]).to_tensor(&device, dtype);
        let d = LogRatio::new(logp_bt.clone(), logp_bt.zeros_like(), &mask).unwrap();
        for estimator in [Estimator::K1, Estimator::Abs, Estimator::K2, Estimator::K3] {
            for guard in [Guard::Overflow, Guard::Verl, Guard::OpenRlhf, Guard::LogRatioTen] {
                let kl_bt = Grid::from_tensor("kl", estimator.estimate(&d, guard)).unwrap();
                assert!(kl_bt.cells().iter().all(|kl| kl.is_finite()), "{estimator:?} {guard:?}");
                if estimator == Estimator::K3 && guard == Guard::Verl {
                    assert!(kl_bt.cells().iter().all(|kl| *kl >= -1e-6), "{kl_bt:?}");
                }
            }
        }
    }
}

fn preferences() -> Vec<fn(&PreferenceBatch) -> Tensor<1>> {
    fn simpo() -> Simpo {
        Simpo { beta: positive(0.5), margin: 0.5, smoothing: Fraction::ZERO }
    }
    vec![
        |b| preference::sigmoid(b, positive(0.5), Fraction::ZERO),
        |b| preference::robust(b, positive(0.5), Smoothing::new(0.1).unwrap()),
        |b| preference::exo_pair(b, positive(0.5), Smoothing::new(0.1).unwrap()),
        |b| preference::hinge(b, positive(0.5)),
        |b| preference::ipo(b, positive(0.5)),
        |b| preference::sppo_hard(b, positive(0.5)),
        |b| preference::nca_pair(b, positive(0.5)),
        |b| preference::bco_pair(b, positive(0.5)),
        |b| preference::apo_zero(b, positive(0.5)),
        |b| preference::apo_down(b, positive(0.5)),
        |b| preference::discopop(b, positive(0.5), positive(0.05)),
        |b| preference::aot(b, positive(0.5), Fraction::ZERO),
        |b| preference::sigmoid_divergence(b, positive(0.5), Divergence::ForwardKl),
        |b| preference::sigmoid_divergence(b, positive(0.5), Divergence::Alpha(Fraction::ZERO)),
        |b| preference::simpo(b.policy(), simpo()),
        |b| preference::alphapo(b.policy(), Alphapo { simpo: simpo(), alpha: positive(0.25) }),
        |b| preference::odds_ratio(b.policy(), positive(0.5)),
        |b| preference::kto_pair(b, positive(0.5)),
    ]
}

#[test]
fn preference_losses_are_finite_at_any_margin() {
    let device = Device::flex().autodiff();
    let mask = Mask::from_lengths(&[1; 5], 1).unwrap().to_device(&device);
    for (at, (dtype, loss)) in [DType::F32, DType::F64]
        .into_iter()
        .flat_map(|dtype| preferences().into_iter().map(move |f| (dtype, f)))
        .enumerate()
    {
        let column = |values: [f64; 5]| Grid::from_fn([5, 1], |row, _| values[row]).to_tensor(&device, dtype);
        let scores = |logp_pt| SequenceScores::new(logp_pt, &mask).unwrap();
        let leaf_pt = column([-1e4, 0.0, f64::NEG_INFINITY, -1.0, -1e-9]).require_grad();
        let policy =
            PairScores::new(scores(leaf_pt.clone()), scores(column([0.0, -1e4, -1.0, 0.0, -1e4]))).unwrap();
        let reference = PairScores::new(scores(column([-1.0; 5])), scores(column([-1.0; 5]))).unwrap();
        let loss_p = loss(&PreferenceBatch::new(policy, reference).unwrap());
        let gradient_pt = leaf_pt.grad(&loss_p.clone().sum().backward()).unwrap();
        for tensor in [loss_p.inner().unsqueeze_dim(1), gradient_pt] {
            let grid = Grid::from_tensor("test", tensor).unwrap();
            assert!(grid.cells().iter().all(|x| x.is_finite()), "loss {at}, {dtype:?}: {grid:?}");
        }
    }
}

#[test]
fn what_cannot_be_computed_is_refused_with_a_reason() {
    let device = Device::flex();
    let mask = Mask::from_lengths(&[2, 1], 2).unwrap().to_device(&device);
    let logp_bt = Tensor::<2>::zeros([2, 2], &device);
    let refused = |advantages: Advantages, logp_bt: Tensor<2>| {
        PolicyBatch::new(logp_bt.clone(), logp_bt, &advantages, &mask).unwrap_err().to_string()
    };
    let text = refused(Advantages::Rows(vec![1.0]), logp_bt.clone());
    assert_eq!(text, "advantages: found 1 values, expected 2: every input needs one value per row");
    assert!(refused(Advantages::Rows(vec![0.0, f64::NAN]), logp_bt.clone()).contains("row 1: found NaN"));
    assert!(refused(Advantages::Rows(vec![1e40, 0.0]), logp_bt.clone()).contains("row 0"));
    assert!(refused(Advantages::Rows(vec![0.0; 2]), logp_bt.narrow(1, 0, 1)).contains("expected [2, 2]"));
    assert!(Mask::from_lengths(&[3], 2).is_err() && ClipBand::new(0.2, f64::INFINITY).is_err());
}

#[test]
fn batches_without_rows_or_without_columns_are_refused() {
    let device = Device::flex();
    for shape in [[0, 5], [3, 0], [0, 0]] {
        let mask = Mask::from_lengths(&vec![0; shape[0]], shape[1]).unwrap().to_device(&device);
        let logp_bt = Tensor::<2>::zeros(shape, &device);
        let advantages = Advantages::Rows(vec![1.0; shape[0]]);
        let refused = PolicyBatch::new(logp_bt.clone(), logp_bt.clone(), &advantages, &mask).unwrap_err();
        assert_eq!(refused, AlgoError::Empty { what: "log-probabilities" });
        assert!(SequenceScores::new(logp_bt, &mask).is_err());
    }
}
