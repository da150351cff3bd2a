// SPDX-License-Identifier: Apache-2.0
//! Tests of the kernel in words.

use std::net::Ipv6Addr;

use agent_common::predicate::{Op, Predicate, Source, Test, Text, class};

use super::text;
use crate::{
    decode::symbols,
    filter::{
        condition::Condition,
        kernel::{Formula, KernelFilter},
        rows::Row,
    },
};

/// Items of a set that are shown.
const SHOWN: usize = 8;
/// Bits of an IPv6 address before the IPv4 one that it maps.
const MAPPED: u8 = 96;

/// What predicate number `index` keeps of the calls of `row`.
pub(super) fn predicate(condition: &Condition, filter: &KernelFilter, index: usize, row: &Row) -> String {
    match (filter.predicates.get(index), filter.formulas.get(index)) {
        (Some(predicate), Some(formula)) => Words { condition, filter, predicate, row }.formula(formula),
        (_, _) => String::new(),
    }
}

struct Words<'a> {
    condition: &'a Condition,
    filter: &'a KernelFilter,
    predicate: &'a Predicate,
    row: &'a Row,
}

impl Words<'_> {
    fn formula(&self, formula: &Formula) -> String {
        let joined = |parts: &[Formula], word: &str| {
            let part = |part: &Formula| match part {
                Formula::And(_) | Formula::Or(_) => format!("({})", self.formula(part)),
                Formula::Const(_) | Formula::Test(_) => self.formula(part),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(word)
        };
        match formula {
            Formula::Const(value) => if *value { "every call" } else { "no call" }.to_owned(),
            Formula::And(parts) => joined(parts, " and "),
            Formula::Or(parts) => joined(parts, " or "),
            Formula::Test(test) => self.test(test),
        }
    }

    fn test(&self, test: &Test) -> String {
        let not = test.negate == 1;
        let plain = |text: String| if not { format!("not {text}") } else { text };
        match Source::from_raw(test.source) {
            Some(Source::Cgroup) => {
                let node = self.filter.cgroups.get(test.a as usize);
                let node = node.map(|node| text(self.condition, node)).unwrap_or_default();
                plain(format!("({node})"))
            }
            Some(Source::Class) => plain(format!("the file is {}", classes(test.a))),
            Some(Source::Text) => self.text_test(test, &self.text_name(test.arg)),
            Some(Source::Ret) if (test.a, test.b) == ((-4095_i64).cast_unsigned(), (-1_i64).cast_unsigned()) => {
                if not { "the call succeeded" } else { "the call failed" }.to_owned()
            }
            Some(Source::Ret) => self.number(test, "the result", &result),
            Some(Source::Port) => self.number(test, "a port of the socket", &decimal),
            Some(Source::Address) => {
                let networks = self.filter.networks.get(test.set as usize);
                let networks: Vec<_> = networks.into_iter().flatten().map(network).collect();
                plain(format!("an address of the socket in ({})", short(&networks)))
            }
            Some(source) => {
                let flags = matches!(source, Source::Arg | Source::Memory);
                self.number(test, &self.name(source, test), &if flags { either } else { decimal })
            }
            None => String::new(),
        }
    }

    fn name(&self, source: Source, test: &Test) -> String {
        let name = match source {
            Source::Ret => "the result",
            Source::Tgid => "proc.pid",
            Source::Tid => "thread.tid",
            Source::Ppid => "proc.ppid",
            Source::Uid => "the real user id",
            Source::Gid => "the real group id",
            Source::Euid => "user.uid",
            Source::Egid => "group.gid",
            Source::LoginUid => "user.loginuid",
            Source::Cpu => "evt.cpu",
            Source::ExeInode => "proc.exe_ino",
            Source::Arg => return self.argument(test.arg),
            Source::Memory => {
                return format!("{}.{}", self.argument(test.arg), if test.offset == 0 { "flags" } else { "mode" });
            }
            Source::Cgroup | Source::Class | Source::Text | Source::Address | Source::Port => "",
        };
        name.to_owned()
    }

    /// The name of the argument in a register.
    fn argument(&self, at: u8) -> String {
        let args = self.row.syscall.map_or(&[][..], |row| row.args);
        args.iter().find(|arg| arg.at == at).map_or_else(|| format!("arg{at}"), |arg| arg.name.to_owned())
    }

    fn text_name(&self, text: u8) -> String {
        match Text::from_raw(text) {
            Some(Text::Comm) => "proc.name".to_owned(),
            Some(Text::File) => "the file's name".to_owned(),
            Some(Text::Asked) => format!("{} made absolute", self.argument(self.predicate.path)),
            Some(Text::Arg0) => self.argument(self.predicate.texts[0]),
            Some(Text::Arg1) => self.argument(self.predicate.texts[1]),
            None => String::new(),
        }
    }

    fn text_test(&self, test: &Test, name: &str) -> String {
        let not = test.negate == 1;
        if test.op == Op::Suffix as u8 {
            let suffix = self.filter.suffixes.get(test.set as usize).map(|suffix| shown(suffix)).unwrap_or_default();
            return format!("{name} {} {suffix}", if not { "does not end with" } else { "ends with" });
        }
        let items = self.filter.texts.get(test.set as usize).map_or(&[][..], Vec::as_slice);
        let (whole, heads): (Vec<&[u8]>, Vec<&[u8]>) =
            items.iter().map(|item| &**item).partition(|item| item.last() == Some(&0));
        let part = |items: &[&[u8]], one: &str, any: &str| match items {
            [] => None,
            [item] => Some(format!("{one} {}", shown(item))),
            items => Some(format!("{any} ({})", short(&items.iter().map(|item| shown(item)).collect::<Vec<_>>()))),
        };
        let parts = [part(&whole, "=", "in"), part(&heads, "startswith", "startswith any of")];
        let parts: Vec<_> = parts.into_iter().flatten().map(|part| format!("{name} {part}")).collect();
        match (not, parts.as_slice()) {
            (false, [one]) => one.clone(),
            (false, _) => format!("({})", parts.join(" or ")),
            (true, [one]) => format!("not {one}"),
            (true, _) => format!("not ({})", parts.join(" or ")),
        }
    }

    fn number(&self, test: &Test, name: &str, show: &dyn Fn(u64) -> String) -> String {
        let not = test.negate == 1;
        let (a, b) = (test.a, test.b);
        let range = |lowest: u64, highest: &[u64]| match (a, b, not) {
            (a, b, false) if a == b => format!("{name} = {}", show(a)),
            (a, b, true) if a == b => format!("{name} != {}", show(a)),
            (a, b, false) if a == lowest => format!("{name} <= {}", show(b)),
            (a, b, true) if a == lowest => format!("{name} > {}", show(b)),
            (a, b, false) if highest.contains(&b) => format!("{name} >= {}", show(a)),
            (a, b, true) if highest.contains(&b) => format!("{name} < {}", show(a)),
            (a, b, false) => format!("{name} in {}..{}", show(a), show(b)),
            (a, b, true) => format!("{name} not in {}..{}", show(a), show(b)),
        };
        let equals = |not| if not { "!=" } else { "=" };
        match Op::from_raw(test.op) {
            Some(Op::Range) => {
                let int = test.source == Source::Arg as u8 && test.width == 1;
                let (low, high) = if int { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (i64::MIN, i64::MAX) };
                range(low.cast_unsigned(), &[high.cast_unsigned()])
            }
            Some(Op::UnsignedRange) => range(0, &[u64::from(u16::MAX), u64::from(u32::MAX), u64::MAX]),
            Some(Op::Any) => format!("{name} & {a:#x} {} 0", equals(!not)),
            Some(Op::Bits) => format!("{name} & {a:#x} {} {b:#x}", equals(not)),
            Some(Op::In) => {
                let numbers = self.filter.numbers.get(test.set as usize);
                let numbers: Vec<_> = numbers.into_iter().flatten().map(|number| show(*number)).collect();
                format!("{name} {}in ({})", if not { "not " } else { "" }, short(&numbers))
            }
            Some(Op::Prefix | Op::Suffix | Op::Network) | None => String::new(),
        }
    }
}

