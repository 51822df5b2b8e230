//! Options of multiple-choice questions and the letter of the right one.

use serde_json::Value;

use crate::raw_row::{list, shown, text};
use crate::record::Choice;
use crate::row_error::{Checked, Fault};

const MOST: usize = 26;

/// Options in the order of their letters. Empty ones are left out but keep their letter; a letter that every option
/// repeats (`A. red`, `(B) blue`) is removed.
pub(crate) fn lettered(field: &str, options: Vec<Option<String>>) -> Checked<Vec<Choice>> {
    if options.len() > MOST {
        return Err(Fault::unexpected(field, format!("{} options", options.len()), "at most 26"));
    }
    let labelled = options.iter().enumerate().all(|(index, option)| {
        option.as_deref().is_some_and(|option| without_label(option, letter(index)).is_some())
    });
    let choice = |(index, option): (usize, Option<String>)| {
        let text = option?;
        let text = if labelled { without_label(&text, letter(index))?.to_owned() } else { text };
        let text = text.trim();
        (!text.is_empty()).then(|| Choice { letter: letter(index), text: text.to_owned() })
    };
    let choices: Vec<Choice> = options.into_iter().enumerate().filter_map(choice).collect();
    if choices.len() < 2 {
        return Err(Fault::unexpected(
            field,
            format!("{} options that say something", choices.len()),
            "at least two",
        ));
    }
    Ok(choices)
}

/// The options of a list.
pub(crate) fn listed(field: &str, value: Value) -> Checked<Vec<Choice>> {
    let option = |(index, value): (usize, Value)| match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(number.to_string())),
        other => text(&format!("{field}[{index}]"), other).map(Some),
    };
    let options: Checked<Vec<Option<String>>> =
        list(field, value)?.into_iter().enumerate().map(option).collect();
    lettered(field, options?)
}

/// The letter that an answer names: a letter (`B`, `(b)`, `B.`), an index from 0, or the text of one option.
pub(crate) fn answer(field: &str, value: Value, choices: &[Choice]) -> Checked<char> {
    let found = match &value {
        Value::Number(number) => {
            number.as_u64().and_then(|index| usize::try_from(index).ok()).and_then(by_index)
        }
        Value::String(text) => by_text(text.trim(), choices),
        _ => None,
    };
    let known = found.filter(|letter| choices.iter().any(|choice| choice.letter == *letter));
    known.ok_or_else(|| {
        let letters: Vec<String> = choices.iter().map(|choice| choice.letter.to_string()).collect();
        Fault::unexpected(field, shown(&value), format!("one of the options {}", letters.join(", ")))
    })
}

/// The same, where the answer may be kept back.
pub(crate) fn answer_if_any(field: &str, value: Option<Value>, choices: &[Choice]) -> Checked<Option<char>> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => answer(field, value, choices).map(Some),
    }
}

fn by_index(index: usize) -> Option<char> {
    (index < MOST).then(|| letter(index))
}

fn by_text(text: &str, choices: &[Choice]) -> Option<char> {
    if let Some(choice) = choices.iter().find(|choice| choice.text == text) {
        return Some(choice.letter);
    }
    let bare = text.trim_start_matches('(').trim_end_matches(['.', ')', ':']);
    let mut characters = bare.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) if one.is_ascii_alphabetic() => Some(one.to_ascii_uppercase()),
        _ => bare.parse().ok().and_then(by_index),
    }
}

fn letter(index: usize) -> char {
    char::from(b'A' + (index % MOST) as u8)
}

/// The option behind its own letter: `B. blue`, `(B) blue`, `B) blue`, `B: blue`.
fn without_label(option: &str, letter: char) -> Option<&str> {
    let rest = option.trim_start();
    let rest = rest.strip_prefix('(').unwrap_or(rest).strip_prefix(letter)?;
    let rest = rest.strip_prefix(['.', ')', ':'])?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_lose_letters_that_all_of_them_repeat() {
        for options in [json!(["A. red", "B. blue"]), json!(["(A) red", "(B) blue"]), json!(["red", "blue"])]
        {
            let choices = listed("options", options).unwrap();
            assert_eq!(
                choices.iter().map(|c| (c.letter, c.text.as_str())).collect::<Vec<_>>(),
                [('A', "red"), ('B', "blue")]
            );
        }
        let kept = listed("options", json!(["A. red", "blue"])).unwrap();
        assert_eq!(kept[0].text, "A. red");
    }

    #[test]
    fn empty_options_keep_their_letter() {
        let choices = listed("choices", json!(["one", "", null, "four"])).unwrap();
        assert_eq!(choices.iter().map(|choice| choice.letter).collect::<String>(), "AD");
        assert!(listed("choices", json!(["one", ""])).is_err());
    }

    #[test]
    fn answers_are_letters_indices_or_the_text_of_an_option() {
        let choices = listed("choices", json!(["10", "2", "red"])).unwrap();
        for (value, expected) in [
            (json!("(B)"), 'B'),
            (json!("c."), 'C'),
            (json!(0), 'A'),
            (json!("1"), 'B'),
            (json!("2"), 'B'),
            (json!("red"), 'C'),
        ] {
            assert_eq!(answer("answer", value.clone(), &choices).unwrap(), expected, "{value}");
        }
        for value in [json!("D"), json!(3), json!("blue"), json!(null), json!(-1), json!("")] {
            assert!(answer("answer", value.clone(), &choices).is_err(), "{value}");
        }
    }
}
