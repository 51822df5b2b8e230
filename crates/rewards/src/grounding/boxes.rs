//! Boxes with inclusive pixel borders.

/// A box by its corners, left, top, right, bottom; borders belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Box2d {
    /// Left border.
    pub x1: f64,
    /// Upper border.
    pub y1: f64,
    /// Right border.
    pub x2: f64,
    /// Lower border.
    pub y2: f64,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point2d {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Box2d {
    /// A box from `[left, top, right, bottom]`.
    ///
    /// ```
    /// assert_eq!(rewards::Box2d::new([0.0, 0.0, 9.0, 9.0]).area(), 100.0);
    /// ```
    pub const fn new([x1, y1, x2, y2]: [f64; 4]) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// (x₂ − x₁ + 1)·(y₂ − y₁ + 1); 0 for an inverted box.
    ///
    /// ```
    /// assert_eq!(rewards::Box2d::new([9.0, 0.0, 0.0, 9.0]).area(), 0.0);
    /// ```
    pub fn area(&self) -> f64 {
        let (width, height) = (self.x2 - self.x1 + 1.0, self.y2 - self.y1 + 1.0);
        if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
    }

    /// Whether the point is inside, borders included.
    ///
    /// ```
    /// use rewards::{Box2d, Point2d};
    /// assert!(Box2d::new([0.0, 0.0, 9.0, 9.0]).contains(Point2d { x: 9.0, y: 0.0 }));
    /// ```
    pub fn contains(&self, point: Point2d) -> bool {
        (self.x1..=self.x2).contains(&point.x) && (self.y1..=self.y2).contains(&point.y)
    }

    pub(super) fn mean_difference(&self, other: &Self) -> f64 {
        let sides = [self.x1 - other.x1, self.y1 - other.y1, self.x2 - other.x2, self.y2 - other.y2];
        sides.iter().map(|d| d.abs()).sum::<f64>() / 4.0
    }
}

/// Intersection over union with inclusive pixels: |A∩B| / (|A| + |B| − |A∩B|); 0 when a box is inverted.
///
/// ```
/// use rewards::{Box2d, iou};
/// let overlap = iou(&Box2d::new([0.0, 0.0, 9.0, 9.0]), &Box2d::new([5.0, 0.0, 14.0, 9.0]));
/// assert!((overlap - 1.0 / 3.0).abs() < 1e-12);
/// ```
pub fn iou(a: &Box2d, b: &Box2d) -> f64 {
    let shared = Box2d { x1: a.x1.max(b.x1), y1: a.y1.max(b.y1), x2: a.x2.min(b.x2), y2: a.y2.min(b.y2) };
    let (area_a, area_b, shared) = (a.area(), b.area(), shared.area());
    let union = area_a + area_b - shared;
    let ratio = if area_a > 0.0 && area_b > 0.0 { shared / union } else { 0.0 };
    // Corners near the largest float overflow to ∞/∞.
    if ratio.is_finite() { ratio } else { 0.0 }
}
