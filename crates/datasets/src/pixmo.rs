//! PixMo names pictures by their address; this finds the files that a download left behind.

use sha2::{Digest, Sha256};

use crate::picture::ImageRef;
use crate::raw_row::RawRow;
use crate::row_error::{Checked, Fault, RowProblem};

const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// The row's picture: the file that `image` names, else the one named by the SHA-256 of `image_url`.
pub(crate) fn local_picture(row: &mut RawRow) -> Checked<ImageRef> {
    if row.has("image") {
        return row.image(&["image"]);
    }
    let url = row.text("image_url")?;
    let stem = hex(&Sha256::digest(url.as_bytes()));
    row.fields.insert("image_url".to_owned(), url.into());
    let mut missing = None;
    for extension in EXTENSIONS {
        let picture = row.home.named("image_url", format!("{stem}.{extension}"))?;
        match picture.check_file() {
            Ok(()) => return Ok(picture),
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    match missing {
        Some(error) => Err(Fault { field: "image_url".to_owned(), problem: RowProblem::Picture(error) }),
        None => Err(Fault::missing("image_url", "a picture file named by the SHA-256 of the address")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
