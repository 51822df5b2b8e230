//! Dynamic sampling: prompts whose completions all have one reward make room for others.

use crate::recorded::{CHECKPOINTS, adapted, processor, stream};
use crate::sampling::settings;
use crate::update::{Watched, one};
use rewards::{Finite, Group, Outcome, RewardFn, RewardSet};
use trainer::online::{Online, OnlineSettings};
use trainer::session::Tasks;

/// Every completion of a question about an angle has another reward; those of other questions have none to tell apart.
struct AboutAngles;

impl RewardFn for AboutAngles {
    fn name(&self) -> &str {
        "about_angles"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let varies = group.sample().question.contains("angle");
        let reward = |index: usize| Finite::new(if varies { index as f64 } else { 1.0 }).unwrap();
        (0..group.completions().len()).map(|index| Outcome::Value(reward(index))).collect()
    }
}

/// One update on two of these prompts, with so many rounds for fresh ones.
fn update(order: &[&str], fresh_rounds: u32) -> Watched {
    let checkpoint = CHECKPOINTS[0];
    let model = adapted(checkpoint, "adapters/lora");
    let order: Vec<String> = order.iter().map(|name| (*name).to_owned()).collect();
    let data = stream(checkpoint, "prompts.jsonl", &order, Tasks);
    let rewards = RewardSet::new().with(AboutAngles, 1.0);
    let text = processor(checkpoint);
    let decode = move |ids: &[u32]| text.decode(ids, vlm_processor::SpecialTokens::Keep).unwrap_or_default();
    let settings = OnlineSettings { fresh_rounds, ..settings(checkpoint, 1.0) };
    let mut online = Online::new(settings, data, rewards, Box::new(decode), &model);
    one(model, &mut online)
}

/// The share of groups without a spread, and how many groups were replaced.
fn silence(update: &Watched) -> (f64, Option<f64>) {
    (update.figure("frac_reward_zero_std"), update.figures[0].get("dynamic_sampling/replaced").copied())
}

#[test]
fn a_prompt_without_a_spread_of_rewards_is_replaced_until_one_has_it() {
    let order = ["count", "angle", "count", "angle"];
    assert_eq!(silence(&update(&order, 0)), (0.5, None));
    assert_eq!(silence(&update(&order, 1)), (0.5, Some(1.0)));
    assert_eq!(silence(&update(&order, 2)), (0.0, Some(2.0)));
    assert_eq!(silence(&update(&order, 9)), (0.0, Some(2.0)));
}

#[test]
fn what_the_last_round_brings_stays() {
    let update = update(&["count"], 3);
    assert_eq!(silence(&update), (1.0, Some(6.0)));
    assert_eq!(update.figure("grad_norm"), 0.0);
}

#[test]
fn a_generation_with_a_spread_everywhere_is_left_alone() {
    let gradient = |rounds| update(&["angle"], rounds).gradients();
    assert_eq!(silence(&update(&["angle"], 2)), (0.0, None));
    assert_eq!(gradient(0), gradient(2));
}
