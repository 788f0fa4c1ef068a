//! Enums whose variants each have one name: the word for it in files.

/// Declares such an enum, with `ALL` in order and `name`.
macro_rules! named_enum {
    ($(#[$doc:meta])* $vis:vis $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type { $($(#[$variant_doc])* $variant,)+ }

        impl $type {
            /// All of them, in the order of tables.
            $vis const ALL: [Self; [$($name),+].len()] = [$(Self::$variant,)+];

            /// The word for it in files.
            #[must_use]
            $vis const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}
pub(crate) use named_enum;
