//! The checks of the third stage.

use super::Stage;
use super::report::{Report, Status};
use datasets::{GroundTruth, Record};
use recipe::GrpoSettings;
use rewards::{Group, Registry, RewardSet, Sample, Task as Kind};
use trainer::data::Examples;
use trainer::engine::Failure;
use trainer::online::Task;
use trainer::session::{Hints, Tasks};
use vlm_processor::SpecialTokens;

/// A question, its right answer, a right reply and a wrong one.
const FIXED: [(Kind, &str, &str, &str); 3] = [
    (
        Kind::Spatial,
        "The cat is left of the box.",
        "The cat is left of the box.",
        "The cat is right of the box.",
    ),
    (Kind::Counting, "5", "There are 5 apples.", "There are 9 apples."),
    (Kind::Distance, "2.00 metres", "2 m", "5 metres"),
];

impl Stage {
    pub(super) fn check_prompts(&self, grpo: &GrpoSettings, records: &[Record], report: &mut Report) {
        let prompts: Vec<_> =
            records.iter().filter_map(|record| record.clone().into_rl_prompt().ok()).collect();
        let message = format!("{} of {} rows have a prompt", prompts.len(), records.len());
        report.demand("columns", prompts.len() == records.len(), Status::Fail, message);
        let lacking = prompts.iter().filter(|prompt| match &prompt.ground_truth {
            Some(GroundTruth::Text(text)) => text.trim().is_empty(),
            Some(GroundTruth::Answers(answers)) => answers.is_empty(),
            None => true,
        });
        let lacking = lacking.count();
        report.demand("ground_truth_present", lacking == 0, Status::Fail, format!("{lacking} rows lack it"));
        match self.tasks(grpo) {
            Err(error) => report.note("batch_output", Status::Fail, error.to_string()),
            Ok(tasks) => {
                report.note("batch_output", Status::Ok, format!("{} prompts", tasks.len()));
                if let Some(task) = tasks.first() {
                    report.prompt = self.decode(&task.prompt().ids, SpecialTokens::Keep);
                }
            }
        }
        match reward_set(grpo) {
            Err(error) => report.note("reward_function", Status::Fail, error.to_string()),
            Ok(rewards) => check_rewards(&rewards, report),
        }
        check_sampling(grpo, report);
    }

    /// The first prompts, as the stage would ask them.
    pub(super) fn tasks(&self, grpo: &GrpoSettings) -> Result<Vec<Task>, Failure> {
        let hints = if grpo.task_hint { Hints::ByTask } else { Hints::None };
        let rows = Tasks(self.rows.clone().hints(hints));
        (0..self.first).map(|row| rows.get(row)).collect()
    }
}

/// The rewards that the recipe names.
pub(super) fn reward_set(grpo: &GrpoSettings) -> Result<RewardSet, rewards::RegistryError> {
    let mut set = RewardSet::new();
    for named in &grpo.rewards.funcs {
        set = set.with_shared(Registry::default().get(&named.item)?, named.weight);
    }
    Ok(set)
}

/// Finite, within −1 and 1, and not all the same.
fn check_rewards(rewards: &RewardSet, report: &mut Report) {
    let mut found = Vec::new();
    for (task, truth, right, wrong) in FIXED {
        let sample = Sample::text("?", truth).with_task(task);
        let judged = rewards.judge(&Group::of_texts(sample, [right, wrong]));
        found.extend(judged.totals.iter().map(|total| total.map_or(f64::NAN, rewards::Finite::get)));
    }
    let sound = found.iter().all(|reward| (-1.0..=1.0).contains(reward));
    let differ = found.iter().any(|reward| *reward != found[0]);
    let shown: Vec<String> = found.iter().map(|reward| format!("{reward:.2}")).collect();
    report.demand("reward_function", sound && differ, Status::Fail, shown.join(", "));
}

fn check_sampling(grpo: &GrpoSettings, report: &mut Report) {
    let (group, longest) = (grpo.num_generations.get(), grpo.sampling.max_completion_length.get());
    let message = format!(
        "{group} completions of at most {longest} tokens at temperature {}",
        grpo.sampling.temperature.get()
    );
    let status = match (group < 2, (64..=512).contains(&longest)) {
        (true, _) => Status::Fail,
        (_, false) => Status::Warn,
        _ => Status::Ok,
    };
    report.note("hyperparameters", status, message);
}
