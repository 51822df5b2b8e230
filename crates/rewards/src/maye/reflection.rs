//! Words by which a text looks back at itself.

/// The fifteen words, matched as lower-cased substrings: "waiter" counts, because the published ratios count it.
pub const REFLECTION_WORDS: [&str; 15] = [
    "re-check",
    "re-evaluate",
    "re-examine",
    "re-think",
    "recheck",
    "reevaluate",
    "reexamine",
    "reevaluation",
    "rethink",
    "check again",
    "think again",
    "try again",
    "verify",
    "wait",
    "yet",
];

/// Whether the text holds at least one of the words.
///
/// ```
/// assert!(rewards::is_reflective("Let me RE-CHECK."));
/// ```
pub fn is_reflective(text: &str) -> bool {
    let lower = text.to_lowercase();
    REFLECTION_WORDS.iter().any(|word| lower.contains(word))
}

/// Counts over texts of which some reflect (R) and some are right (C). All ratios are 0 where nothing was counted.
///
/// ```
/// let mut counts = rewards::Reflection::default();
/// counts.add("Wait, let me verify.", 1.0);
/// counts.add("So x = 4.", 0.0);
/// assert_eq!(counts.ratio(), 0.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reflection {
    /// All texts N.
    pub texts: usize,
    /// Texts that reflect, R.
    pub reflective: usize,
    /// Right texts C.
    pub correct: usize,
    /// Right texts that reflect.
    pub both: usize,
    /// Occurrences of each word of [`REFLECTION_WORDS`], not overlapping.
    pub words: [usize; 15],
}

impl Reflection {
    /// Counts one text; an accuracy of 1 means right.
    ///
    /// ```
    /// let mut counts = rewards::Reflection::default();
    /// counts.add("not yet", 1.0);
    /// assert_eq!(counts.both, 1);
    /// ```
    pub fn add(&mut self, text: &str, accuracy: f64) {
        let lower = text.to_lowercase();
        let mut reflective = false;
        for (count, word) in self.words.iter_mut().zip(REFLECTION_WORDS) {
            let found = lower.matches(word).count();
            *count += found;
            reflective |= found > 0;
        }
        let correct = accuracy == 1.0;
        self.texts += 1;
        self.reflective += usize::from(reflective);
        self.correct += usize::from(correct);
        self.both += usize::from(reflective && correct);
    }

    /// R/N
    ///
    /// ```
    /// assert_eq!(rewards::Reflection::default().ratio(), 0.0);
    /// ```
    pub fn ratio(&self) -> f64 {
        share(self.reflective, self.texts)
    }

    /// RC/C
    ///
    /// ```
    /// assert_eq!(rewards::Reflection::default().ratio_in_correct(), 0.0);
    /// ```
    pub fn ratio_in_correct(&self) -> f64 {
        share(self.both, self.correct)
    }

    /// (R − RC)/(N − C)
    ///
    /// ```
    /// assert_eq!(rewards::Reflection::default().ratio_in_incorrect(), 0.0);
    /// ```
    pub fn ratio_in_incorrect(&self) -> f64 {
        share(self.reflective - self.both, self.texts - self.correct)
    }

    /// RC/R
    ///
    /// ```
    /// assert_eq!(rewards::Reflection::default().correct_in_reflective(), 0.0);
    /// ```
    pub fn correct_in_reflective(&self) -> f64 {
        share(self.both, self.reflective)
    }

    /// (C − RC)/(N − R)
    ///
    /// ```
    /// assert_eq!(rewards::Reflection::default().correct_in_plain(), 0.0);
    /// ```
    pub fn correct_in_plain(&self) -> f64 {
        share(self.correct - self.both, self.texts - self.reflective)
    }
}

fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
