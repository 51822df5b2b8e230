//! Scores a log of predictions again, ours or a published one, and prints what was found.
//!
//! `cargo run -p eval --example rescore -- predictions.jsonl`

use std::io::Write;
use std::path::Path;

use eval::Rescored;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    for path in std::env::args_os().skip(1) {
        match eval::rescore(Path::new(&path))? {
            Rescored::Ours(results) => writeln!(out, "{}", serde_json::to_string_pretty(&results.summary)?)?,
            Rescored::Published(report) => write!(out, "{report}")?,
        }
    }
    Ok(())
}
