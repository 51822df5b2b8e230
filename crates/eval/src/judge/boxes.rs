//! Boxes in a reply.

use rewards::{Box2d, assign, first_block, iou};
use serde_json::Value;

use super::{Judgement, Verdict};

/// Boxes that are looked at; more are cut off.
const MAX_BOXES: usize = 120;
/// Bytes of a reply that are searched for JSON.
const MAX_REPLY: usize = 1 << 20;

/// Judges the boxes of a reply by [`box_overlap`].
pub(super) fn judge(reply: &str, gold: &[[f64; 4]]) -> Judgement {
    match boxes_of(reply) {
        None => Judgement::unparsed(),
        Some(found) => Judgement {
            verdict: Verdict::Score(box_overlap(&found, gold)),
            answer: Some(format!("{found:?}")),
        },
    }
}

/// The boxes of a reply: a JSON list, in the answer block where there is one and otherwise from the first square bracket
/// on, of objects with `bbox_2d` or `bbox`, of lists of four numbers, or of four numbers. `None` when there is no such list
/// or it is empty.
///
/// ```
/// use eval::judge::boxes_of;
/// let fenced = "```json\n[{\"bbox_2d\": [1, 2, 3, 4], \"label\": \"cup\"}]\n```";
/// assert_eq!(boxes_of(fenced), Some(vec![[1.0, 2.0, 3.0, 4.0]]));
/// assert_eq!(boxes_of("<answer>[5, 6, 7, 8]</answer>"), Some(vec![[5.0, 6.0, 7.0, 8.0]]));
/// assert_eq!(boxes_of("nothing to see"), None);
/// ```
pub fn boxes_of(reply: &str) -> Option<Vec<[f64; 4]>> {
    let text = first_block(reply, "answer").unwrap_or(reply);
    let json = &text[text.find('[')?..];
    if json.len() > MAX_REPLY {
        return None;
    }
    let value = serde_json::Deserializer::from_str(json).into_iter::<Value>().next()?.ok()?;
    if let Some(single) = four(&value) {
        return Some(vec![single]);
    }
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().take(MAX_BOXES).map(one).collect()
}

fn one(item: &Value) -> Option<[f64; 4]> {
    item.get("bbox_2d").or_else(|| item.get("bbox")).map_or_else(|| four(item), four)
}

fn four(value: &Value) -> Option<[f64; 4]> {
    let numbers = value.as_array()?.iter().map(|n| n.as_f64().filter(|n| n.is_finite()));
    numbers.collect::<Option<Vec<f64>>>()?.try_into().ok()
}

/// The largest sum of IoU over one-to-one pairings, divided by the larger number of boxes; in \[0, 1\]. Pixels of the
/// border belong to a box; two empty lists give 0.
///
/// ```
/// use eval::judge::box_overlap;
/// let one = [[0.0, 0.0, 9.0, 9.0]];
/// assert_eq!(box_overlap(&one, &one), 1.0);
/// assert!((box_overlap(&one, &[[5.0, 0.0, 14.0, 9.0]]) - 1.0 / 3.0).abs() < 1e-12);
/// assert_eq!(box_overlap(&[], &one), 0.0);
/// ```
pub fn box_overlap(found: &[[f64; 4]], gold: &[[f64; 4]]) -> f64 {
    let (found, gold) = (&found[..found.len().min(MAX_BOXES)], &gold[..gold.len().min(MAX_BOXES)]);
    if found.is_empty() || gold.is_empty() {
        return 0.0;
    }
    let row = |f: &[f64; 4]| gold.iter().map(|g| iou(&Box2d::new(*f), &Box2d::new(*g))).collect();
    let overlaps: Vec<Vec<f64>> = found.iter().map(row).collect();
    let pairs = assign(&overlaps);
    let sum: f64 =
        pairs.iter().zip(&overlaps).filter_map(|(column, row)| column.and_then(|j| row.get(j))).sum();
    sum / found.len().max(gold.len()) as f64
}
