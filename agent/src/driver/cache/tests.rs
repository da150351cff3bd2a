// SPDX-License-Identifier: Apache-2.0

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
    thread,
};

use rustix::fs::{FlockOperation, flock};

use super::*;
use crate::driver::testing::{Folder, Mounted};

const VERSION: &str = "0.1.0+probe";

fn key(file: &str) -> Key<'_> {
    Key { driver_version: VERSION, arch: "x86_64", file }
}

fn cache(folder: &Folder) -> Cache {
    Cache::open(&folder.join("probes")).expect("a cache")
}

fn put(cache: &Cache, file: &str, bytes: &[u8]) {
    cache.put(key(file), "here", bytes, Evidence::Built).expect("room");
}

/// Names of what is in a folder of the cache.
fn names(cache: &Cache, folder: &str) -> Vec<String> {
    files::names(&cache.root.join(folder)).expect("a folder")
}

#[test]
fn what_is_stored_is_found() {
    let folder = Folder::new();
    let cache = cache(&folder);
    assert!(cache.find(key("a.o")).expect("nothing").is_none());
    let evidence = Evidence::Signed { manifest: b"{}", signature: b"by me" };
    cache.put(key("a.o"), "https://x/a.o", b"words", evidence).expect("room");
    let found = cache.find(key("a.o")).expect("an entry").expect("an entry");
    assert_eq!(found.bytes, b"words");
    assert_eq!(found.signed, Some((b"{}".to_vec(), b"by me".to_vec())));
    assert_eq!((found.entry.from.as_str(), found.entry.size), ("https://x/a.o", 5));
    assert_eq!(found.entry.sha256, sha256(b"words"));
    assert!(manifest::is_date(&found.entry.stored), "{:?}", found.entry);
    assert!(cache.find(key("b.o")).expect("nothing").is_none());
    assert!(cache.find(Key { arch: "aarch64", ..key("a.o") }).expect("nothing").is_none());
    assert!(cache.find(Key { driver_version: "1", ..key("a.o") }).expect("nothing").is_none());
    // Another content takes its place, and what is nobody's any more goes.
    put(&cache, "a.o", b"other words");
    let found = cache.find(key("a.o")).expect("an entry").expect("an entry");
    assert_eq!((found.bytes.as_slice(), found.entry.proof, found.signed), (&b"other words"[..], Proof::Built, None));
    assert_eq!(names(&cache, OBJECTS), [sha256(b"other words")]);
    let mode = |path: &str| fs::metadata(cache.root.join(path)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(
        (mode(""), mode(OBJECTS), mode(&format!("{OBJECTS}/{}", sha256(b"other words")))),
        (0o700, 0o700, 0o600)
    );
}

#[test]
fn damage_is_found_and_removed() {
    let damages: [fn(&Path, &Path); 7] = [
        |object, _| fs::write(object, b"wordz").expect("a file"),
        |object, _| fs::write(object, b"").expect("a file"),
        |object, _| fs::remove_file(object).expect("a file"),
        |_, entry| fs::write(entry, b"{").expect("a file"),
        |_, entry| fs::write(entry, fs::read_to_string(entry).expect("text").replace("a.o", "b.o")).expect("a file"),
        |_, entry| {
            let text = fs::read_to_string(entry).expect("text");
            fs::write(entry, text.replace(&sha256(b"words"), "../../../etc/passwd")).expect("a file");
        },
        |_, entry| {
            let text = fs::read_to_string(entry).expect("text");
            fs::write(entry, text.replace(&sha256(b"words"), &sha256(b"gone"))).expect("a file");
        },
    ];
    for (i, damage) in damages.into_iter().enumerate() {
        let folder = Folder::new();
        let cache = cache(&folder);
        put(&cache, "a.o", b"words");
        let (object, entry) =
            (cache.root.join(OBJECTS).join(sha256(b"words")), cache.root.join(ENTRIES).join(key("a.o").entry()));
        damage(&object, &entry);
        let error = cache.find(key("a.o")).expect_err("damage");
        assert!(matches!(error, CacheError::Damaged { .. }), "{i}: {error}");
        assert!(cache.find(key("a.o")).expect("nothing").is_none(), "{i}: it is still there");
        put(&cache, "a.o", b"words");
        assert_eq!(cache.find(key("a.o")).expect("an entry").expect("an entry").bytes, b"words", "{i}");
    }
}

#[test]
fn what_is_no_file_of_ours_is_not_read() {
    let folder = Folder::new();
    let cache = cache(&folder);
    put(&cache, "a.o", b"words");
    let object = cache.root.join(OBJECTS).join(sha256(b"words"));
    fs::write(folder.join("words"), b"words").expect("a file");
    fs::remove_file(&object).expect("a file");
    symlink(folder.join("words"), &object).expect("a link");
    assert!(matches!(cache.find(key("a.o")).expect_err("a link"), CacheError::Io { .. }));
    fs::remove_file(&object).expect("a file");
    // Nobody writes to it: a reader would wait.
    assert!(Command::new("mkfifo").arg(&object).status().expect("mkfifo").success());
    assert!(matches!(cache.find(key("a.o")).expect_err("a FIFO"), CacheError::Io { .. }));
}

#[test]
fn others_must_not_write_to_it() {
    let folder = Folder::new();
    let root = folder.join("probes");
    fs::create_dir_all(&root).expect("a folder");
    for mode in [0o777, 0o1777, 0o770] {
        fs::set_permissions(&root, fs::Permissions::from_mode(mode)).expect("chmod");
        let error = Cache::open(&root).expect_err("others").to_string();
        assert!(error.contains("can be written to by others") && error.contains("--probe-cache"), "{error}");
    }
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("chmod");
    Cache::open(&root).expect("a cache");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&root, Some(65534), None).expect("chown");
        let error = Cache::open(&root).expect_err("another's").to_string();
        assert!(error.contains("belongs to user 65534"), "{error}");
    }
    fs::write(folder.join("file"), "").expect("a file");
    assert!(matches!(Cache::open(&folder.join("file")).expect_err("a file"), CacheError::Io { .. }));
}

