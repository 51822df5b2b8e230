//! Writing values so that parsing gives them back.

use std::fmt;

use super::node::Content;

impl fmt::Display for Content {
    /// One line of YAML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.content.to_string()).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| format!("{key}: {}", node.content));
                write!(f, "{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Content {
    /// The lines of one key: a list of mappings stands below it, anything else behind it.
    pub(crate) fn entry(&self, key: &str) -> String {
        match self {
            Self::List(items) if items.iter().any(|item| matches!(item.content, Self::Map(_))) => {
                let items = items.iter().map(|item| format!("\n  - {}", item.content));
                format!("{key}:{}\n", items.collect::<String>())
            }
            value => format!("{key}: {value}\n"),
        }
    }
}

/// Words stay as they are; anything that YAML could take for something else is quoted as in JSON, which YAML contains.
fn quoted(text: &str) -> String {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "_-./".contains(sign);
    let starts = text.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '/');
    let word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];
    if starts && text.chars().all(plain) && !word.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string().chars().map(escaped).collect()
    }
}

/// YAML refuses characters that cannot be seen, JSON does not.
fn escaped(sign: char) -> String {
    if sign.is_control() || sign == '\u{feff}' {
        format!("\\u{:04x}", u32::from(sign))
    } else {
        sign.to_string()
    }
}
