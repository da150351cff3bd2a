// SPDX-License-Identifier: Apache-2.0
//! Cuts answers into objects while they come, so that no more than one object is held, however long the answer is.

use memchr::{memchr, memchr2};

/// The longest object that is read whole. The API server stores none above 1.5 MiB, as protobuf.
pub(super) const MAX_OBJECT: usize = 4 << 20;
/// The most of a list that is not its objects: its kind, version and where it goes on.
const MAX_HEAD: usize = 64 << 10;
/// The longest name of a member that is told from others.
const MAX_KEY: usize = 8;
/// The largest buffer that is kept for the next object.
const KEPT: usize = 256 << 10;

/// A buffer that does not grow without end.
#[derive(Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    cut: bool,
}

impl Piece {
    fn push(&mut self, bytes: &[u8], max: usize) {
        let room = max.saturating_sub(self.bytes.len());
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn clear(&mut self) {
        self.cut = false;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }
}

/// Cuts a watch into its lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Piece,
}

impl Lines {
    /// Takes what came. Each line that ends in it is told, and whether it is whole; of a longer one its beginning.
    pub(super) fn feed<E>(
        &mut self,
        mut bytes: &[u8],
        mut tell: impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((head, tail)) = memchr(b'\n', bytes).and_then(|at| bytes.split_at_checked(at)) {
            self.line.push(head, MAX_OBJECT);
            if !self.line.bytes.trim_ascii().is_empty() {
                tell(&self.line.bytes, !self.line.cut)?;
            }
            self.line.clear();
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.line.push(bytes, MAX_OBJECT);
        Ok(())
    }
}

/// Cuts a list into its `items`, and what stands around them.
///
/// It only counts brackets outside of strings; whether an object is well-formed is for its decoder to say.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Brackets that are open.
    depth: u32,
    /// In a string.
    string: bool,
    /// Behind a backslash in a string.
    escaped: bool,
    /// In the list's objects.
    inside: bool,
    /// The last string at the top.
    key: Piece,
    /// Everything but the objects.
    head: Piece,
    item: Piece,
    /// Whether the outermost bracket was closed.
    done: bool,
}

/// What a byte means for the list's objects.
enum Bound {
    /// Nothing.
    None,
    /// They begin behind it.
    Begin,
    /// One ends before it, and another may follow.
    Between,
    /// The last ends before it.
    End,
}

impl Items {
    /// Takes what came. Each object that ends in it is told, and whether it is whole; of a larger one its beginning.
    pub(super) fn feed<E>(
        &mut self,
        mut bytes: &[u8],
        mut tell: impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.string {
                at += self.in_string(bytes.get(at..).unwrap_or_default());
                continue;
            }
            let bound = self.bound(byte);
            if matches!(bound, Bound::None) {
                at += 1;
                continue;
            }
            let (before, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            self.keep(before);
            if !matches!(bound, Bound::Begin) {
                if !self.item.bytes.trim_ascii().is_empty() {
                    tell(&self.item.bytes, !self.item.cut)?;
                }
                self.item.clear();
            }
            if !matches!(bound, Bound::Between) {
                // The brackets around the objects are not theirs.
                self.inside = false;
                self.keep(&[byte]);
                self.inside = matches!(bound, Bound::Begin);
            }
            bytes = rest.get(1..).unwrap_or_default();
            at = 0;
        }
        self.keep(bytes);
        Ok(())
    }

    /// What stood around the objects, once all of it is there; `None` if that is no list.
    pub(super) fn head(&self) -> Option<&[u8]> {
        (self.done && !self.head.cut).then_some(&self.head.bytes)
    }

    /// How much of `bytes`, which begin in a string, belongs to it up to the next byte that means something.
    fn in_string(&mut self, bytes: &[u8]) -> usize {
        if self.escaped {
            self.escaped = false;
            return 1;
        }
        let at = memchr2(b'"', b'\\', bytes);
        let text = at.and_then(|at| bytes.get(..at)).unwrap_or(bytes);
        if self.depth == 1 {
            self.key.push(text, MAX_KEY);
        }
        match at.and_then(|at| bytes.get(at)) {
            None => return bytes.len(),
            Some(b'"') => self.string = false,
            Some(_) => self.escaped = true,
        }
        text.len() + 1
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.inside {
            self.item.push(bytes, MAX_OBJECT);
        } else {
            self.head.push(bytes, MAX_HEAD);
        }
    }

