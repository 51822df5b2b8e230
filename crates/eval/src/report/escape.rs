//! Text of models and data inside HTML.

use std::fmt;

/// Text that shows as it is inside an element or a quoted attribute: markup is escaped, and characters that would hide,
/// reorder or control what stands around them are shown as symbols.
pub(super) struct Text<'t>(pub &'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' | '\t' => write!(f, "{c}"),
            '\r' => Ok(()),
            '\u{7f}' => f.write_str("\u{2421}"),
            c if u32::from(c) < 0x20 => write!(f, "{}", char::from_u32(0x2400 + u32::from(c)).unwrap_or(' ')),
            c if hides(c) => write!(f, "\u{27e8}U+{:04X}\u{27e9}", u32::from(c)),
            c => write!(f, "{c}"),
        })
    }
}

/// Controls of the second block, marks of direction, and characters that are none.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_invisible_characters_show_as_text() {
        assert_eq!(Text("<b a='1'>&\"").to_string(), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;");
        assert_eq!(Text("a\u{0}b\u{1b}[31m").to_string(), "a\u{2400}b\u{241b}[31m");
        assert_eq!(Text("x\u{202e}y").to_string(), "x⟨U+202E⟩y");
        assert_eq!(Text("line\r\nnext\té").to_string(), "line\nnext\té");
    }
}
