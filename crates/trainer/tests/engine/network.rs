//! A network that has nothing to do with language, and its method.

use burn::module::{Module, Param};
use burn::tensor::activation::tanh;
use burn::tensor::{Device, Tensor, TensorData};
use std::path::PathBuf;
use trainer::engine::{
    AdamWSettings, Alone, BadInput, Companion, Decay, Failure, FileError, Files, Ledger, Method, Nowhere,
    Plan, Run, RunError, Schedule, Step, Stop, Trained, TrainedWeights, Unobserved,
};

/// y = W₂ tanh(W₁ x + b)
#[derive(Module, Debug)]
pub struct Network {
    pub first: Param<Tensor<2>>,
    pub bias: Param<Tensor<1>>,
    pub second: Param<Tensor<2>>,
    /// Not trained: must never move.
    pub frozen: Param<Tensor<1>>,
}

impl Network {
    pub fn new() -> Self {
        let device = Device::flex();
        let wave =
            |n: usize, phase: f32| (0..n).map(|i| (i as f32 * 1.7 + phase).sin() * 0.5).collect::<Vec<_>>();
        let matrix = |shape: [usize; 2], phase| {
            Tensor::<2>::from_data(TensorData::new(wave(shape[0] * shape[1], phase), shape), &device)
        };
        let trained = |tensor: Tensor<2>| Param::from_tensor(tensor.autodiff().require_grad());
        Self {
            first: trained(matrix([2, 8], 0.3)),
            bias: Param::from_tensor(Tensor::zeros([8], &device).autodiff().require_grad()),
            second: trained(matrix([8, 1], 1.1)),
            frozen: Param::from_tensor(Tensor::ones([3], &device)).set_require_grad(false),
        }
    }

    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let hidden = inputs.matmul(self.first.val()) + self.bias.val().unsqueeze();
        tanh(hidden).matmul(self.second.val())
    }
}

/// Learns y = sin(3 x₀) + x₁ from a counted sequence of points.
pub struct Curve {
    pub seen: u64,
    pub rows: usize,
    /// The rows of a step go through the network in so many parts.
    pub parts: usize,
    /// Steps whose loss is spoiled.
    pub spoil: Vec<u64>,
    pub stop_at: Option<(u64, Stop)>,
    /// A step whose rows are of no use.
    pub broken: Option<u64>,
}

impl Curve {
    pub fn new() -> Self {
        Self { seen: 0, rows: 12, parts: 1, spoil: vec![], stop_at: None, broken: None }
    }
}

fn point(n: u64) -> ([f32; 2], f32) {
    let x = [(n as f32 * 0.37).sin(), (n as f32 * 0.53).cos()];
    (x, (3.0 * x[0]).sin() + x[1])
}

impl Method<Network> for Curve {
    fn step(&mut self, model: &Network, step: &mut Step) -> Result<(), Failure> {
        let points: Vec<_> = (self.seen..).take(self.rows).map(point).collect();
        self.seen += self.rows as u64;
        if self.broken == Some(step.index) {
            return Err(BadInput("row 9 is broken".into()).into());
        }
        for part in points.chunks(self.rows / self.parts) {
            let inputs: Vec<f32> = part.iter().flat_map(|(x, _)| *x).collect();
            let wanted: Vec<f32> = part.iter().map(|(_, y)| *y).collect();
            let device = Device::flex();
            let inputs = Tensor::<2>::from_data(TensorData::new(inputs, [part.len(), 2]), &device);
            let wanted = Tensor::<2>::from_data(TensorData::new(wanted, [part.len(), 1]), &device);
            let error = model.forward(inputs) - wanted;
            let mut loss = (error.clone() * error).sum() / self.rows as f32;
            if self.spoil.contains(&step.index) {
                loss = loss * f32::NAN;
            }
            step.backward(model, &loss)?;
        }
        step.metrics().count("tokens", self.rows as f64);
        if let Some((at, stop)) = &self.stop_at
            && step.index + 1 == *at
        {
            stop.request();
        }
        Ok(())
    }

    fn epoch(&self) -> f64 {
        self.seen as f64 / 100.0
    }

    fn save(&self, files: &mut Files) -> Result<(), FileError> {
        files.insert_json("curve.json", &self.seen)
    }

