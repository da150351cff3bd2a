// SPDX-License-Identifier: Apache-2.0
//! Objects, right and wrong, of the parts that they are made of.

use std::collections::BTreeMap;

use agent_common::{identity, options::names, record};
use object::{
    Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
    write::{Object, Symbol, SymbolSection},
};

use crate::driver::verify::{self, ARCH};

/// An object that can be made.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) architecture: Architecture,
    pub(crate) endianness: Endianness,
    pub(crate) license: Option<&'static str>,
    pub(crate) identity: Option<String>,
    pub(crate) abi: Option<u32>,
    /// Those in section `maps`: name, then type, bytes of a key and of a value, entries, flags, id, pinning.
    pub(crate) maps: Vec<(String, [u32; 7])>,
    /// Type and inner type of the map that BTF defines.
    pub(crate) rings: Option<[u32; 2]>,
    /// Section, name, bytes.
    pub(crate) programs: Vec<(String, String, u64)>,
    /// Further sections.
    pub(crate) sections: Vec<(&'static str, Vec<u8>)>,
}

impl Parts {
    /// Those of a probe that this agent loads.
    pub(crate) fn right() -> Self {
        let mut text = String::new();
        identity::write(&mut text, ARCH).expect("text");
        let (maps, programs) = verify::least();
        Self {
            architecture: Architecture::Bpf,
            endianness: Endianness::Little,
            license: Some("GPL\0"),
            identity: Some(text),
            abi: Some(record::ABI),
            maps: maps.into_iter().filter(|map| map.0 != names::RINGS).collect(),
            rings: Some([12, 27]),
            programs,
            sections: Vec::new(),
        }
    }

    /// The map of this name.
    pub(crate) fn map(&mut self, name: &str) -> &mut [u32; 7] {
        &mut self.maps.iter_mut().find(|map| map.0 == name).expect(name).1
    }

    /// The program of this name.
    pub(crate) fn program(&mut self, name: &str) -> &mut (String, String, u64) {
        self.programs.iter_mut().find(|program| program.1 == name).expect(name)
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, self.architecture, self.endianness);
        let mut sections = BTreeMap::new();
        let mut put = |object: &mut Object<'_>, section: &str, kind, symbol: &str, data: &[u8]| {
            let section = *sections
                .entry(section.to_owned())
                .or_insert_with(|| object.add_section(Vec::new(), section.as_bytes().to_vec(), kind));
            let value = object.append_section_data(section, data, 8);
            if !symbol.is_empty() {
                object.add_symbol(Symbol {
                    name: symbol.as_bytes().to_vec(),
                    value,
                    size: data.len() as u64,
                    kind: if kind == SectionKind::Text { SymbolKind::Text } else { SymbolKind::Data },
                    scope: SymbolScope::Dynamic,
                    weak: false,
                    section: SymbolSection::Section(section),
                    flags: SymbolFlags::None,
                });
            }
        };
        if let Some(license) = self.license {
            put(&mut object, "license", SectionKind::Data, "LICENSE", license.as_bytes());
        }
        if let Some(identity) = &self.identity {
            put(&mut object, identity::SECTION, SectionKind::Data, "LANNER_PROBE", identity.as_bytes());
        }
        if let Some(abi) = self.abi {
            put(&mut object, ".rodata", SectionKind::ReadOnlyData, names::ABI, &abi.to_ne_bytes());
        }
        for (name, words) in &self.maps {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            put(&mut object, "maps", SectionKind::Data, name, &bytes);
        }
        if let Some([outer, inner]) = self.rings {
            put(&mut object, ".BTF", SectionKind::Other, "", &btf(outer, inner));
        }
        for (section, name, size) in &self.programs {
            put(&mut object, section, SectionKind::Text, name, &vec![0x95; *size as usize]);
        }
        for (name, data) in &self.sections {
            put(&mut object, name, SectionKind::Data, "", data);
        }
        object.write().expect("an object")
    }
}

/// BTF of one map of maps, `RINGS`.
fn btf(outer: u32, inner: u32) -> Vec<u8> {
    let mut strings = vec![0];
    let mut string = |text: &str| {
        let at = strings.len() as u32;
        strings.extend_from_slice(text.as_bytes());
        strings.push(0);
        at
    };
    const INT: u32 = 1 << 24;
    const PTR: u32 = 2 << 24;
    const ARRAY: u32 = 3 << 24;
    const STRUCT: u32 = 4 << 24;
    const VAR: u32 = 14 << 24;
    const DATASEC: u32 = 15 << 24;
    let [of, key, value, values] = ["type", "key", "value", "values"].map(&mut string);
    let (rings, maps) = (string(names::RINGS), string(".maps"));
    let types = [
        vec![0, INT, 4, 32],                                                          // 1: int
        vec![0, ARRAY, 0, 1, 1, outer],                                               // 2: int[outer]
        vec![0, PTR, 2],                                                              // 3
        vec![0, PTR, 1],                                                              // 4: int *
        vec![0, ARRAY, 0, 1, 1, inner],                                               // 5: int[inner]
        vec![0, PTR, 5],                                                              // 6
        vec![0, STRUCT | 1, 8, of, 6, 0],                                             // 7: the inner map
        vec![0, PTR, 7],                                                              // 8
        vec![0, ARRAY, 0, 8, 1, 0],                                                   // 9
        vec![0, STRUCT | 4, 32, of, 3, 0, key, 4, 64, value, 4, 128, values, 9, 192], // 10: the map
        vec![rings, VAR, 10, 1],                                                      // 11
        vec![maps, DATASEC | 1, 0, 11, 0, 32],                                        // 12
    ];
    let types: Vec<u8> = types.concat().into_iter().flat_map(u32::to_ne_bytes).collect();
    let mut raw = 0xeb9f_u16.to_ne_bytes().to_vec();
    raw.extend_from_slice(&[1, 0]);
    for word in [24, 0, types.len() as u32, types.len() as u32, strings.len() as u32] {
        raw.extend_from_slice(&word.to_ne_bytes());
    }
    [raw, types, strings].concat()
}
