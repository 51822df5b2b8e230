//! One variant on one batch: reading inputs, comparing outcomes.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device, Tensor};
use rl_algos::{
    Advantages, Aggregation, ClipBand, Denominator, DeviceMask, Fraction, Grid, Groups, LogRatio, Mask,
    PolicyBatch, Positive, Rewards, aggregate,
};
use serde_json::Value;

pub struct Case<'a> {
    pub family: &'a str,
    pub params: &'a Value,
    pub inputs: &'a Value,
    pub dtype: DType,
}

/// Numbers of a JSON array of any depth, row after row; null is NaN.
pub fn flatten(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flatten).collect(),
        Value::Bool(flag) => vec![f64::from(u8::from(*flag))],
        Value::Null => vec![f64::NAN],
        other => vec![other.as_f64().expect("a number")],
    }
}

impl Case<'_> {
    pub fn device(&self) -> Device {
        Device::flex().autodiff()
    }

    pub fn number(&self, name: &str) -> f64 {
        self.params[name].as_f64().unwrap_or_else(|| panic!("{}: no number {name}", self.family))
    }

    pub fn number_or(&self, name: &str, otherwise: f64) -> f64 {
        self.params[name].as_f64().unwrap_or(otherwise)
    }

    pub fn positive(&self, name: &str) -> Positive {
        Positive::new(self.number(name)).expect(name)
    }

    pub fn fraction(&self, name: &str) -> Fraction {
        Fraction::new(self.number(name)).expect(name)
    }

    pub fn text(&self, name: &str) -> &str {
        self.params[name].as_str().unwrap_or("")
    }

    pub fn input(&self, name: &str) -> &Value {
        if self.inputs[name].is_null() { &self.inputs["pref"][name] } else { &self.inputs[name] }
    }

    pub fn column(&self, name: &str) -> Vec<f64> {
        flatten(self.input(name))
    }

    pub fn counts(&self, name: &str) -> Vec<usize> {
        self.column(name).into_iter().map(|x| x as usize).collect()
    }

    pub fn grid(&self, name: &str) -> Grid<f64> {
        let rows = self.input(name).as_array().unwrap_or_else(|| panic!("no input {name}"));
        Grid::from_rows(rows.iter().map(flatten).collect()).expect(name)
    }

    pub fn tensor(&self, name: &str) -> Tensor<2> {
        self.grid(name).to_tensor(&self.device(), self.dtype)
    }

    pub fn mask_named(&self, name: &str) -> Mask {
        let grid = self.grid(name);
        Mask::new(Grid::from_fn(grid.shape(), |row, t| grid.row(row)[t] != 0.0))
    }

    /// The mask, without truncated rows where params say so.
    pub fn mask(&self) -> Mask {
        let mask = self.mask_named("mask");
        match self.text("mask") {
            "" => mask,
            "mask*(1-truncated)" => {
                let dropped = self.column("truncated").iter().map(|t| *t != 0.0).collect::<Vec<_>>();
                mask.without_rows(&dropped).unwrap()
            }
            other => panic!("mask rule {other} is unknown"),
        }
    }

    pub fn groups(&self) -> Groups {
        Groups::by_key(&self.counts("group"))
    }

    pub fn rewards(&self) -> Rewards {
        Rewards::from_scores(&self.column("rewards")).unwrap()
    }

    pub fn band(&self) -> ClipBand {
        let width = |name| self.params[name].as_f64().or(self.params["eps"].as_f64()).expect(name);
        ClipBand::new(width("eps_low"), width("eps_high")).unwrap()
    }

    pub fn advantages(&self) -> Advantages {
        match self.text("advantage") {
            "" | "adv_seq" => Advantages::Rows(self.column("adv_seq")),
            name => Advantages::Tokens(self.grid(name)),
        }
    }

    /// A batch against these old log-probabilities, and the leaf whose gradient is compared.
    pub fn batch_against(&self, old: &str, mask: &DeviceMask) -> (Tensor<2>, PolicyBatch) {
        let leaf_bt = self.tensor("new_logp").require_grad();
        let batch = PolicyBatch::new(leaf_bt.clone(), self.tensor(old), &self.advantages(), mask).unwrap();
        (leaf_bt, batch)
    }

    pub fn reference(&self, leaf_bt: &Tensor<2>, mask: &DeviceMask) -> LogRatio {
        LogRatio::new(leaf_bt.clone(), self.tensor("ref_logp"), mask).unwrap()
    }

    /// The denominator that `agg` names.
    pub fn denominator(&self, mask: &Mask) -> Denominator {
        let constant = || match &self.params["const"] {
            Value::String(name) => Positive::new(self.inputs[name].as_f64().unwrap()).unwrap(),
            _ => self.positive("const"),
        };
        let rule = match self.text("agg") {
            "token-mean" | "token-mean over surviving tokens" => Aggregation::TokenMean,
            "token-sum" => Aggregation::TokenSum,
            "seq-mean-token-mean-all" => Aggregation::SequenceMeanTokenMeanAll,
            "seq-mean-token-mean" => Aggregation::SequenceMeanTokenMean,
            "seq-mean-token-sum" => Aggregation::SequenceMeanTokenSum,
            "seq-mean-token-sum-all" => Aggregation::SequenceMeanTokenSumAll,
            "constant" => Aggregation::Constant(constant()),
            "seq-mean-token-sum-norm" => Aggregation::SequenceMeanTokenSumNorm(constant()),
            other => panic!("aggregation {other} is unknown"),
        };
        Denominator::new(rule, mask.totals())
    }

    pub fn reduce(&self, loss_bt: Tensor<2>, mask: &DeviceMask) -> Tensor<1> {
        aggregate(loss_bt, mask, self.denominator(mask.host())).unwrap()
    }
}

