//! Merged maps are the adapted maps.

use crate::model::{Named, distance};
use lora::{LoraConfig, Targets, Variant, Vision, merge, unmerge};

fn config(variant: Variant) -> LoraConfig {
    LoraConfig { r: 2, variant, vision: Vision::Included, ..LoraConfig::default() }
}

#[test]
fn merging_keeps_the_maps_and_unmerging_gives_the_weights_back() {
    for variant in [Variant::Lora, Variant::RsLora, Variant::Dora, Variant::RsDora] {
        let (plain, mut model) = (Named::new(), Named::trained(&config(variant)));
        let adapted = model.outputs();
        assert!(distance(&adapted, &plain.outputs()) > 0.1);
        let merged = merge(&mut model);
        assert_eq!(merged.modules().count(), 6);
        assert!(model.maps.iter().all(|linear| linear.adapter.is_none()));
        assert!(distance(&adapted, &model.outputs()) < 1e-5, "{variant:?}");
        assert!(merged.error < 1e-5, "{variant:?}: {}", merged.error);
        unmerge(&mut model, merged);
        assert!(distance(&adapted, &model.outputs()) < 2e-5, "{variant:?}");
        assert_eq!(lora::detach(&mut model), 6);
        assert!(distance(&plain.outputs(), &model.outputs()) < 2e-5, "{variant:?}");
    }
}

#[test]
fn a_trained_copy_takes_the_place_of_its_map() {
    let config = LoraConfig {
        targets: Targets::Names(vec!["q_proj".into()]),
        modules_to_save: vec!["lm_head".into()],
        ..config(Variant::Lora)
    };
    let (plain, mut model) = (Named::new(), Named::trained(&config));
    let adapted = model.outputs();
    let merged = merge(&mut model);
    assert!(distance(&adapted, &model.outputs()) < 1e-5);
    unmerge(&mut model, merged);
    assert_eq!(adapted[7], model.outputs()[7]);
    lora::detach(&mut model);
    assert_eq!(plain.outputs()[7], model.outputs()[7]);
}
