//! One spelling for boxed answers.

/// Spellings of the degree sign, then of roots, spaces and brackets.
const SPELLINGS: [(&str, &str); 44] = [
    ("\\text{circles}", "\\circ"),
    ("\\textcircles", "\\circ"),
    ("\\text{circ}", "\\circ"),
    ("\\text{degree}", "\\circ"),
    ("\\text{degrees}", "\\circ"),
    ("\\{circ}", "\\circ"),
    ("\\{degree}", "\\circ"),
    ("\\textcirc", "\\circ"),
    ("\\textdegree", "\\circ"),
    ("\\text{o}", "\\circ"),
    ("\\texto", "\\circ"),
    ("\\bigcirc", "\\circ"),
    ("\\bullet", "\\circ"),
    ("{°}", "\\circ"),
    ("^°", "^\\circ"),
    ("°", "^\\circ"),
    ("{sqrt}", "\\sqrt"),
    ("{radical}", "\\sqrt"),
    ("\\$", ""),
    ("$", ""),
    ("\\left", ""),
    ("\\right", ""),
    ("\\!", ""),
    ("\\,", ""),
    ("\\;", ""),
    ("\\:", ""),
    ("\\ ", ""),
    ("~", ""),
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("，", ","),
    ("（", "("),
    ("）", ")"),
    ("＋", "+"),
    ("\\%", "%"),
    ("\\colon", ":"),
    ("^{\\circ}", "^\\circ"),
    ("\\mathrm", "\\text"),
    ("\\mathbf", "\\text"),
    ("厘米", ""),
    ("分米", ""),
    ("\\leq ", "\\le "),
    ("\\geq ", "\\ge "),
    ("\\infin ", "\\infty "),
];

const UNITS: [&str; 16] = [
    "mm", "cm", "dm", "km", "m", "inches", "inch", "in", "ft", "feet", "yd", "units", "unit", "degrees",
    "degree", "米",
];

const TRIGONOMETRY: [&str; 6] = ["\\sin", "\\cos", "\\tan", "\\cot", "\\sec", "\\csc"];

/// Whether degrees matter: they are kept inside trigonometric functions only.
pub(super) fn has_angles(text: &str) -> bool {
    TRIGONOMETRY.iter().any(|name| text.contains(name))
}

/// The answer in one spelling.
pub(super) fn normalise(answer: &str) -> String {
    let mut text = answer.to_owned();
    for (from, to) in SPELLINGS {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    if !has_angles(&text) {
        text = text.replace("^\\circ", "").replace("\\circ", "");
    }
    let text = without_ideographs(&without_text(&text));
    let text = text.trim().trim_end_matches(['.', ',', ':', ';']).trim_end();
    without_name(without_unit(text)).trim().to_owned()
}

/// Unwraps `\text{…}`; removes it when it holds a unit.
fn without_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\text{") {
        out.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else {
            out.push_str(after);
            return out;
        };
        if is_unit(inside.trim()) {
            rest = without_power(behind);
        } else {
            out.push_str(inside);
            rest = behind;
        }
    }
    out + rest
}

fn is_unit(word: &str) -> bool {
    let word =
        word.strip_prefix("square").or_else(|| word.strip_prefix("cubic")).map_or(word, str::trim_start);
    let word = word.strip_suffix("^2").or_else(|| word.strip_suffix("^3")).unwrap_or(word);
    UNITS.contains(&word)
}

fn without_power(text: &str) -> &str {
    ["^2", "^3", "^{2}", "^{3}"].iter().find_map(|power| text.strip_prefix(power)).unwrap_or(text)
}

/// A unit written without `\text` after a number.
fn without_unit(text: &str) -> &str {
    let bare = text.strip_suffix("^2").or_else(|| text.strip_suffix("^3")).unwrap_or(text);
    let number = |unit: &&str| {
        let rest = bare.strip_suffix(*unit)?;
        rest.trim_end().ends_with(|c: char| c.is_ascii_digit()).then(|| rest.trim_end())
    };
    UNITS.iter().find_map(number).unwrap_or(text)
}

fn without_ideographs(text: &str) -> String {
    let ideograph = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    if text.chars().all(|c| ideograph(c) || c.is_whitespace()) {
        return text.to_owned();
    }
    text.chars().filter(|c| !ideograph(*c)).collect()
}

/// Drops a name before the only equals sign: `x =`, `\angle ABC =`, `BC =`.
fn without_name(text: &str) -> &str {
    let Some((left, right)) = text.split_once('=') else { return text };
    let name = left
        .trim()
        .trim_start_matches("m\\angle")
        .trim_start_matches("\\angle")
        .trim_start_matches("\\triangle")
        .trim();
    let letters = name.chars().filter(|c| c.is_ascii_alphabetic()).count();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_{}'△ ".contains(c));
    let names = plain
        && (1..=4).contains(&letters)
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '△');
    if right.contains('=') || !names { text } else { right.trim() }
}
