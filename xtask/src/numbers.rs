// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask numbers`: writes the syscall number tables of agent-common from kernel headers.
//!
//! Any tree of kernel headers for user space that has all architectures does: Debian's and Ubuntu's `linux-libc-dev`,
//! 7.x or later, has them under `usr/lib/linux/uapi`, installed or unpacked
//! (`dpkg -x linux-libc-dev_*.deb DIR`, then `--headers DIR/usr/lib/linux/uapi`). Newer headers than the tables were
//! made from are the rule: the task then names the syscalls that need a row first.
//!
//! The generator is built with the tables it replaces, so that a row which goes or is renamed must first do so in
//! `agent-common/src/numbers/*.rs`; the compiler names the lines.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use agent_common::{
    numbers::MAX_NR,
    schema::Syscall,
    syscalls::{I386_ROWS, NATIVE_ROWS},
};
use anyhow::{Context as _, Result, bail, ensure};

use crate::{report, workspace};

/// What `cargo xtask numbers` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the headers: it has x86/asm/unistd_64.h, x86/asm/unistd_32.h and arm64/asm/unistd_64.h.
    #[arg(long, value_name = "DIR", default_value = "/usr/lib/linux/uapi")]
    headers: PathBuf,
    /// Change nothing; fail if a table differs from what would be written.
    #[arg(long)]
    check: bool,
}

/// One table.
struct Table {
    /// Its module in `agent-common/src/numbers`.
    module: &'static str,
    /// Its header, below the folder of the headers.
    header: &'static str,
    /// Whether 32-bit x86 has the numbers, so that rows of its own come first.
    i386: bool,
    /// Whether `clone` takes the TLS before the child's thread id (`CONFIG_CLONE_BACKWARDS`).
    clone_backwards: bool,
}

const TABLES: &[Table] = &[
    Table { module: "x86_64", header: "x86/asm/unistd_64.h", i386: false, clone_backwards: false },
    Table { module: "aarch64", header: "arm64/asm/unistd_64.h", i386: false, clone_backwards: true },
    Table { module: "i386", header: "x86/asm/unistd_32.h", i386: true, clone_backwards: true },
];

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let version = kernel_version(&args.headers)?;
    let folder = workspace::root().join("agent-common/src/numbers");

    let mut written = Vec::new();
    let mut missing = String::new();
    for table in TABLES {
        let header = args.headers.join(table.header);
        let numbers = parse(&read(&header)?, &header)?;
        match rust(table, &numbers, &version) {
            Ok(text) => written.push((folder.join(table.module).with_extension("rs"), text, numbers.len())),
            Err(names) => {
                for name in names {
                    let _ = write!(missing, "\n  {name} ({})", table.module);
                }
            }
        }
    }
    // All tables or none: they are of one kernel.
    ensure!(missing.is_empty(), "no row in agent-common/src/syscalls/{{native,i386}}.rs for:{missing}");

    let mut stale = Vec::new();
    for (path, text, count) in written {
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            report::line("numbers", format_args!("{} is up to date: {count}", workspace::short(&path)));
        } else if args.check {
            stale.push(workspace::short(&path));
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            report::line("numbers", format_args!("{} written: {count}", workspace::short(&path)));
        }
    }
    ensure!(stale.is_empty(), "not what Linux {version} has: {}; run `cargo xtask numbers`", stale.join(", "));
    Ok(())
}

/// The `#define __NR_name number` lines of a header, ascending.
fn parse(text: &str, path: &Path) -> Result<Vec<(String, u16)>> {
    let mut numbers = Vec::new();
    for (line, at) in text.lines().zip(1..) {
        let Some(definition) = line.strip_prefix("#define __NR_") else { continue };
        let place = || format!("{}:{at}: `{line}`", path.display());
        let mut words = definition.split_whitespace();
        let (Some(name), Some(number), None) = (words.next(), words.next(), words.next()) else {
            bail!("{}: expected a name and a number", place());
        };
        let number: u16 = number.parse().with_context(|| format!("{}: not a number", place()))?;
        ensure!(number < MAX_NR, "{}: raise MAX_NR of agent-common, now {MAX_NR}", place());
        numbers.push((name.to_owned(), number));
    }
    ensure!(!numbers.is_empty(), "{}: defines no syscall numbers", path.display());
    numbers.sort_by_key(|&(_, number)| number);
    for pair in numbers.windows(2) {
        if let [(first, a), (second, b)] = pair {
            ensure!(a != b, "{}: {first} and {second} are both {a}", path.display());
        }
    }
    Ok(numbers)
}