/// Computed fields by name.
#[derive(Default)]
pub struct Outcome(BTreeMap<String, Vec<f64>>);

impl Outcome {
    pub fn with(mut self, field: &str, values: Vec<f64>) -> Self {
        self.0.insert(field.to_owned(), values);
        self
    }

    pub fn with_grid(self, field: &str, grid: &Grid<f64>) -> Self {
        self.with(field, grid.cells().to_vec())
    }

    /// The value of a loss and its gradients by the named leaves.
    pub fn of_loss(loss: Tensor<1>, leaves: &[(&str, &Tensor<2>)]) -> Self {
        let value = vec![loss.clone().into_scalar::<f64>()];
        let gradients = loss.backward();
        leaves.iter().fold(Self::default().with("value", value), |outcome, &(field, leaf_bt)| {
            let zeros = || leaf_bt.clone().inner().zeros_like();
            let gradient_bt = leaf_bt.grad(&gradients).unwrap_or_else(zeros);
            outcome.with_grid(field, &Grid::from_tensor("gradient", gradient_bt).unwrap())
        })
    }

    /// The first difference, if any: |x − y| ≤ tolerance·(1 + |y|), field by field.
    pub fn differs(&self, expected: &Value, case: &Case<'_>, tolerance: f64) -> Option<String> {
        let mut fields = BTreeMap::new();
        for (field, value) in expected.as_object().expect("a result") {
            match value.as_object() {
                Some(inner) => {
                    inner.iter().for_each(|(name, v)| drop(fields.insert(name.clone(), flatten(v))))
                }
                None => drop(fields.insert(field.clone(), flatten(value))),
            }
        }
        fields.iter().find_map(|(field, expected)| {
            let Some(found) = self.0.get(field) else { return Some(format!("{field} was not computed")) };
            if found.len() != expected.len() {
                return Some(format!("{field}: {} values, expected {}", found.len(), expected.len()));
            }
            let close = |x: f64, y: f64| (x - y).abs() <= tolerance * (1.0 + y.abs());
            let relevant = |at: usize| field != "is_weight" || case.is_kept(at, expected.len());
            let bad = (0..found.len()).find(|at| relevant(*at) && !close(found[*at], expected[*at]));
            bad.map(|at| format!("{field}[{at}]: {}, expected {}", found[at], expected[at]))
        })
    }

    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Case<'_> {
    /// Whether weight number `at`, of one per row or one per token, concerns a token that counts.
    fn is_kept(&self, at: usize, len: usize) -> bool {
        let mask = self.mask_named("mask");
        let [rows, width] = mask.shape();
        if len == rows { mask.counts()[at] > 0 } else { mask.row(at / width)[at % width] }
    }
}