#[test]
fn it_keeps_to_its_size() {
    let folder = Folder::new();
    let cache = cache(&folder).limited(250);
    for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
        put(&cache, name, &[i as u8; 100]);
        // Stored one after the other, though in one second.
        let path = cache.root.join(ENTRIES).join(key(name).entry());
        let text = fs::read_to_string(&path).expect("text");
        let date = cache.find(key(name)).expect("an entry").expect("an entry").entry.stored;
        fs::write(&path, text.replace(&date, &format!("2026-11-21T09:30:0{i}Z"))).expect("a file");
    }
    put(&cache, "d", &[3; 100]);
    let there = |name| cache.find(key(name)).expect("a cache").is_some();
    assert_eq!(["a", "b", "c", "d"].map(there), [false, false, true, true]);
    assert_eq!(names(&cache, OBJECTS).len(), 2);
    // One that is larger than all is kept all the same: it was just asked for.
    put(&cache, "e", &[4; 1000]);
    assert_eq!(["c", "d", "e"].map(there), [false, false, true]);
    // What a killed process left, and what nobody knows.
    fs::write(cache.root.join(OBJECTS).join(".new-1-1"), [0; 10]).expect("a file");
    fs::write(cache.root.join(ENTRIES).join("x"), "odd").expect("a file");
    assert_eq!(cache.prune(1000).expect("a cache"), Pruned { entries: 1, bytes: 10 });
    assert_eq!(cache.list().expect("a cache").iter().map(|entry| entry.file.as_str()).collect::<Vec<_>>(), ["e"]);
    assert_eq!(cache.prune(0).expect("a cache"), Pruned { entries: 1, bytes: 1000 });
    assert!(cache.list().expect("a cache").is_empty() && names(&cache, OBJECTS).is_empty());
    let none = Cache::open(&folder.join("none")).expect("a cache");
    assert_eq!(none.prune(0).expect("no cache"), Pruned::default());
    assert!(none.list().expect("no cache").is_empty() && !none.root.exists());
}

#[test]
fn many_at_once_see_whole_files() {
    let folder = Folder::new();
    // A slow disk is no reason to give up.
    let cache = Cache { patience: Duration::from_mins(10), ..cache(&folder) };
    let contents: Vec<Vec<u8>> = (0..4_u8).map(|n| vec![n; 50_000 + usize::from(n)]).collect();
    thread::scope(|scope| {
        for content in &contents {
            let (cache, contents) = (&cache, &contents);
            scope.spawn(move || {
                for _ in 0..10 {
                    put(cache, "a.o", content);
                    match cache.find(key("a.o")) {
                        Ok(Some(found)) => assert!(contents.contains(&found.bytes)),
                        Ok(None) => unreachable!("it was put there"),
                        Err(error) => unreachable!("{error}"),
                    }
                }
            });
        }
    });
    put(&cache, "a.o", b"last");
    assert_eq!(cache.find(key("a.o")).expect("an entry").expect("an entry").bytes, b"last");
    assert_eq!(names(&cache, OBJECTS).len(), 1);
}

