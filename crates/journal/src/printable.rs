//! Text from data and models, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line, with everything that could steer a terminal or hide in it written as an escape.
///
/// That is control characters (ends of lines and tabs too), marks that turn the direction of text, separators of lines
/// and paragraphs, and invisible characters. A backslash stays as it is, so that formulas can be read.
///
/// ```
/// assert_eq!(journal::printable("an \u{1b}[2J\nexample"), r"an \u{1b}[2J\nexample");
/// assert_eq!(journal::printable("größer als 猫 🙂"), "größer als 猫 🙂");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(needs_escape) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\n' => safe.push_str(r"\n"),
            '\r' => safe.push_str(r"\r"),
            '\t' => safe.push_str(r"\t"),
            other if needs_escape(other) => {
                // Writing into a string cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(other));
            }
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

fn needs_escape(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        let controls = (0_u32..0x20).chain(0x7f..0xa0).chain(0x200b..0x2010).chain(0x2028..0x202f);
        let hidden = (0x2060..0x2070).chain([0xad, 0x61c, 0xfeff, 0xe0001, 0xe007f]);
        for code in controls.chain(hidden) {
            let letter = char::from_u32(code).unwrap();
            let text = format!("a{letter}b");
            let safe = printable(&text);
            assert!(!safe.contains(letter), "{code:x}");
            assert!(safe.starts_with(r"a\") && safe.ends_with('b'), "{safe}");
        }
    }

    #[test]
    fn attacks_are_shown_as_text() {
        for (attack, shown) in [
            ("\x1b[31mred\x1b[0m", r"\u{1b}[31mred\u{1b}[0m"),
            ("\x1b]0;title\x07", r"\u{1b}]0;title\u{7}"),
            ("\x1b]52;c;ZXZpbA==\x07", r"\u{1b}]52;c;ZXZpbA==\u{7}"),
            ("\u{9b}2J", r"\u{9b}2J"),
            ("done\rERROR", r"done\rERROR"),
            ("a\x08b", r"a\u{8}b"),
            ("x\nstep 9: loss 0", r"x\nstep 9: loss 0"),
            ("\u{202e}gpj.exe", r"\u{202e}gpj.exe"),
        ] {
            assert_eq!(printable(attack), shown);
        }
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        for text in ["", "a cat, \"two\" dogs", "größe 猫 🙂 ∑ é", r"\boxed{\frac{1}{2}}"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }
}
