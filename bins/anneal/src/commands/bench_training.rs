//! `anneal bench --task sft-step` and its relatives: what a whole optimiser step takes.

use super::bench_groups::Groups;
use crate::args::{BenchArgs, Task};
use command_line::machine;
use datasets::{Mix, OpenOptions, Shuffle, open};
use journal::EvalRecord;
use rl_algos::{Fraction, Positive};
use serde::Serialize;
use std::sync::Arc;
use trainer::Sight;
use trainer::data::{BadExample, Examples, Stream};
use trainer::engine::{
    AdamWSettings, Alone, Decay, Failure, Method, Nowhere, Observer, Plan, Report, Run, Schedule, Stop,
    TrainedWeights, train_only,
};
use trainer::methods::{Batch, Dpo, PairReference, PreferenceLoss, Sft, SupervisedLoss};
use trainer::session::{Conversations, Labels, Pairs, Prepared};
use vlm_model::{Activations, VlModel};
use vlm_processor::Processor;

/// The figures of one run, in the form that the comparison script reads.
#[derive(Serialize)]
struct Figures {
    task: &'static str,
    batch: usize,
    rows: usize,
    tokens: usize,
    seconds: Vec<f64>,
    peak_rss_bytes: Option<u64>,
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
}

/// Takes one step that is not timed and then as many as asked for, always on the first rows of the file.
pub fn measure(args: &BenchArgs) -> Result<String, Box<dyn std::error::Error>> {
    let model = super::bench::load(args)?;
    let model = train_only(model, |name| name.split('.').any(|part| part == "adapter"));
    let processor = Arc::new(Processor::from_dir(&args.model.model)?);
    let (mut method, tokens): (Box<dyn Method<VlModel>>, usize) = match args.task {
        Task::SftStep => supervised(args, processor)?,
        Task::DpoStep => preference(args, processor)?,
        _ => {
            let groups = Groups::read(args, &processor)?;
            let tokens = groups.tokens();
            (Box::new(groups), tokens)
        }
    };
    let mut clock = Clock::default();
    let steps = args.repeat.max(1) as u64 + 1;
    let plan = plan(steps);
    let run = Run {
        plan: &plan,
        weights: &TrainedWeights,
        ledger: &mut Nowhere,
        observer: &mut clock,
        companion: &mut Alone,
        stop: Stop::new(),
    };
    run.train(model, &mut *method, None)?;
    let figures = Figures {
        task: args.task.name(),
        batch: args.batch,
        rows: args.batch,
        tokens,
        seconds: clock.seconds.split_off(1),
        peak_rss_bytes: machine::peak_rss_bytes(),
        losses: clock.losses,
        grad_norms: clock.norms,
    };
    Ok(serde_json::to_string(&figures)?)
}

fn plan(steps: u64) -> Plan {
    Plan {
        steps,
        learning_rate: 1e-4,
        module_rates: Vec::new(),
        schedule: Schedule { decay: Decay::Constant, warmup: 0, total: steps },
        optimiser: AdamWSettings { weight_decay: 0.01, ..AdamWSettings::default() },
        max_grad_norm: Some(1.0),
        seed: 0,
        logging_steps: steps,
        save_steps: None,
        eval_steps: None,
    }
}

type Prepare = (Box<dyn Method<VlModel>>, usize);

fn supervised(args: &BenchArgs, processor: Arc<Processor>) -> Result<Prepare, Box<dyn std::error::Error>> {
    let examples = Conversations(prepared(args, processor)?, Labels::Assistant);
    let kept = Kept::first(&examples, args.batch)?;
    let tokens = kept.0.iter().map(|row| row.prompt.tokens.len()).sum();
    let method = Sft {
        data: Stream::new(Arc::new(kept), BadExample::Stop, args.batch),
        batch: Batch { micro: args.batch, accumulation: 1 },
        packing: None,
        loss: SupervisedLoss::Nll,
        sight: Sight::Learning,
        activations: Activations::Kept,
        held_out: None,
    };
    Ok((Box::new(method), tokens))
}

fn preference(args: &BenchArgs, processor: Arc<Processor>) -> Result<Prepare, Box<dyn std::error::Error>> {
    let kept = Kept::first(&Pairs(prepared(args, processor)?), args.batch)?;
    let of = |pair: &trainer::methods::Pair| {
        2 * pair.prompt.tokens.len() + pair.chosen.len() + pair.rejected.len()
    };
    let tokens = kept.0.iter().map(of).sum();
    let method = Dpo {
        data: Stream::new(Arc::new(kept), BadExample::Stop, args.batch),
        batch: Batch { micro: args.batch, accumulation: 1 },
        beta: Positive::new(0.1)?,
        losses: vec![(PreferenceLoss::Sigmoid(Fraction::new(0.0)?), 1.0)],
        tail_weight: None,
        reference: PairReference::Base,
        sight: Sight::Learning,
        activations: Activations::Kept,
        held_out: None,
    };
    Ok((Box::new(method), tokens))
}

fn prepared(args: &BenchArgs, processor: Arc<Processor>) -> Result<Prepared, Box<dyn std::error::Error>> {
    let source = open(&args.input, &OpenOptions::default())?.into();
    Ok(Prepared::new(Arc::new(Mix::of(source, Shuffle::FileOrder)?), processor, None))
}

/// Examples that are made ready once.
struct Kept<T>(Vec<T>);

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    fn first(examples: &impl Examples<Item = T>, rows: usize) -> Result<Self, String> {
        let kept = (0..rows as u64).map(|position| examples.get(position)).collect::<Result<_, _>>();
        kept.map(Self).map_err(|error| error.to_string())
    }
}

impl<T: Clone + Send + Sync + 'static> Examples for Kept<T> {
    type Item = T;

    fn epoch_len(&self) -> u64 {
        self.0.len() as u64
    }

    fn get(&self, position: u64) -> Result<T, Failure> {
        Ok(self.0[position as usize % self.0.len()].clone())
    }
}

/// Notes what every step gave and took.
#[derive(Default)]
struct Clock {
    seconds: Vec<f64>,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

impl Observer for Clock {
    fn step(&mut self, report: &Report) {
        let figure = |name: &str| report.figures.get(name).copied().unwrap_or(f64::NAN);
        self.seconds.push(figure("step_time"));
        self.losses.push(figure("loss"));
        self.norms.push(figure("grad_norm"));
    }

    fn evaluated(&mut self, _: &EvalRecord) {}
}
