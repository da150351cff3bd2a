// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;

use super::*;

fn find(btf: &Btf<'_>, name: &str) -> Option<u32> {
    btf.find([name]).get(name).copied()
}

/// Builds BTF, type by type.
#[derive(Default)]
struct Builder {
    types: Vec<u8>,
    strings: Vec<u8>,
}

impl Builder {
    fn new() -> Self {
        Self { types: Vec::new(), strings: vec![0] }
    }

    fn string(&mut self, text: &str) -> u32 {
        let at = self.strings.len() as u32;
        self.strings.extend_from_slice(text.as_bytes());
        self.strings.push(0);
        at
    }

    fn words(&mut self, words: &[u32]) {
        self.types.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    }

    fn int(&mut self, size: u32) {
        let name = self.string("int");
        self.words(&[name, KIND_INT << 24, size, 0]);
    }

    fn strukt(&mut self, name: &str, size: u32, kind_flag: bool, members: &[(&str, u32, u32)]) {
        let name = if name.is_empty() { 0 } else { self.string(name) };
        self.words(&[name, (u32::from(kind_flag) << 31) | (KIND_STRUCT << 24) | members.len() as u32, size]);
        for (member, of, place) in members {
            let name = if member.is_empty() { 0 } else { self.string(member) };
            self.words(&[name, *of, *place]);
        }
    }

    fn finish(self) -> Vec<u8> {
        let mut raw = MAGIC.to_ne_bytes().to_vec();
        raw.extend_from_slice(&[1, 0]);
        for word in [24, 0, self.types.len() as u32, self.types.len() as u32, self.strings.len() as u32] {
            raw.extend_from_slice(&word.to_ne_bytes());
        }
        raw.extend_from_slice(&self.types);
        raw.extend_from_slice(&self.strings);
        raw
    }
}

/// `int`; `struct { int inner; }`; `struct task { int a; struct {..}; int *p; int bits:3; }` and a typedef of it.
fn example() -> Vec<u8> {
    let mut btf = Builder::new();
    btf.int(4);
    btf.strukt("", 4, false, &[("inner", 1, 0)]);
    btf.words(&[0, KIND_PTR << 24, 1]);
    btf.strukt("task", 24, true, &[("a", 1, 0), ("", 2, 32), ("p", 3, 64), ("bits", 1, (3 << 24) | 128)]);
    let name = btf.string("task_t");
    btf.words(&[name, KIND_TYPEDEF << 24, 4]);
    btf.strukt("outer", 32, false, &[("first", 1, 0), ("task", 5, 64)]);
    btf.finish()
}

#[test]
fn members_are_found_through_anonymous_structs_and_typedefs() {
    let raw = example();
    let btf = Btf::parse(&raw).expect("BTF");
    assert_eq!(btf.types(), 6);
    let task = find(&btf, "task").expect("task");
    assert_eq!(btf.member(task, "a"), Some(Member { offset: 0, size: 4 }));
    assert_eq!(btf.member(task, "inner"), Some(Member { offset: 4, size: 4 }));
    assert_eq!(btf.member(task, "p"), Some(Member { offset: 8, size: 8 }));
    assert_eq!(btf.member(task, "bits"), None, "a bit field has no place");
    assert_eq!(btf.member(task, "absent"), None);
    let outer = find(&btf, "outer").expect("outer");
    assert_eq!(btf.member(outer, "task.inner"), Some(Member { offset: 12, size: 4 }));
    assert_eq!(find(&btf, "tas"), None, "a prefix is not the name");
}

#[test]
fn an_unknown_kind_ends_the_walk_and_keeps_what_came_before() {
    let mut btf = Builder::new();
    btf.int(4);
    btf.strukt("task", 4, false, &[("a", 1, 0)]);
    btf.words(&[0, 31 << 24, 0]);
    let raw = btf.finish();
    let btf = Btf::parse(&raw).expect("BTF");
    assert_eq!(btf.types(), 2);
    assert!(find(&btf, "task").is_some());
}

#[test]
fn what_is_not_btf_is_named() {
    assert_eq!(Btf::parse(b"").map(|_| ()), Err(BtfError::Truncated("header")));
    assert_eq!(Btf::parse(b"\x7fELF....").map(|_| ()), Err(BtfError::Magic(u16::from_ne_bytes(*b"\x7fE"))));
    let mut raw = example();
    raw.truncate(60);
    assert_eq!(Btf::parse(&raw).map(|_| ()), Err(BtfError::Truncated("type")));
}

#[test]
fn a_type_that_refers_to_itself_ends() {
    let mut btf = Builder::new();
    btf.words(&[0, KIND_TYPEDEF << 24, 1]);
    btf.strukt("loop", 4, false, &[("", 2, 0), ("a", 1, 0)]);
    let raw = btf.finish();
    let btf = Btf::parse(&raw).expect("BTF");
    let id = find(&btf, "loop").expect("loop");
    assert_eq!(btf.member(id, "a.b"), None);
    assert_eq!(btf.member(id, "nothing"), None);
}

proptest! {
    #[test]
    fn damaged_btf_never_panics(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
        let mut raw = example();
        if let Some(slot) = raw.get_mut(at) {
            *slot = byte;
        }
        raw.truncate(raw.len().saturating_sub(cut));
        if let Ok(btf) = Btf::parse(&raw) {
            for name in ["task", "outer", ""] {
                if let Some(id) = find(&btf, name) {
                    let _ = btf.member(id, "task.inner");
                    let _ = btf.member(id, "inner");
                }
            }
        }
    }

    #[test]
    fn any_bytes_never_panic(mut raw: Vec<u8>) {
        let _ = Btf::parse(&raw);
        raw.splice(0..0, MAGIC.to_ne_bytes());
        let _ = Btf::parse(&raw);
    }
}
