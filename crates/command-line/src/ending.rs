//! How a command ends: in words that help, and with a code that says what happened.

use std::process::ExitCode;

/// What a command returns: any error, shown to the user as its text and the texts of its causes.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The user ended a run; everything has been said and saved.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub struct Stopped {
    /// What the process ends with.
    pub code: u8,
}

/// Tells the user how a command ended, and the system by a code.
pub fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<Stopped>() {
            Some(stopped) => ExitCode::from(stopped.code),
            None => {
                eprintln!("error: {}", plain(&explain(error.as_ref())));
                ExitCode::FAILURE
            }
        },
    }
}

/// An error's text, followed by those of its causes that say something new.
pub fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// The text without control characters and marks that turn its direction: file names and data must not steer
/// the terminal.
pub fn plain(text: &str) -> String {
    let steers = |c: char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || (c.is_control() && c != '\n')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(plain("a\x1b[31mb\r\nc\u{9b}\u{202e}"), "a\u{fffd}[31mb\u{fffd}\nc\u{fffd}\u{fffd}");
    }
}
