// SPDX-License-Identifier: Apache-2.0
//! Paths as the kernel would walk them, without looking at any file: symbolic links are not followed.

use crate::arena::Arena;

/// The absolute path that `raw` names for a process whose root directory is `root`; a relative one begins at `base`.
/// `.`, `..` and repeated slashes are resolved; `..` does not lead out of the root. `None` when `raw` is relative and
/// `base` is not known.
#[must_use]
pub fn resolve<'r>(arena: &'r Arena, root: &[u8], base: Option<&[u8]>, raw: &'r [u8]) -> Option<&'r [u8]> {
    let absolute = raw.starts_with(b"/");
    if absolute && is_root(root) && is_normal(raw) {
        return Some(raw);
    }
    let start = if absolute { root } else { base? };
    let top = arena.text(|path| push(path, root, 0));
    Some(arena.text(|path| {
        push(path, start, 0);
        // A directory that was opened before a chroot may be outside the root: then nothing but `/` holds.
        let floor = if within(path, top) { top.len() } else { 0 };
        push(path, raw, floor);
        if path.is_empty() {
            path.push(b'/');
        }
    }))
}

/// `raw` without repeated slashes.
#[must_use]
pub fn single_slashes<'r>(arena: &'r Arena, raw: &'r [u8]) -> &'r [u8] {
    if !raw.windows(2).any(|pair| pair == b"//") {
        return raw;
    }
    arena.text(|path| {
        path.extend_from_slice(raw);
        path.dedup_by(|next, last| *next == b'/' && *last == b'/');
    })
}

/// The directory of a path that is not a directory itself.
#[must_use]
pub fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| *byte == b'/') {
        None | Some(0) => b"/",
        Some(at) => path.get(..at).unwrap_or(path),
    }
}

/// The last name of a path.
#[must_use]
pub fn filename(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

fn is_root(root: &[u8]) -> bool {
    root.iter().all(|byte| *byte == b'/')
}

/// Whether resolving changes nothing.
fn is_normal(path: &[u8]) -> bool {
    path == b"/"
        || path
            .strip_prefix(b"/")
            .is_some_and(|names| names.split(|byte| *byte == b'/').all(|name| !matches!(name, b"" | b"." | b"..")))
}

/// Whether `path` is `top` or below it; both are resolved.
fn within(path: &[u8], top: &[u8]) -> bool {
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Walks `names` from `path`, which never becomes shorter than `floor`.
fn push(path: &mut Vec<u8>, names: &[u8], floor: usize) {
    for name in names.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                let up = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                path.truncate(up.max(floor));
            }
            name => {
                path.push(b'/');
                path.extend_from_slice(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(root: &str, base: Option<&str>, raw: &str) -> String {
        let arena = Arena::default();
        let path = resolve(&arena, root.as_bytes(), base.map(str::as_bytes), raw.as_bytes());
        path.map_or_else(|| "-".to_owned(), |path| String::from_utf8_lossy(path).into_owned())
    }

    #[test]
    fn paths_are_walked_as_the_kernel_does() {
        let table = [
            ("/", "/home/a", "/etc/passwd", "/etc/passwd"),
            ("/", "/home/a", "b", "/home/a/b"),
            ("/", "/home/a", "./b/../c//d/", "/home/a/c/d"),
            ("/", "/home/a", "../../../../x", "/x"),
            ("/", "/home/a", "", "/home/a"),
            ("/", "/home/a", ".", "/home/a"),
            ("/", "/", "..", "/"),
            ("/", "/home/a", "/..", "/"),
            ("/", "/home/a", "//etc//x", "/etc/x"),
            ("/", "/home/a", "/tmp/dir1/dir2/dir3/../../../..///file.txt", "/file.txt"),
            ("/", "/home/a", "..name/...", "/home/a/..name/..."),
            ("/jail", "/jail/home", "/etc/x", "/jail/etc/x"),
            ("/jail", "/jail/home", "/../../x", "/jail/x"),
            ("/jail", "/jail/home", "../../x", "/jail/x"),
            ("/jail", "/jail", "..", "/jail"),
            ("/jail", "/jailer/home", "../../x", "/x"),
            ("/jail/", "/out", "..", "/"),
        ];
        for (root, base, raw, want) in table {
            assert_eq!(show(root, Some(base), raw), want, "{raw} from {base} in {root}");
        }
        assert_eq!(show("/", None, "x"), "-");
        assert_eq!(show("/", None, "/x"), "/x");
    }

    #[test]
    fn parts_of_a_path() {
        assert_eq!((directory(b"/a/b"), filename(b"/a/b")), (&b"/a"[..], &b"b"[..]));
        assert_eq!((directory(b"/a"), filename(b"/a")), (&b"/"[..], &b"a"[..]));
        assert_eq!(single_slashes(&Arena::default(), b"//a///../b"), b"/a/../b");
    }

    proptest! {
        #[test]
        fn what_is_resolved_stays_so(root in "(/[a./]{0,6})?", base in "/[ab./]{0,8}", raw in "[ab./\\PC]{0,16}") {
            let (root, base, raw) = (root.as_bytes(), base.as_bytes(), raw.as_bytes());
            let arena = Arena::default();
            let once = resolve(&arena, root, Some(base), raw).expect("a base");
            prop_assert!(is_normal(once), "{}", String::from_utf8_lossy(once));
            prop_assert_eq!(resolve(&arena, b"/", None, once), Some(once));
            if raw.starts_with(b"/") {
                prop_assert!(within(once, arena.text(|top| push(top, root, 0))));
            }
        }

        #[test]
        fn any_bytes_never_panic(root: Vec<u8>, base: Option<Vec<u8>>, raw: Vec<u8>) {
            let arena = Arena::default();
            let _ = resolve(&arena, &root, base.as_deref(), &raw);
            let _ = (single_slashes(&arena, &raw), directory(&raw), filename(&raw));
        }
    }
}
