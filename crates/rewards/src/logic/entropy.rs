//! How sure an arbiter is of its letter.

/// Bits of a uniform choice among A–H.
const MAX_BITS: f64 = 3.0;

/// Probabilities below this count as absent.
const NEGLIGIBLE: f64 = 1e-9;

/// The certainty weight p = 1 − clamp(H/3, 0, 1) of an entropy H in bits; 1 when no entropy is known.
///
/// ```
/// assert_eq!(rewards::certainty(Some(3.0)), 0.0);
/// assert_eq!(rewards::certainty(None), 1.0);
/// ```
pub fn certainty(entropy_bits: Option<f64>) -> f64 {
    let known = entropy_bits.filter(|bits| bits.is_finite());
    known.map_or(1.0, |bits| 1.0 - (bits / MAX_BITS).clamp(0.0, 1.0))
}

/// Entropy over the option letters A–H at one position: for each letter the larger probability of its two spellings,
/// renormalised; H = −Σ p log₂ p.
///
/// ```
/// let mut entropy = rewards::LetterEntropy::default();
/// entropy.see("A", 0.5);
/// entropy.see(" B", 0.5);
/// assert_eq!(entropy.bits(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LetterEntropy {
    largest: [f64; 8],
}

impl LetterEntropy {
    /// Counts one token; anything but a letter A–H, bare or after one blank, is ignored.
    ///
    /// ```
    /// let mut entropy = rewards::LetterEntropy::default();
    /// entropy.see("the", 0.9);
    /// assert_eq!(entropy.bits(), None);
    /// ```
    pub fn see(&mut self, token: &str, probability: f64) {
        let bare = token.strip_prefix(' ').unwrap_or(token);
        if let [letter @ b'A'..=b'H'] = bare.as_bytes() {
            let slot = &mut self.largest[usize::from(letter - b'A')];
            *slot = if probability.is_finite() { slot.max(probability) } else { *slot };
        }
    }

    /// The entropy in bits; `None` when the letters have no probability worth naming.
    ///
    /// ```
    /// assert_eq!(rewards::LetterEntropy::default().bits(), None);
    /// ```
    pub fn bits(&self) -> Option<f64> {
        let total: f64 = self.largest.iter().sum();
        if total <= NEGLIGIBLE {
            return None;
        }
        let shares = self.largest.iter().map(|p| p / total).filter(|p| *p > NEGLIGIBLE);
        Some(shares.map(|p| -p * p.log2()).sum::<f64>().max(0.0))
    }

    /// The most probable letter.
    ///
    /// ```
    /// let mut entropy = rewards::LetterEntropy::default();
    /// entropy.see("C", 0.4);
    /// assert_eq!(entropy.letter(), Some('C'));
    /// ```
    pub fn letter(&self) -> Option<char> {
        let best = (0..8).max_by(|&a, &b| self.largest[a].total_cmp(&self.largest[b]).then(b.cmp(&a)))?;
        (self.largest[best] > NEGLIGIBLE).then(|| (b'A' + best as u8) as char)
    }
}
