// SPDX-License-Identifier: Apache-2.0

use proptest::prelude::*;

use super::*;

fn globs<'t>(texts: &[&'t str]) -> impl Iterator<Item = &'t [u8]> {
    texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>().into_iter()
}

#[test]
fn sets_and_prefixes() {
    let set: TextSet = globs(&["cat", "", "dog", "cat"]).collect();
    assert_eq!(set.iter().collect::<Vec<_>>(), [&b"cat"[..], b"", b"dog"]);
    assert!(set.has(b"") && set.has(b"dog") && !set.has(b"do") && !set.has(b"doge"));
    let one: TextSet = globs(&["cat"]).collect();
    assert!(one.has(b"cat") && !one.has(b"ca"));
    let prefixes: Prefixes = globs(&["/etc/", "/var/run", "/var", "/usr/bin"]).collect();
    assert_eq!(prefixes.iter().collect::<Vec<_>>(), [&b"/etc/"[..], b"/usr/bin", b"/var"]);
    for (text, want) in
        [("/etc/x", true), ("/etc", false), ("/variable", true), ("/", false), ("/z", false), ("", false)]
    {
        assert_eq!(prefixes.has(text.as_bytes()), want, "{text}");
    }
}

#[test]
fn parts() {
    let arena = Arena::default();
    let plain = Patterns::new(globs(&["ssh", "Id_"]), false);
    assert!(plain.has(b"a.ssh/", &arena) && plain.has(b"Id_rsa", &arena) && !plain.has(b"id_rsa", &arena));
    let folded = Patterns::new(globs(&["Id_"]), true);
    assert!(folded.has(b"xiD_rsa", &arena) && !folded.has(b"id-", &arena));
    assert_eq!(folded.iter().collect::<Vec<_>>(), [b"id_"]);
    assert!(Patterns::new(globs(&[""]), false).has(b"", &arena));
}

#[test]
fn expressions_are_of_the_whole_text() {
    let arena = Arena::default();
    let has = |pattern: &str, text: &[u8]| Regexes::new([pattern]).expect(pattern).has(text, &arena);
    assert!(has("a|ab", b"ab") && !has("a|ab", b"abc") && !has("b", b"ab"));
    assert!(has("/etc/[a-z]+(\\.d)?", b"/etc/cron.d"));
    assert!(has(".", "\u{e9}".as_bytes()) && !has(".", b"\n"));
    assert!(has("x.y", b"x\xffy"));
    assert!(has("a$\n^b", b"a\nb"));
    let wrong = |pattern: &str| Regexes::new([".", pattern]).map(|_| ()).expect_err(pattern);
    assert_eq!(wrong("a("), (1, "unclosed group".to_owned()));
    assert_eq!(wrong("a)|(b"), (1, "unopened group".to_owned()));
    assert_eq!(wrong("(a{1000}){1000}"), (1, "it takes more than 1048576 bytes when compiled".to_owned()));
}

#[test]
fn paths_below_paths() {
    let tree: PathTree = globs(&["/var/run", "/etc", "/usr/lib*/x", "/home/*/.ssh", "/a/b/c", "/a/*/d"]).collect();
    let table = [
        ("/var/run/docker", true),
        ("/var/run", true),
        ("/var/running", false),
        ("/boot", false),
        ("/var", false),
        ("/etc//passwd", true),
        ("etc", true),
        ("/usr/lib64/x/y", true),
        ("/usr/lib64/y", false),
        ("/home/a/.ssh/id", true),
        ("/home/.ssh", false),
        // A name that leads nowhere does not hide a pattern.
        ("/a/b/d", true),
        ("/", false),
        ("", false),
    ];
    for (path, want) in table {
        assert_eq!(tree.has(path.as_bytes()), want, "{path}");
    }
    assert!(globs(&["/"]).collect::<PathTree>().has(b"/x"));
    assert_eq!(tree.iter().count(), 6);
}

proptest! {
    #[test]
    fn prefixes_are_found(prefixes in proptest::collection::vec("[ab]{0,4}", 0..6), text in "[ab]{0,6}") {
        let set: Prefixes = prefixes.iter().map(String::as_bytes).collect();
        prop_assert_eq!(set.has(text.as_bytes()), prefixes.iter().any(|prefix| text.starts_with(prefix)));
    }

    #[test]
    fn any_expression_compiles_or_is_refused(pattern: String, text: Vec<u8>) {
        if let Ok(regexes) = Regexes::new([pattern.as_str()].into_iter()) {
            let _ = regexes.has(&text, &Arena::default());
        }
    }
}
