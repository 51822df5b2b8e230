//! Porter's stemmer.

/// A suffix, what replaces it, and nothing else: conditions belong to the step.
type Rule = (&'static str, &'static str);

const STEP_2: [Rule; 20] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];

const STEP_3: [Rule; 7] = [
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

const STEP_4: [&str; 19] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize",
];

/// The stem of an English word by the rules of Porter, "An algorithm for suffix stripping" (1980). Words that hold anything
/// but lower-case ASCII letters, or have at most two of them, stay as they are.
///
/// ```
/// use eval::judge::porter_stem;
/// assert_eq!(["racing", "races", "surfboards", "ponies"].map(|word| porter_stem(word)), ["race", "race", "surfboard", "poni"]);
/// ```
pub fn porter_stem(word: &str) -> String {
    if word.len() <= 2 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let steps =
        [plurals, past_forms, final_y, suffixes_of_two, suffixes_of_three, long_suffixes, final_e, double_l];
    let stem = steps.iter().fold(Stem(word.to_owned()), |stem, step| step(stem));
    stem.0
}

/// A word on its way to its stem.
struct Stem(String);

impl Stem {
    /// Whether the letter at `at` is a consonant: y is one unless a consonant stands before it.
    fn is_consonant(&self, at: usize) -> bool {
        match self.0.as_bytes()[at] {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => at == 0 || !self.is_consonant(at - 1),
            _ => true,
        }
    }

    /// How often a consonant follows a vowel in the first `length` letters: m of \[C\](VC)ᵐ\[V\].
    fn measure(&self, length: usize) -> usize {
        (1..length).filter(|&at| self.is_consonant(at) && !self.is_consonant(at - 1)).count()
    }

    fn has_vowel(&self, length: usize) -> bool {
        (0..length).any(|at| !self.is_consonant(at))
    }

    fn ends_double(&self) -> bool {
        let bytes = self.0.as_bytes();
        let n = bytes.len();
        n > 1 && bytes[n - 1] == bytes[n - 2] && self.is_consonant(n - 1)
    }

    /// Whether the first `length` letters end in consonant, vowel, consonant, the last not w, x or y.
    fn ends_cvc(&self, length: usize) -> bool {
        length > 2
            && self.is_consonant(length - 3)
            && !self.is_consonant(length - 2)
            && self.is_consonant(length - 1)
            && !matches!(self.0.as_bytes()[length - 1], b'w' | b'x' | b'y')
    }

    /// The length before a suffix.
    fn before(&self, suffix: &str) -> Option<usize> {
        self.0.strip_suffix(suffix).map(str::len)
    }

    fn with(mut self, length: usize, ending: &str) -> Self {
        self.0.truncate(length);
        self.0.push_str(ending);
        self
    }

    /// Applies the rule with the longest fitting suffix, if the stem before it is long enough.
    fn longest(self, rules: &[Rule]) -> Self {
        let fitting =
            rules.iter().filter(|(suffix, _)| self.0.ends_with(suffix)).max_by_key(|(s, _)| s.len());
        match fitting.and_then(|(suffix, ending)| Some((self.before(suffix)?, ending))) {
            Some((length, ending)) if self.measure(length) > 0 => self.with(length, ending),
            _ => self,
        }
    }
}

/// Step 1a.
fn plurals(stem: Stem) -> Stem {
    let rules = [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")];
    match rules.iter().find_map(|(suffix, ending)| Some((stem.before(suffix)?, ending))) {
        Some((length, ending)) => stem.with(length, ending),
        None => stem,
    }
}

/// Step 1b.
fn past_forms(stem: Stem) -> Stem {
    if let Some(length) = stem.before("eed") {
        return if stem.measure(length) > 0 { stem.with(length, "ee") } else { stem };
    }
    match ["ed", "ing"].iter().find_map(|suffix| stem.before(suffix)) {
        Some(length) if stem.has_vowel(length) => mended(stem.with(length, "")),
        _ => stem,
    }
}

/// What step 1b puts back after it took an ending away.
fn mended(stem: Stem) -> Stem {
    let n = stem.0.len();
    if ["at", "bl", "iz"].iter().any(|ending| stem.0.ends_with(ending)) {
        return stem.with(n, "e");
    }
    if stem.ends_double() && !stem.0.ends_with(['l', 's', 'z']) {
        return stem.with(n - 1, "");
    }
    if stem.measure(n) == 1 && stem.ends_cvc(n) { stem.with(n, "e") } else { stem }
}

/// Step 1c.
fn final_y(stem: Stem) -> Stem {
    match stem.before("y") {
        Some(length) if stem.has_vowel(length) => stem.with(length, "i"),
        _ => stem,
    }
}

/// Step 2.
fn suffixes_of_two(stem: Stem) -> Stem {
    stem.longest(&STEP_2)
}

/// Step 3.
fn suffixes_of_three(stem: Stem) -> Stem {
    stem.longest(&STEP_3)
}

/// Step 4.
fn long_suffixes(stem: Stem) -> Stem {
    let fitting = STEP_4.iter().filter(|suffix| stem.0.ends_with(**suffix)).max_by_key(|suffix| suffix.len());
    let Some(length) = fitting.and_then(|suffix| stem.before(suffix)) else { return stem };
    let ion = fitting == Some(&"ion");
    let allowed = !ion || stem.0[..length].ends_with(['s', 't']);
    if stem.measure(length) > 1 && allowed { stem.with(length, "") } else { stem }
}

/// Step 5a.
fn final_e(stem: Stem) -> Stem {
    match stem.before("e") {
        Some(length) if stem.measure(length) > 1 => stem.with(length, ""),
        Some(length) if stem.measure(length) == 1 && !stem.ends_cvc(length) => stem.with(length, ""),
        _ => stem,
    }
}

/// Step 5b.
fn double_l(stem: Stem) -> Stem {
    let n = stem.0.len();
    if stem.0.ends_with("ll") && stem.measure(n) > 1 { stem.with(n - 1, "") } else { stem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_paper_hold() {
        let cases = "caresses caress ponies poni ties ti caress caress cats cat feed feed agreed agre plastered plaster \
            bled bled motoring motor sing sing conflated conflat troubled troubl sized size hopping hop tanned tan \
            falling fall hissing hiss fizzed fizz failing fail filing file happy happi sky sky relational relat \
            conditional condit rational ration valenci valenc digitizer digit conformabli conform radicalli radic \
            differentli differ vileli vile analogousli analog vietnamization vietnam predication predic operator oper \
            feudalism feudal decisiveness decis hopefulness hope callousness callous formaliti formal sensitiviti sensit \
            sensibiliti sensibl triplicate triplic formative form formalize formal electriciti electr electrical electr \
            hopeful hope goodness good revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop \
            adjustable adjust defensible defens irritant irrit replacement replac adjustment adjust dependent depend \
            adoption adopt homologou homolog communism commun activate activ angulariti angular homologous homolog \
            effective effect bowdlerize bowdler probate probat rate rate cease ceas controll control roll roll";
        let words: Vec<&str> = cases.split_whitespace().collect();
        for pair in words.chunks(2) {
            assert_eq!(porter_stem(pair[0]), pair[1], "{}", pair[0]);
        }
    }

    #[test]
    fn what_is_no_plain_word_stays() {
        for word in ["", "is", "2", "don't", "été", "USA"] {
            assert_eq!(porter_stem(word), word);
        }
    }
}