    /// What a byte outside of strings means.
    fn bound(&mut self, byte: u8) -> Bound {
        match byte {
            b'"' => {
                self.string = true;
                self.key.clear();
            }
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                if byte == b'[' && self.depth == 2 && !self.inside && self.key.bytes == b"items" {
                    return Bound::Begin;
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.done |= self.depth == 0;
                self.key.clear();
                if self.inside && self.depth == 1 {
                    return Bound::End;
                }
            }
            b',' if self.inside && self.depth == 2 => return Bound::Between,
            _ => {}
        }
        Bound::None
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The objects of a list and its head, fed in pieces of `step` bytes.
    fn items(list: &[u8], step: usize) -> (Vec<(String, bool)>, Option<String>) {
        let (mut split, mut all) = (Items::default(), Vec::new());
        for piece in list.chunks(step) {
            let Ok(()) = split.feed(piece, |item, whole| {
                all.push((String::from_utf8_lossy(item).into_owned(), whole));
                Ok::<_, Infallible>(())
            });
        }
        (all, split.head().map(|head| String::from_utf8_lossy(head).into_owned()))
    }

    #[test]
    fn a_list_comes_apart_wherever_it_is_cut() {
        let list = br#"{"kind":"PodList","x":["items",{"items":[1]}],"metadata":{"items":[2],"continue":"a\"]b"},
            "items": [ {"a":"},{\\"}, {"b":[{}, 1]},
            7 , "se]ven", {} ] , "last": "items" }"#;
        for step in 1..list.len() {
            let (all, head) = items(list, step);
            let all: Vec<_> = all.iter().map(|(item, whole)| (item.trim(), *whole)).collect();
            assert_eq!(
                all,
                [
                    (r#"{"a":"},{\\"}"#, true),
                    (r#"{"b":[{}, 1]}"#, true),
                    ("7", true),
                    (r#""se]ven""#, true),
                    ("{}", true)
                ],
                "{step}"
            );
            let head = head.expect("a head");
            let head: serde_json::Value = serde_json::from_str(&head).expect("JSON");
            assert_eq!((&head["items"], &head["metadata"]["continue"]), (&serde_json::json!([]), &"a\"]b".into()));
        }
    }

    #[test]
    fn what_is_no_list_has_no_head() {
        for text in ["", "{", r#"{"items":["#, r#"{"items":[{}"#, r#"{"items":[{}]"#, "\"", "plain text", "[", "}x{"] {
            let whole = items(text.as_bytes(), 1);
            assert!(whole.1.is_none() || text == "}x{", "{text}: {whole:?}");
        }
        let (_, head) = items(&[br#"{"x":""#.as_slice(), &vec![b'x'; MAX_HEAD], br#""}"#].concat(), 4096);
        assert_eq!(head, None);
    }

    #[test]
    fn an_object_that_is_too_large_is_told_by_its_beginning() {
        let large = format!(r#"{{"x":"{}"}}"#, "y".repeat(MAX_OBJECT));
        let (all, head) = items(format!(r#"{{"items":[{{}},{large},{{}}]}}"#).as_bytes(), 100_000);
        let told: Vec<_> = all.iter().map(|(item, whole)| (item.len(), *whole)).collect();
        assert_eq!(told, [(2, true), (MAX_OBJECT, false), (2, true)]);
        assert_eq!(head.as_deref(), Some(r#"{"items":[]}"#));

        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for piece in format!("{large}\n{{}}\n\n{{").as_bytes().chunks(100_000) {
            let Ok(()) = lines.feed(piece, |line, whole| {
                told.push((line.len(), whole));
                Ok::<_, Infallible>(())
            });
        }
        assert_eq!(told, [(MAX_OBJECT, false), (2, true)]);
    }

    #[test]
    fn however_long_it_is_it_takes_no_more_room() {
        let used = allocation_counter::measure(|| {
            let (mut items, mut lines) = (Items::default(), Lines::default());
            let (start, more) = (br#"{"items":[{"x":""#.as_slice(), vec![b'x'; 1 << 16]);
            for piece in std::iter::once(start).chain(std::iter::repeat_n(&*more, 512)) {
                let Ok(()) = items.feed(piece, |_, _| Ok::<_, Infallible>(()));
                let Ok(()) = lines.feed(piece, |_, _| Ok::<_, Infallible>(()));
            }
        });
        assert!(used.bytes_max < 8 * MAX_OBJECT as u64, "{}", used.bytes_max);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_cut_the_same_way_in_any_steps(
            bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'{'), Just(b'}'), Just(b'['), Just(b']'),
                Just(b','), Just(b'\\'), Just(b':'), any::<u8>()], 0..200),
            items_first in any::<bool>(),
            step in 1..20_usize,
        ) {
            let bytes = if items_first { [br#"{"items":["#.as_slice(), &bytes].concat() } else { bytes };
            prop_assert_eq!(items(&bytes, step), items(&bytes, bytes.len().max(1)));
        }
    }
}
