//! Units at the end of an answer.

/// Names of units, and words that stand where a unit stands; each also with an `s` or `es`.
const UNITS: [&str; 131] = [
    "feet",
    "sue",
    "digit",
    "pound",
    "meal",
    "edge",
    "student",
    "children ticket",
    "multiple",
    "east",
    "degree",
    "mph",
    "kmph",
    "ft",
    "m square",
    "m east",
    "sq m",
    "deg",
    "mile",
    "q .",
    "monkey",
    "prime",
    "ratio",
    "profit of rs",
    "rd",
    "o",
    "gm",
    "p . m",
    "lb",
    "tile",
    "per",
    "dm",
    "lt",
    "gain",
    "ab",
    "way",
    "west",
    "a .",
    "b .",
    "c .",
    "d .",
    "e .",
    "f .",
    "g .",
    "h .",
    "t",
    "h",
    "no change",
    "men",
    "soldier",
    "pie",
    "bc",
    "excess",
    "st",
    "inches",
    "noon",
    "cent",
    "by",
    "gal",
    "kmh",
    "c",
    "acre",
    "rise",
    "a . m",
    "th",
    "sq",
    "mark",
    "l",
    "toy",
    "coin",
    "sq . m",
    "gallon",
    "° f",
    "profit",
    "minw",
    "yr",
    "women",
    "am",
    "pm",
    "hr",
    "cu cm",
    "square",
    "are",
    "rupee",
    "rounds",
    "cubic",
    "cc",
    "mtr",
    "s",
    "ohm",
    "number",
    "day",
    "hour",
    "minute",
    "min",
    "second",
    "man",
    "woman",
    "sec",
    "cube",
    "mt",
    "sq inch",
    "mp",
    "hectare",
    "more",
    "unit",
    "cu . m",
    "cm 2",
    "rs .",
    "rs",
    "kg",
    "g",
    "month",
    "km",
    "m",
    "cm",
    "mm",
    "apple",
    "liter",
    "loss",
    "yard",
    "pure",
    "year",
    "increase",
    "decrease",
    "d",
    "less",
    "litre",
    "metre",
    "meter",
    "inch",
];

/// Bytes of the longest unit with its plural and blanks.
const LONGEST: usize = 32;

/// Removes a text at the end (with its power), then up to two units.
pub(crate) fn strip(text: &str) -> String {
    let mut kept = without_text(text).filter(|kept| !kept.is_empty()).unwrap_or(text);
    for _ in 0..2 {
        match without_unit(kept) {
            Some(shorter) if !shorter.is_empty() => kept = shorter,
            _ => break,
        }
    }
    kept.to_owned()
}

/// The text before the first `\text{` or `\mbox{`, when the whole ends with a brace or a power of one digit after it.
fn without_text(text: &str) -> Option<&str> {
    let start = text.find("\\text{").into_iter().chain(text.find("\\mbox{")).min()?;
    let tail = without_power(text);
    (tail.ends_with('}') && tail.len() > start).then(|| text[..start].trim())
}

fn without_power(text: &str) -> &str {
    let plain = text.strip_suffix(|c: char| c.is_ascii_digit()).and_then(|rest| rest.strip_suffix('^'));
    let braced = || {
        let inner = text.strip_suffix('}')?.strip_suffix(|c: char| c.is_ascii_digit())?;
        inner.strip_suffix("{^")
    };
    plain.or_else(braced).unwrap_or(text)
}

/// The text up to a digit, brace or blank that only a unit follows.
fn without_unit(text: &str) -> Option<&str> {
    let end = text.trim_end();
    let window = end.len().saturating_sub(LONGEST);
    let starts = end.char_indices().skip_while(|(at, _)| *at < window);
    starts.filter(|(_, c)| c.is_ascii_digit() || *c == '}' || c.is_whitespace()).find_map(|(at, c)| {
        let after = at + c.len_utf8();
        is_unit(end[after..].trim_start()).then(|| &text[..after])
    })
}

fn is_unit(word: &str) -> bool {
    let singular = |ending: &str| word.strip_suffix(ending).is_some_and(|word| UNITS.contains(&word));
    UNITS.contains(&word) || singular("s") || singular("es")
}
