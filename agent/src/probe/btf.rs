// SPDX-License-Identifier: Apache-2.0
//! The part of BTF that answers "at what offset is member M of struct S, and how wide is it".
//!
//! Format: <https://docs.kernel.org/bpf/btf.html>. The bytes come from the kernel or from a file; nothing in them is
//! trusted. A kind that this reader does not know (newer kernels add some) ends the walk, since its length is unknown:
//! what came before it stays usable.

mod maps;

use std::collections::HashMap;

use thiserror::Error;

pub use self::maps::Definition;

const MAGIC: u16 = 0xeb9f;
const HEADER_LEN: usize = 24;
const TYPE_LEN: usize = 12;
const MEMBER_LEN: usize = 12;
/// How many typedefs, qualifiers or anonymous structs are looked through.
const MAX_DEPTH: u32 = 16;

const KIND_INT: u32 = 1;
const KIND_PTR: u32 = 2;
const KIND_ARRAY: u32 = 3;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
const KIND_FWD: u32 = 7;
const KIND_TYPEDEF: u32 = 8;
const KIND_VOLATILE: u32 = 9;
const KIND_CONST: u32 = 10;
const KIND_RESTRICT: u32 = 11;
const KIND_FUNC: u32 = 12;
const KIND_FUNC_PROTO: u32 = 13;
const KIND_VAR: u32 = 14;
const KIND_DATASEC: u32 = 15;
const KIND_FLOAT: u32 = 16;
const KIND_DECL_TAG: u32 = 17;
const KIND_TYPE_TAG: u32 = 18;
const KIND_ENUM64: u32 = 19;

/// Why bytes are not usable as BTF.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BtfError {
    /// The magic number is not BTF's in this machine's byte order.
    #[error("not BTF: the magic number is {0:#06x} where {MAGIC:#06x} was expected")]
    Magic(u16),
    /// A section lies outside the data.
    #[error("truncated BTF: its {0} section ends beyond the file")]
    Truncated(&'static str),
}

/// A parsed BTF.
#[derive(Debug)]
pub struct Btf<'a> {
    types: &'a [u8],
    strings: &'a [u8],
    /// Offset of each type in `types`; id 0 is `void`.
    index: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Type<'a> {
    name: u32,
    info: u32,
    size_or_type: u32,
    tail: &'a [u8],
}

impl Type<'_> {
    const fn kind(self) -> u32 {
        (self.info >> 24) & 0x1f
    }

    const fn kind_flag(self) -> bool {
        self.info >> 31 == 1
    }
}

/// Where a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Offset from the start of the outermost struct, in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// Length of what follows a type's common part; `None` for a kind this reader does not know.
const fn tail_len(info: u32) -> Option<usize> {
    let vlen = (info & 0xffff) as usize;
    Some(match (info >> 24) & 0x1f {
        KIND_INT | KIND_VAR | KIND_DECL_TAG => 4,
        KIND_ARRAY => 12,
        KIND_STRUCT | KIND_UNION => MEMBER_LEN * vlen,
        KIND_ENUM | KIND_FUNC_PROTO => 8 * vlen,
        KIND_DATASEC | KIND_ENUM64 => 12 * vlen,
        KIND_PTR | KIND_FWD | KIND_TYPEDEF | KIND_VOLATILE | KIND_CONST | KIND_RESTRICT | KIND_FUNC | KIND_FLOAT
        | KIND_TYPE_TAG => 0,
        _ => return None,
    })
}

impl<'a> Btf<'a> {
    /// Reads the sections of `raw` and indexes its types.
    ///
    /// # Errors
    /// When `raw` is not BTF, or a section lies outside it.
    pub fn parse(raw: &'a [u8]) -> Result<Self, BtfError> {
        let truncated = BtfError::Truncated;
        let magic = raw.first_chunk::<2>().map(|b| u16::from_ne_bytes(*b)).ok_or_else(|| truncated("header"))?;
        if magic != MAGIC {
            return Err(BtfError::Magic(magic));
        }
        if raw.len() < HEADER_LEN {
            return Err(truncated("header"));
        }
        let word = |at| u32_at(raw, at).map_or(usize::MAX, |word| word as usize);
        let section = |name, offset: usize, len: usize| {
            let start = word(4).checked_add(offset).ok_or_else(|| truncated(name))?;
            let end = start.checked_add(len).ok_or_else(|| truncated(name))?;
            raw.get(start..end).ok_or_else(|| truncated(name))
        };
        let types = section("type", word(8), word(12))?;
        let strings = section("string", word(16), word(20))?;
        let mut index = vec![usize::MAX];
        let mut at = 0;
        while let Some(info) = u32_at(types, at + 4) {
            let Some(len) = tail_len(info) else { break };
            if at + TYPE_LEN + len > types.len() {
                break;
            }
            index.push(at);
            at += TYPE_LEN + len;
        }
        Ok(Self { types, strings, index })
    }

