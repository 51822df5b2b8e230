//! Bars and spinners on standard error, when it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar over rows.
pub fn rows(total: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_position(done);
    let style = "{bar:32} {pos}/{len} rows  {elapsed} elapsed, {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.reset_eta();
    bar
}

/// Something that takes a while and has no length.
pub fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar over the steps of a run.
pub fn steps(total: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_position(done);
    let style = "{bar:24} {pos}/{len}  {eta} left  {msg}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar.reset_eta();
    bar
}
