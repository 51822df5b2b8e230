//! Where a response ends.

use rl_algos::advantage::terminal_rewards;
use rl_algos::{Grid, Mask};

const EOS: u32 = 2;

/// Which tokens count, and which of them earns the score.
fn valid(ids: &[u32]) -> (Vec<bool>, Option<usize>) {
    let mask = Mask::through_end(&Grid::from_rows(vec![ids.to_vec()]).unwrap(), &[EOS]);
    let rewards = terminal_rewards(&[1.0], &mask).unwrap();
    (mask.row(0).to_vec(), rewards.row(0).iter().position(|reward| *reward == 1.0))
}

#[test]
fn what_follows_the_first_end_token_is_padding() {
    assert_eq!(valid(&[5, 6, EOS, 7, EOS]), (vec![true, true, true, false, false], Some(2)));
}

#[test]
fn a_response_without_an_end_token_counts_to_its_last() {
    assert_eq!(valid(&[5, 6, 7, 8]), (vec![true; 4], Some(3)));
}
