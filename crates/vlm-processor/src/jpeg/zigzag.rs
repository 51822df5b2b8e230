//! The order in which coefficients are coded.

/// Row-major place of each coefficient; the places behind the last catch runs that lead out of a block.
pub(crate) const NATURAL: [u8; 80] = natural();

const fn natural() -> [u8; 80] {
    let mut order = [63; 80];
    let (mut row, mut column) = (0u8, 0u8);
    let mut at = 0;
    while at < 64 {
        order[at] = 8 * row + column;
        // Even diagonals lead up, odd ones down; both turn at the border.
        if (row + column).is_multiple_of(2) {
            (row, column) = if column == 7 { (row + 1, column) } else { (row.saturating_sub(1), column + 1) };
        } else {
            (row, column) = if row == 7 { (row, column + 1) } else { (row + 1, column.saturating_sub(1)) };
        }
        at += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::NATURAL;

    #[test]
    fn the_order_starts_and_turns_as_the_standard_draws_it() {
        assert_eq!(NATURAL[..11], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32]);
        assert_eq!(NATURAL[54..66], [39, 46, 53, 60, 61, 54, 47, 55, 62, 63, 63, 63]);
        let mut all = NATURAL[..64].to_vec();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..64));
    }
}
