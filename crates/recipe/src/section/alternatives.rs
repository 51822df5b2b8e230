//! The macro for enums of which one key chooses the variant.

/// Defines an enum of which `by` a key the variant is chosen; a variant may hold a group of keys of its own, which
/// are refused when another one is chosen.
macro_rules! alternatives {
    ($(#[doc = $about:literal])+ pub enum $Name:ident by $key:ident = $default:expr; {
        $($(#[doc = $doc:literal])+ $Variant:ident $(($Part:ty))? = $word:literal,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub enum $Name {
            $(#[doc = concat!("`", $word, "`:")] $(#[doc = $doc])+ $Variant $(($Part))?,)+
        }

        impl $Name {
            const WORDS: &[&str] = &[$($word),+];

            /// The word of the recipe.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$Variant { .. } => $word,)+
                }
            }
        }

        impl $crate::section::Section for $Name {
            fn keys(kind: $crate::Kind, keys: &mut Vec<$crate::Key>) {
                let words: Vec<String> = Self::WORDS.iter().map(|word| format!("`{word}`")).collect();
                keys.push($crate::Key {
                    name: stringify!($key),
                    doc: $crate::section::joined(&[$($about),+]),
                    accepts: words.join(", "),
                    default: Some($crate::section::default_for::<&str>(kind, $default).to_owned()),
                    words: vec![$(($word, $crate::section::joined(&[$($doc),+]))),+],
                });
                $($($crate::section::add_new::<$Part>(kind, keys);)?)+
            }

            fn read(reader: &$crate::section::Reader<'_>) -> Result<Self, $crate::RecipeError> {
                type Read = fn(&$crate::section::Reader<'_>) -> Result<$Name, $crate::RecipeError>;
                type Keys = fn($crate::Kind, &mut Vec<$crate::Key>);
                let variants: &[(Read, Keys)] =
                    &[$($crate::section::alternatives!(@variant $Name $Variant $($Part)?)),+];
                let default = $crate::section::default_for::<&str>(reader.kind, $default);
                let chosen = reader.choose(stringify!($key), Self::WORDS, default)?;
                let (read, keys) = variants[chosen];
                let (mut own, mut all) = (Vec::new(), Vec::new());
                keys(reader.kind, &mut own);
                variants.iter().for_each(|(_, keys)| keys(reader.kind, &mut all));
                reader.forbid(stringify!($key), Self::WORDS[chosen], &all, &own)?;
                read(reader)
            }

            fn write(&self, out: &mut $crate::section::Entries) {
                out.push((stringify!($key), $crate::yaml::Content::word(self.name())));
                $($crate::section::alternatives!(@write self out $Name $Variant $($Part)?);)+
            }
        }
    };
    (@variant $Name:ident $Variant:ident $Part:ty) => {
        (
            |reader| <$Part as $crate::section::Section>::read(reader).map($Name::$Variant),
            <$Part as $crate::section::Section>::keys,
        )
    };
    (@variant $Name:ident $Variant:ident) => {
        (|_| Ok($Name::$Variant), |_, _| {})
    };
    (@write $self:ident $out:ident $Name:ident $Variant:ident $Part:ty) => {
        if let $Name::$Variant(part) = $self {
            $crate::section::Section::write(part, $out);
        }
    };
    (@write $self:ident $out:ident $Name:ident $Variant:ident) => {};
}

pub(crate) use alternatives;
