// SPDX-License-Identifier: Apache-2.0
//! The words of the language, and how a misspelt one finds its meaning.

use super::ast::{Modifier, Op, Transformer};

macro_rules! words { ($of:ident { $($variant:ident = $word:literal,)* }) => {
    impl $of {
        /// Every one.
        pub const ALL: &[Self] = &[$(Self::$variant,)*];

        /// How it is written.
        #[must_use]
        pub const fn name(self) -> &'static str {
            match self {
                $(Self::$variant => $word,)*
            }
        }

        /// The one that is written like this.
        #[must_use]
        pub fn named(word: &str) -> Option<Self> {
            match word {
                $($word => Some(Self::$variant),)*
                _ => None,
            }
        }
    }
} }

words! { Op {
    Exists = "exists",
    Eq = "=",
    Ne = "!=",
    Lt = "<",
    Le = "<=",
    Gt = ">",
    Ge = ">=",
    Contains = "contains",
    Icontains = "icontains",
    Bcontains = "bcontains",
    Startswith = "startswith",
    Bstartswith = "bstartswith",
    Endswith = "endswith",
    Glob = "glob",
    Iglob = "iglob",
    Regex = "regex",
    In = "in",
    Intersects = "intersects",
    Pmatch = "pmatch",
} }

words! { Modifier {
    Oneof = "oneof",
    Anyof = "anyof",
    Allof = "allof",
} }

words! { Transformer {
    Tolower = "tolower",
    Toupper = "toupper",
    B64 = "b64",
    Basename = "basename",
    Len = "len",
    Join = "join",
    Concat = "concat",
} }

/// What an operator takes on its right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// One number.
    Number,
    /// One text; a list only behind `oneof`, `anyof`, `allof`.
    Text,
    /// A list.
    List,
}

impl Op {
    /// What it takes on its right.
    #[must_use]
    pub const fn takes(self) -> Takes {
        match self {
            Self::Exists => Takes::Nothing,
            Self::Lt | Self::Le | Self::Gt | Self::Ge => Takes::Number,
            Self::Eq
            | Self::Ne
            | Self::Contains
            | Self::Icontains
            | Self::Bcontains
            | Self::Startswith
            | Self::Bstartswith
            | Self::Endswith
            | Self::Glob
            | Self::Iglob
            | Self::Regex => Takes::Text,
            Self::In | Self::Intersects | Self::Pmatch => Takes::List,
        }
    }
}

/// What to write instead of a word that other languages have as an operator, or that is an operator misspelt.
#[must_use]
pub fn instead_of_operator(word: &str) -> Option<String> {
    let like = match word {
        "=~" | "~=" | "~" | "matches" | "match" | "rlike" => "`regex` or `glob`",
        "===" | "is" | "equals" | "eq" | ":" | ":=" => "`=`",
        "<>" | "!==" | "ne" | "=!" => "`!=`",
        "=<" | "le" => "`<=`",
        "=>" | "ge" => "`>=`",
        "lt" => "`<`",
        "gt" => "`>`",
        "like" => "`glob`",
        "has" | "includes" => "`contains`",
        "not" => "`not` in front of the field: `not proc.name in (a, b)`",
        _ => {
            let known = crate::fields::most_like(&word.to_ascii_lowercase(), Op::ALL.iter().map(|op| op.name()))?;
            // Signs are all like one another.
            return known.starts_with(char::is_alphabetic).then(|| format!("did you mean `{known}`?"));
        }
    };
    Some(format!("write {like}"))
}

/// What to write instead of a word that stands where `and` or `or` must.
#[must_use]
pub fn instead_of_joint(word: &str) -> Option<String> {
    let like = match word.to_ascii_lowercase().as_str() {
        "&&" | "&" | "and" | "," => "and",
        "||" | "|" | "or" => "or",
        _ => return None,
    };
    Some(format!("write `{like}`"))
}