#[test]
fn a_lock_that_is_not_given_back_is_not_waited_for() {
    let folder = Folder::new();
    let cache = cache(&folder).limited(LIMIT);
    put(&cache, "a.o", b"words");
    let file = fs::File::open(cache.root.join(LOCK)).expect("a file");
    flock(&file, FlockOperation::LockExclusive).expect("a lock");
    let error = cache.put(key("b.o"), "here", b"words", Evidence::Built).expect_err("a lock");
    assert!(matches!(error, CacheError::Locked(_)), "{error}");
    assert!(cache.find(key("a.o")).expect("no lock is needed").is_some());
}

#[test]
fn what_looks_damaged_while_another_writes_stays() {
    let folder = Folder::new();
    let cache = cache(&folder).limited(LIMIT);
    put(&cache, "a.o", b"words");
    let object = cache.root.join(OBJECTS).join(sha256(b"words"));
    let file = fs::File::open(cache.root.join(LOCK)).expect("a file");
    flock(&file, FlockOperation::LockExclusive).expect("a lock");
    fs::remove_file(&object).expect("a file");
    let error = cache.find(key("a.o")).expect_err("it is gone").to_string();
    assert!(error.contains("is gone; it stays there, for") && error.contains("held by another process"), "{error}");
    // The other has put it back.
    fs::write(&object, b"words").expect("a file");
    assert_eq!(cache.find(key("a.o")).expect("an entry").expect("an entry").bytes, b"words");
}

#[test]
fn the_newest_manifest_is_remembered() {
    let folder = Folder::new();
    let cache = cache(&folder);
    let newest = |arch| cache.newest("KEY", VERSION, arch).expect("a cache");
    assert_eq!(newest("x86_64"), None);
    let [one, two] = ["2026-11-21T09:30:00Z", "2026-11-22T00:00:00Z"];
    cache.saw("KEY", VERSION, "x86_64", two).expect("room");
    cache.saw("KEY", VERSION, "x86_64", one).expect("room");
    assert_eq!(newest("x86_64").as_deref(), Some(two));
    assert_eq!(newest("aarch64"), None);
    fs::write(cache.root.join(SEEN).join(name_for(["KEY", VERSION, "x86_64"])), "odd").expect("a file");
    assert_eq!(newest("x86_64"), None);
}

#[test]
fn everybody_has_a_place() {
    let of = |pairs: &'static [(&'static str, &'static str)]| {
        Cache::default_root(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    };
    if rustix::process::geteuid().is_root() {
        assert_eq!(of(&[("XDG_CACHE_HOME", "/c")]), Some(SYSTEM.into()));
    } else {
        assert_eq!(of(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), Some("/c/lanner/probes".into()));
        assert_eq!(of(&[("XDG_CACHE_HOME", "c"), ("HOME", "/h")]), Some("/h/.cache/lanner/probes".into()));
        assert_eq!(of(&[]), None);
    }
}

#[test]
fn a_full_or_read_only_disk_is_an_error_and_no_more() {
    let Some(disk) = Mounted::tmpfs("size=64k,mode=755") else { return };
    let cache = Cache::open(&disk.join("probes")).expect("a cache");
    put(&cache, "a.o", b"words");
    let error = cache.put(key("b.o"), "here", &vec![7; 100_000], Evidence::Built).expect_err("no room").to_string();
    assert!(error.starts_with("can't write ") && error.contains("No space left"), "{error}");
    assert_eq!(names(&cache, OBJECTS), [sha256(b"words")], "nothing is left of it");
    assert!(cache.find(key("b.o")).expect("nothing").is_none());
    disk.make_read_only();
    assert_eq!(cache.find(key("a.o")).expect("an entry").expect("an entry").bytes, b"words");
    let error = cache.put(key("c.o"), "here", b"x", Evidence::Built).expect_err("read-only").to_string();
    assert!(error.contains("Read-only file system"), "{error}");
    assert!(cache.saw("KEY", VERSION, "x86_64", "2026-11-21T09:30:00Z").is_err());
    assert!(cache.prune(0).is_err());
}
