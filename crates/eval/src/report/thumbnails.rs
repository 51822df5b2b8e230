//! Pictures small enough to stand in a page.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::{FilterType, resize};
use image::{ImageFormat, RgbImage};
use vlm_processor::{ImageLimits, decode_image, load_image};

use super::escape::Text;

/// The longest side of a thumbnail.
const MAX_SIDE: u32 = 200;
/// Characters of encoded pictures that one page may hold.
const MAX_PAGE: usize = 6 << 20;
/// Pictures of one sample that are shown.
const PER_SAMPLE: usize = 6;

/// The thumbnails of one page. A picture is decoded and written anew, so nothing but pixels of a picture gets into the page.
#[derive(Default)]
pub(super) struct Thumbnails {
    made: RefCell<HashMap<PathBuf, Option<String>>>,
    spent: RefCell<usize>,
}

impl Thumbnails {
    /// The pictures of one sample; names are relative to `root`.
    pub(super) fn of(&self, root: &Path, names: &[String]) -> String {
        if names.is_empty() {
            return String::new();
        }
        let shown: String = names.iter().take(PER_SAMPLE).map(|name| self.one(root, name)).collect();
        let more = match names.len().saturating_sub(PER_SAMPLE) {
            0 => String::new(),
            more => format!("<span class=\"absent\">and {more} more</span>"),
        };
        format!("<div class=\"pictures\">{shown}{more}</div>")
    }

    /// The same for pictures in memory.
    pub(super) fn of_bytes(&self, pictures: &[Vec<u8>]) -> String {
        if pictures.is_empty() {
            return String::new();
        }
        let shown: String = pictures.iter().take(PER_SAMPLE).map(|bytes| self.one_of_bytes(bytes)).collect();
        format!("<div class=\"pictures\">{shown}</div>")
    }

    fn one_of_bytes(&self, bytes: &[u8]) -> String {
        let picture = decode_image(bytes, &ImageLimits::default()).ok();
        let data = picture.and_then(|picture| encoded(&picture));
        match data.filter(|data| *self.spent.borrow() + data.len() <= MAX_PAGE) {
            Some(data) => {
                *self.spent.borrow_mut() += data.len();
                format!("<img src=\"{data}\" alt=\"\" loading=\"lazy\">")
            }
            None => "<span class=\"absent\">picture not shown</span>".to_owned(),
        }
    }

    fn one(&self, root: &Path, name: &str) -> String {
        let path = root.join(name);
        let made = self.made.borrow().get(&path).cloned();
        let data = made.unwrap_or_else(|| {
            let data = data_uri(&path).filter(|data| *self.spent.borrow() + data.len() <= MAX_PAGE);
            *self.spent.borrow_mut() += data.as_ref().map_or(0, String::len);
            self.made.borrow_mut().insert(path, data.clone());
            data
        });
        match data {
            Some(data) => format!("<img src=\"{data}\" alt=\"{}\" loading=\"lazy\">", Text(name)),
            None => format!("<span class=\"absent\">picture not shown: {}</span>", Text(name)),
        }
    }
}

fn data_uri(path: &Path) -> Option<String> {
    encoded(&load_image(path, &ImageLimits::default()).ok()?)
}

fn encoded(picture: &RgbImage) -> Option<String> {
    let mut png = Cursor::new(Vec::new());
    small(picture).write_to(&mut png, ImageFormat::Png).ok()?;
    Some(format!("data:image/png;base64,{}", base64(png.get_ref())))
}

fn small(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= MAX_SIDE {
        return picture.clone();
    }
    let side = |side: u32| ((u64::from(side) * u64::from(MAX_SIDE) / u64::from(longest)) as u32).max(1);
    resize(picture, side(width), side(height), FilterType::Triangle)
}

/// RFC 4648 with padding.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at <= chunk.len() { sign } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_the_standard_says() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn large_pictures_shrink_and_what_is_no_picture_is_named() {
        let folder = tempfile::tempdir().unwrap();
        RgbImage::new(1000, 10).save(folder.path().join("wide.png")).unwrap();
        std::fs::write(folder.path().join("secret.txt"), "top secret").unwrap();
        let names = ["wide.png", "secret.txt", "<gone>.png"].map(String::from);
        let html = Thumbnails::default().of(folder.path(), &names);
        assert_eq!(html.matches("<img").count(), 1);
        assert!(html.contains("secret.txt") && !html.contains("top secret") && html.contains("&lt;gone&gt;"));
        assert_eq!(small(&RgbImage::new(1000, 10)).dimensions(), (200, 2));
    }
}
