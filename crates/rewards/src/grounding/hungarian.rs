//! The best one-to-one pairing.

/// Pairs rows with columns so that the sum of scores is largest; returns the column of each row, or `None` for rows
/// left over. Rows of unequal length count as zero-padded; scores that are not finite count as 0.
///
/// The algorithm is the Hungarian method with potentials (Kuhn 1955, Munkres 1957) in O(n²m): rows are added one by
/// one, each along the cheapest augmenting path.
///
/// ```
/// let columns = rewards::assign(&[vec![3.0, 2.0], vec![2.0, 0.0]]);
/// assert_eq!(columns, [Some(1), Some(0)]);
/// ```
pub fn assign(scores: &[Vec<f64>]) -> Vec<Option<usize>> {
    let rows = scores.len();
    let columns = scores.iter().map(Vec::len).max().unwrap_or(0);
    let size = rows.max(columns);
    let cost = |row: usize, column: usize| {
        let score = scores.get(row).and_then(|r| r.get(column)).copied().unwrap_or(0.0);
        if score.is_finite() { -score } else { 0.0 }
    };
    let mut matching = Matching::new(size);
    (1..=size).for_each(|row| matching.add(row, &cost));
    let mut pairs = vec![None; rows];
    for column in 1..=columns {
        let row = matching.row_of[column];
        if (1..=rows).contains(&row) {
            pairs[row - 1] = Some(column - 1);
        }
    }
    pairs
}

/// Rows and columns are counted from 1; 0 is "none".
struct Matching {
    row_potential: Vec<f64>,
    column_potential: Vec<f64>,
    row_of: Vec<usize>,
    size: usize,
}

impl Matching {
    fn new(size: usize) -> Self {
        let zeros = || vec![0.0; size + 1];
        Self { row_potential: zeros(), column_potential: zeros(), row_of: vec![0; size + 1], size }
    }

    fn add(&mut self, row: usize, cost: &impl Fn(usize, usize) -> f64) {
        self.row_of[0] = row;
        let mut column = 0;
        let mut slack = vec![f64::INFINITY; self.size + 1];
        let mut previous = vec![0; self.size + 1];
        let mut seen = vec![false; self.size + 1];
        while self.row_of[column] != 0 {
            seen[column] = true;
            let current = self.row_of[column];
            let (mut least, mut next) = (f64::INFINITY, 0);
            for j in (1..=self.size).filter(|&j| !seen[j]) {
                let reduced =
                    cost(current - 1, j - 1) - self.row_potential[current] - self.column_potential[j];
                if reduced < slack[j] {
                    (slack[j], previous[j]) = (reduced, column);
                }
                if slack[j] < least {
                    (least, next) = (slack[j], j);
                }
            }
            self.shift(least, &seen, &mut slack);
            column = next;
        }
        while column != 0 {
            self.row_of[column] = self.row_of[previous[column]];
            column = previous[column];
        }
    }

    fn shift(&mut self, by: f64, seen: &[bool], slack: &mut [f64]) {
        for j in 0..=self.size {
            if seen[j] {
                self.row_potential[self.row_of[j]] += by;
                self.column_potential[j] -= by;
            } else {
                slack[j] -= by;
            }
        }
    }
}
