//! Objects with a box and a point, as models write them in JSON.

use serde_json::Value;

use super::boxes::{Box2d, Point2d};
use crate::UnparsedKind;

/// Objects that are looked at; more are cut off.
pub(super) const MAX_OBJECTS: usize = 120;

/// Bytes of an answer that is parsed as JSON.
const MAX_JSON: usize = 1 << 20;

/// An object: where it is, and a point inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Its box.
    pub bbox: Box2d,
    /// A point of it.
    pub point: Point2d,
}

/// Reads `[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]`; only the first 120 objects are read.
///
/// # Errors
/// [`UnparsedKind::NoBoxes`] when it is not such a list, is empty, or one object lacks a field or has a number that is
/// not finite.
///
/// ```
/// let objects = rewards::parse_objects(r#"[{"bbox_2d": [0, 0, 9, 9], "point_2d": [5, 5]}]"#).unwrap();
/// assert_eq!(objects[0].point.x, 5.0);
/// ```
pub fn parse_objects(json: &str) -> Result<Vec<Located>, UnparsedKind> {
    let items = list(json)?;
    items.iter().take(MAX_OBJECTS).map(object).collect::<Option<_>>().ok_or(UnparsedKind::NoBoxes)
}

/// The items of a JSON list that is not empty.
pub(super) fn list(json: &str) -> Result<Vec<Value>, UnparsedKind> {
    if json.len() > MAX_JSON {
        return Err(UnparsedKind::TooLarge);
    }
    match serde_json::from_str(json) {
        Ok(Value::Array(items)) if !items.is_empty() => Ok(items),
        _ => Err(UnparsedKind::NoBoxes),
    }
}

fn object(item: &Value) -> Option<Located> {
    let [x, y] = numbers(item.get("point_2d")?)?;
    Some(Located { bbox: Box2d::new(numbers(item.get("bbox_2d")?)?), point: Point2d { x, y } })
}

fn numbers<const N: usize>(value: &Value) -> Option<[f64; N]> {
    let items = value.as_array()?;
    let numbers: Option<Vec<f64>> =
        items.iter().map(|item| item.as_f64().filter(|x| x.is_finite())).collect();
    numbers?.try_into().ok()
}