/// A signed number.
fn decimal(number: u64) -> String {
    number.cast_signed().to_string()
}

/// A number of a register: signed, unless it is that large because of its bits.
fn either(number: u64) -> String {
    if number.cast_signed() < -4096 { format!("{number:#x}") } else { decimal(number) }
}

/// A result: an error by its name.
fn result(number: u64) -> String {
    let ret = number.cast_signed();
    let errno = i32::try_from(-i128::from(ret)).ok().filter(|errno| (1..=4095).contains(errno));
    match errno.and_then(symbols::errno) {
        Some(name) => name.to_owned(),
        None => ret.to_string(),
    }
}

fn short(items: &[String]) -> String {
    match items.get(..SHOWN) {
        Some(first) if items.len() > SHOWN => format!("{}, .. {} more", first.join(", "), items.len() - SHOWN),
        Some(_) | None => items.join(", "),
    }
}

/// A text, harmless to a terminal.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text.strip_suffix(&[0]).unwrap_or(text));
    if text.is_empty() { "''".to_owned() } else { crate::filter::error::shown(&text) }
}

fn network((address, bits): &([u8; 16], u8)) -> String {
    let address = Ipv6Addr::from(*address);
    match address.to_ipv4_mapped().zip(bits.checked_sub(MAPPED)) {
        Some((address, 32)) => address.to_string(),
        Some((address, bits)) => format!("{address}/{bits}"),
        None if *bits == 128 => address.to_string(),
        None => format!("{address}/{bits}"),
    }
}

fn classes(bits: u64) -> String {
    let names = [
        (class::FILE, "a file"),
        (class::DIRECTORY, "a directory"),
        (class::IPV4, "an IPv4 socket"),
        (class::IPV6, "an IPv6 socket"),
        (class::UNIX, "a Unix socket"),
        (class::OTHER_SOCKET, "another socket"),
        (class::PIPE, "a pipe"),
        (class::OTHER, "another kind"),
    ];
    let names: Vec<_> = names.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name).collect();
    names.join(" or ")
}
