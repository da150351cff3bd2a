// SPDX-License-Identifier: Apache-2.0

use std::{collections::BTreeSet, fs, path::Path};

use super::TARGETS;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}

#[test]
fn each_has_inputs_to_begin_from() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    assert!(TARGETS.is_sorted_by_key(|target| target.name));
    let folders = fs::read_dir(folder()).expect("inputs");
    let folders = folders.map(|entry| entry.expect("a folder").file_name().into_string().expect("a name"));
    assert_eq!(folders.collect::<BTreeSet<_>>(), names);
}

#[test]
fn whatever_broke_one_once_breaks_it_no_more() {
    for target in TARGETS {
        let inputs = fs::read_dir(folder().join(target.name)).expect("inputs");
        let mut tried = 0;
        for input in inputs {
            let path = input.expect("an input").path();
            println!("{}", path.display());
            let bytes = fs::read(path).expect("bytes");
            (target.run)(&bytes);
            // Cut off anywhere, as when a connection breaks.
            for cut in 0..bytes.len().min(512) {
                (target.run)(&bytes[..cut]);
            }
            tried += 1;
        }
        assert!(tried > 0, "{} has nothing to begin from", target.name);
    }
}
