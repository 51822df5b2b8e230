//! Names that a file of a checkpoint may have.

use thiserror::Error;

use crate::manifest::MANIFEST;

/// The plain name of a file inside a checkpoint: one part, so that it cannot lead out of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileName<'a>(&'a str);

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameFlaw {
    /// Nothing, or a name for a folder.
    #[error("it names no file")]
    NoFile,
    /// More than one part.
    #[error("it leads into another folder")]
    Separator,
    /// It could not be shown, or not be made on some systems.
    #[error("it holds a control character")]
    Control,
    /// Longer than file systems allow.
    #[error("it is longer than 255 bytes")]
    Long,
    /// The store's own file.
    #[error("the store writes that file itself")]
    Reserved,
}

impl<'a> FileName<'a> {
    /// Checks a name.
    pub(crate) fn new(name: &'a str) -> Result<Self, NameFlaw> {
        match name {
            "" | "." | ".." => Err(NameFlaw::NoFile),
            _ if name.contains(['/', '\\', ':']) => Err(NameFlaw::Separator),
            _ if name.chars().any(char::is_control) => Err(NameFlaw::Control),
            _ if name.len() > 255 => Err(NameFlaw::Long),
            _ if name.eq_ignore_ascii_case(MANIFEST) => Err(NameFlaw::Reserved),
            _ => Ok(Self(name)),
        }
    }

    /// The name.
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for good in ["adapter_model.safetensors", "a b", "...", "größe.json"] {
            assert_eq!(FileName::new(good).map(FileName::as_str), Ok(good));
        }
        let long = "x".repeat(256);
        for (bad, flaw) in [
            ("..", NameFlaw::NoFile),
            ("../x", NameFlaw::Separator),
            ("/etc/passwd", NameFlaw::Separator),
            ("C:x", NameFlaw::Separator),
            ("a\0", NameFlaw::Control),
            (long.as_str(), NameFlaw::Long),
            ("Manifest.json", NameFlaw::Reserved),
        ] {
            assert_eq!(FileName::new(bad), Err(flaw), "{bad:?}");
        }
    }
}
