//! The 16 levels of NF4.

/// Levels in ascending order, as published with the paper: quantiles of the normal distribution, zero among them,
/// scaled to ±1.
pub(super) const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// A number is nearer to level i + 1 than to level i if it is larger than the i-th of these: the last number of 32 bits
/// that does not lie beyond the middle between both.
const MIDDLES: [f32; 15] = {
    let mut middles = [0.0; 15];
    let mut i = 0;
    while i < middles.len() {
        let middle = (NF4[i] as f64 + NF4[i + 1] as f64) / 2.0;
        let near = middle as f32;
        middles[i] = if near as f64 > middle { near.next_down() } else { near };
        i += 1;
    }
    middles
};

/// The nearest level of a number in ±1; the lower of two that are equally near.
pub(super) fn nearest(x: f32) -> u32 {
    MIDDLES.iter().map(|middle| u32::from(x > *middle)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_are_those_of_the_paper_to_the_last_bit() {
        let published = [
            -1.0,
            -0.6961928009986877,
            -0.5250730514526367,
            -0.39491748809814453,
            -0.28444138169288635,
            -0.18477343022823334,
            -0.09105003625154495,
            0.0,
            0.07958029955625534,
            0.16093020141124725,
            0.24611230194568634,
            0.33791524171829224,
            0.44070982933044434,
            0.5626170039176941,
            0.7229568362236023,
            1.0,
        ];
        assert!(NF4.iter().zip(published).all(|(ours, theirs)| f64::from(*ours) == theirs));
    }

    #[test]
    fn the_nearest_level_is_found_and_ties_go_down() {
        for (code, level) in NF4.iter().enumerate() {
            assert_eq!(nearest(*level), code as u32);
        }
        assert_eq!([0.5, -1.0, 0.1, 0.0, 2.0, -2.0].map(nearest), [12, 0, 8, 7, 15, 0]);
        assert_eq!(nearest(NF4[8] / 2.0), 7, "halfway between two levels");
        assert_eq!(nearest(f32::NAN), 0);
    }
}
