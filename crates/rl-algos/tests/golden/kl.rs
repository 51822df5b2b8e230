//! KL estimators: coefficient times token mean, and the values per token.

use burn::tensor::Tensor;
use rl_algos::kl::{Estimator, Guard, straight_through, unbiased};
use rl_algos::{Grid, LogRatio};

use crate::case::{Case, Outcome};

pub fn compute(case: &Case<'_>) -> Outcome {
    let mask = case.mask().to_device(&case.device());
    let leaf_bt = case.tensor("new_logp").require_grad();
    let d = case.reference(&leaf_bt, &mask);
    let kl_bt = penalty(case, &leaf_bt, &d);
    let per_token = Grid::from_tensor("kl", kl_bt.clone().inner()).unwrap();
    let loss = case.reduce(kl_bt, &mask) * case.number("coef");
    Outcome::of_loss(loss, &[("grad", &leaf_bt)]).with_grid("per_token", &per_token)
}

fn penalty(case: &Case<'_>, leaf_bt: &Tensor<2>, d: &LogRatio) -> Tensor<2> {
    let estimator = match case.text("estimator") {
        "k1" => Estimator::K1,
        "k2" => Estimator::K2,
        "k3" => Estimator::K3,
        "abs" => Estimator::Abs,
        other => panic!("estimator {other} is unknown"),
    };
    let guard = match case.family {
        "kl.k3_unclamped" => Guard::Overflow,
        family if family.ends_with(".openrlhf") => Guard::OpenRlhf,
        "kl.k3.openrlhf_unbiased" => Guard::OpenRlhf,
        _ => Guard::Verl,
    };
    let value_bt = estimator.estimate(d, guard);
    if case.family == "kl.k3.openrlhf_unbiased" {
        let ratio = LogRatio::new(leaf_bt.clone(), case.tensor("old_logp"), d.mask()).unwrap();
        return unbiased(value_bt, d, &ratio, case.number("w_max")).unwrap();
    }
    match case.params["straight_through_k2"].as_bool() {
        Some(true) => straight_through(value_bt, d).unwrap(),
        _ => value_bt,
    }
}
