//! A page about a data set: what was found, and rows with their pictures.

use std::fmt::Write;

use super::escape::Text;
use super::page::STYLE;
use super::thumbnails::Thumbnails;

/// A row as people look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The row's name.
    pub id: String,
    /// Its texts.
    pub text: String,
    /// Its pictures as they are stored.
    pub pictures: Vec<Vec<u8>>,
}

/// One self-contained page: `summary` as it is printed, then `rows`.
///
/// ```
/// use eval::report::{Shown, data};
/// let row = Shown { id: "7".into(), text: "<b>user</b>".into(), pictures: vec![] };
/// let page = data("rows.jsonl", "1 row", &[row]);
/// assert!(page.contains("&lt;b&gt;user") && !page.contains("<b>user"));
/// ```
pub fn data(title: &str, summary: &str, rows: &[Shown]) -> String {
    let thumbnails = Thumbnails::default();
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\
         <title>{title} – Anneal</title>\n<style>\n{STYLE}</style></head>\n<body><header><h1>{title}</h1></header>\n<main>\
         <section><h2>What is in it</h2><pre>{}</pre></section>\n<section><h2>Rows</h2>",
        Text(summary),
        title = Text(title),
    );
    for row in rows {
        let pictures = thumbnails.of_bytes(&row.pictures);
        let seen = if pictures.is_empty() { "" } else { " seen" };
        let (id, text) = (Text(&row.id), Text(&row.text));
        let _ = write!(
            out,
            "<article class=\"sample{seen}\">{pictures}<div><div class=\"facts\"><span>{id}</span></div>\
             <div class=\"text\">{text}</div></div></article>"
        );
    }
    out + "</section></main></body></html>\n"
}
