//! The macro for structs whose fields are keys.

/// Defines a struct whose fields are keys (`key`, with a default unless it must be given) or groups (`part`).
macro_rules! settings {
    ($(#[doc = $about:literal])+ pub struct $Name:ident {
        $($(#[doc = $doc:literal])+ $mode:ident $field:ident: $Type:ty $(= $default:expr)?;)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $Name {
            $($(#[doc = $doc])+ pub $field: $Type,)+
        }

        impl $crate::section::Section for $Name {
            fn keys(_kind: $crate::Kind, keys: &mut Vec<$crate::Key>) {
                $($crate::section::settings!(@keys $mode (_kind, keys, $field, [$($doc),+], $Type) $($default)?);)+
            }

            fn read(reader: &$crate::section::Reader<'_>) -> Result<Self, $crate::RecipeError> {
                Ok(Self {
                    $($field: $crate::section::settings!(@read $mode (reader, $field, $Type) $($default)?),)+
                })
            }

            fn write(&self, out: &mut $crate::section::Entries) {
                $($crate::section::settings!(@write $mode (self, out, $field));)+
            }
        }
    };
    (@keys key ($kind:ident, $keys:ident, $field:ident, $doc:tt, $Type:ty) $default:expr) => {
        let default = $crate::section::default_for::<$Type>($kind, $default);
        $keys.push($crate::Key::new(stringify!($field), &$doc, Some(default)))
    };
    (@keys key ($kind:ident, $keys:ident, $field:ident, $doc:tt, $Type:ty)) => {
        $keys.push($crate::Key::new::<$Type>(stringify!($field), &$doc, None))
    };
    (@keys part ($kind:ident, $keys:ident, $field:ident, $doc:tt, $Type:ty)) => {
        <$Type as $crate::section::Section>::keys($kind, $keys)
    };
    (@read key ($reader:ident, $field:ident, $Type:ty) $default:expr) => {
        $reader.or_default::<$Type>(stringify!($field), $default)?
    };
    (@read key ($reader:ident, $field:ident, $Type:ty)) => {
        $reader.require::<$Type>(stringify!($field))?
    };
    (@read part ($reader:ident, $field:ident, $Type:ty)) => {
        <$Type as $crate::section::Section>::read($reader)?
    };
    (@write key ($self:ident, $out:ident, $field:ident)) => {
        $out.push((stringify!($field), $crate::setting::Setting::write(&$self.$field)))
    };
    (@write part ($self:ident, $out:ident, $field:ident)) => {
        $crate::section::Section::write(&$self.$field, $out)
    };
}

pub(crate) use settings;
