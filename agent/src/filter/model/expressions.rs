// SPDX-License-Identifier: Apache-2.0
//! Conditions by chance: of every field, most often of those that the kernel knows something of, and with values that
//! calls have.

use super::{
    calls::{ADDRESSES, NAMES, NUMBERS, PATHS, PORTS, SYSCALLS},
    dice::Dice,
};
use crate::{
    fields::{self, ArgRule, Type},
    filter::{check::check, condition::Condition, parse::parse},
};

const TEXTS: [&str; 27] = [
    "O_CREAT",
    "O_RDONLY",
    "O_WRONLY|O_CREAT",
    "CREAT",
    "SIGKILL",
    "SIGCHLD",
    "9",
    "-1",
    "3",
    "AF_INET",
    "PROT_NONE",
    "MAP_ANONYMOUS",
    "0644",
    "0x3",
    "AT_FDCWD",
    "-100",
    "ENOENT",
    "EACCES",
    "SUCCESS",
    "-600",
    "F_GETFD",
    "file",
    "f",
    "ipv4",
    "4",
    "ip",
    "tcp",
];

/// Paths and pieces of them that are easily taken for others.
const TRICKY: [&str; 8] = ["/etc/passwd", "passwd", "/tmp/x", "/tmp/x (deleted)", "/tmp/x (de", "ted)", "/etc", "/tmp"];

/// Fields that the kernel knows something of, with what they are compared with.
const KNOWN: [(&str, Pool); 72] = [
    ("proc.pid", Pool::Numbers),
    ("thread.tid", Pool::Numbers),
    ("proc.ppid", Pool::Numbers),
    ("evt.cpu", Pool::Numbers),
    ("user.uid", Pool::Numbers),
    ("group.gid", Pool::Numbers),
    ("user.loginuid", Pool::Numbers),
    ("proc.exe_ino", Pool::Numbers),
    ("evt.rawres", Pool::Numbers),
    ("evt.rawres", Pool::Numbers),
    ("evt.rawarg.res", Pool::Numbers),
    ("evt.count.error", Pool::Numbers),
    ("evt.count.error.file", Pool::Numbers),
    ("evt.buflen", Pool::Numbers),
    ("fd.num", Pool::Numbers),
    ("fd.num", Pool::Numbers),
    ("evt.rawarg.flags", Pool::Numbers),
    ("evt.rawarg.mode", Pool::Numbers),
    ("evt.rawarg.fd", Pool::Numbers),
    ("evt.rawarg.dirfd", Pool::Numbers),
    ("evt.rawarg.sig", Pool::Numbers),
    ("evt.rawarg.pid", Pool::Numbers),
    ("evt.rawarg.size", Pool::Numbers),
    ("evt.rawarg.ruid", Pool::Numbers),
    ("evt.rawarg.uid", Pool::Numbers),
    ("evt.rawarg.offset", Pool::Numbers),
    ("evt.rawarg.addr", Pool::Numbers),
    ("evt.rawarg.status", Pool::Numbers),
    ("evt.rawarg[2]", Pool::Numbers),
    ("evt.rawarg.arg0", Pool::Numbers),
    ("evt.is_open_read", Pool::Bools),
    ("evt.is_open_write", Pool::Bools),
    ("evt.is_open_exec", Pool::Bools),
    ("evt.is_open_create", Pool::Bools),
    ("evt.failed", Pool::Bools),
    ("fd.is_server", Pool::Bools),
    ("proc.name", Pool::Names),
    ("proc.name", Pool::Names),
    ("evt.type", Pool::Syscalls),
    ("evt.type", Pool::Syscalls),
    ("evt.type", Pool::Syscalls),
    ("container.id", Pool::Texts),
    ("container.name", Pool::Names),
    ("evt.res", Pool::Texts),
    ("evt.res", Pool::Texts),
    ("evt.arg.res", Pool::Texts),
    ("evt.arg.fd", Pool::Texts),
    ("evt.arg.flags", Pool::Texts),
    ("evt.arg.flags", Pool::Texts),
    ("evt.arg.mode", Pool::Texts),
    ("evt.arg.domain", Pool::Texts),
    ("evt.arg.cmd", Pool::Texts),
    ("evt.arg.sig", Pool::Texts),
    ("evt.arg.prot", Pool::Texts),
    ("evt.arg[1]", Pool::Texts),
    ("evt.category", Pool::Texts),
    ("fd.type", Pool::Texts),
    ("fd.typechar", Pool::Texts),
    ("fd.sockfamily", Pool::Texts),
    ("fd.l4proto", Pool::Texts),
    ("evt.arg.name", Pool::Paths),
    ("evt.arg.path", Pool::Paths),
    ("evt.rawarg.name", Pool::Paths),
    ("fd.name", Pool::Paths),
    ("fd.name", Pool::Paths),
    ("fd.nameraw", Pool::Paths),
    ("fd.directory", Pool::Paths),
    ("fd.filename", Pool::Paths),
    ("fs.path.name", Pool::Paths),
    ("fs.path.source", Pool::Paths),
    ("fs.path.target", Pool::Paths),
    ("evt.abspath", Pool::Paths),
];
const ADDRESSED: [&str; 14] = [
    "fd.ip", "fd.cip", "fd.sip", "fd.lip", "fd.rip", "fd.net", "fd.cnet", "fd.snet", "fd.lnet", "fd.rnet", "fd.port",
    "fd.cport", "fd.sport", "fd.rport",
];

/// What a field is compared with.
#[derive(Clone, Copy)]
enum Pool {
    Numbers,
    Bools,
    Names,
    Syscalls,
    Texts,
    Paths,
    Addresses,
    Networks,
    Ports,
}

