// SPDX-License-Identifier: Apache-2.0
//! Paths as the kernel would walk them, without looking at any file: symbolic links are not followed.

use std::borrow::Cow;

/// The absolute path that `raw` names for a process whose root directory is `root`; a relative one begins at `base`.
/// `.`, `..` and repeated slashes are resolved; `..` does not lead out of the root. `None` when `raw` is relative and
/// `base` is not known.
#[must_use]
pub fn resolve<'r>(root: &[u8], base: Option<&[u8]>, raw: &'r [u8]) -> Option<Cow<'r, [u8]>> {
    let absolute = raw.starts_with(b"/");
    if absolute && is_root(root) && is_normal(raw) {
        return Some(Cow::Borrowed(raw));
    }
    let start = if absolute { root } else { base? };
    let mut path = Vec::with_capacity(start.len() + raw.len() + 1);
    push(&mut path, start, 0);
    // A directory that was opened before a chroot may be outside the root: then nothing but `/` holds.
    let floor = if within(&path, root) { floor_of(root) } else { 0 };
    push(&mut path, raw, floor);
    if path.is_empty() {
        path.push(b'/');
    }
    Some(Cow::Owned(path))
}

/// `raw` without repeated slashes.
#[must_use]
pub fn single_slashes(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.windows(2).any(|pair| pair == b"//") {
        return Cow::Borrowed(raw);
    }
    let mut path = raw.to_vec();
    path.dedup_by(|next, last| *next == b'/' && *last == b'/');
    Cow::Owned(path)
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

/// How long the root's own path is, once it is resolved.
fn floor_of(root: &[u8]) -> usize {
    let mut path = Vec::with_capacity(root.len());
    push(&mut path, root, 0);
    path.len()
}

/// Whether the resolved `path` is `root` or below it.
fn within(path: &[u8], root: &[u8]) -> bool {
    let mut top = Vec::with_capacity(root.len());
    push(&mut top, root, 0);
    path.strip_prefix(top.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
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

    fn show(path: Option<Cow<'_, [u8]>>) -> String {
        path.map_or_else(|| "-".to_owned(), |path| String::from_utf8_lossy(&path).into_owned())
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
            let got = resolve(root.as_bytes(), Some(base.as_bytes()), raw.as_bytes());
            assert_eq!(show(got), want, "{raw} from {base} in {root}");
        }
        assert_eq!(show(resolve(b"/", None, b"x")), "-");
        assert_eq!(show(resolve(b"/", None, b"/x")), "/x");
        assert!(matches!(resolve(b"/", None, b"/a/b"), Some(Cow::Borrowed(_))));
    }

    #[test]
    fn parts_of_a_path() {
        assert_eq!((directory(b"/a/b"), filename(b"/a/b")), (&b"/a"[..], &b"b"[..]));
        assert_eq!((directory(b"/a"), filename(b"/a")), (&b"/"[..], &b"a"[..]));
        assert_eq!(single_slashes(b"//a///../b").as_ref(), b"/a/../b");
    }

    proptest! {
        #[test]
        fn what_is_resolved_stays_so(root in "(/[a./]{0,6})?", base in "/[ab./]{0,8}", raw in "[ab./\\PC]{0,16}") {
            let (root, base, raw) = (root.as_bytes(), base.as_bytes(), raw.as_bytes());
            let once = resolve(root, Some(base), raw).expect("a base").into_owned();
            prop_assert!(is_normal(&once), "{}", String::from_utf8_lossy(&once));
            let again = resolve(b"/", None, &once).expect("absolute");
            prop_assert_eq!(again.as_ref(), once.as_slice());
            if raw.starts_with(b"/") {
                prop_assert!(within(&once, root));
            }
        }

        #[test]
        fn any_bytes_never_panic(root: Vec<u8>, base: Option<Vec<u8>>, raw: Vec<u8>) {
            let _ = resolve(&root, base.as_deref(), &raw);
            let _ = (single_slashes(&raw), directory(&raw), filename(&raw));
        }
    }
}