    fn load(&mut self, files: &Files) -> Result<(), Failure> {
        self.seen = files.json("curve.json")?;
        Ok(())
    }
}

pub fn plan(steps: u64) -> Plan {
    Plan {
        steps,
        learning_rate: 0.02,
        module_rates: vec![],
        schedule: Schedule { decay: Decay::Cosine { floor: 0.1 }, warmup: 3, total: 60 },
        optimiser: AdamWSettings { weight_decay: 0.01, ..AdamWSettings::default() },
        max_grad_norm: Some(1.0),
        seed: 7,
        logging_steps: 4,
        save_steps: None,
        eval_steps: None,
    }
}

/// Keeps the checkpoints and the loss curve in memory.
#[derive(Default)]
pub struct Memory {
    pub checkpoints: Vec<(u64, Files)>,
    pub lines: Vec<(u64, std::collections::BTreeMap<String, f64>)>,
    pub evaluations: Vec<journal::EvalRecord>,
}

impl Ledger for Memory {
    fn metrics(
        &mut self,
        step: u64,
        _: f64,
        values: &std::collections::BTreeMap<String, f64>,
    ) -> Result<(), Failure> {
        self.lines.push((step, values.clone()));
        Ok(())
    }

    fn rollouts(&mut self, records: &[journal::RolloutRecord]) -> Result<(), Failure> {
        Nowhere.rollouts(records)
    }

    fn evaluation(&mut self, record: &journal::EvalRecord) -> Result<(), Failure> {
        self.evaluations.push(record.clone());
        Ok(())
    }

    fn checkpoint(&mut self, step: u64, files: &Files) -> Result<Option<PathBuf>, Failure> {
        self.checkpoints.push((step, files.clone()));
        Ok(None)
    }
}

/// Trains a fresh network; returns it with what was recorded.
pub fn train(
    plan: &Plan,
    method: &mut Curve,
    from: Option<&Files>,
) -> (Result<Trained<Network>, RunError>, Memory) {
    train_with(plan, method, from, &mut Alone)
}

/// The same with company.
pub fn train_with(
    plan: &Plan,
    method: &mut Curve,
    from: Option<&Files>,
    companion: &mut dyn Companion<Network>,
) -> (Result<Trained<Network>, RunError>, Memory) {
    let mut memory = Memory::default();
    let stop = method.stop_at.as_ref().map_or_else(Stop::new, |(_, stop)| stop.clone());
    let run = Run {
        plan,
        weights: &TrainedWeights,
        ledger: &mut memory,
        observer: &mut Unobserved,
        companion,
        stop,
    };
    let trained = run.train(Network::new(), method, from);
    (trained, memory)
}

pub fn numbers(model: &Network) -> Vec<f32> {
    trainer::engine::trainable(model)
        .into_iter()
        .flat_map(|parameter| parameter.value.into_data().iter::<f32>().collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_network_that_is_no_language_model_learns() {
    let schedule = Schedule { total: 200, ..plan(200).schedule };
    let plan = Plan { learning_rate: 0.1, schedule, ..plan(200) };
    let (trained, memory) = train(&plan, &mut Curve::new(), None);
    let trained = trained.unwrap();
    let loss = |line: &(u64, std::collections::BTreeMap<String, f64>)| line.1["loss"];
    let [first, last] = [&memory.lines[0], memory.lines.last().unwrap()].map(loss);
    assert!(last < 0.2 * first, "{first} {last}");
    assert_eq!(trained.model.frozen.val().into_data().iter::<f32>().collect::<Vec<_>>(), [1.0; 3]);
    assert_eq!(memory.lines.last().unwrap().1["num_tokens"], 2400.0);
    assert!((memory.lines[0].1["learning_rate"] - 0.1 * 2.0 / 4.0).abs() < 1e-12, "warm-up: 0, 1/3, 2/3, 1");
}

#[test]
fn parts_of_a_step_add_up_to_the_whole() {
    let whole = train(&plan(10), &mut Curve::new(), None).0.unwrap();
    let parts = train(&plan(10), &mut Curve { parts: 4, ..Curve::new() }, None).0.unwrap();
    for (a, b) in numbers(&whole.model).into_iter().zip(numbers(&parts.model)) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}