impl Pool {
    fn literal(self, dice: &mut Dice) -> String {
        match self {
            Self::Numbers => dice.pick(&NUMBERS).to_string(),
            Self::Bools => dice.pick(&["true", "false"]).to_owned(),
            Self::Names => quoted(&part(
                dice.pick(&[NAMES[0], NAMES[1], NAMES[3], "web", "host", "a-name-that-is-too-long"]),
                dice,
            )),
            Self::Syscalls => dice.pick(&SYSCALLS).to_owned(),
            Self::Texts => quoted(&part(dice.pick(&TEXTS), dice)),
            Self::Paths if dice.once_in(2) => quoted(dice.pick(&TRICKY)),
            Self::Paths => quoted(&part(dice.pick(&PATHS), dice)),
            Self::Addresses => quoted(&dice.pick(&ADDRESSES).to_string()),
            Self::Networks => {
                let address = dice.pick(&ADDRESSES);
                let bits: &[u8] = if address.is_ipv4() { &[0, 8, 24, 32] } else { &[0, 32, 128] };
                quoted(&format!("{address}/{}", dice.pick(bits)))
            }
            Self::Ports => dice.pick(&PORTS).to_string(),
        }
    }

    const fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Numbers | Self::Ports => &["=", "!=", "<", "<=", ">", ">=", "in", "in"],
            Self::Bools => &["=", "="],
            Self::Addresses | Self::Networks => &["=", "in", "!=", "in"],
            Self::Syscalls => &["=", "in", "in", "in", "!="],
            Self::Names | Self::Texts => &[
                "=",
                "=",
                "in",
                "!=",
                "contains",
                "icontains",
                "startswith",
                "endswith",
                "glob",
                "iglob",
                "regex",
                "intersects",
            ],
            Self::Paths => &[
                "=",
                "in",
                "!=",
                "contains",
                "startswith",
                "startswith",
                "endswith",
                "glob",
                "pmatch",
                "pmatch",
                "intersects",
            ],
        }
    }

    const fn of(kind: Type) -> Self {
        match kind {
            Type::Charbuf | Type::Bytebuf => Self::Texts,
            Type::Bool => Self::Bools,
            Type::Ipaddr | Type::Hostname => Self::Addresses,
            Type::Ipnet => Self::Networks,
            Type::Port => Self::Ports,
            Type::Int16
            | Type::Int32
            | Type::Int64
            | Type::Uint32
            | Type::Uint64
            | Type::Reltime
            | Type::Abstime
            | Type::Dyn => Self::Numbers,
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The text or a piece of it, with a pattern at times.
fn part(text: &str, dice: &mut Dice) -> String {
    let cut = dice.below(text.len() + 1);
    match dice.below(9) {
        0 => text[..cut].to_owned(),
        1 => text[cut..].to_owned(),
        2 => format!("{}*", &text[..cut]),
        3 => format!("*{}", &text[cut..]),
        4 => format!("{}?{}", &text[..cut], text.get(cut + 1..).unwrap_or_default()),
        5 => text.replacen("passwd", "*", 1),
        _ => text.to_owned(),
    }
}

fn comparison(dice: &mut Dice) -> String {
    let (field, pool) = match dice.below(12) {
        0 => {
            let all = fields::all();
            let field = dice.pick(all);
            let arg = match field.arg {
                ArgRule::None | ArgRule::Index | ArgRule::Key | ArgRule::IndexOrKey => "",
                ArgRule::KeyRequired => "[app]",
                ArgRule::IndexOrKeyRequired => "[0]",
                ArgRule::Call => "[0]",
                ArgRule::Syscall => ".openat",
            };
            (format!("{}{arg}", field.name), Pool::of(field.kind))
        }
        1 | 2 => {
            let field = dice.pick(&ADDRESSED);
            let kind = fields::find(field).expect(field).kind;
            (field.to_owned(), Pool::of(kind))
        }
        _ => {
            let (field, pool) = dice.pick(&KNOWN);
            (field.to_owned(), pool)
        }
    };
    match dice.below(40) {
        0 => return format!("{field} exists"),
        1 => return format!("{field} = val({field})"),
        _ => {}
    }
    let operator = dice.pick(pool.operators());
    let mut list = |n: usize| std::iter::repeat_with(|| pool.literal(dice)).take(n).collect::<Vec<_>>().join(", ");
    if matches!(operator, "in" | "pmatch" | "intersects") {
        let items = list(1 + field.len() % 4);
        return format!("{field} {operator} ({items})");
    }
    format!("{field} {operator} {}", list(1))
}

fn expression(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth == 0 { 4 } else { 10 }) {
        0..=2 => comparison(dice),
        3 => format!("not {}", comparison(dice)),
        4 => format!("not ({})", expression(dice, depth - 1)),
        kind => {
            let word = if kind < 8 { " and " } else { " or " };
            let n = 2 + dice.below(2);
            let parts = std::iter::repeat_with(|| format!("({})", expression(dice, depth - 1))).take(n);
            parts.collect::<Vec<_>>().join(word)
        }
    }
}

/// A condition.
pub(crate) fn condition(dice: &mut Dice) -> Condition {
    loop {
        // Half of them are single comparisons, in which nothing hides behind anything else.
        let depth = if dice.once_in(2) { 0 } else { 3 };
        let text = expression(dice, depth);
        // Types that do not fit are not tried.
        if let Ok(condition) = parse(&text).and_then(|parsed| check(&parsed, &text)) {
            return condition;
        }
    }
}
