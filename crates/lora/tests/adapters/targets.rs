//! Which maps an adapter is attached to.

use crate::model::{NAMES, Named};
use lora::{Adapter, LoraConfig, LoraError, Targets, Variant, Vision, attach};

fn names(names: &[&str]) -> Targets {
    Targets::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

fn attached(targets: Targets, vision: Vision) -> Result<Vec<usize>, LoraError> {
    let config = LoraConfig { targets, vision, ..LoraConfig::default() };
    let modules = attach(&mut Named::new(), &config)?.modules;
    Ok(modules.iter().map(|module| NAMES.iter().position(|name| name == module).unwrap()).collect())
}

#[test]
fn targets_mean_the_maps_that_they_mean_to_peft() {
    let cases: [(Targets, Vision, &[usize]); 9] = [
        (Targets::AllLinear, Vision::Excluded, &[0, 1, 2, 3]),
        (Targets::AllLinear, Vision::Included, &[0, 1, 2, 3, 5, 6]),
        (names(&["gate_proj"]), Vision::Included, &[1, 3, 6]),
        (names(&["gate_proj"]), Vision::Excluded, &[1, 3]),
        (names(&["model.language_model.layers.1.mlp.gate_proj"]), Vision::Excluded, &[3]),
        (names(&["1.mlp.gate_proj", "q_proj"]), Vision::Excluded, &[0, 2, 3]),
        (names(&["lm_head"]), Vision::Excluded, &[7]),
        (Targets::Pattern(r".*\.0\..*(q|gate)_proj".into()), Vision::Included, &[0, 1, 6]),
        (Targets::Pattern(r"model\.visual\..*".into()), Vision::Included, &[4, 5, 6]),
    ];
    for (targets, vision, expected) in cases {
        assert_eq!(attached(targets.clone(), vision).unwrap(), expected, "{targets:?} {vision:?}");
    }
}

#[test]
fn targets_that_meet_nothing_are_refused_by_name() {
    let cases = [
        (names(&["q_proj", "w1"]), "\"w1\""),
        (names(&["proj"]), "vision is asked for"),
        (names(&[]), "gate_proj, lm_head"),
        (Targets::Pattern("q_proj".into()), "\"q_proj\""),
    ];
    for (targets, part) in cases {
        let error = attached(targets, Vision::Excluded).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn ranks_and_alphas_follow_their_patterns() {
    let mut model = Named::new();
    let config = LoraConfig {
        r: 4,
        alpha: 8.0,
        variant: Variant::RsLora,
        rank_pattern: vec![(r"layers\.1\.self_attn\.q_proj".to_owned(), 1), ("q_proj".to_owned(), 4)],
        alpha_pattern: vec![("gate_proj".to_owned(), 6.0)],
        ..LoraConfig::default()
    };
    attach(&mut model, &config).unwrap();
    let found: Vec<(usize, f64)> = model.maps[..4]
        .iter()
        .map(|linear| match &linear.adapter {
            Some(Adapter::LowRank(low)) => (low.rank(), low.scale()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, [(4, 4.0), (4, 3.0), (1, 8.0), (4, 3.0)]);
}

#[test]
fn numbers_that_make_no_adapter_are_refused() {
    let base = LoraConfig::default;
    let cases = [
        (LoraConfig { r: 0, ..base() }, "rank 0"),
        (LoraConfig { r: 5000, ..base() }, "rank 5000"),
        (LoraConfig { alpha: 0.0, ..base() }, "alpha 0"),
        (LoraConfig { alpha: f64::NAN, ..base() }, "alpha NaN"),
        (LoraConfig { dropout: 1.0, ..base() }, "dropout 1"),
        (LoraConfig { modules_to_save: vec!["head".into()], ..base() }, "\"head\""),
        (LoraConfig { rank_pattern: vec![("(".into(), 2)], ..base() }, "\"(\""),
    ];
    for (config, part) in cases {
        let error = attach(&mut Named::new(), &config).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_start_depends_on_seed_and_name_alone() {
    let start = |seed| {
        let mut model = Named::new();
        attach(&mut model, &LoraConfig { seed, ..LoraConfig::default() }).unwrap();
        let Some(Adapter::LowRank(low)) = &model.maps[0].adapter else { panic!("no adapter") };
        let a: Vec<f32> = low.a.val().into_data().try_into_vec().unwrap();
        assert!(low.b.val().into_data().iter::<f32>().all(|b| b == 0.0));
        a
    };
    assert_eq!(start(1), start(1));
    assert_ne!(start(1), start(2));
    // Uniform in ±1/√4.
    assert!(start(1).iter().all(|a| a.abs() <= 0.5) && start(1).iter().any(|a| a.abs() > 0.25));
}

#[test]
fn a_second_adapter_is_refused() {
    let mut model = Named::new();
    attach(&mut model, &LoraConfig::default()).unwrap();
    let error = attach(&mut model, &LoraConfig::default()).unwrap_err();
    assert_eq!(error, LoraError::AlreadyAttached { module: NAMES[0].to_owned() });
}
