//! The engine that runs foreign templates: what they may call, and when they are stopped.
//!
//! Bounded are the length of the source, the number of steps, the depth of calls, the length of
//! ranges, and the output. Not bounded is the memory of strings that a template builds and keeps in
//! variables: doubling one takes few steps. The engine offers no place to count that, so run a folder
//! of unknown origin under a memory limit of the operating system.

use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind};

use crate::template::python_text;
use crate::text_error::TemplateError;
use crate::text_limits::{MAX_RENDERED_BYTES, MAX_TEMPLATE_DEPTH, MAX_TEMPLATE_FUEL};

/// Raised by a template that calls `raise_exception`.
#[derive(Debug)]
pub(super) struct RefusedByTemplate(pub(super) String);

impl std::fmt::Display for RefusedByTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RefusedByTemplate {}

/// An engine set up as transformers sets up Jinja. There is no loader, so nothing can be included,
/// and no clock: a prompt must not depend on the day it is made, so `strftime_now` is undefined.
pub(super) fn environment() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_syntax(jinja_whitespace());
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_fuel(Some(MAX_TEMPLATE_FUEL));
    engine.set_recursion_limit(MAX_TEMPLATE_DEPTH);
    engine.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    engine.set_formatter(python_text::write_value);
    engine.add_function("raise_exception", raise_exception);
    engine.add_function("range", range);
    engine.add_filter("tojson", tojson);
    engine
}

/// A block tag takes the newline after it and the blanks before it, as in transformers.
fn jinja_whitespace() -> SyntaxConfig {
    let built = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    built.expect("the delimiters are Jinja's own, which do not clash")
}

fn raise_exception(message: String) -> Result<Value, Error> {
    let shortened: String = message.chars().take(500).collect();
    Err(Error::new(ErrorKind::InvalidOperation, "raise_exception").with_source(RefusedByTemplate(shortened)))
}

/// Python's `range`, refused above the length at which Jinja's own sandbox refuses it.
fn range(first: i64, last: Option<i64>, step: Option<i64>) -> Result<Vec<i64>, Error> {
    const MAX_RANGE: u64 = 100_000;
    let (start, stop) = last.map_or((0, first), |last| (first, last));
    let step = step.unwrap_or(1);
    let refused = |text: &'static str| Error::new(ErrorKind::InvalidOperation, text);
    if step == 0 {
        return Err(refused("range: the step must not be 0"));
    }
    let distance =
        if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let count = distance.max(0).unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
    if count > u128::from(MAX_RANGE) {
        return Err(refused("range: more than 100000 numbers"));
    }
    Ok((0..count as i64).map(|i| start + i * step).collect())
}

/// `tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)`: Python's `json.dumps`.
fn tojson(value: Value, options: Kwargs) -> Result<String, Error> {
    let style = python_text::JsonStyle::from_options(&options)?;
    options.assert_all_used()?;
    python_text::to_json(&value, &style, MAX_RENDERED_BYTES)
}

/// Output that refuses to grow beyond a limit.
pub(super) struct CappedText {
    bytes: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl CappedText {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, overflowed: false }
    }

    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn into_text(self) -> Result<String, TemplateError> {
        let broken = |_| TemplateError::Render { line: 0, reason: "the output is not UTF-8".to_owned() };
        String::from_utf8(self.bytes).map_err(broken)
    }
}

impl io::Write for CappedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            self.overflowed = true;
            return Err(io::Error::other("the output limit is reached"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