/// The module of a table, as rustfmt leaves it; or the names that have no row.
fn rust(table: &Table, numbers: &[(String, u16)], version: &str) -> Result<String, Vec<String>> {
    let mut entries = String::new();
    let mut missing = Vec::new();
    let mut mixed = false;
    for (name, number) in numbers {
        match row(table, name) {
            Some((module, item)) => {
                mixed |= module == "i386";
                let _ = writeln!(entries, "    Numbered {{ nr: {number}, row: &{module}::{item} }},");
            }
            None => missing.push(name.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let imports = if mixed {
        "use crate::{\n    schema::Numbered,\n    syscalls::rows::{i386, native},\n};"
    } else {
        "use crate::{schema::Numbered, syscalls::rows::native};"
    };
    Ok(format!(
        "// SPDX-License-Identifier: Apache-2.0\n\
         // Generated by `cargo xtask numbers` from the headers of Linux {version}; do not edit.\n\
         {imports}\n\n\
         pub(super) const NUMBERS: &[Numbered] = &[\n{entries}];\n"
    ))
}

/// The module and the item of the row for a syscall.
fn row(table: &Table, name: &str) -> Option<(&'static str, &'static str)> {
    let wanted = if name == "clone" && table.clone_backwards { "clone_backwards" } else { name };
    // An item is called otherwise than its syscall only where the name is a word of Rust.
    let find = |rows: &[(&'static str, &'static Syscall)]| {
        let by_item = rows.iter().find(|(item, _)| *item == wanted);
        by_item.or_else(|| rows.iter().find(|(_, row)| row.name == wanted)).map(|&(item, _)| item)
    };
    let own = if table.i386 { find(I386_ROWS) } else { None };
    own.map(|item| ("i386", item)).or_else(|| find(NATIVE_ROWS).map(|item| ("native", item)))
}

/// The version of the kernel that the headers are of, such as `7.3`. A stable update never changes a number, so that
/// its own number would only make the tables look old.
fn kernel_version(headers: &Path) -> Result<String> {
    // Distributions keep this header apart from those of the architectures: /usr/include beside /usr/lib/linux/uapi.
    let mut places = headers.ancestors().flat_map(|folder| [folder.join("linux"), folder.join("include/linux")]);
    let path = places.find_map(|folder| Some(folder.join("version.h")).filter(|path| path.is_file()));
    let path = path.with_context(|| format!("no linux/version.h in {} or beside it", headers.display()))?;
    let text = read(&path)?;
    let number = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix("#define ")?.strip_prefix(name)?.strip_prefix(' '));
        value.map(str::trim).with_context(|| format!("{}: defines no {name}", path.display()))
    };
    Ok(format!("{}.{}", number("LINUX_VERSION_MAJOR")?, number("LINUX_VERSION_PATCHLEVEL")?))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const X86_64: &Table = &TABLES[0];
    const AARCH64: &Table = &TABLES[1];
    const I386: &Table = &TABLES[2];

    #[test]
    fn a_header_is_sorted_and_the_rest_of_it_skipped() {
        let text = "#ifndef X\n#define X\n#define __NR_write 1\n#define __NR_read 0\n#endif\n";
        let numbers = parse(text, Path::new("h")).unwrap();
        assert_eq!(numbers, [("read".to_owned(), 0), ("write".to_owned(), 1)]);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, message) in [
            ("\n#define __NR_read zero\n", "h:2: `#define __NR_read zero`: not a number"),
            ("#define __NR_read\n", "h:1: `#define __NR_read`: expected a name and a number"),
            ("#define __NR_read 9999\n", "h:1: `#define __NR_read 9999`: raise MAX_NR of agent-common, now 512"),
            ("#define __NR_a 1\n#define __NR_b 1\n", "h: a and b are both 1"),
            ("", "h: defines no syscall numbers"),
        ] {
            let error = parse(text, Path::new("h")).unwrap_err().to_string();
            assert_eq!(error, message);
        }
    }

    #[test]
    fn rows_are_found_by_table() {
        assert_eq!(row(X86_64, "mmap"), Some(("native", "mmap")));
        assert_eq!(row(I386, "mmap"), Some(("i386", "mmap")));
        assert_eq!(row(I386, "read"), Some(("native", "read")));
        assert_eq!(row(I386, "break"), Some(("i386", "break_")));
        assert_eq!(row(X86_64, "mmap2"), None);
        assert_eq!(row(X86_64, "clone"), Some(("native", "clone")));
        for table in [AARCH64, I386] {
            assert_eq!(row(table, "clone"), Some(("native", "clone_backwards")));
        }
    }

    #[test]
    fn every_missing_row_is_named() {
        let numbers = [("read".to_owned(), 0), ("new_one".to_owned(), 1), ("new_two".to_owned(), 2)];
        assert_eq!(rust(X86_64, &numbers, "9.9"), Err(vec!["new_one".to_owned(), "new_two".to_owned()]));
    }
}
