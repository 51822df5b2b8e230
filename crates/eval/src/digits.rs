//! Numbers in few characters.

/// A number in few characters: four significant digits, no trailing zeros, powers of ten where they are shorter.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        let text = format!("{value:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", trimmed(digits)).replace('-', "−");
    }
    let digits = if size >= 1.0 { 3 - (size.log10().floor() as usize).min(3) } else { 4 };
    trimmed(&format!("{value:.digits$}")).replace('-', "−")
}

fn trimmed(digits: &str) -> &str {
    if !digits.contains('.') {
        return digits;
    }
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if digits == "-0" { "0" } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (12.345, "12.35"),
            (1234.5, "1234"),
            (-0.25, "−0.25"),
            (0.000_012, "1.2e−5"),
            (2.5e9, "2.5e9"),
            (f64::NAN, "–"),
            (999_999.0, "999999"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text, "{value}");
        }
    }
}
