//! Advantages over a million random groups.

use rl_algos::advantage::{
    FlooredScale, Grpo, Lonely, Normalise, batch_mean, floored_grpo, gdpo, gpg, maxrl, opo, pass_at_k,
    reinforce_pp_baseline_rows, rloo, summarise,
};
use rl_algos::{Groups, Positive, Rewards};

use crate::draws::Draws;

const GROUPS_PER_BATCH: usize = 4;
const BATCHES: usize = 250_000;

struct Batch {
    rewards: Rewards,
    groups: Groups,
    tokens_b: Vec<usize>,
}

fn batch(draws: &mut Draws) -> Batch {
    let drawn = (0..GROUPS_PER_BATCH).map(|_| draws.group()).collect::<Vec<_>>();
    let groups = Groups::from_sizes(&drawn.iter().map(Vec::len).collect::<Vec<_>>()).unwrap();
    let tokens_b = (0..groups.rows()).map(|_| draws.below(4)).collect();
    Batch { rewards: Rewards::new(drawn.into_iter().flatten().collect()).unwrap(), groups, tokens_b }
}

fn group_relative(batch: &Batch) -> Vec<(&'static str, Vec<f64>)> {
    let Batch { rewards, groups, tokens_b } = batch;
    let run = |grpo: Grpo| grpo.advantages(rewards, groups).unwrap();
    vec![
        ("grpo, TRL", run(Grpo::TRL)),
        ("grpo, batch scale", run(Grpo::TRL_BATCH)),
        ("grpo, OpenRLHF", run(Grpo::OPENRLHF)),
        ("dr. grpo", run(Grpo::DR_GRPO)),
        ("rloo", rloo(rewards, groups, Lonely::Zero).unwrap()),
        ("opo", opo(rewards, groups, tokens_b, Lonely::Zero).unwrap()),
        ("gpg", gpg(rewards, groups, Lonely::Zero).unwrap()),
        ("maxrl", maxrl(rewards, groups).unwrap()),
        ("floored", floored_grpo(rewards, groups, FlooredScale::LEVER).unwrap()),
        (
            "reinforce++ baseline",
            reinforce_pp_baseline_rows(rewards, groups, Positive::new(1e-4).unwrap()).unwrap(),
        ),
    ]
}

#[test]
fn advantages_of_a_million_random_groups_are_finite_and_zero_without_a_signal() {
    let mut draws = Draws(1);
    for _ in 0..BATCHES {
        let batch = batch(&mut draws);
        for (name, advantage_b) in group_relative(&batch) {
            assert!(
                advantage_b.iter().all(|a| a.is_finite()),
                "{name}: {advantage_b:?} from {:?}",
                batch.rewards
            );
            for members in batch.groups.iter() {
                let mut scored = members.iter().filter_map(|row| batch.rewards.get(*row));
                let first = scored.next();
                if scored.all(|reward| Some(reward) == first) {
                    assert!(members.iter().all(|row| advantage_b[*row] == 0.0), "{name} invents a signal");
                }
            }
        }
        assert!(batch_mean(&batch.rewards).unwrap().iter().all(|a| a.is_finite()));
    }
}

#[test]
fn advantages_that_keep_lonely_rewards_are_finite_too() {
    let mut draws = Draws(2);
    for _ in 0..BATCHES / 4 {
        let Batch { rewards, groups, tokens_b } = batch(&mut draws);
        let advantages = [
            Grpo::VERL.advantages(&rewards, &groups),
            rloo(&rewards, &groups, Lonely::KeepReward),
            opo(&rewards, &groups, &tokens_b, Lonely::KeepReward),
            gpg(&rewards, &groups, Lonely::KeepReward),
        ];
        assert!(advantages.into_iter().all(|a| a.unwrap().iter().all(|x| x.is_finite())));
    }
}

#[test]
fn pass_at_k_gives_finite_numbers_or_names_the_lonely_group() {
    let mut draws = Draws(3);
    for _ in 0..BATCHES / 4 {
        let Batch { rewards, groups, .. } = batch(&mut draws);
        let summary = summarise(&rewards, &groups).unwrap();
        match pass_at_k(&rewards, &groups, Normalise::ByGroup(Positive::new(1e-6).unwrap())) {
            Ok(advantage_b) => assert!(advantage_b.iter().all(|a| a.is_finite())),
            Err(error) => assert!(summary.lonely > 0, "{error}"),
        }
    }
}

#[test]
fn gdpo_is_finite_with_any_missing_components() {
    let mut draws = Draws(4);
    let epsilon = Positive::new(1e-4).unwrap();
    for _ in 0..BATCHES / 10 {
        let Batch { rewards, groups, .. } = batch(&mut draws);
        let mut components = rewards.iter().map(|r| vec![r.map(|r| r % 10.0), None]).collect::<Vec<_>>();
        components.iter_mut().for_each(|row| row[1] = (draws.below(3) > 0).then(|| draws.unit()));
        let advantage_b = gdpo(&components, &[1.0, 0.5], &groups, epsilon).unwrap();
        assert!(advantage_b.iter().all(|a| a.is_finite()), "{components:?}");
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let mut draws = Draws(5);
    for _ in 0..2_000 {
        let keys = (0..12).map(|_| draws.below(4)).collect::<Vec<_>>();
        let scores = (0..12).map(|_| draws.between(-1.0, 1.0)).collect::<Vec<_>>();
        let mut order = (0..12).collect::<Vec<_>>();
        order.sort_by_key(|_| draws.bits());
        let pick = |values: &[f64]| order.iter().map(|row| values[*row]).collect::<Vec<_>>();
        let shuffled_keys = order.iter().map(|row| keys[*row]).collect::<Vec<_>>();
        let run = |keys: &[usize], scores: &[f64]| {
            Grpo::TRL.advantages(&Rewards::from_scores(scores).unwrap(), &Groups::by_key(keys)).unwrap()
        };
        let (straight, shuffled) = (pick(&run(&keys, &scores)), run(&shuffled_keys, &pick(&scores)));
        assert!(straight.iter().zip(shuffled).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}
