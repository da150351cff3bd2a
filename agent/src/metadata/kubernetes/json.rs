// SPDX-License-Identifier: Apache-2.0
//! Reads the members that are wanted out of JSON, passes over the others without keeping them, and gets as far as it can:
//! a member of the wrong type is left out, and what was read before the text ends too early is there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// An object of which some members are wanted.
pub(super) trait Record: Default {
    /// The names of those members.
    const NAMES: &'static [&'static str];

    /// Reads the value of the member `name`, one of `NAMES`. Returns whether it has the right type.
    fn read<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<bool, A::Error>;
}

/// Reads `json` as far as possible. Returns whether all of it was as it should be.
pub(super) fn read<T: Record>(json: &[u8]) -> (T, bool) {
    let mut into = T::default();
    let mut json = serde_json::Deserializer::from_slice(json);
    let good = matches!(Object(&mut into).deserialize(&mut json), Ok(true)) && json.end().is_ok();
    (into, good)
}

/// Passes over what has another type than it should have.
macro_rules! pass_over {
    ($($visit:ident $($kind:ty)?),*) => {
        $(pass_over!(@ $visit $($kind)?);)*
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("anything")
        }
        fn visit_unit<E>(self) -> Result<bool, E> {
            // What is not there may be null.
            Ok(true)
        }
    };
    (@ visit_map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(false)
        }
    };
    (@ visit_seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(false)
        }
    };
    (@ $visit:ident $kind:ty) => {
        fn $visit<E>(self, _: $kind) -> Result<bool, E> {
            Ok(false)
        }
    };
}

/// Asks for any type, so that a wrong one is no error.
macro_rules! seed {
    () => {
        type Value = bool;
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
            deserializer.deserialize_any(self)
        }
    };
}

/// An object.
pub(super) struct Object<'a, T>(pub(super) &'a mut T);

impl<'de, T: Record> DeserializeSeed<'de> for Object<'_, T> {
    seed!();
}

impl<'de, T: Record> Visitor<'de> for Object<'_, T> {
    type Value = bool;
    pass_over!(visit_seq, visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut good = true;
        while let Some(name) = map.next_key_seed(Known(T::NAMES))? {
            match name {
                Some(name) => good &= self.0.read(name, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(good)
    }
}

/// The first objects of a list.
pub(super) struct List<'a, T> {
    pub(super) into: &'a mut Vec<T>,
    pub(super) max: usize,
}

impl<'de, T: Record> DeserializeSeed<'de> for List<'_, T> {
    seed!();
}

impl<'de, T: Record> Visitor<'de> for List<'_, T> {
    type Value = bool;
    pass_over!(visit_map, visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let mut good = true;
        loop {
            let mut one = T::default();
            match seq.next_element_seed(Object(&mut one))? {
                None => return Ok(good),
                Some(is_good) => good &= is_good,
            }
            if self.into.len() < self.max {
                self.into.push(one);
            }
        }
    }
}

/// A text of at most `max` bytes; a longer one is left out.
pub(super) struct Text<'a> {
    into: &'a mut Option<String>,
    max: usize,
    /// Whether a longer one is all right.
    may_be_long: bool,
}

/// A text that should have no more than `max` bytes.
pub(super) fn text(into: &mut Option<String>, max: usize) -> Text<'_> {
    Text { into, max, may_be_long: false }
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    seed!();
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = bool;
    pass_over!(visit_map, visit_seq, visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64);

    fn visit_str<E>(self, v: &str) -> Result<bool, E> {
        *self.into = (v.len() <= self.max).then(|| v.to_owned());
        Ok(self.into.is_some() || self.may_be_long)
    }
}

/// Yes or no.
pub(super) struct Flag<'a>(pub(super) &'a mut bool);

impl<'de> DeserializeSeed<'de> for Flag<'_> {
    seed!();
}

impl<'de> Visitor<'de> for Flag<'_> {
    type Value = bool;
    pass_over!(visit_map, visit_seq, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_bool<E>(self, v: bool) -> Result<bool, E> {
        *self.0 = v;
        Ok(true)
    }
}

/// A number that is not negative.
pub(super) struct Number<'a>(pub(super) &'a mut Option<u64>);

impl<'de> DeserializeSeed<'de> for Number<'_> {
    seed!();
}

impl<'de> Visitor<'de> for Number<'_> {
    type Value = bool;
    pass_over!(visit_map, visit_seq, visit_bool bool, visit_i64 i64, visit_f64 f64, visit_str &str);

    fn visit_u64<E>(self, v: u64) -> Result<bool, E> {
        *self.0 = Some(v);
        Ok(true)
    }
}

/// Texts by name, as many as there is room for.
pub(super) struct Pairs<'a> {
    pub(super) into: &'a mut Vec<(String, String)>,
    /// How many bytes names and values may have together.
    pub(super) room: usize,
    /// The longest value that is kept.
    pub(super) max_value: usize,
    /// Which names are kept.
    pub(super) wanted: fn(&str) -> bool,
    /// One that is kept in any case, and takes no room.
    pub(super) always: Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    seed!();
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = bool;
    pass_over!(visit_seq, visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut good = true;
        while let Some(name) = map.next_key_seed(Name { wanted: self.wanted, always: self.always, max: self.room })? {
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let always = self.always == Some(name.as_str());
            let room = self.room.saturating_sub(name.len());
            let max = if always { self.max_value } else { room.min(self.max_value) };
            let mut value = None;
            good &= map.next_value_seed(Text { into: &mut value, max, may_be_long: true })?;
            if let Some(value) = value {
                if !always {
                    self.room = room.saturating_sub(value.len());
                }
                self.into.push((name, value));
            }
        }
        Ok(good)
    }
}

/// The name of a member if it is among these.
struct Known(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Known {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Known {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|known| **known == v).copied())
    }
}

/// A name if it is wanted and not too long.
struct Name {
    wanted: fn(&str) -> bool,
    always: Option<&'static str>,
    max: usize,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        let wanted = v.len() <= self.max && (self.wanted)(v);
        Ok((wanted || self.always == Some(v)).then(|| v.to_owned()))
    }
}
