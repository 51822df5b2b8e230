//! `maye train` and `maye sft`.

use crate::workplace::Workplace;
use std::process::Command;
use std::time::{Duration, Instant};

/// Every key that the publication logs of a generation and of its updates.
const LOGGED: [&str; 28] = [
    "rews/scores",
    "rews/acc_rewards",
    "rews/format_rewards",
    "rews/language_rewards",
    "rews/rlhf_reward",
    "rews/kl_reward",
    "loss/loss",
    "loss/policy_loss",
    "loss/kl_loss",
    "training/num_stop_tokens",
    "training/kl",
    "training/clipfrac",
    "training/entropy",
    "training/entropy_full",
    "training/ratios",
    "training/approx_policy_kl",
    "training/lr",
    "training/grad_norm",
    "training/temperature",
    "response/response_lengths",
    "response/length_clip_ratio",
    "speed/tokens_per_second_per_gpu_trajectory",
    "speed/tokens_per_second_per_gpu_ppo",
    "generation_steps",
    "gradient_steps",
    "reflection_analysis/reflection_ratio",
    "reflection_analysis/correct_ratio_in_no_reflection_texts",
    "reflection_words/wait",
];

#[test]
fn a_run_logs_every_published_key_and_examines_the_model_after_every_epoch() {
    let place = Workplace::new();
    place.succeeds(&[
        "train",
        "--config",
        "recipe.yaml",
        "--threads",
        "1",
        "save_eval_files=true",
        "save_every_n_epochs=1",
    ]);
    let metrics = place.lines("run/metrics.jsonl");
    // 18 rows make two generations of 8 an epoch, and each is learnt from in two steps.
    assert_eq!(metrics.len(), 8);
    for key in LOGGED {
        assert!(metrics[0][key].is_number(), "{key} is not in {}", metrics[0]);
    }
    assert_eq!((&metrics[7]["generation_steps"], &metrics[7]["gradient_steps"]), (&4.0.into(), &8.0.into()));
    assert!(metrics[7]["loss/loss"].is_number() && metrics[7]["rews/scores"].is_null());

    let evals = place.lines("run/evals.jsonl");
    let stages: Vec<String> =
        evals.iter().map(|eval| format!("{} {}", eval["stage"], eval["name"])).collect();
    let of_epoch = |epoch: u32| {
        ["Validation", "Test", "Training"].map(|set| format!("\"epoch {epoch}\" \"{set} set\"")).to_vec()
    };
    assert_eq!(stages, [of_epoch(0)[..2].to_vec(), of_epoch(1), of_epoch(2)].concat());
    for suffix in ["pass@1 Temperature=0.01", "pass@1 Temperature=0.6", "pass@8 Temperature=1.0"] {
        assert!(evals[1]["metrics"][format!("acc/Test Set Epoch Accuracy {suffix}")].is_number(), "{suffix}");
    }

    let tables = place.lines("run/tables.jsonl");
    assert_eq!(
        (&tables[0]["table"], tables[0]["rows"].as_array().unwrap().len()),
        (&"outputs/Epoch 1".into(), 8)
    );
    let answers = std::fs::read_dir(place.path("run/outputs")).unwrap();
    let names: Vec<String> =
        answers.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(names.len(), 12, "{names:?}");
    let high =
        names.iter().find(|name| name.starts_with("rleval_pass@8_run-RL-Epoch-1_Test_high_0.")).unwrap();
    let rows = place.lines(&format!("run/outputs/{high}"));
    assert_eq!((rows.len(), rows[0]["predictions"].as_array().unwrap().len()), (6, 8));
    assert!(rows[0]["correct"].is_boolean() && rows[0]["answer"].is_string());
    for epoch in ["run-RL-Epoch-0", "run-RL-Epoch-1"] {
        assert!(
            place.path(epoch).join("config.json").is_file()
                && place.path(epoch).join("model.safetensors").is_file()
        );
    }
    let said = place.succeeds(&[
        "eval",
        "--config",
        "recipe.yaml",
        "--checkpoint",
        "run-RL-Epoch-1",
        "--split",
        "test",
    ]);
    let last = &evals[6]["metrics"]["acc/Test Set Epoch Accuracy pass@8 Temperature=1.0"];
    let again = format!("Test pass@8 Temperature=1.0: {:.1} % of 6", 100.0 * last.as_f64().unwrap());
    assert!(said.contains(&again), "{said} lacks {again}");
}

