//! The grounding rewards of VisionReasoner and CoVT.

use super::boxes::iou;
use super::hungarian::assign;
use super::located::{Located, MAX_OBJECTS, list, parse_objects};
use crate::reward::{each, with_gold};
use crate::text::tags::first_block;
use crate::{Group, Layout, Outcome, RewardError, RewardFn, Sample, UnparsedKind};

/// \[IoU > 0.5\] + \[mean |Δ| of the four box numbers < 10\] + \[point distance < 30 and the predicted point inside the
/// predicted box\].
///
/// ```
/// use rewards::{Box2d, Located, Point2d, pair_score};
/// let gold = Located { bbox: Box2d::new([10.0, 10.0, 109.0, 109.0]), point: Point2d { x: 60.0, y: 60.0 } };
/// assert_eq!(pair_score(&gold, &gold), 3.0);
/// ```
pub fn pair_score(prediction: &Located, gold: &Located) -> f64 {
    let (p, g) = (prediction, gold);
    let distance = (p.point.x - g.point.x).hypot(p.point.y - g.point.y);
    let parts = [
        iou(&p.bbox, &g.bbox) > 0.5,
        p.bbox.mean_difference(&g.bbox) < 10.0,
        distance < 30.0 && p.bbox.contains(p.point),
    ];
    parts.iter().filter(|holds| **holds).count() as f64
}

/// The best sum of pair scores over one-to-one pairings, divided by the larger number of objects; in \[0, 3\].
/// Lists are cut to 120 objects; an empty list scores 0.
///
/// ```
/// assert_eq!(rewards::grounding_score(&[], &[]), 0.0);
/// ```
pub fn grounding_score(predictions: &[Located], gold: &[Located]) -> f64 {
    let predictions = &predictions[..predictions.len().min(MAX_OBJECTS)];
    let gold = &gold[..gold.len().min(MAX_OBJECTS)];
    if predictions.is_empty() || gold.is_empty() {
        return 0.0;
    }
    let row = |p: &Located| gold.iter().map(|g| pair_score(p, g)).collect();
    let scores: Vec<Vec<f64>> = predictions.iter().map(row).collect();
    let pairs = assign(&scores);
    let sum: f64 = pairs
        .iter()
        .zip(&scores)
        .filter_map(|(column, row)| column.map(|j| row.get(j).unwrap_or(&0.0)))
        .sum();
    sum / predictions.len().max(gold.len()) as f64
}

/// Grounding accuracy A ∈ \[0, 3\]: the objects in the answer block against the gold objects.
///
/// ```
/// use rewards::{Gold, GroundingAccuracy, Group, RewardFn, Sample, parse_objects};
/// let json = r#"[{"bbox_2d": [10, 10, 109, 109], "point_2d": [60, 60]}]"#;
/// let sample = Sample { gold: Gold::Objects(parse_objects(json).unwrap()), ..Sample::default() };
/// let group = Group::of_texts(sample, [format!("<answer>{json}</answer>")]);
/// assert_eq!(GroundingAccuracy.judge(&group)[0].value(), Some(3.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GroundingAccuracy;

impl RewardFn for GroundingAccuracy {
    fn name(&self) -> &str {
        "grounding_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let score = |text: &str, gold: &[Located]| {
            let answer = first_block(text, "answer").ok_or(UnparsedKind::NoAnswer)?;
            parse_objects(answer.trim()).map(|found| Outcome::from_f64(grounding_score(&found, gold)))
        };
        with_gold(group, Sample::gold_objects, |gold| {
            group
                .completions()
                .iter()
                .map(|c| score(&c.text, gold).unwrap_or_else(Outcome::Unparsed))
                .collect()
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_objects().map(drop)
    }
}

/// Grounding format F ∈ \[0, 3\]: 1 for the exact layout, plus the average over the listed objects of
/// \[`bbox_2d` is a list of 4\] + \[`point_2d` is a list of 2\].
///
/// ```
/// use rewards::{GroundingFormat, Group, RewardFn, Sample};
/// let text = r#"<think>a</think><answer>[{"bbox_2d": [1, 2, 3]}]</answer>"#;
/// assert_eq!(GroundingFormat.judge(&Group::of_texts(Sample::default(), [text]))[0].value(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GroundingFormat;

impl GroundingFormat {
    fn fields(text: &str) -> f64 {
        let answer = first_block(text, "answer").map_or("", str::trim);
        let Ok(items) = list(answer) else { return 0.0 };
        let has = |item: &serde_json::Value, key: &str, length: usize| {
            item.get(key).and_then(|field| field.as_array()).is_some_and(|numbers| numbers.len() == length)
        };
        let score = |item| u32::from(has(item, "bbox_2d", 4)) + u32::from(has(item, "point_2d", 2));
        f64::from(items.iter().map(score).sum::<u32>()) / items.len() as f64
    }
}

impl RewardFn for GroundingFormat {
    fn name(&self) -> &str {
        "grounding_format"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let layout = |text: &str| f64::from(Layout::Exact.accepts(text));
        each(group, |text| Outcome::from_f64(layout(text) + Self::fields(text)))
    }
}