    /// How many types were understood.
    #[must_use]
    pub fn types(&self) -> usize {
        self.index.len() - 1
    }

    fn get(&self, id: u32) -> Option<Type<'a>> {
        let at = *self.index.get(id as usize)?;
        if at == usize::MAX {
            return None;
        }
        let info = u32_at(self.types, at + 4)?;
        let tail = at + TYPE_LEN;
        Some(Type {
            name: u32_at(self.types, at)?,
            info,
            size_or_type: u32_at(self.types, at + 8)?,
            tail: self.types.get(tail..tail + tail_len(info)?)?,
        })
    }

    fn name(&self, offset: u32) -> Option<&'a [u8]> {
        self.strings.get(offset as usize..)?.split(|byte| *byte == 0).next()
    }

    fn name_is(&self, offset: u32, name: &str) -> bool {
        let Some(bytes) = self.strings.get(offset as usize..) else { return false };
        bytes.starts_with(name.as_bytes()) && bytes.get(name.len()) == Some(&0)
    }

    /// The ids of the structs and enums with these names, in one walk; of several with one name, the first.
    #[must_use]
    pub fn find<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> HashMap<&'n str, u32> {
        let wanted: HashMap<_, _> = names.into_iter().map(|name| (name.as_bytes(), name)).collect();
        let mut found = HashMap::new();
        for id in 1..self.index.len() as u32 {
            let Some(t) = self.get(id) else { continue };
            if matches!(t.kind(), KIND_STRUCT | KIND_ENUM)
                && let Some(name) = self.name(t.name).and_then(|name| wanted.get(name))
            {
                found.entry(*name).or_insert(id);
            }
        }
        found
    }

    /// The size in bytes of the struct `id`.
    #[must_use]
    pub fn size_of(&self, id: u32) -> Option<u32> {
        self.size(id, 0)
    }

    /// The value of `name` in the enum `id`.
    #[must_use]
    pub fn enumerator(&self, id: u32, name: &str) -> Option<u32> {
        let t = self.get(id).filter(|t| t.kind() == KIND_ENUM)?;
        let entry = t.tail.chunks_exact(8).find(|entry| u32_at(entry, 0).is_some_and(|at| self.name_is(at, name)))?;
        u32_at(entry, 4)
    }

    /// Where `path` (`member[.member]`) of the struct `id` is. Anonymous members are looked through; a bit field has
    /// no place.
    #[must_use]
    pub fn member(&self, id: u32, path: &str) -> Option<Member> {
        let mut at = id;
        let mut offset = 0_u32;
        for name in path.split('.') {
            let (bits, of) = self.find_member(at, name, 0)?;
            offset = offset.checked_add((bits % 8 == 0).then_some(bits / 8)?)?;
            at = of;
        }
        Some(Member { offset, size: self.size(at, 0)? })
    }

    /// Looks through typedefs and qualifiers.
    fn resolve(&self, mut id: u32) -> Option<Type<'a>> {
        for _ in 0..MAX_DEPTH {
            let t = self.get(id)?;
            match t.kind() {
                KIND_TYPEDEF | KIND_VOLATILE | KIND_CONST | KIND_RESTRICT | KIND_TYPE_TAG => id = t.size_or_type,
                _ => return Some(t),
            }
        }
        None
    }

    /// Offset in bits and type of the member `name`.
    fn find_member(&self, id: u32, name: &str, depth: u32) -> Option<(u32, u32)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let t = self.resolve(id)?;
        if !matches!(t.kind(), KIND_STRUCT | KIND_UNION) {
            return None;
        }
        for member in t.tail.chunks_exact(MEMBER_LEN) {
            let (label, of, place) = (u32_at(member, 0)?, u32_at(member, 4)?, u32_at(member, 8)?);
            let (bits, width) = if t.kind_flag() { (place & 0xff_ffff, place >> 24) } else { (place, 0) };
            if label != 0 && self.name_is(label, name) {
                return (width == 0).then_some((bits, of));
            }
            if (label == 0 || self.name_is(label, ""))
                && let Some((inner, of)) = self.find_member(of, name, depth + 1)
            {
                return Some((bits.checked_add(inner)?, of));
            }
        }
        None
    }

    fn size(&self, id: u32, depth: u32) -> Option<u32> {
        if depth > MAX_DEPTH {
            return None;
        }
        let t = self.resolve(id)?;
        match t.kind() {
            KIND_INT | KIND_ENUM | KIND_ENUM64 | KIND_STRUCT | KIND_UNION | KIND_FLOAT => Some(t.size_or_type),
            KIND_PTR => Some(size_of::<usize>() as u32),
            KIND_ARRAY => {
                let (of, count) = (u32_at(t.tail, 0)?, u32_at(t.tail, 8)?);
                self.size(of, depth + 1)?.checked_mul(count)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
