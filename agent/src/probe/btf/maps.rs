// SPDX-License-Identifier: Apache-2.0
//! Maps as BTF defines them: variables of the section `.maps`, whose types say what they are.

use super::{Btf, KIND_ARRAY, KIND_DATASEC, KIND_PTR, KIND_STRUCT, KIND_VAR, MEMBER_LEN, Type, u32_at};

/// A map's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// A value of `enum bpf_map_type`.
    pub kind: u32,
    /// Bytes of a key.
    pub key: u32,
    /// Bytes of a value.
    pub value: u32,
    /// Entries.
    pub entries: u32,
    /// Whether it is to be kept in the file system.
    pub pinned: bool,
    /// What a map of maps holds.
    pub inner: Option<Box<Self>>,
}

impl<'a> Btf<'a> {
    /// The maps of section `.maps`, by name; `None` when one of them is not of the form that loaders read.
    #[must_use]
    pub fn maps(&self) -> Option<Vec<(&'a [u8], Definition)>> {
        let mut maps = Vec::new();
        let sections = (1..self.index.len() as u32).filter_map(|id| self.get(id));
        for section in sections.filter(|t| t.kind() == KIND_DATASEC && self.name_is(t.name, ".maps")) {
            for entry in section.tail.chunks_exact(12) {
                let variable = self.get(u32_at(entry, 0)?).filter(|t| t.kind() == KIND_VAR)?;
                let of = self.resolve(variable.size_or_type)?;
                maps.push((self.name(variable.name)?, self.definition(of, true)?));
            }
        }
        Some(maps)
    }

    /// What a struct's members say; those of a map of maps may say it of the maps inside, whose own may not.
    fn definition(&self, of: Type<'a>, outer: bool) -> Option<Definition> {
        let mut definition = Definition::default();
        if of.kind() != KIND_STRUCT {
            return None;
        }
        for member in of.tail.chunks_exact(MEMBER_LEN) {
            let (name, id) = (self.name(u32_at(member, 0)?)?, u32_at(member, 4)?);
            match name {
                b"type" => definition.kind = self.number(id)?,
                b"key" => definition.key = self.size(self.pointed(id)?, 0)?,
                b"key_size" => definition.key = self.number(id)?,
                b"value" => definition.value = self.size(self.pointed(id)?, 0)?,
                b"value_size" => definition.value = self.number(id)?,
                b"max_entries" => definition.entries = self.number(id)?,
                b"pinning" => definition.pinned = self.number(id)? != 0,
                b"values" if outer => {
                    let array = self.resolve(id).filter(|t| t.kind() == KIND_ARRAY)?;
                    let inner = self.resolve(self.pointed(u32_at(array.tail, 0)?)?)?;
                    definition.inner = Some(Box::new(self.definition(inner, false)?));
                }
                b"map_flags" => {}
                // A key that this reader does not know may matter to the loader.
                _ => return None,
            }
        }
        Some(definition)
    }

    fn pointed(&self, id: u32) -> Option<u32> {
        self.resolve(id).filter(|t| t.kind() == KIND_PTR).map(|t| t.size_or_type)
    }

    /// A number is written as a pointer to an array of so many elements.
    fn number(&self, id: u32) -> Option<u32> {
        let array = self.resolve(self.pointed(id)?).filter(|t| t.kind() == KIND_ARRAY)?;
        u32_at(array.tail, 8)
    }
}