#[test]
fn a_run_that_is_stopped_goes_on_to_the_same_bytes() {
    let place = Workplace::new();
    for (verb, recipe) in [("train", "recipe.yaml"), ("sft", "sft.yaml")] {
        let sft: String = crate::workplace::RECIPE
            .lines()
            .filter(|line| !["rollout", "max_completion", "reward"].iter().any(|key| line.starts_with(key)))
            .map(|line| format!("{line}\n"))
            .collect();
        place.write("sft.yaml", &sft);
        let into = |folder: &str| vec![format!("output_dir={folder}"), "num_train_epochs=6".to_owned()];
        let args = |more: &[String]| -> Vec<String> {
            let first = [verb, "--config", recipe].map(str::to_owned);
            first.into_iter().chain(more.iter().cloned()).collect()
        };
        let run = |args: &[String]| place.succeeds(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let [whole, broken] = ["whole", "broken"].map(|name| format!("{verb}-{name}"));
        run(&args(&into(&whole)));

        let stopped = args(&into(&broken));
        let child = place.start(&stopped.iter().map(String::as_str).collect::<Vec<_>>());
        wait_for_lines(&place, &format!("{broken}/metrics.jsonl"), 5);
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(143), "{said}");
        run(&args(&[into(&broken), vec!["--resume".to_owned(), "latest".to_owned()]].concat()));

        let newest = |folder: &str| {
            let steps = std::fs::read_dir(place.path(folder)).unwrap().filter_map(|entry| {
                entry.unwrap().file_name().to_str()?.strip_prefix("checkpoint-")?.parse::<u64>().ok()
            });
            steps.max().unwrap()
        };
        assert_eq!(newest(&broken), newest(&whole));
        let weights =
            |folder: &str| place.read(&format!("{folder}/checkpoint-{}/trained.safetensors", newest(folder)));
        assert!(weights(&broken) == weights(&whole), "{verb}: going on gave another model");
        let measured = |folder: &str| {
            let evals = place.lines(&format!("{folder}/evals.jsonl"));
            evals
                .into_iter()
                .map(|eval| (eval["stage"].clone(), eval["name"].clone(), eval["metrics"].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(measured(&broken), measured(&whole), "{verb}");
        if verb == "train" {
            assert!(
                place.read(&format!("{broken}/tables.jsonl")) == place.read(&format!("{whole}/tables.jsonl"))
            );
        }
    }
}

fn wait_for_lines(place: &Workplace, file: &str, lines: usize) {
    let start = Instant::now();
    while std::fs::read_to_string(place.path(file)).map_or(0, |text| text.lines().count()) < lines {
        assert!(start.elapsed() < Duration::from_secs(120), "{file} does not grow");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn bad_rows_keep_a_run_from_starting_and_may_be_passed_over() {
    let place = Workplace::new();
    let rows = String::from_utf8(place.read("data/toy_train.jsonl")).unwrap();
    let broken =
        rows.replacen("\"answer\":", "\"answers\":", 1).replacen("img/toy_train/3.png", "img/nowhere.png", 1);
    place.write("data/toy_train.jsonl", &broken);
    let said = place.fails(&["train", "--config", "recipe.yaml"]);
    for part in ["line 1", "line 4", "nowhere.png", "on_bad_row=skip"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = place.fails(&["train", "--config", "recipe.yaml", "rollout_batch_size=32"]);
    assert!(said.contains("line 1"), "rows come first: {said}");
    place.write("data/toy_train.jsonl", &rows);
    let said = place.fails(&["train", "--config", "recipe.yaml", "rollout_batch_size=32"]);
    assert!(said.contains("18") && said.contains("32"), "{said}");
}
