//! The boundary around foreign code: a reward that panics, hangs or miscounts costs its own verdicts and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::reward::Component;
use crate::{Group, Outcome, RewardError, RewardFn};

/// Calls of one reward that may hang before it is no longer called.
const MAX_STUCK: usize = 4;

/// One reward behind the boundary.
#[derive(Clone)]
pub(crate) struct Contained {
    reward: Arc<dyn RewardFn>,
    stuck: Arc<AtomicUsize>,
}

impl Contained {
    pub(crate) fn new(reward: Arc<dyn RewardFn>) -> Self {
        Self { reward, stuck: Arc::default() }
    }

    pub(crate) fn reward(&self) -> &dyn RewardFn {
        self.reward.as_ref()
    }

    /// One outcome per completion, whatever the reward does.
    pub(crate) fn judge(&self, group: &Group, deadline: Option<Duration>) -> Vec<Outcome> {
        let verdicts = match deadline {
            None => guarded(self.reward(), group),
            Some(limit) => self.judge_within(group, limit),
        };
        let expected = group.len();
        match verdicts {
            Ok(outcomes) if outcomes.len() == expected => outcomes,
            Ok(outcomes) => failed(RewardError::WrongLength { found: outcomes.len(), expected }, expected),
            Err(error) => failed(error, expected),
        }
    }

    /// The parts of the reward; none when it panics.
    pub(crate) fn components(&self, group: &Group) -> Vec<Component> {
        catch_unwind(AssertUnwindSafe(|| self.reward.components(group))).unwrap_or_default()
    }

    /// Runs the reward on its own thread. A thread cannot be stopped from outside, so one that misses its deadline is
    /// left behind and counted until it returns.
    fn judge_within(&self, group: &Group, limit: Duration) -> Result<Vec<Outcome>, RewardError> {
        let stuck = self.stuck.load(Ordering::Acquire);
        if stuck >= MAX_STUCK {
            return Err(RewardError::Stuck { stuck });
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let (reward, group, running) = (self.reward.clone(), group.clone(), self.stuck.clone());
        running.fetch_add(1, Ordering::AcqRel);
        let spawned = std::thread::Builder::new().name("reward".into()).spawn(move || {
            let verdicts = guarded(reward.as_ref(), &group);
            running.fetch_sub(1, Ordering::AcqRel);
            // Nobody listens after the deadline; the verdicts are then dropped on purpose.
            let _ = sender.send(verdicts);
        });
        if let Err(error) = spawned {
            self.stuck.fetch_sub(1, Ordering::AcqRel);
            return Err(RewardError::Panicked { message: format!("no thread for the reward: {error}") });
        }
        receiver.recv_timeout(limit).unwrap_or(Err(RewardError::TimedOut { limit }))
    }
}

fn guarded(reward: &dyn RewardFn, group: &Group) -> Result<Vec<Outcome>, RewardError> {
    catch_unwind(AssertUnwindSafe(|| reward.judge(group)))
        .map_err(|panic| RewardError::Panicked { message: panic_text(panic.as_ref()) })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn failed(error: RewardError, count: usize) -> Vec<Outcome> {
    vec![Outcome::Failed(error); count]
}
