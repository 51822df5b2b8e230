//! Reads a file of rows from the first to the last, as often as asked, and prints one JSON object: how many rows and
//! characters there were, and the seconds of every pass.
//!
//! ```text
//! cargo run --release --example iterate -p datasets -- rows.jsonl 5
//! ```

use std::path::PathBuf;
use std::time::Instant;

use datasets::{OpenOptions, in_order, open};
use vlm_processor::{Content, Message, Part};

fn characters(message: &Message) -> usize {
    let of = |part: &Part| match part {
        Part::Text(text) => text.chars().count(),
        Part::Image | Part::Video => 0,
    };
    match &message.content {
        Content::Text(text) => text.chars().count(),
        Content::Parts(parts) => parts.iter().map(of).sum(),
    }
}

#[allow(clippy::print_stdout, reason = "the result of the program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("usage: iterate FILE [PASSES]")?);
    let passes: usize = arguments.next().map_or(Ok(1), |passes| passes.parse())?;
    let (mut rows, mut images, mut text, mut seconds) = (0, 0, 0, Vec::new());
    for _ in 0..passes {
        let start = Instant::now();
        (rows, images, text) = (0, 0, 0);
        let source = open(&file, &OpenOptions::default())?;
        for record in in_order(&*source) {
            let record = record?.into_instruction()?;
            rows += 1;
            images += record.visuals.images.len();
            text += record.messages.iter().map(characters).sum::<usize>();
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    println!(
        "{}",
        serde_json::json!({"rows": rows, "images": images, "characters": text, "seconds": seconds})
    );
    Ok(())
}
